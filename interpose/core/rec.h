/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The recorder's heart: its states, and how a hook enters and leaves it. RULES.md says what may not
 * be done here.
 *
 * A hook calls the real function itself; the recorder's own work stands between rec_enter and
 * rec_leave:
 *
 *     int error = REAL(pthread_spin_unlock)(lock);
 *     struct rec_stream *s = rec_enter();
 *     if (s) {
 *         ...
 *         rec_leave(s);
 *     }
 *
 * rec_enter gives NULL when nothing can be recorded: switched off, in a signal handler that
 * interrupted the recorder itself, in a thread that has said goodbye. The hook must then do exactly
 * what the real function does.
 */
#ifndef REC_CORE_REC_H
#define REC_CORE_REC_H

#include "interpose/access/filter/words.h"
#include "interpose/core/real.h"
#include "interpose/core/system.h"
#include "trace/control.h"
#include "trace/wire.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#ifdef __SSE2__ /* else it is for code that may not touch vector registers */
#include <emmintrin.h>
#endif

#define REC_EXPORT      __attribute__((visibility("default")))
#define rec_likely(x)   __builtin_expect(!!(x), 1)
#define rec_unlikely(x) __builtin_expect(!!(x), 0)

enum {
    REC_FRAMES = 64,       /* of a stack; deeper ones are cut at the outer end */
    REC_FIRST_FRAMES = 3,  /* of a thread: the C library's, and the one that calls main or ours */
    REC_STACK_ROOM = 1024, /* for the definition of a stack, and some events with it */
    REC_STACK_SETS = 512,  /* of the stack cache */
    REC_STACK_WAYS = 4,
    REC_STACK_IDS = 1024,
    REC_STACKS_KEPT = (1 << 18) - 1, /* numbers of them that the filter can keep */
    REC_HOT_PLACES = 256,
    REC_WALKING = 2,
    REC_READING = 16, /* read locks held at once that the wait-for walk knows of */
    REC_HANDLERS = 8, /* signal handlers within each other that are known of */
    REC_OBJECT_BUCKETS = 1 << 18,
    REC_CACHE_LINE = 64,
};

/* MORE of an object that is not alive: neither free nor held. */
#define REC_NOT_ALIVE UINT32_MAX

/* One object of synchronisation, by address. Never unmapped: threads walk through them without
 * locks. Each has a cache line of its own, or threads with locks of their own would get in each
 * other's way. */
struct rec_object {
    uint64_t address;
    uint64_t version; /* numbers given out; atomic */
    union {
        struct {
            uint32_t owner; /* thread number + 1 of the exclusive holder, 0 none; atomic */
            uint32_t more;  /* how often the owner holds it beyond once; REC_NOT_ALIVE */
        };
        uint64_t holding; /* both: 0 is free, a thread's tag is held by it, once */
    };
    uint8_t type;       /* enum tr_object_type */
    uint8_t alive;      /* told in the trace (OBJECT_NEW), and not ended since */
    uint8_t begun;      /* somebody sees to that; atomic */
    uint8_t attributes; /* enum tr_object_attribute */
    uint32_t count;     /* barrier: threads a round */
    union {
        uint64_t entered; /* barrier: threads so far; atomic */
        uint64_t opened;  /* semaphore: how often it is open by its name; atomic */
    };
    uint64_t noted;                  /* version when its block began to be moved; atomic */
    struct rec_object *next;         /* same bucket */
    struct rec_object *next_in_page; /* same bucket of pages */
} __attribute__((aligned(REC_CACHE_LINE)));

/* A thread as the others see it. Never unmapped. */
struct rec_thread {
    uint32_t number;
    uint32_t parent;
    uint64_t wait_number;         /* grows with each wait; atomic */
    struct rec_object *waits_for; /* the lock it is blocked on without a time limit; atomic */
    uint8_t waits_to_read;        /* it wants that for reading; atomic */
    uint32_t joins;               /* thread number + 1 it joins without a time limit; atomic */
    uint32_t ended;
    struct rec_object *reading[REC_READING]; /* rwlocks held for reading; atomic */
    void *(*start)(void *);                  /* of the thread about to be made */
    void *argument;
    uint8_t exit_cause;  /* enum tr_exit_cause */
    uint8_t exiting;     /* rounds of key destructors seen */
    uint8_t cancelled;   /* somebody asked for that; atomic */
    uint32_t exit_stack; /* of pthread_exit, by the thread's own number */
} __attribute__((aligned(REC_CACHE_LINE)));

