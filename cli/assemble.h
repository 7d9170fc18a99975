/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From traces to one report.
 *
 *     struct sn_assembly assembly;
 *     if (sn_assembly_init(&assembly, &settings, &err) == 0) {       // reads baseline and
 * suppressions for each trace: sn_assembly_add(&assembly, path, false, &err);
 *         sn_assembly_finish(&assembly);                  // fingerprints, statuses, summary
 *         ... assembly.report
 *     }
 *     sn_assembly_release(&assembly);
 *
 * Where a trace is damaged is printed as it is found.
 */
#ifndef SN_CLI_ASSEMBLE_H
#define SN_CLI_ASSEMBLE_H

#include "analyzer/forks.h"
#include "analyzer/processes.h"
#include "cli/options.h"
#include "finding/finding.h"
#include "finding/suppress/suppress.h"

struct sn_assembly {
    struct sn_report report, baseline;
    struct sn_suppressions suppressions;
    const struct sn_settings *settings;
    struct an_options analysis;
    struct an_forks forks;
    struct an_processes processes;
    unsigned traces;         /* read, wholly or in part */
    unsigned damaged;        /* of them: with damage that is no mere cut, or nothing before it */
    unsigned access_source;  /* enum tr_access_source: the best among them */
    bool threaded;           /* in some process there were several threads */
    const char *no_accesses; /* why accesses are missing, where they are; or NULL */
    bool told_in_text;       /* a text report on stderr will tell the warnings */
};

/* Fails if the baseline or a file of suppressions cannot be read. */
int sn_assembly_init(struct sn_assembly *assembly, const struct sn_settings *settings,
                     struct sn_error *err);
/* Analyzes the trace at PATH; of a LIVING process, which still writes, a copy of it. Fails if it
 * cannot be read at all. */
int sn_assembly_add(struct sn_assembly *assembly, const char *path, bool living,
                    struct sn_error *err);
void sn_assembly_finish(struct sn_assembly *assembly);
void sn_assembly_release(struct sn_assembly *assembly);
/* Warns, and marks the report as incomplete. */
void sn_assembly_warn(struct sn_assembly *assembly, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
