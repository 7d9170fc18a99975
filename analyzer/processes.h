/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What processes do to each other by memory that they share. Each trace tells which memory that is;
 * all of its users' traces are then looked at together (joined.h).
 *
 * Data races, by happens-before, are possible at most: time stamps order the processes, and they
 * may have ways to order each other that no recorder sees. Deadlocks are observed: a program that
 * had to be stopped, of which threads of several processes wait for each other's locks.
 *
 *     struct an_processes processes = {0};
 *     options.processes = &processes;
 *     an_analyze(...);                                         // each trace
 *     for each process of which an_processes_shares(&processes, id) is true: open its trace
 *     an_processes_tell(readers, ids, count, &report, &options, &first, &err);
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
/* Adds the findings, each with sites of several processes, from index FIRST on; what one of these
 * could say alone is taken out for them. */
int an_processes_tell(struct tr_reader *const *readers, const uint32_t *ids, size_t count,
                      struct sn_report *report, const struct an_options *options, size_t *first,
                      struct sn_error *err);
void an_processes_release(struct an_processes *processes);

#endif