/* Return addresses and where they lie, innermost first, in fours that are compared as one. The last
 * four is filled up with the innermost. */
struct rec_cached_stack {
    uint32_t id;
    uint16_t size;    /* of what is compared, in bytes of returns */
    uint8_t compared; /* how many */
    uint8_t outer;    /* how many more, of the thread's first ones */
    struct rec_four {
        uint64_t pcs[4];
        uint32_t slots[4]; /* pcs[i] lies at cfa - 8 + slots[i] */
    } __attribute__((aligned(16))) returns[REC_FRAMES / 4];
};

/* What was found where: the places of a set are in the order of use, the stacks stay where they
 * are. */
struct rec_stack_place {
    uint64_t cfa; /* canonical frame address, 0 empty */
    struct rec_cached_stack *stack;
};

/* Of a stream's guard. */
enum {
    REC_BUSY = 1,    /* the recorder is at work for the thread, or the thread has none */
    REC_HANDLER = 2, /* the thread is in a signal handler: every hook takes the general way */
};

/* A signal handler that its thread is in, from the trampoline's frame at CFA downwards. */
struct rec_handler {
    uint64_t cfa, low; /* LOW: where its stack ends, as far as is known; CFA 0: it only begins */
    uint8_t signal;
    bool busy;       /* it interrupted the recorder's own work: nothing is told */
    uint8_t letting; /* the stream's, of what it interrupted */
};

/* What the thread waits for, so that an end can be told where the wait is left by a jump. */
struct rec_wait {
    uint8_t kind; /* TR_REQUEST, TR_JOIN_REQUEST, TR_BLOCK_BEGIN; 0: it does not wait */
    uint32_t mode;
    uint64_t on; /* the lock's address, the number of the thread */
};

/* The thread's own state and its chunk. Reused by a later thread. */
struct rec_stream {
    uint8_t *at, *end;    /* in the chunk */
    uint8_t *limit;       /* below it there is room for an event without bytes */
    uint8_t *soft;        /* in a ring: and for a stack before; else above all */
    volatile int guard;   /* REC_BUSY, REC_HANDLER */
    volatile int resting; /* what it is when the recorder is not at work: 0, or REC_HANDLER */
    uint32_t thread;
    uint32_t tag; /* thread + 1: how objects name their owner */
    uint64_t epoch;
    uint64_t time; /* last stamped */
    struct rec_thread *self;
    uint8_t *chunk;
    uint32_t chunk_size, chunk_number;
    uint8_t unwinding; /* inside libunwind or the C library: calls from there are not lost, but not
                          ours; REC_WALKING: counted as such */
    uint8_t stack_known;
    uint8_t forking;     /* between the beginning and the end of a fork */
    uint8_t masked;      /* signals are blocked while it walks */
    uint64_t mask;       /* which ones were before */
    uint64_t walking_at; /* the frame that walks, while UNWINDING is REC_WALKING */
    struct rec_wait waiting;
    uint64_t stack_low, stack_high;
    uint64_t stack_base; /* return addresses from here on stay for the thread's life; 0 not known */
    uint32_t next_stack; /* thread's own number of the next stack defined */
    uint64_t stacks_of;  /* rec_modules_generation of the stacks known */
    uint64_t modules_of; /* rec_modules_turn before its last time stamp, or earlier */
    uint32_t told_before; /* in a ring: up to this number they were defined in earlier chunks */
    uint32_t kept_from;   /* so many numbers lie below those that the filter keeps (kept.h) */
    uint64_t outermost[REC_FIRST_FRAMES]; /* from stack_base on */
    struct rec_stream *next_free;
    struct rec_stream *lender; /* of a cover (thread.c): whose stream it is; else NULL */
    uint32_t lender_tid;
    struct rec_cached_stack *found; /* that rec_stack gave last; NULL if it is not in the cache */
    uint8_t hot[REC_HOT_PLACES];    /* the coder's slot of what happened where (rec_hot_place) */
    __attribute__((aligned(REC_CACHE_LINE))) struct tr_coder coder; /* a slot is a cache line */
    uint32_t handler_depth;
    uint8_t letting; /* in calls that send or unblock signals */
    struct rec_handler handlers[REC_HANDLERS];
    uint64_t stack_hashes[REC_STACK_IDS];
    uint32_t stack_ids[REC_STACK_IDS];
    uint64_t once_seen[64];
    struct rec_access *access; /* state of access/, mapped on first use */
    struct rec_stack_place stack_places[REC_STACK_SETS][REC_STACK_WAYS];
    struct rec_cached_stack stacks[REC_STACK_SETS][REC_STACK_WAYS];
};

