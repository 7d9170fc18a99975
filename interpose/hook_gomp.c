/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The teams of gcc's OpenMP run-time, libgomp: parallel regions, barriers, tasks. Its threads wait
 * for each other by futexes of its own, so the order that it gives is told here, at its entries.
 *
 * The region's function is wrapped, so that each member tells its begin and end. So are the
 * functions of tasks; their data must stay as it is (libgomp copies it, and writes into it), so a
 * task's wrapper must know its function without help: each function that makes tasks gets a wrapper
 * of its own, from a fixed set.
 */
#include "interpose/core/omp.h"

#include "interpose/core/poison.h"

typedef void function(void *);
typedef void function2(void *, void *);

static uint64_t numbers;

uint64_t rec_omp_number(void)
{
    return __atomic_add_fetch(&numbers, 1, __ATOMIC_RELAXED);
}

static __thread struct team {
    uint64_t number;
    uint32_t barriers;
} team __attribute__((tls_model("initial-exec")));

#define BEFORE(key, number) rec_omp_before(rec_omp_key(key, number), rec_omp_place())
#define AFTER(key, number)  rec_omp_after(rec_omp_key(key, number), rec_omp_place())

/* Parallel regions.
 * ---------------------------------------------------------------------------------- */

struct region {
    function *routine;
    void *data;
    uint64_t number;
};

/* A worker stays in the team behind its end: there it may run tasks that are left. */
static void member(void *data)
{
    const struct region *region = data;
    team = (struct team){.number = region->number};
    AFTER(REC_OMP_FORK, team.number);
    region->routine(region->data);
    BEFORE(REC_OMP_JOIN, team.number);
}

/* Tasks that are still waiting run before the region ends. */
static void region_ends(const struct region *region)
{
    AFTER(REC_OMP_TASKS, region->number);
    AFTER(REC_OMP_JOIN, region->number);
}

#define REGION(real_call)                                                                          \
    do {                                                                                           \
        struct team outer = team;                                                                  \
        struct region region = {routine, data, rec_omp_number()};                                  \
        BEFORE(REC_OMP_FORK, region.number);                                                       \
        real_call;                                                                                 \
        team = outer;                                                                              \
        region_ends(&region);                                                                      \
    } while (0)

REC_EXPORT void GOMP_parallel(function *routine, void *data, unsigned threads, unsigned flags)
{
    REGION(OMP_REAL(GOMP_parallel)(member, &region, threads, flags));
}

REC_EXPORT unsigned GOMP_parallel_reductions(function *routine, void *data, unsigned threads,
                                             unsigned flags)
{
    unsigned result;
    REGION(result = OMP_REAL(GOMP_parallel_reductions)(member, &region, threads, flags));
    return result;
}

REC_EXPORT void GOMP_parallel_sections(function *routine, void *data, unsigned threads,
                                       unsigned count, unsigned flags)
{
    REGION(OMP_REAL(GOMP_parallel_sections)(member, &region, threads, count, flags));
}

#define PARALLEL_LOOP(name)                                                                        \
    REC_EXPORT void name(function *routine, void *data, unsigned threads, long start, long end,    \
                         long step, long chunk, unsigned flags)                                    \
    {                                                                                              \
        REGION(OMP_REAL(name)(member, &region, threads, start, end, step, chunk, flags));          \
    }

#define PARALLEL_LOOP_RUNTIME(name)                                                                \
    REC_EXPORT void name(function *routine, void *data, unsigned threads, long start, long end,    \
                         long step, unsigned flags)                                                \
    {                                                                                              \
        REGION(OMP_REAL(name)(member, &region, threads, start, end, step, flags));                 \
    }

PARALLEL_LOOP(GOMP_parallel_loop_static)
PARALLEL_LOOP(GOMP_parallel_loop_dynamic)
PARALLEL_LOOP(GOMP_parallel_loop_guided)
PARALLEL_LOOP(GOMP_parallel_loop_nonmonotonic_dynamic)
PARALLEL_LOOP(GOMP_parallel_loop_nonmonotonic_guided)
PARALLEL_LOOP_RUNTIME(GOMP_parallel_loop_runtime)
PARALLEL_LOOP_RUNTIME(GOMP_parallel_loop_nonmonotonic_runtime)
PARALLEL_LOOP_RUNTIME(GOMP_parallel_loop_maybe_nonmonotonic_runtime)

/* Barriers, and the ends of work that contain one.
 * --------------------------------------------------- */

static const void *barrier_key(void)
{
    return rec_omp_key(team.barriers & 1 ? REC_OMP_BARRIER2 : REC_OMP_BARRIER, team.number);
}

static void barrier_left(uint64_t pc)
{
    rec_omp_after(rec_omp_key(REC_OMP_TASKS, team.number), pc);
    rec_omp_after(barrier_key(), pc);
    team.barriers++;
}

#define BARRIER(name)                                                                              \
    REC_EXPORT void name(void)                                                                     \
    {                                                                                              \
        rec_omp_before(barrier_key(), rec_omp_place());                                            \
        {                                                                                          \
            REC_BLOCK(block, TR_BLOCK_TEAM, 0);                                                    \
            OMP_REAL(name)();                                                                      \
        }                                                                                          \
        barrier_left(rec_omp_place());                                                             \
    }

