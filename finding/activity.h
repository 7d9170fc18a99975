/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the threads and locks of a process did in the course of its run: who waited and held what
 * from when until when, which lock was taken while which other one was held, and the sums. For the
 * formats that draw it; an analysis fills it in where a report is to have it (sn_renderer.spans).
 *
 * Threads, locks and places are those of `cast`, which is in no report's list but made as findings
 * are, so that it is named and told as they are: a span is of a site there.
 *
 * Times are nanoseconds since the first process began; where the trace has no clock (text), lines.
 * The recorder stamps what waits, and of the rest a part: a hold that nobody waited for may seem
 * shorter than it was, never longer.
 */
#ifndef SN_FINDING_ACTIVITY_H
#define SN_FINDING_ACTIVITY_H

#include "finding/finding.h"

#define SN_NOBODY UINT32_MAX

enum sn_span_flag {
    SN_SPAN_SHARED = 1,  /* as a reader */
    SN_SPAN_OPEN = 2,    /* not over when the trace ended */
    SN_SPAN_GAVE_UP = 4, /* a wait that ended without what was waited for */
};

struct sn_span {
    uint64_t from, until;
    uint32_t thread; /* index in the cast's threads */
    uint32_t site;   /* index in the cast's sites: holds, waits, joins, sleeps */
    uint32_t by;     /* a wait: who let it through, index in threads; or SN_NOBODY */
    uint32_t flags;  /* enum sn_span_flag */
    uint64_t handed; /* when that one did */
};

struct sn_life { /* of the thread with the same index */
    uint64_t from, until;
    bool ended;             /* else it was there when the trace ended */
    uint64_t waits, waited; /* for other threads: how often, how long */
    uint64_t held;          /* time with at least one lock */
};

struct sn_lock_use { /* of the lock with the same index; waiting at anything counts */
    uint64_t taken;  /* how often; as a reader, too */
    uint64_t shared; /* of these: as a reader */
    uint64_t waits, waited, longest_wait;
    uint64_t held, longest_hold;
    uint64_t bypassed; /* how often others got it while one waited, at most in one wait */
};

struct sn_lock_edge {      /* a lock was taken while another one was held */
    uint32_t holds, takes; /* indexes of sites, each with its lock: as it was the first time */
    uint32_t thread;       /* whose; index in threads */
    uint64_t count;
};

struct sn_activity {
    struct sn_finding cast;
    uint64_t until;
    bool timeless; /* times are lines */
    bool named;    /* by symbols/ */
    VEC(struct sn_life) lives;
    VEC(struct sn_lock_use) uses;
    VEC(struct sn_span) spans; /* by `from` */
    VEC(struct sn_lock_edge) order;
    uint64_t spans_left_out, locks_left_out; /* short ones, little used ones: beyond the limits */
};

/* Gives back its arrays. */
void sn_activity_release(struct sn_activity *activity);

#endif