/* On a page that a forked child sees zeroed: there the recorder is off until it has started anew.
 */
struct rec_live {
    int on; /* recording */
    int initialized;
};

extern union rec_live_page {
    struct rec_live live;
    char page[4096];
} rec_live_page;
#define rec_live (rec_live_page.live)

struct rec_config {
    uint8_t accesses;            /* enum tr_access_source: where they come from now */
    bool automatic;              /* and that is the recorder's choice */
    bool rewrite;                /* move the code of the program and its own libraries */
    bool clobber;                /* and overwrite there what nobody reads */
    uint32_t move_from, move_to; /* only these functions of each module, by number; 0: all */
    bool heap;                   /* record every allocation: some module tells its accesses */
    char output[1024];           /* pattern */
    char log_path[512];
    char cache[512];        /* directory of images (rewrite/cache.h); empty: none */
    char follow[512];       /* which processes (follow.h); empty: all */
    char rewrite_also[512]; /* patterns of the names of modules: which others, too; !PATTERN: not */
    uint64_t ring;          /* bytes of the flight recorder's file; 0: it is none */
};

extern struct rec_config rec_config;
extern struct tr_header *rec_header;   /* mapped; NULL while off */
extern struct tr_control *rec_control; /* NULL without snarl */
extern __thread struct rec_stream *rec_self __attribute__((tls_model("initial-exec")));
/* What rec_self points to before a thread's first event and after its last: guarded for ever. */
extern struct rec_stream rec_unborn_stream, rec_dead_stream;

/* Entering and leaving.
 * -------------------------------------------------------------------------------- */

struct rec_stream *rec_enter_slow(void);

/* What follows is not begun before the guard is up. */
static inline void rec_guard(struct rec_stream *s)
{
    s->guard = REC_BUSY;
    __asm__ volatile("" ::: "memory");
}

/* Where the caller has seen that rec_live.on. */
static inline struct rec_stream *rec_enter_live(void)
{
    struct rec_stream *s = rec_self;
    if (rec_unlikely(s->guard))
        return rec_enter_slow();
    rec_guard(s);
    return s;
}

static inline struct rec_stream *rec_enter(void)
{
    return rec_likely(rec_live.on) ? rec_enter_live() : NULL;
}

static inline void rec_leave(struct rec_stream *s)
{
    __asm__ volatile("" ::: "memory");
    s->guard = s->resting;
}

/* The caller's stream, whoever else uses its thread-local storage. */
static inline struct rec_stream *rec_own_stream(void)
{
    struct rec_stream *s = rec_self;
    return rec_unlikely(s->lender) ? s->lender : s;
}

void rec_lost(enum tr_loss why);

/* state.c */
void rec_start(int argc, char **argv, char **environment);
void rec_start_early(void);
void rec_restart_in_child(void);
void rec_watch_forks(void); /* hook_process.c */
extern bool rec_begun;      /* also in children, whoever made them: once is enough */

/* In hooks that an allocator does not call before it can be called. */
static inline void rec_be_early(void)
{
    if (rec_unlikely(!rec_begun))
        rec_start_early();
}
void rec_off(int reason);
void rec_measure_clock(void);

/* chunk.c */
bool rec_chunk_open_file(const char *pattern);
/* A new chunk with room for ROOM bytes; false if none can be had (counted). */
bool rec_chunk_next(struct rec_stream *s, uint32_t room);
void rec_chunk_close(struct rec_stream *s);
void rec_chunk_reserve(void); /* puts a piece of the file aside (reserve.c) */
/* Backs [OFFSET, OFFSET + SIZE) of a file with blocks: 0, or -errno. */
int rec_chunk_back(int fd, uint64_t offset, uint64_t size);
/* In a fork child that will return into the recorder's work: lets it end, without effect. */
void rec_chunk_blank(struct rec_stream *s);
extern char rec_trace_path[TR_CONTROL_PATH];

