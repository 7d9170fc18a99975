/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What threads and locks did, as collected by pass_activity.c in the trace's terms, and from that
 * the report's activity (finding/activity.h).
 */
#ifndef SN_ANALYZER_DRAWING_H
#define SN_ANALYZER_DRAWING_H

#include "analyzer/wait_story.h"
#include "finding/activity.h"

struct an_span {
    uint64_t from, until, handed; /* ticks */
    const struct an_thread *thread, *by;
    const struct an_object *object; /* or NULL */
    const char *what;               /* as a site's note, or NULL */
    uint32_t stack;
    uint32_t flags; /* enum sn_span_flag */
    enum sn_role role;
};

struct an_thread_activity {
    uint64_t from, until; /* until 0: it lives */
    uint64_t waits, waited, held;
};

struct an_edge { /* `taken` was taken while `held` was held, for the first time thus */
    const struct an_thread *thread;
    const struct an_object *held, *taken;
    uint32_t held_stack, taken_stack;
    uint64_t count;
};

struct an_drawing {
    struct an_context *ctx;
    VEC(struct an_span) spans;
    VEC(struct an_thread_activity) threads; /* by index */
    VEC(struct sn_lock_use) uses;           /* by the object's id; times are ticks */
    VEC(struct an_edge) edges;
    uint64_t until;    /* when nothing more is known */
    uint64_t left_out; /* spans */
};

/* Appends the activity to the report. */
void an_draw(struct an_drawing *drawing);
void an_drawing_release(struct an_drawing *drawing);

#endif
