/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a trace is made of. Freestanding: the recorder includes it inside somebody else's process,
 * so it needs no library and allocates nothing.
 *
 * An event belongs to one thread and has a place in that thread's stream. Events on one object of
 * synchronisation carry that object's version, a number that grows by one with each (struct
 * tr_event, `version`), so that the order among threads is exact without a global counter.
 */
#ifndef SN_TRACE_EVENT_H
#define SN_TRACE_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tr_kind {
#define EVENT(name, code, text, fields, slot, order, epoch) TR_##name = code,
#include "trace/events.def"
#undef EVENT
    TR_KINDS = 0x80, /* one more than the largest possible code */
};

enum tr_fields {
    TR_MODE = 1 << 0,    /* small flags, meaning by kind: TR_LOCK_..., TR_ACC_..., ... */
    TR_STACK = 1 << 1,   /* number of a stack of the thread, 0 for none */
    TR_OBJECT = 1 << 2,  /* an address */
    TR_VERSION = 1 << 3, /* see the order column of events.def */
    TR_A0 = 1 << 4,
    TR_A1 = 1 << 5,
    TR_A2 = 1 << 6,
    TR_BYTES = 1 << 7, /* a length and that many bytes */
    TR_ORDER = 1 << 8, /* the order of an access, by its TR_ACC_ORDER */
};

enum tr_slot_kind { TR_SLOT_NONE, TR_SLOT_EXACT, TR_SLOT_STRIDE };
enum tr_order_kind { TR_ORDER_FREE, TR_ORDER_OBSERVES, TR_ORDER_ADVANCES };

#define TR_NO_THREAD UINT32_MAX

/* What sort of object a lock event is about: low bits of the mode of REQUEST, ACQUIRE, RELEASE,
 * TRY_FAIL, OP_ERROR, OBJECT_NEW and OBJECT_END. */
enum tr_object_type {
    TR_TYPE_MUTEX = 0,
    TR_TYPE_RWLOCK = 1,
    TR_TYPE_SPIN = 2,
    TR_TYPE_COND = 3,
    TR_TYPE_SEM = 4,
    TR_TYPE_BARRIER = 5,
    TR_TYPE_ONCE = 6,
    TR_TYPE_USER = 7, /* declared by annotation */
    TR_TYPE_MASK = 15,
};

/* The rest of the mode of REQUEST, ACQUIRE, RELEASE, TRY_FAIL, OP_ERROR, SEM_WAIT, COND_WAIT. */
enum tr_lock_mode {
    TR_LOCK_SHARED = 1 << 4,      /* a reader's */
    TR_LOCK_TRY = 1 << 5,         /* by a call that does not wait */
    TR_LOCK_TIMED = 1 << 6,       /* by a call that waits no longer than a time */
    TR_LOCK_CONTENDED = 1 << 7,   /* the thread had to wait: a REQUEST precedes */
    TR_LOCK_NESTED = 1 << 8,      /* a recursive lock taken again, or given back but still held */
    TR_LOCK_OWNER_DEAD = 1 << 9,  /* EOWNERDEAD: acquired after its owner's death */
    TR_LOCK_IN_WAIT = 1 << 10,    /* the release and re-acquisition within a condition wait */
    TR_LOCK_TIMEOUT = 1 << 11,    /* TRY_FAIL, COND_WAKE: the time ran out */
    TR_LOCK_CANCELLED = 1 << 12,  /* COND_WAKE, TRY_FAIL: the wait was cancelled */
    TR_LOCK_IN_HANDLER = 1 << 13, /* called from a signal handler */
    TR_LOCK_BROADCAST = 1 << 14,  /* COND_SIGNAL: all of them */
    TR_LOCK_SERIAL = 1 << 15,     /* BARRIER_EXIT: this thread got PTHREAD_BARRIER_SERIAL_THREAD */
    TR_LOCK_FOREIGN = 1 << 16,    /* RELEASE, OP_ERROR: by a thread that does not hold it */
};