/* thread.c */
struct rec_thread *rec_thread_new(uint32_t parent);
struct rec_thread *rec_thread_at(uint32_t number); /* NULL if there is none */
uint32_t rec_thread_count(void);
struct rec_stream *rec_thread_attach(struct rec_thread *thread); /* makes the caller's stream */
void rec_thread_detach(struct rec_stream *s);                    /* at its very end */
void rec_thread_reset(void);                                     /* in a fork child */
/* Another thread is about to begin on the caller's thread-local storage: from now on only the
 * caller is recorded by it, and is looked at each time. False if nothing has changed by it. */
bool rec_thread_lend(void);
void rec_thread_take_back(void); /* where that was true: no thread began */
void rec_thread_expects_end(
    struct rec_thread *thread); /* the caller will say goodbye (hook_thread.c) */

/* object.c */
extern struct rec_object *rec_object_buckets[REC_OBJECT_BUCKETS];

static inline uint32_t rec_object_bucket(const void *address)
{
    return (uint32_t)(((uint64_t)address >> 3) * 0x9e3779b97f4a7c15u >> (64 - 18));
}

/* The record of the object at ADDRESS, or NULL. */
static inline struct rec_object *rec_object_find(const void *address)
{
    struct rec_object *object =
        __atomic_load_n(&rec_object_buckets[rec_object_bucket(address)], __ATOMIC_ACQUIRE);
    while (rec_unlikely(object && object->address != (uint64_t)address))
        object = object->next;
    return object;
}
/* Finds or makes the record alone, untold: for what is no object of the program's. NULL if memory
 * ran out. */
struct rec_object *rec_object_raw(const void *address);
/* Finds or makes the record of a living object. NULL if memory ran out. */
struct rec_object *rec_object_first(struct rec_stream *s, const void *address, unsigned type);

static inline struct rec_object *rec_object(struct rec_stream *s, const void *address,
                                            unsigned type)
{
    struct rec_object *object = rec_object_find(address);
    return rec_likely(object && object->alive) ? object : rec_object_first(s, address, type);
}

/* An object that the program initialises: a new incarnation. NULL if memory ran out. */
struct rec_object *rec_object_init(struct rec_stream *s, const void *address, uint32_t stack,
                                   unsigned type, unsigned attributes, uint64_t value);
/* The same, unless it lives already: one that may be opened several times. */
struct rec_object *rec_object_open(struct rec_stream *s, const void *address, uint32_t stack,
                                   unsigned type, unsigned attributes, uint64_t value);
void rec_object_end(struct rec_stream *s, struct rec_object *object, uint32_t stack,
                    enum tr_end_cause cause);
/* The program has destroyed the one at ADDRESS; BEFORE: it had been destroyed already. */
void rec_object_destroyed(struct rec_stream *s, const void *address, unsigned type, bool before,
                          uint64_t cfa);
/* Ends every object within [LOW, LOW + SIZE); cheap where there is none. */
void rec_objects_end_in(struct rec_stream *s, const void *low, uint64_t size,
                        enum tr_end_cause cause, uint64_t cfa);
/* The same where it is known only afterwards that they have ended: those that were noted before,
 * and with which nothing has happened since. */
void rec_objects_note_in(const void *low, uint64_t size);
void rec_objects_end_noted_in(struct rec_stream *s, const void *low, uint64_t size,
                              enum tr_end_cause cause, uint64_t cfa);
/* The memory may have got new content: ends the locks that nobody holds. */
void rec_objects_renew_in(struct rec_stream *s, const void *low, uint64_t size);

/* Which units of 64 KiB have had objects; units that lie 256 MiB apart share a bit. */
enum { REC_UNIT_SHIFT = 16, REC_UNITS = 4096 };
extern uint64_t rec_object_units[REC_UNITS / 64];

static inline unsigned rec_unit(uint64_t address)
{
    return address >> REC_UNIT_SHIFT & (REC_UNITS - 1);
}

