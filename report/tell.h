/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words of a report, shared by the formats that people read: what a thread is called, what a
 * site did, what a lock is. Unescaped: names in them are the watched program's.
 */
#ifndef SN_REPORT_TELL_H
#define SN_REPORT_TELL_H

#include "base/text.h"
#include "finding/activity.h"

/* "thread 2 (Olivia)", "the main thread", "thread 2 (Olivia) of process 3". */
void sn_tell_thread(struct sn_text *out, const struct sn_report *report,
                    const struct sn_finding *finding, uint32_t process, uint32_t thread);
/* "chopstick_a", or "lock 3" if nobody knows its name. */
void sn_tell_lock(struct sn_text *out, const struct sn_finding *finding, uint32_t lock);
/* "garlic_count", "a heap block", "memory". */
void sn_tell_variable(struct sn_text *out, const struct sn_finding *finding);
/* What happened at SITE, with the locks held and the note: "writes garlic_count, holding no lock",
 * "waits for chopstick_b, which thread 2 (Olivia) holds (since 2.1 s)". */
void sn_tell_site(struct sn_text *out, const struct sn_report *report,
                  const struct sn_finding *finding, const struct sn_site *site);
/* What a thread does at SITE of what is drawn (finding/activity.h): "waits for chopstick_b", "holds
 * table", "sleeps". */
void sn_tell_doing(struct sn_text *out, const struct sn_activity *activity,
                   const struct sn_site *site);
/* "src/garlic.c:14", "libfoo.so+0x12", "?"; the path relative to the current directory. */
void sn_tell_place(struct sn_text *out, const struct sn_frame *frame);
/* "shopper", or the module's name in brackets. */
void sn_tell_function(struct sn_text *out, const struct sn_frame *frame);
/* Why FINDING is wrong, and what to do: the analysis's own words, or the hazard's. Returns the
 * length of WHY, which goes on; it may have several lines. */
size_t sn_tell_why(const struct sn_finding *finding, const char **why, const char **advice);

/* Calls EACH with every sentence about the report as a whole: warnings of what it may not tell,
 * notes on how the program ended and what else there is to say. No full stop. */
typedef void sn_remark(void *data, enum sn_severity severity, const char *text);
void sn_tell_remarks(const struct sn_report *report, sn_remark *each, void *data);
/* "NOUN" or "NOUNs" after the number. */
void sn_tell_count(struct sn_text *out, uint64_t count, const char *noun);

#endif
