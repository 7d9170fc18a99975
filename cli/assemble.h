/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From traces to one report.
 *
 *     struct sn_assembly assembly;
 *     sn_assembly_init(&assembly, &report, &settings);
 *     for each trace: sn_assembly_add(&assembly, path, parent, &err);
 *     if (sn_assembly_finish(&assembly, &err) < 0)    // fingerprints, baseline, summary
 *         ...
 *
 * Where a trace is damaged is printed as it is found.
 */
#ifndef SN_CLI_ASSEMBLE_H
#define SN_CLI_ASSEMBLE_H

#include "cli/options.h"
#include "finding/finding.h"

struct sn_assembly {
    struct sn_report *report;
    const struct sn_settings *settings;
    struct an_options analysis;
    unsigned traces;         /* read, wholly or in part */
    unsigned damaged;        /* of them: with damage that is no mere cut, or nothing before it */
    unsigned access_source;  /* enum tr_access_source: the best among them */
    const char *no_accesses; /* why accesses are missing, where they are; or NULL */
    bool told_in_text;       /* a text report on stderr will tell the warnings */
};

void sn_assembly_init(struct sn_assembly *assembly, struct sn_report *report,
                      const struct sn_settings *settings);
/* Analyzes the trace at PATH. Fails if it cannot be read at all. */
int sn_assembly_add(struct sn_assembly *assembly, const char *path, struct sn_error *err);
/* Fails if the baseline cannot be read. */
int sn_assembly_finish(struct sn_assembly *assembly, struct sn_error *err);
/* Warns, and marks the report as incomplete. */
void sn_assembly_warn(struct sn_assembly *assembly, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