static inline bool rec_unit_used(uint64_t address)
{
    unsigned unit = rec_unit(address);
    return __atomic_load_n(&rec_object_units[unit / 64], __ATOMIC_RELAXED) >> unit % 64 & 1;
}

bool rec_objects_maybe_in_slow(uint64_t low, uint64_t size);

/* False: there is no object within [LOW, LOW + SIZE). */
static inline bool rec_objects_maybe_in(const void *low, uint64_t size)
{
    uint64_t first = (uint64_t)low, last = first + size - 1;
    if (!size)
        return false;
    if (rec_likely((last >> REC_UNIT_SHIFT) - (first >> REC_UNIT_SHIFT) < 2))
        return rec_unlikely(rec_unit_used(first) || rec_unit_used(last));
    return rec_objects_maybe_in_slow(first, size);
}
void rec_objects_after_fork(uint32_t tag);
/* In its trace: the locks that other threads of its parent held then. */
void rec_objects_inherited(struct rec_stream *s);

enum { REC_FRAMES_NEAR = 16 << 10 };
void rec_frames_left_slow(struct rec_stream *s, uint64_t cfa);

/* Whatever lies on the caller's stack below CFA was in frames that it has left since: ends the
 * objects there, those near by. Where a thread waits, makes or joins another, or takes a lock for
 * the first time from where it is. */
static inline void rec_frames_left(struct rec_stream *s, uint64_t cfa)
{
    if (rec_unlikely(rec_unit_used(cfa - 1) || rec_unit_used(cfa - REC_FRAMES_NEAR)))
        rec_frames_left_slow(s, cfa);
}

/* stack.c */
void rec_stack_start(void);
void rec_stack_by_turns(void);              /* from now on threads walk one after the other */
void rec_stack_range(struct rec_stream *s); /* where the caller's stack ends */
uint32_t rec_stack_slow(struct rec_stream *s, uint64_t cfa);
uint32_t rec_stack_here(struct rec_stream *s, uint64_t cfa); /* defined in the present chunk */
/* Forgets the caller's stacks if code has gone since. */
void rec_stack_refresh(struct rec_stream *s);
/* The number of a stack given by its pcs; defines it in the stream if it is new. */
uint32_t rec_stack_define(struct rec_stream *s, const uint64_t *pcs, uint32_t count, uint64_t hash);
/* From now on stacks get new numbers, when they are used. *OLD gets the highest one of before. */
void rec_stack_renumber(struct rec_stream *s, uint32_t *old);
/* Is the stack of number ID to be defined anew, for the chunk or for what is kept? */
static inline bool rec_stack_is_old(const struct rec_stream *s, uint32_t id)
{
    return id <= s->told_before || id <= s->kept_from;
}
uint32_t rec_stack_place(struct rec_stream *s, uint64_t pc); /* a stack of PC alone; 0 for 0 */
void rec_stack_abandoned(struct rec_stream *s);              /* our own work will not go on */
void rec_stack_forget(struct rec_stream *s);                 /* all stacks known */
/* Each return address on the caller's stack, from CFA outwards, for which TO has another (not 0)
 * becomes that. */
void rec_stack_redirect(struct rec_stream *s, uint64_t cfa, uint64_t (*to)(uint64_t pc));

/* module.c */
void rec_modules_start(struct rec_stream *s);
void rec_modules_check(struct rec_stream *s,
                       uint64_t pc); /* looks again if no known module holds PC */
/* For libunwind: dl_iterate_phdr without the linker's lock, as far as the modules are known. */
struct dl_phdr_info;
int rec_modules_iterate(int (*callback)(struct dl_phdr_info *, size_t, void *), void *data);
uint64_t rec_modules_turn(void); /* grows when one comes or goes */
/* Behind a dlclose: tells which modules are gone, and ends what was in them. */
void rec_modules_gone(struct rec_stream *s);
/* Grows when a module goes: the same addresses may then be other code's. */
uint64_t rec_modules_generation(void);
extern bool rec_any_tells; /* some module tells its accesses */
enum tr_access_source rec_module_source(uint64_t pc);
/* The module that holds PC tells its accesses itself. */
void rec_module_covered(struct rec_stream *s, uint64_t pc, enum tr_access_source source);
/* One that does has been initialised by a call that returns to PC, which lies in it, or, where its
 * constructor ended with a jump, in the C library that called that. */