/* A0 of OBJECT_NEW: attributes. A1 is the initial value (semaphore) or count (barrier). */
enum tr_object_attribute {
    TR_ATTR_RECURSIVE = 1 << 0,
    TR_ATTR_ERROR_CHECK = 1 << 1,
    TR_ATTR_ROBUST = 1 << 2,
    TR_ATTR_PROCESS_SHARED = 1 << 3,
    TR_ATTR_PREFER_WRITER = 1 << 4,
    TR_ATTR_STATIC = 1 << 5, /* first seen in use: initialised statically, or before the recorder */
    TR_ATTR_DESTROYED = 1 << 6, /* with STATIC: what was destroyed here, and is as it was left */
    TR_ATTR_UNMADE = 1 << 7,    /* with STATIC: a semaphore or barrier that nobody initialised */
};

/* Mode of OBJECT_END. */
enum tr_end_cause {
    TR_END_DESTROY = 0, /* pthread_*_destroy */
    TR_END_FREE = 1,    /* the heap block that holds it was freed */
    TR_END_UNMAP = 2,
    TR_END_STACK = 3,       /* the stack frame or the thread that holds it ended */
    TR_END_REINIT = 4,      /* initialised again without a destroy */
    TR_END_CAUSE_SHIFT = 4, /* the cause stands above the object's type */
};

/* Mode of THREAD_EXIT, EXIT. */
enum tr_exit_cause {
    TR_EXIT_RETURN = 0, /* the start routine (main) returned */
    TR_EXIT_CALL = 1,   /* pthread_exit (exit) */
    TR_EXIT_CANCEL = 2,
    TR_EXIT_QUICK = 3, /* EXIT: _exit, quick_exit */
    TR_EXIT_ABORT = 4, /* EXIT: abort */
};

/* Mode of ALLOC and FREE. */
enum tr_heap_mode {
    TR_HEAP_RESIZED = 1 << 0, /* realloc in place: the block keeps its content */
    TR_HEAP_MAPPED = 1 << 1,  /* pages, by mmap and munmap; a part of a mapping may be freed */
};

/* Mode of HB_BEFORE and HB_AFTER: what carries the order. */
enum tr_carrier {
    TR_BY_ANNOTATION = 0,
    TR_BY_PIPE = 1,
    TR_BY_SOCKET = 2,
    TR_BY_EVENT_FD = 3,
    TR_BY_SIGNAL = 4, /* sent, and taken by a handler or a waiting call */
    TR_BY_EPOLL = 5,
    TR_BY_QUEUE = 6, /* mq_* */
    TR_BY_FUTEX = 7,
    TR_BY_TEAM = 8,       /* OpenMP: a parallel region, a barrier, a task */
    TR_BY_EXIT = 9,       /* what was registered for the end of a thread or of the process */
    TR_BY_PROCESS = 10,   /* a fork, to the child; a child's end, to whoever has waited for it */
    TR_BY_FILE_LOCK = 11, /* flock, lockf, fcntl */
};

/* The object of TR_BY_PROCESS that stands for the ends of all children. */
#define TR_CHILDREN_END (1ull << 63 | 1ull << 57)

/* Mode of BLOCK_BEGIN: what the call waits for; A0 is the descriptor, or the address of a futex. */
enum tr_block {
    TR_BLOCK_OTHER = 0,
    TR_BLOCK_SLEEP = 1,
    TR_BLOCK_INPUT = 2,
    TR_BLOCK_OUTPUT = 3,
    TR_BLOCK_POLL = 4,
    TR_BLOCK_CONNECT = 5,
    TR_BLOCK_CHILD = 6, /* wait* */
    TR_BLOCK_FUTEX = 7,
    TR_BLOCK_FILE_LOCK = 8,
    TR_BLOCK_SIGNAL = 9,     /* pause, sigwait* */
    TR_BLOCK_TEAM = 10,      /* OpenMP: barrier, taskwait */
    TR_BLOCK_ACCEPT = 11,    /* a server's, for somebody to connect */
    TR_BLOCK_TIMED = 1 << 4, /* no longer than a time */
    TR_BLOCK_OWN = 1 << 5,   /* on a channel that the process itself made, and has sent to nobody */
    TR_BLOCK_MASKED = 1 << 6, /* with a signal mask of its own: handlers may run here alone */
};

