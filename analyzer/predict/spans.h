/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Critical sections that are over, or will be, and what happened before their ends: kept while
 * anybody refers to them. Numbers stand for them; 0 is none.
 *
 * A queue is a row of sections of one lock of which each ends before the next begins, and how far
 * each thread has come in it: all threads read the same row. What a thread has passed is ordered
 * before it, together with all that stands before.
 */
#ifndef SN_ANALYZER_PREDICT_SPANS_H
#define SN_ANALYZER_PREDICT_SPANS_H

#include "analyzer/predict/vector.h"
#include "base/vec.h"

#include <stddef.h>

struct an_span {
    uint32_t thread;
    uint32_t begun, ended; /* its thread's times; not ended: 0 */
    uint32_t references;
    struct an_vector past; /* of the end */
};

struct an_spans { /* init makes number 0 */
    VEC(struct an_span) of;
    VEC(uint32_t) unused;
};

void an_spans_init(struct an_spans *sections);
void an_spans_release(struct an_spans *sections);
/* A section with one reference, which is the caller's. */
uint32_t an_spans_begin(struct an_spans *sections, uint32_t thread, uint32_t time);
static inline uint32_t an_spans_keep(struct an_spans *sections, uint32_t section)
{
    sections->of.at[section].references++;
    return section;
}
static inline void an_spans_drop(struct an_spans *sections, uint32_t section)
{
    if (section && --sections->of.at[section].references == 0)
        *vec_push(&sections->unused) = section;
}

struct an_queued {
    uint32_t section, thread, begun, ended; /* as the section has them: nearer at hand */
};

struct an_queue { /* all zero: empty */
    VEC(struct an_queued) of;
    size_t start;         /* in `of`: what stands before is gone */
    uint64_t gone;        /* how many ever stood before `start` */
    size_t limit;         /* at that many it is time to look for what may go */
    VEC(uint64_t) passed; /* by each thread, of all that ever stood there */
};

/* Appends a section that has ended, keeping it. */
void an_queue_push(struct an_queue *queue, struct an_spans *sections, uint32_t section);
/* Moves THREAD past each section whose beginning PAST knows, and those before it. Returns the last
 * of them, or 0 if it has passed none that is new. */
uint32_t an_queue_pass(struct an_queue *queue, uint32_t thread, const struct an_vector *past);
/* How many that are left have ended before what PAST knows. */
size_t an_queue_known(const struct an_queue *queue, const struct an_vector *past);
/* Is it worth while to look for what may go? */
static inline bool an_queue_full(const struct an_queue *queue)
{
    return queue->of.count - queue->start >= queue->limit;
}
/* Lets the first COUNT go. */
void an_queue_trim(struct an_queue *queue, struct an_spans *sections, size_t count);
void an_queue_release(struct an_queue *queue);

#endif