#define BARRIER_CANCEL(name)                                                                       \
    REC_EXPORT bool name(void)                                                                     \
    {                                                                                              \
        rec_omp_before(barrier_key(), rec_omp_place());                                            \
        bool cancelled = OMP_REAL(name)();                                                         \
        barrier_left(rec_omp_place());                                                             \
        return cancelled;                                                                          \
    }

BARRIER(GOMP_barrier)
BARRIER(GOMP_loop_end)
BARRIER(GOMP_sections_end)
BARRIER_CANCEL(GOMP_barrier_cancel)
BARRIER_CANCEL(GOMP_loop_end_cancel)
BARRIER_CANCEL(GOMP_sections_end_cancel)

REC_EXPORT void *GOMP_single_copy_start(void)
{
    void *data = OMP_REAL(GOMP_single_copy_start)();
    if (data)
        AFTER(REC_OMP_ORDERED, team.number);
    return data;
}

REC_EXPORT void GOMP_single_copy_end(void *data)
{
    BEFORE(REC_OMP_ORDERED, team.number);
    OMP_REAL(GOMP_single_copy_end)(data);
}

REC_EXPORT void GOMP_ordered_start(void)
{
    OMP_REAL(GOMP_ordered_start)();
    AFTER(REC_OMP_ORDERED, team.number);
}

REC_EXPORT void GOMP_ordered_end(void)
{
    BEFORE(REC_OMP_ORDERED, team.number);
    OMP_REAL(GOMP_ordered_end)();
}

/* Tasks.
 * ------------------------------------------------------------------------------------------------
 */

enum { TASK_FUNCTIONS = 64 };

/* The functions that have made tasks, in the order in which they first did; only ever added to. */
static function *task_functions[TASK_FUNCTIONS];

/* A task may be run by any thread of its team. What depends on other tasks starts when those have
 * ended. */
static void run_task(unsigned n, void *data)
{
    AFTER(REC_OMP_CREATION, n);
    AFTER(REC_OMP_TASKS, team.number);
    task_functions[n](data);
    BEFORE(REC_OMP_TASKS, team.number);
}

#define EACH(what, m)                                                                              \
    what(m, 0) what(m, 1) what(m, 2) what(m, 3) what(m, 4) what(m, 5) what(m, 6) what(m, 7)
#define ALL(what)                                                                                  \
    EACH(what, 0)                                                                                  \
    EACH(what, 1)                                                                                  \
    EACH(what, 2) EACH(what, 3) EACH(what, 4) EACH(what, 5) EACH(what, 6) EACH(what, 7)
#define WRAPPER(m, n)                                                                              \
    static void wrapper_##m##n(void *data)                                                         \
    {                                                                                              \
        run_task(m * 8 + n, data);                                                                 \
    }
#define NAME(m, n) wrapper_##m##n,

ALL(WRAPPER)
static function *const wrappers[TASK_FUNCTIONS] = {ALL(NAME)};

/* What stands for FUNCTION from now on: itself, if too many others came before. */
static function *wrapped(function *routine, uint64_t pc)
{
    for (unsigned n = 0; n < TASK_FUNCTIONS; n++) {
        function *known = NULL;
        if (__atomic_compare_exchange_n(&task_functions[n], &known, routine, false,
                                        __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE) ||
            known == routine) {
            rec_omp_before(rec_omp_key(REC_OMP_CREATION, n), pc);
            return wrappers[n];
        }
    }
    return routine;
}

REC_EXPORT void GOMP_task(function *routine, void *data, function2 *copy, long size, long align,
                          bool deferred, unsigned flags, void **depend, int priority, void *detach)
{
    if (rec_live.on)
        routine = wrapped(routine, rec_omp_place());
    OMP_REAL(GOMP_task)
    (routine, data, copy, size, align, deferred, flags, depend, priority, detach);
}

#define TASK_LOOP(name, integer)                                                                   \
    REC_EXPORT void name(function *routine, void *data, function2 *copy, long size, long align,    \
                         unsigned flags, unsigned long tasks, int priority, integer start,         \
                         integer end, integer step)                                                \
    {                                                                                              \
        if (rec_live.on)                                                                           \
            routine = wrapped(routine, rec_omp_place());                                           \
        OMP_REAL(name)                                                                             \
        (routine, data, copy, size, align, flags, tasks, priority, start, end, step);              \
        AFTER(REC_OMP_TASKS, team.number);                                                         \
    }

TASK_LOOP(GOMP_taskloop, long)
TASK_LOOP(GOMP_taskloop_ull, unsigned long long)

#define TASKS_END(name, parameters, arguments)                                                     \
    REC_EXPORT void name parameters                                                                \
    {                                                                                              \
        OMP_REAL(name) arguments;                                                                  \
        AFTER(REC_OMP_TASKS, team.number);                                                         \
    }

TASKS_END(GOMP_taskwait, (void), ())
TASKS_END(GOMP_taskwait_depend, (void **depend), (depend))
TASKS_END(GOMP_taskgroup_end, (void), ())