/* A0 of a BLOCK_BEGIN for input or output: the descriptor, and above it which channel that is: the
 * low bits of its key (that of HB_BEFORE and HB_AFTER), 0 where it has none of its own. */
enum { TR_CHANNEL_SHIFT = 32, TR_CHANNEL_KEY_BITS = 16 };
#define TR_CHANNEL_SPACE (1ull << 63 | 1ull << 57)

static inline uint32_t tr_block_descriptor(uint64_t a0)
{
    return (uint32_t)a0;
}

static inline uint64_t tr_block_channel(uint64_t a0)
{
    uint64_t channel = a0 >> TR_CHANNEL_SHIFT;
    uint64_t kind = channel >> TR_CHANNEL_KEY_BITS;
    uint64_t key = channel & ((1u << TR_CHANNEL_KEY_BITS) - 1);
    return key ? TR_CHANNEL_SPACE | kind << 32 | key : 0;
}

/* Mode of THREAD_CREATE. */
enum tr_create_mode { TR_CREATE_DETACHED = 1 << 0 };

/* Mode of HANDLER_BEGIN and HANDLER_END. */
enum tr_handler_mode {
    TR_HANDLER_LEFT = 1 << 0,   /* END: not by returning: longjmp, an exception */
    TR_HANDLER_LET_IN = 1 << 1, /* BEGIN: in a call by which its thread sends or unblocks signals;
                                   or the signal is a fault of the interrupted code's own */
};

/* Mode of an access (READ, WRITE, *_RANGE) and of an atomic. */
enum tr_access_mode {
    TR_ACC_SIZE_MASK = 7,   /* log2 of the size in bytes: 0 to 6; unused by ranges */
    TR_ACC_ORDER_SHIFT = 3, /* which order follows: enum tr_access_order */
    TR_ACC_ORDER_MASK = 3 << 3,
    TR_ACC_SOURCE_UNKNOWN = 1 << 5, /* a read, or an atomic: which write it read is not known */
    TR_ACC_DEFERRED = 1 << 6, /* another thread's earlier access, told now: `thread`, `epoch` */
    TR_ACC_VOLATILE = 1 << 7,
    TR_ACC_VPTR = 1 << 8,
    TR_ACC_UNALIGNED = 1 << 9,
    TR_ACC_COMPOUND = 1 << 10,      /* a write that also read the location */
    TR_ACC_MAY_BE_ATOMIC = 1 << 11, /* machine code cannot tell */
    TR_ACC_LATE = 1 << 16,          /* deferred: behind a block's beginning in its epoch */
    TR_ACC_PERHAPS = 1 << 17,       /* deferred: nobody knows whether that write was made */
    /* atomics only: memory order as in C11 (0 relaxed 1 consume 2 acquire 3 release 4 acq_rel 5
       seq_cst) */
    TR_ATOMIC_ORDER_SHIFT = 12,
    TR_ATOMIC_ORDER_MASK = 7 << 12,
    TR_ATOMIC_FAILED = 1 << 15, /* ATOMIC_LOAD: a compare-exchange that did not exchange */
};

/* How an access is ordered among the accesses of its granule (8 aligned bytes). */
enum tr_access_order {
    TR_ACC_ORDER_NONE = 0,    /* not known */
    TR_ACC_ORDER_VERSION = 1, /* a number of the granule's counter (tr_counter) */
    TR_ACC_ORDER_OWNER = 2,   /* after everything up to A1's epoch A2: the previous owner */
    TR_ACC_ORDER_TIME = 3,    /* at this time stamp (A1: TSC) */
};

