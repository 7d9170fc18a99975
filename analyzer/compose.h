/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Puts findings together from what the world knows: each site brings its thread and lock along.
 * Names are not known yet: an_lock_text and an_variable_text give what symbols/ puts them for.
 */
#ifndef SN_ANALYZER_COMPOSE_H
#define SN_ANALYZER_COMPOSE_H

#include "analyzer/analysis.h"
#include "analyzer/world/world.h"

/* Between what happened and what to change, in an explanation: renderers set the two apart. */
#define AN_ADVICE "\nWhat to do: "

struct sn_finding *an_finding(const struct an_context *ctx, enum sn_hazard kind,
                              enum sn_level level);
/* Makes a finding possible at most: what was lost may have undone it, or as WHAT says: "which may
 * have ...". */
void an_doubt(const struct an_context *ctx, struct sn_finding *finding, const char *what);
/* The stack of that number as frames that carry only their pc. */
struct sn_stack an_stack(const struct an_context *ctx, uint32_t stack);

/* Appends a site. OBJECT (may be NULL) is what the role is about. Valid until the next site. */
struct sn_site *an_site(const struct an_context *ctx, struct sn_finding *finding, enum sn_role role,
                        const struct an_thread *thread, uint32_t stack, uint64_t event,
                        const struct an_object *object);
/* The locks of set LOCKSET are held at SITE. */
void an_site_locks(const struct an_context *ctx, struct sn_finding *finding, struct sn_site *site,
                   uint32_t lockset);
/* A thread or lock that the explanation names, without a site of its own. */
void an_name_thread(const struct an_context *ctx, struct sn_finding *finding,
                    const struct an_thread *thread);
void an_name_lock(const struct an_context *ctx, struct sn_finding *finding,
                  const struct an_object *object);
/* What lies at ADDRESS. */
struct sn_variable *an_variable(const struct an_context *ctx, uint64_t address, uint32_t size);

/* "thread 2 (worker)", "the main thread". */
const char *an_thread_text(const struct an_context *ctx, const struct an_thread *thread);
/* The same at the beginning of a sentence. */
const char *an_thread_begins(const struct an_context *ctx, const struct an_thread *thread);
/* How a thread ended: "was cancelled". */
const char *an_ending_text(const struct an_thread *thread);
/* "%LOCK 3%" */
const char *an_lock_text(const struct an_context *ctx, const struct an_object *object);
/* Was the program seen to stand still, so that nothing in it could go on? */
bool an_stood_still(const struct an_context *ctx);
/* Was it stopped, for that or by a time limit, before it ended by itself? */
bool an_was_stopped(const struct an_context *ctx);
/* How many events the recorder lost, as far as it counted. */
uint64_t an_lost_events(const struct tr_reader *reader);
/* Milliseconds between two time stamps; negative if the clock is not known. */
double an_milliseconds(const struct an_context *ctx, uint64_t from, uint64_t to);

#endif
