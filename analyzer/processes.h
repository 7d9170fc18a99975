/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Data races of processes on memory that they share. Each trace tells which memory that is; the
 * races are looked for in all of its users' traces together (joined.h), by happens-before. What is
 * told is possible at most: time stamps order the processes, and they may have ways to order each
 * other that no recorder sees.
 *
 *     struct an_processes processes = {0};
 *     options.processes = &processes;
 *     an_analyze(...);                                         // each trace
 *     for each process of which an_processes_shares(&processes, id) is true: open its trace
 *     an_processes_tell(readers, ids, count, &report, &options, &err);
 *     an_processes_release(&processes);
 */
#ifndef SN_ANALYZER_PROCESSES_H
#define SN_ANALYZER_PROCESSES_H

#include "analyzer/analysis.h"
#include "base/vec.h"

struct an_shared_use {
    uint32_t process; /* id in the report */
    uint64_t identity;
};

struct an_processes {
    VEC(struct an_shared_use) uses;
};

/* Does PROCESS use memory that another one uses, too? */
bool an_processes_shares(const struct an_processes *processes, uint32_t process);
/* Adds the findings; each brings along sites of two processes. */
int an_processes_tell(struct tr_reader *const *readers, const uint32_t *ids, size_t count,
                      struct sn_report *report, const struct an_options *options,
                      struct sn_error *err);
void an_processes_release(struct an_processes *processes);

#endif