void rec_module_initialised(struct rec_stream *s, uint64_t pc, enum tr_access_source source);
/* Those of the linker's list MAPS that are new have just been mapped: none of their code has run.
 */
struct link_map;
void rec_modules_loaded(struct rec_stream *s, const struct link_map *maps);
/* Rewrites all that there are now, as far as that is wanted. */
void rec_modules_rewrite(struct rec_stream *s);
void rec_modules_reset(void);

/* The program's own module has accesses or blocks that are not told, and why. */
void rec_module_program_lacks(struct rec_stream *s, const char *reason);

/* source.c */
void rec_source_set(enum tr_access_source source);
void rec_source_start(void); /* before any module is looked at */
void rec_source_look(const struct dl_phdr_info *info);
void rec_source_choose(void); /* behind all modules, where it is the recorder's choice */
/* A second thread is about to be made, by a function whose frame is at CFA. */
void rec_before_threads(struct rec_stream *s, uint64_t cfa);
/* Another process is about to be made, or met, with which this one shares memory. */
void rec_before_processes(struct rec_stream *s, uint64_t cfa);
/* One is about to be made for which nothing can be rewritten. S may be NULL. */
void rec_source_stays(struct rec_stream *s, const char *reason);

/* heap.c: says so if the program's allocations do not pass here. */
void rec_heap_unseen(struct rec_stream *s);

/* access/ */
void rec_access_reset(struct rec_stream *s); /* the stream has a new thread */
void rec_access_end(struct rec_stream *s);   /* its thread ends */
/* Its stacks are others', though of the same addresses. */
void rec_access_new_code(struct rec_stream *s);
/* Memory that is another now, though at the same address: the thread's accesses to it are news. */
void rec_access_forget(struct rec_stream *s, const void *block, uint64_t size);
/* Memory that this thread is about to give back. */
void rec_access_ends(struct rec_stream *s, const void *block, uint64_t size);
void rec_atomics_reset(void); /* in a fork child */

/* reserve.c: what is told when the program has forbidden itself system calls. */
extern int rec_closing; /* the system is being left, or has been; atomic */
/* Before system call NUMBER: if it puts the process into a sandbox, all is prepared, and
 * rec_sandbox_fails undoes that if the call fails. */
bool rec_sandbox_enters(long number, long a, long b);
void rec_sandbox_fails(void);
/* Around calls of which none may be left out; false if they may not be made. */
bool rec_system_enter(void);
void rec_system_leave(void);
/* The file may soon be one that cannot be opened again: puts a piece of it aside, once. */
void rec_reserve_ahead(void);
/* SIZE bytes of the file, mapped at PLACE, are put aside; and taken. */
void rec_reserve_keep(uint8_t *place, uint64_t offset, uint64_t size);
uint8_t *rec_reserve_take(uint64_t *offset, uint32_t size);
void rec_reserve_forget(void); /* in a fork child */

/* handler.c */
/* A handler's trampoline, whose frame is at CFA, is about to call HANDLER; false if that is not to
 * be kept in mind, and has no end to be told. ALTERNATE is the signal stack, if there is one. */
bool rec_handler_begins(int signal, bool fault, const void *handler, uint64_t cfa,
                        const stack_t *alternate);
/* It returned, or (LEFT) an exception or the thread's end goes through the trampoline. */
void rec_handler_ends(uint64_t cfa, bool left);
/* The thread goes on with its stack pointer at SP: handlers whose frames are gone were left. */
void rec_handlers_leave(struct rec_stream *s, uint64_t sp);
/* The recorder's work that was interrupted is not gone back to. The guard stays up. */
void rec_abandon(struct rec_stream *s);
/* In a fork child, which is in the same handlers. */
/* In a handler, the caller of CFA has called WHAT, which is not async-signal-safe. */
void rec_unsafe_in_handler(const char *what, uint64_t cfa);

static inline void rec_unsafe(const char *what, uint64_t cfa)
{
    if (rec_unlikely(rec_self->resting))
        rec_unsafe_in_handler(what, cfa);
}

