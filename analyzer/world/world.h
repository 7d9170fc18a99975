/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of the program at one moment of its trace: threads, objects of synchronisation,
 * heap, memory, and what happened before what. It follows each event once, before any analysis sees
 * the event; what the event meant is in `now`.
 */
#ifndef SN_ANALYZER_WORLD_WORLD_H
#define SN_ANALYZER_WORLD_WORLD_H

#include "analyzer/world/benign.h"
#include "analyzer/world/channels.h"
#include "analyzer/world/handlers.h"
#include "analyzer/world/heap.h"
#include "analyzer/world/locks.h"
#include "analyzer/world/memory.h"
#include "analyzer/world/objects.h"
#include "analyzer/world/order.h"
#include "analyzer/world/publication.h"
#include "analyzer/world/sections.h"
#include "analyzer/world/sights.h"
#include "analyzer/world/threads.h"
#include "base/arena.h"
#include "trace/reader.h"

/* What the current event meant. */
struct an_now {
    uint64_t index;
    struct an_thread *thread;
    struct an_object *object;       /* of synchronisation; or NULL */
    bool outermost;                 /* ACQUIRE: not held before; RELEASE: not held any longer */
    bool released_by_other;         /* RELEASE: another thread's hold ended */
    struct an_thread *released_of;  /* RELEASE: whose hold ended, or NULL */
    bool was_robbed;                /* RELEASE: of a hold that somebody else had ended before */
    struct an_release last_release; /* RELEASE: the one before */
    struct an_holds ended_holds;    /* OBJECT_END: whose holds of a lock ended with it */
    struct an_thread *succeeded;   /* ACQUIRE: who still held it: it died, or its release is lost */
    bool fills_round;              /* BARRIER_ENTER: nobody is missing now */
    struct an_held released;       /* RELEASE: the hold that ended */
    struct an_access access;       /* accesses, atomics, FREE */
    struct an_conflicts conflicts; /* earlier accesses that race with it by happens-before */
};

/* How the trace ended, as far as it tells. */
struct an_end {
    bool exit;                   /* the process ended by itself */
    struct an_thread *exited_by; /* who ended it */
    uint32_t exit_stack, exit_mode;
    uint64_t exit_index;
    bool deadlock, timeout, signal;
};

struct an_world {
    struct tr_reader *reader;
    struct sn_arena arena;
    struct an_now now;
    struct an_threads threads;
    struct an_objects objects;
    struct an_locksets locksets;
    struct an_channels channels;
    struct an_heap heap;
    struct an_memory memory;
    struct an_ranges benign; /* races here are meant */
    struct an_sights sights;
    struct an_publication publication;
    struct an_order order, hard; /* order.h */
    bool light;                  /* follows who and what there is, but no order and no accesses */
    bool handles_signals;        /* that may come at any time, as far as the trace tells */
    bool others_may_come;        /* threads that the C library makes unseen */
    struct an_end end;
    uint64_t events, accesses;
    uint64_t first_time, last_time; /* TSC */
    uint64_t
        lost_until; /* a ring: something up to then is missing, nothing later; 0: all is here */
};

void an_world_init(struct an_world *world, struct tr_reader *reader);
void an_world_event(struct an_world *world, const struct tr_event *ev);
void an_world_release(struct an_world *world);
/* Is all here that came before THREAD's event INDEX, or may events have been lost? What rests on an
 * event for which it is false may be told as possible at most. (What a ring has given up is
 * another matter: an_thread.whole.) */
bool an_is_sure(const struct an_thread *thread, uint64_t index);

/* For the world's own files: begins `now.access` for EV; memory that is used for something new. */
void an_world_access(struct an_world *world, const struct tr_event *ev, unsigned flags);
void an_world_forget_memory(struct an_world *world, uint64_t start, uint64_t size);

#endif
