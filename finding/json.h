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

void sn_json_write(struct sn_text *out, const struct sn_report *report);
int sn_json_read(struct sn_report *report, const char *path, struct sn_error *err);
int sn_json_parse(struct sn_report *report, const char *bytes, size_t size, struct sn_error *err);

#endif
