/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The threads of the process: who made them, what they hold, what they wait for, how they ended.
 *
 * Each thread has a slot in the vector clocks and counts its own moments in `clock`. A slot passes
 * to a new thread when its last one has ended and whoever makes the new one knows of that end by
 * create, join and the like: what the old one did then comes before all that the new one does, so
 * that one slot can tell of both.
 */
#ifndef SN_ANALYZER_WORLD_THREADS_H
#define SN_ANALYZER_WORLD_THREADS_H

#include "analyzer/world/clock.h"
#include "analyzer/world/ranges.h"
#include "base/map.h"
#include "base/vec.h"
#include "finding/finding.h"
#include "trace/event.h"

struct an_lock_use;
struct an_object;
struct an_world;

/* A lock that a thread holds. */
struct an_held {
    struct an_object *object;
    uint64_t index, time, version; /* of the acquisition */
    uint32_t stack;
    uint32_t depth; /* how many times, where it is recursive */
    bool shared;
    bool tried; /* taken by a call that does not wait, or not for ever */
    bool contended;
    bool in_wait; /* taken again at the end of a condition wait */
};

enum an_wait_kind {
    AN_WAIT_NONE,
    AN_WAIT_LOCK, /* mutex, rwlock, spin lock */
    AN_WAIT_JOIN,
    AN_WAIT_COND,
    AN_WAIT_SEM,
    AN_WAIT_BARRIER,
    AN_WAIT_ONCE,    /* for the end of a routine that another thread runs */
    AN_WAIT_OUTSIDE, /* sleep, input, output */
};

/* What a thread waits for. */
struct an_wait {
    enum an_wait_kind kind;
    struct an_object *object; /* LOCK, COND, SEM, BARRIER, ONCE; a channel, if known; or NULL */
    struct an_thread *thread; /* JOIN: whom */
    uint64_t index, time;
    uint32_t stack;
    enum tr_block what; /* OUTSIDE: for what, and on which descriptor or futex */
    uint64_t on;
    uint64_t channel; /* OUTSIDE: the key of what it waits at, or a futex; 0: not known */
    bool shared;
    bool timed;
    bool inside; /* OUTSIDE: no, for what only this process can give (channels.h) */
    bool masked; /* OUTSIDE: with a signal mask of its own */
};

/* A signal handler that a thread is in. */
struct an_handler {
    uint32_t signal;
    uint32_t stack; /* its first instruction alone */
    uint64_t index;
    bool let_in;                /* in a call by which its thread sends or unblocks signals */
    struct an_wait interrupted; /* NONE: not a wait */
};

struct an_thread {
    uint32_t number; /* the trace's; 0 is main */
    uint32_t index;  /* among the world's threads: 0, 1, 2 ... in order of appearance */
    uint32_t slot;
    struct an_thread *parent; /* or NULL */
    uint32_t create_stack;    /* of its creation; 0: not known */
    const char *name;         /* or NULL */
    uint64_t handle;          /* pthread_t: in glibc the thread's descriptor, on top of its stack */
    uint64_t stack_low, stack_size; /* 0: the trace does not tell */
    uint64_t create_index, exit_index;
    uint32_t exit_stack, exit_mode; /* enum tr_exit_cause */
    bool created, started, exited, joined, detached;
    bool whole;          /* whatever it does from now on, nothing that it depends on is missing */
    bool made_whole;     /* its maker was, when it made it */
    bool locked_up;      /* it found itself in a deadlock while it ran */
    uint64_t unsure;     /* its first event before which something may be missing; 0: none yet */
    uint64_t clock;      /* its own component, moves behind writes and sync events */
    uint64_t epoch;      /* `clock` when its recorded epoch last moved */
    uint64_t time;       /* of its latest event */
    uint64_t last_index; /* the latest that has a stack */
    uint32_t last_stack;
    VEC(struct an_held) held;
    uint32_t lockset; /* number of the set of locks held (locks.h) */
    bool lockset_known;
    struct an_wait wait;
    struct an_object *gives; /* the channel that it is about to put something into, or NULL */
    uint64_t took_from;      /* descriptor from which it has just got something, plus 1; 0: none */
    VEC(struct an_handler) handlers; /* innermost last */
    uint64_t unblocks, unsafe; /* events: when it last unblocked signals, and called what is not
                                  async-signal-safe */
    VEC(struct an_lock_use *) lock_uses; /* sections.h */
    VEC(struct an_object *) gave_back;   /* released, but when it took them is missing */
    VEC(uint64_t) robbed;                /* addresses of locks that others released, or ended */
    VEC(struct an_held) create_held;     /* what the maker held when it made this one */
    VEC(struct an_held) guards;          /* what it held from create to join, and by whom: below */
    struct an_thread *guardian;
    struct sn_finding *blamed; /* the finding that explains why it does not get on, or NULL */
};

struct an_slot {
    struct an_thread *thread; /* the latest one */
};

struct an_threads {
    VEC(struct an_thread *) all; /* by index */
    struct sn_map by_number;
    VEC(struct an_slot) slots;
    VEC(uint32_t) free_slots; /* of threads that have ended */
    struct an_ranges handles; /* each of size 1, to its latest thread */
    struct an_thread *latest; /* the one found last */
    bool stacks_told;         /* the trace says where stacks lie */
};

/* The thread of that number; made, if the trace has not told of it yet. */
struct an_thread *an_thread(struct an_world *world, uint32_t number);
/* The same, but NULL if there is none. */
struct an_thread *an_thread_find(const struct an_world *world, uint32_t number);
/* The lock as THREAD holds it, or NULL. */
struct an_held *an_thread_holds(const struct an_thread *thread, const struct an_object *object);
/* The lock at ADDRESS, if THREAD holds it alone; else NULL. */
struct an_object *an_thread_locked(const struct an_thread *thread, uint64_t address);
/* The thread on whose stack ADDRESS lay at event INDEX; NULL if none is known. Where the trace does
 * not tell of a stack: near its top, and the main thread's is not known. */
const struct an_thread *an_stack_owner(const struct an_world *world, uint64_t address,
                                       uint64_t index);
/* Alive as far as the trace tells. */
static inline bool an_thread_lives(const struct an_thread *thread)
{
    return !thread->exited;
}

void an_threads_event(struct an_world *world, const struct tr_event *ev);
void an_threads_release(struct an_world *world);

#endif
