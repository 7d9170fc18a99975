/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JSON report, snarl-report/1 (docs/REPORT.md), in both directions: written by `run` and
 * `analyze`, read by `report`, `diff` and --baseline. Fields unknown to this version are ignored on
 * reading.
 */
#ifndef SN_FINDING_JSON_H
#define SN_FINDING_JSON_H

#include "base/error.h"
#include "base/text.h"
#include "finding/finding.h"

struct sn_diff;

/* Appends the document, newline at its end. Bytes that are no UTF-8 become U+FFFD. */
void sn_json_write(struct sn_text *out, const struct sn_report *report);
/* One finding of it alone. */
void sn_json_write_finding(struct sn_text *out, const struct sn_finding *finding);
/* The same for what `snarl diff` found (snarl-diff/1). */
void sn_json_write_diff(struct sn_text *out, const struct sn_diff *diff);

/*
 * They initialise REPORT, which the caller releases whether they succeed or not. ERR has the byte
 * offset of what is no JSON, and the name of the field that is not what it should be
 * ("findings[2].sites[0].role: ..."). A report that was read is written again byte for byte.
 */
int sn_json_read(struct sn_report *report, const char *path, struct sn_error *err);
/* The same; *BYTES, to be freed, are the *SIZE bytes of the file, or NULL where it cannot be read.
 */
int sn_json_load(struct sn_report *report, const char *path, char **bytes, size_t *size,
                 struct sn_error *err);
int sn_json_parse(struct sn_report *report, const char *bytes, size_t size, struct sn_error *err);

#endif
