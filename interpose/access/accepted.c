/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rest of what ThreadSanitizer's run-time exports, so that every program linked for it finds
 * its symbols: accepted, and without effect on the trace. Questions get the answer "nothing known".
 *
 * Two do something: the test barrier of TSan's own test suite, which must order threads but be
 * invisible, and the size of the shadow stack.
 */
#include "interpose/access/access.h"

#include <linux/futex.h>

#include "interpose/core/poison.h"

#pragma GCC diagnostic ignored "-Wunused-parameter"

#define ACCEPT(name, parameters)                                                                   \
    REC_EXPORT void name parameters;                                                               \
    REC_EXPORT void name parameters                                                                \
    {                                                                                              \
    }

#define ANSWER(result, name, parameters, value)                                                    \
    REC_EXPORT result name parameters;                                                             \
    REC_EXPORT result name parameters                                                              \
    {                                                                                              \
        return value;                                                                              \
    }

/* What the program may define itself. */
ANSWER(const char *, __tsan_default_options, (void), "")
ANSWER(const char *, __tsan_default_suppressions, (void), "")
ANSWER(int, __tsan_symbolize_external,
       (unsigned long pc, char *function, unsigned long function_size, char *file,
        unsigned long file_size, int *line, int *column),
       0)
ACCEPT(__tsan_symbolize_external_ex,
       (unsigned long pc, void (*add)(void *, const char *, const char *, int, int), void *context))
ACCEPT(__tsan_on_report, (void *report))
ACCEPT(__tsan_on_thread_idle, (void))

ACCEPT(__tsan_flush_memory, (void))
ACCEPT(__tsan_check_no_mutexes_held, (void))

/* Locks: what annotations.c does not need. */
ACCEPT(__tsan_mutex_post_unlock, (void *address, unsigned flags))
ACCEPT(__tsan_mutex_pre_signal, (void *address, unsigned flags))
ACCEPT(__tsan_mutex_post_signal, (void *address, unsigned flags))
ACCEPT(__tsan_mutex_pre_divert, (void *address, unsigned flags))
ACCEPT(__tsan_mutex_post_divert, (void *address, unsigned flags))

ANSWER(void *, __tsan_external_register_tag, (const char *type), NULL)
ACCEPT(__tsan_external_register_header, (void *tag, const char *header))
ACCEPT(__tsan_external_assign_tag, (void *address, void *tag))

/* Fibers all look alike. */
static char fiber;
ANSWER(void *, __tsan_get_current_fiber, (void), &fiber)
ANSWER(void *, __tsan_create_fiber, (unsigned flags), &fiber)
ACCEPT(__tsan_destroy_fiber, (void *fiber))
ACCEPT(__tsan_switch_to_fiber, (void *fiber, unsigned flags))
ACCEPT(__tsan_set_fiber_name, (void *fiber, const char *name))

/* Reports, of which there are none while the program runs. */
ANSWER(void *, __tsan_get_current_report, (void), NULL)
ANSWER(int, __tsan_get_report_data,
       (void *report, const char **description, int *count, int *stacks, int *mops, int *locations,
        int *mutexes, int *threads, int *unique, void **sleep, unsigned long size),
       0)
ANSWER(int, __tsan_get_report_tag, (void *report, unsigned long *tag), 0)
ANSWER(int, __tsan_get_report_stack,
       (void *report, unsigned long index, void **trace, unsigned long size), 0)
ANSWER(int, __tsan_get_report_mop,
       (void *report, unsigned long index, int *thread, void **address, int *size, int *write,
        int *atomic, void **trace, unsigned long trace_size),
       0)
ANSWER(int, __tsan_get_report_loc,
       (void *report, unsigned long index, const char **type, void **address, unsigned long *start,
        unsigned long *size, int *thread, int *fd, int *suppressable, void **trace,
        unsigned long trace_size),
       0)
ANSWER(int, __tsan_get_report_loc_object_type,
       (void *report, unsigned long index, const char **type), 0)
ANSWER(int, __tsan_get_report_mutex,
       (void *report, unsigned long index, unsigned long *id, void **address, int *destroyed,
        void **trace, unsigned long trace_size),
       0)
ANSWER(int, __tsan_get_report_thread,
       (void *report, unsigned long index, int *thread, unsigned long *os_id, int *running,
        const char **name, int *parent, void **trace, unsigned long trace_size),
       0)