/* Where a module's accesses come from (MODE of MODULE and COVERAGE, header's access_source). */
enum tr_access_source { TR_SOURCE_NONE = 0, TR_SOURCE_TSAN = 1, TR_SOURCE_REWRITE = 2 };

/* Why events are missing (mode of LOST, index of the header's counters). */
enum tr_loss {
    TR_LOSS_NO_SPACE = 0,  /* the file could not grow */
    TR_LOSS_NO_MEMORY = 1, /* no mapping to be had */
    TR_LOSS_REENTRY = 2,   /* a signal handler interrupted the recorder's own work */
    TR_LOSS_NO_THREAD = 3, /* a thread without a state (too early, too late, foreign) */
    TR_LOSS_NO_STACK = 4,  /* the event is there, its stack is not */
    TR_LOSS_SANDBOX = 5,   /* no system call may be made, and what was put aside is used up */
    TR_LOSSES = 8,
};

/* A0 of META: what the bytes are. */
enum tr_meta { TR_META_ARGUMENT = 0, TR_META_DIRECTORY = 1, TR_META_OPTIONS = 2, TR_META_NOTE = 3 };

/* One event, decoded. Which fields are set follows from events.def; the others are 0. */
struct tr_event {
    uint8_t kind;
    bool unsure; /* read: something before it may be missing (FORMAT.md, "Losses") */
    uint32_t mode;
    uint32_t thread; /* who did it; for a deferred access the thread whose access it was */
    uint32_t teller; /* read: of a deferred access, who told it */
    uint32_t stack;  /* in memory: the reader's number (tr_reader_stack); 0 is the empty stack */
    uint64_t object;
    uint64_t version;
    uint64_t a0, a1, a2;
    const uint8_t *bytes;
    uint32_t bytes_length;
    uint64_t time;   /* the thread's latest time stamp, TSC ticks; 0 before the first */
    uint64_t epoch;  /* the thread's epoch when it happened */
    uint64_t offset; /* byte in the file */
    uint64_t index;  /* 1, 2, 3 ... in the reader's linearisation */
};

struct tr_kind_info {
    const char *name; /* NULL: no such kind */
    uint16_t fields;
    uint8_t slot, order, epoch;
};

/* Indexed by kind. In the header, so that a constant kind costs no look-up. */
__attribute__((unused)) static const struct tr_kind_info tr_kinds[TR_KINDS] = {
#define EVENT(name, code, text, fields, slot, order, epoch)                                        \
    [code] = {text, (fields), TR_SLOT_##slot, TR_ORDER_##order, epoch},
#include "trace/events.def"
#undef EVENT
};

static inline unsigned tr_type(uint32_t mode)
{
    return mode & TR_TYPE_MASK;
}

static inline unsigned tr_access_size(uint32_t mode)
{
    return 1u << (mode & TR_ACC_SIZE_MASK);
}

static inline unsigned tr_access_order(uint32_t mode)
{
    return (mode & TR_ACC_ORDER_MASK) >> TR_ACC_ORDER_SHIFT;
}

static inline unsigned tr_memory_order(uint32_t mode)
{
    return (mode & TR_ATOMIC_ORDER_MASK) >> TR_ATOMIC_ORDER_SHIFT;
}

static inline bool tr_is_atomic(uint8_t kind)
{
    return kind >= TR_ATOMIC_LOAD && kind <= TR_ATOMIC_RMW;
}

static inline bool tr_is_access(uint8_t kind)
{
    return kind >= TR_READ && kind <= TR_WRITE_RANGE;
}

static inline bool tr_is_deferred(const struct tr_event *ev)
{
    return tr_is_access(ev->kind) && ev->mode & TR_ACC_DEFERRED;
}

/* Does the thread's epoch move behind this event? Writer, reader and filter must agree. */
static inline bool tr_moves_epoch(uint8_t kind, uint32_t mode)
{
    if (tr_is_atomic(kind))
        return tr_memory_order(mode) != 0;
    return tr_kinds[kind].epoch != 0;
}

#endif
