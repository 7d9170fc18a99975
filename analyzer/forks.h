/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Locks that another thread held while the process forked: in the child nobody gives them back. The
 * child's trace says which they were, its parent's who held them since when, so that both are
 * needed:
 *
 *     struct an_forks forks = {0};
 *     options.forks = &forks;
 *     an_analyze(...);                                  // all traces, in any order
 *     while ((pid = an_forks_parent(&forks)))           // then once more each parent's
 *         an_forks_tell(&forks, reader of PID, &report, &options, &err);
 *     an_forks_release(&forks, &report);
 */
#ifndef SN_ANALYZER_FORKS_H
#define SN_ANALYZER_FORKS_H

#include "analyzer/analysis.h"
#include "base/vec.h"

struct an_orphan { /* such a lock, in one child */
    uint32_t parent_pid, child_pid;
    uint32_t child;            /* id of its process in the report */
    uint32_t holder;           /* thread of the parent */
    uint64_t address, version; /* version: the parent's latest then */
    /* The child has come for it: what is told of that as long as no more is known, and where. */
    struct sn_finding *finding;
    struct sn_stack stack;
    uint32_t thread;
    uint64_t event;
    bool told, replaced; /* replaced: more is known, and told */
};

struct an_child_wait { /* a thread that waits for a child process to end, and is told to be stuck */
    uint32_t process;  /* its own, by id */
    struct sn_finding *finding;
};

struct an_forks {
    VEC(struct an_orphan) orphans;
    VEC(struct an_child_wait) child_waits;
};

/* The pid of a parent of which something is to be told; 0: there is none any more. */
uint32_t an_forks_parent(const struct an_forks *forks);
/* Tells what READER, the trace of that parent, knows of the locks; NULL: there is no such trace. */
int an_forks_tell(struct an_forks *forks, uint32_t parent, struct tr_reader *reader,
                  struct sn_report *report, const struct an_options *options, struct sn_error *err);
/* Takes out of the report what was told before more was known: of children, and of those that wait
 * for a child that is stuck itself. */
void an_forks_release(struct an_forks *forks, struct sn_report *report);

#endif