ANSWER(int, __tsan_get_report_unique_tid, (void *report, unsigned long index, int *thread), 0)
ANSWER(const char *, __tsan_locate_address,
       (unsigned long address, char *name, unsigned long size, unsigned long *start,
        unsigned long *length),
       "")
ANSWER(int, __tsan_get_alloc_stack,
       (unsigned long address, unsigned long *trace, unsigned long size, int *thread,
        unsigned long *os_id),
       0)

ACCEPT(__tsan_java_init, (unsigned long heap, unsigned long size))
ANSWER(int, __tsan_java_fini, (void), 0)
ACCEPT(__tsan_java_alloc, (unsigned long block, unsigned long size))
ACCEPT(__tsan_java_free, (unsigned long block, unsigned long size))
ACCEPT(__tsan_java_move, (unsigned long from, unsigned long to, unsigned long size))
ACCEPT(__tsan_java_finalize, (void))
ANSWER(unsigned long, __tsan_java_find, (unsigned long *from, unsigned long to), 0)

/* Dynamic annotations. */
#define ANNOTATE(name, ...) ACCEPT(Annotate##name, (const char *file, int line, ##__VA_ARGS__))
typedef const volatile void *place;
ANNOTATE(CondVarSignal, place condition)
ANNOTATE(CondVarSignalAll, place condition)
ANNOTATE(CondVarWait, place condition, place lock)
ANNOTATE(EnableRaceDetection, int enable)
ANNOTATE(ExpectRace, place address, const char *description)
ANNOTATE(FlushExpectedRaces)
ANNOTATE(FlushState)
ANNOTATE(IgnoreSyncBegin)
ANNOTATE(IgnoreSyncEnd)
ANNOTATE(MemoryIsInitialized, place address, long size)
ANNOTATE(MemoryIsUninitialized, place address, long size)
ANNOTATE(MutexIsNotPHB, place lock)
ANNOTATE(MutexIsUsedAsCondVar, place lock)
ANNOTATE(NewMemory, place address, long size)
ANNOTATE(NoOp, place address)
ANNOTATE(PCQCreate, place queue)
ANNOTATE(PCQDestroy, place queue)
ANNOTATE(PCQGet, place queue)
ANNOTATE(PCQPut, place queue)
ANNOTATE(PublishMemoryRange, place address, long size)
ANNOTATE(UnpublishMemoryRange, place address, long size)
ANNOTATE(RWLockCreate, place lock)
ANNOTATE(RWLockCreateStatic, place lock)
ANNOTATE(RWLockDestroy, place lock)
ANNOTATE(TraceMemory, place address)
ANSWER(const char *, ThreadSanitizerQuery, (const char *query), "0")
ANSWER(int, RunningOnValgrind, (void), 0)
ANSWER(double, ValgrindSlowdown, (void), 1)

/* The test barrier: the low byte is how many threads meet, what is above counts them. */

static void wait_or_wake(uint64_t *barrier, int operation, uint32_t value)
{
    rec_syscall6(SYS_futex, (long)barrier, operation | FUTEX_PRIVATE_FLAG, (long)value, 0, 0, 0);
}

static uint64_t round_of(uint64_t barrier)
{
    return (barrier >> 8) / (barrier & 255);
}

REC_EXPORT void __tsan_testonly_barrier_init(uint64_t *barrier, uint32_t threads);
REC_EXPORT void __tsan_testonly_barrier_init(uint64_t *barrier, uint32_t threads)
{
    *barrier = threads & 255;
}

REC_EXPORT void __tsan_testonly_barrier_wait(uint64_t *barrier);
REC_EXPORT void __tsan_testonly_barrier_wait(uint64_t *barrier)
{
    uint64_t seen = __atomic_fetch_add(barrier, 256, __ATOMIC_SEQ_CST);
    uint64_t round = round_of(seen);
    if (round_of(seen + 256) != round) {
        wait_or_wake(barrier, FUTEX_WAKE, INT32_MAX);
        return;
    }
    while (round_of(seen = __atomic_load_n(barrier, __ATOMIC_SEQ_CST)) == round)
        wait_or_wake(barrier, FUTEX_WAIT, (uint32_t)seen);
}

ANSWER(unsigned long, __tsan_testonly_shadow_stack_current_size, (void),
       rec_self && rec_self->access ? rec_self->access->calls.depth : 0)