/* The value of REAL_CALL, in which the thread lets signals in. */
#define REC_LETTING_IN(real_call)                                                                  \
    ({                                                                                             \
        struct rec_stream *rec_s = rec_self;                                                       \
        if (rec_s->self)                                                                           \
            rec_s->letting++;                                                                      \
        int rec_result = (real_call);                                                              \
        rec_s = rec_self;                                                                          \
        if (rec_s->self && rec_s->letting)                                                         \
            rec_s->letting--;                                                                      \
        rec_result;                                                                                \
    })
void rec_handlers_again(struct rec_stream *s, const struct rec_handler *handlers, uint32_t depth);

/* What carries the order between those who send SIGNAL, or set its handler, and that handler. */
static inline const void *rec_signal_key(int signal)
{
    return (const void *)(1ull << 63 | 1ull << 56 | (uint64_t)signal);
}

/* waits.c */
/* Publishes the wait, TO_READ or not, and looks for a cycle. */
void rec_wait_lock(struct rec_stream *s, struct rec_object *object, bool to_read);
void rec_wait_join(struct rec_stream *s, uint32_t number);
void rec_wait_over(struct rec_stream *s);
void rec_wait_left(struct rec_stream *s); /* not by returning: tells the end as well */
void rec_reading_add(struct rec_thread *self, struct rec_object *object);
void rec_reading_remove(struct rec_thread *self, struct rec_object *object);

/* log.c: one line, "snarl: " in front. Formats %s, %u (uint64_t), %x (uint64_t) only. */
void rec_log(const char *format, ...);
/* The same behind the first AT of SIZE bytes, without a terminator: how many there are then. */
uint32_t rec_text(char *to, uint32_t at, uint32_t size, const char *format, ...);

/* Emitting.
 * -------------------------------------------------------------------------------------------- */

static inline void rec_epoch_moves(struct rec_stream *s)
{
    s->epoch++;
    rec_words_next(s->tag, s->epoch);
}

/* The same as rec_emit, for an event whose stack was told in an earlier chunk. */
void rec_emit_retold(struct rec_stream *s, const struct tr_event *ev);

/* Appends EV (but BYTES, which is at most 4 KiB). EV->stack is the thread's own number. */
static inline void rec_emit(struct rec_stream *s, const struct tr_event *ev)
{
    if (rec_unlikely(s->at + ev->bytes_length >= s->limit) &&
        !rec_chunk_next(s, TR_EVENT_MAX + ev->bytes_length))
        return;
    if (rec_unlikely(ev->stack - 1 < s->told_before)) { /* 0 is none */
        rec_emit_retold(s, ev);
        return;
    }
    s->at = tr_encode(&s->coder, s->at, ev);
    if (tr_moves_epoch(ev->kind, ev->mode))
        rec_epoch_moves(s);
}

/* An event on an object whose only further field is its version. */
void rec_sync(struct rec_stream *s, uint8_t kind, uint32_t mode, uint32_t stack, uint64_t address,
              uint64_t version);

/* The same for another thread's access, whose stack's number is that thread's. */
static inline void rec_emit_others(struct rec_stream *s, const struct tr_event *ev)
{
    if (rec_unlikely(s->at >= s->limit) && !rec_chunk_next(s, TR_EVENT_MAX))
        return;
    s->at = tr_encode(&s->coder, s->at, ev);
}

/* Stamps the time: before events whose moment matters (waits, thread life). */
static inline void rec_stamp(struct rec_stream *s)
{
    if (rec_unlikely(s->at >= s->limit) && !rec_chunk_next(s, TR_EVENT_MAX))
        return; /* first of all: a new chunk starts at a time of its own */
    uint64_t now = rec_tsc();
    if (s->time < now) {
        rec_emit(s, &(struct tr_event){.kind = TR_TIME, .a0 = now - s->coder.time});
        s->time = now;
    }
}

/* The next number of OBJECT, for its exclusive holder, and for anybody. */
static inline uint64_t rec_version_held(struct rec_object *object)
{
    uint64_t version = __atomic_load_n(&object->version, __ATOMIC_RELAXED) + 1;
    __atomic_store_n(&object->version, version, __ATOMIC_RELAXED);
    return version;
}

static inline uint64_t rec_version(struct rec_object *object)
{
    return __atomic_add_fetch(&object->version, 1, __ATOMIC_SEQ_CST);
}

static inline uint64_t rec_version_seen(const struct rec_object *object)
{
    return __atomic_load_n(&object->version, __ATOMIC_SEQ_CST);
}

/* Counters that order heap blocks and accesses (tr_counter). */
extern uint64_t rec_counters[1 << TR_COUNTER_BITS];

static inline uint64_t rec_counter_step(uint32_t counter)
{
    return __atomic_add_fetch(&rec_counters[counter], 1, __ATOMIC_RELAXED);
}

static inline uint64_t rec_counter_next(const void *address)
{
    return rec_counter_step(tr_counter((uint64_t)address, TR_COUNTER_BITS));
}

static inline uint64_t rec_heap_counter_next(const void *block)
{
    return rec_counter_step(tr_heap_counter((uint64_t)block, TR_COUNTER_BITS));
}

/* Stacks.
 * ---------------------------------------------------------------------------------------------- */

static inline uint32_t rec_stack_set(uint64_t cfa, uint64_t pc)
{
    return (uint32_t)(cfa >> 4 ^ pc) % REC_STACK_SETS;
}

/* Do the return addresses still lie where they lay? Without a branch for each: what differs is
 * gathered. */
__attribute__((always_inline)) static inline bool rec_stack_holds(
    const struct rec_cached_stack *stack, uint64_t cfa)
{
    const char *base = (const char *)(cfa - 8);
    const struct rec_four *four = stack->returns;
    const struct rec_four *end = (const void *)((const char *)four + stack->size);
#define REC_AT(n) (*(const long long *)(base + four->slots[n]))
#ifdef __SSE2__
#define REC_DIFFER(n)                                                                              \
    _mm_xor_si128(_mm_set_epi64x(REC_AT((n) + 1), REC_AT(n)),                                      \
                  _mm_load_si128((const __m128i *)&four->pcs[n]))
    __m128i differ = _mm_setzero_si128();
    do {
        differ = _mm_or_si128(differ, _mm_or_si128(REC_DIFFER(0), REC_DIFFER(2)));
    } while (++four != end);
    return _mm_movemask_epi8(_mm_cmpeq_epi8(differ, _mm_setzero_si128())) == 0xffff;
#else
#define REC_DIFFER(n) ((uint64_t)REC_AT(n) ^ four->pcs[n])
    uint64_t differ = 0;
    do {
        differ |= REC_DIFFER(0) | REC_DIFFER(1) | REC_DIFFER(2) | REC_DIFFER(3);
    } while (++four != end);
    return !differ;
#endif
#undef REC_DIFFER
#undef REC_AT
}

/* Puts a stack that was found behind the first two in front: two in turn then stay there. */
uint32_t rec_stack_to_front(struct rec_stream *s, uint32_t set, unsigned place);

/*
 * In which place of its set the stack of CFA is: then that is s->found; REC_STACK_WAYS: in none. A
 * cached stack counts only if every return slot still holds its value: two callers of equal depth
 * share return address and stack pointer.
 */
static inline unsigned rec_stack_cached(struct rec_stream *s, uint64_t cfa)
{
    const struct rec_stack_place *places =
        s->stack_places[rec_stack_set(cfa, *(const uint64_t *)(cfa - 8))];
    for (unsigned i = 0; i < REC_STACK_WAYS; i++)
        if (places[i].cfa == cfa && rec_stack_holds(places[i].stack, cfa)) {
            s->found = places[i].stack;
            return i;
        }
    return REC_STACK_WAYS;
}

/*
 * The stack of the function that called the hook whose canonical frame address is CFA (rec_here).
 */
static inline uint32_t rec_stack(struct rec_stream *s, uint64_t cfa)
{
    unsigned place = rec_stack_cached(s, cfa);
    if (rec_unlikely(place == REC_STACK_WAYS))
        return rec_stack_slow(s, cfa);
    return rec_likely(place < 2)
               ? s->found->id
               : rec_stack_to_front(s, rec_stack_set(cfa, *(const uint64_t *)(cfa - 8)), place);
}

/* In a hook: where its caller's stack starts. */
#define rec_here() ((uint64_t)__builtin_dwarf_cfa())

#endif
