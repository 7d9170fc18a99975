/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The teams of LLVM's OpenMP run-time, libomp, by the tool interface of OpenMP 5.0 (OMPT, chapter 4
 * of the specification): libomp asks for ompt_start_tool when it starts, and calls back at what
 * orders threads. Locks and critical sections are hooked by their entries (hook_omp.c): the
 * interface tells of a release only after it.
 *
 * A tool that the user names stays the only one.
 */
#include "interpose/core/omp.h"

#include <unistd.h>

#include "interpose/core/poison.h"

/* What of the interface is used, in its own words and numbers. */
union ompt_data {
    uint64_t value;
    void *pointer;
};

typedef void ompt_any(void);
typedef ompt_any *ompt_lookup(const char *name);
typedef int ompt_set_callback(int event, ompt_any *callback);

struct ompt_start {
    int (*initialize)(ompt_lookup *lookup, int device, union ompt_data *data);
    void (*finalize)(union ompt_data *data);
    union ompt_data data;
};

enum ompt_event {
    PARALLEL_BEGIN = 3,
    PARALLEL_END = 4,
    TASK_CREATE = 5,
    TASK_SCHEDULE = 6,
    IMPLICIT_TASK = 7,
    SYNC_REGION = 23,
    REDUCTION = 31
};
enum ompt_endpoint { SCOPE_BEGIN = 1, SCOPE_END = 2 };
enum { TASK_INITIAL = 1, TASK_COMPLETE = 1, TASK_CANCEL = 3, TASK_LATE_FULFIL = 6 };
enum ompt_sync_region { TASK_WAIT = 5, TASK_GROUP = 6, REDUCTION_REGION = 7 };

static void before(enum rec_omp_key key, uint64_t number, const void *place)
{
    rec_omp_before(rec_omp_key(key, number), (uint64_t)place);
}

static void after(enum rec_omp_key key, uint64_t number, const void *place)
{
    rec_omp_after(rec_omp_key(key, number), (uint64_t)place);
}

/* A task's word: the team's number, whether it is an explicit one, and above that its own number,
 * or for an implicit task how many barriers it has passed. A team's word is its number. */
enum { TEAM_BITS = 32 };
static const uint64_t explicit_task = 1u << 31;

static uint64_t team_of(const union ompt_data *task)
{
    return task ? task->value & (explicit_task - 1) : 0;
}

static void parallel_begins(union ompt_data *task, const void *frame, union ompt_data *team,
                            unsigned threads, int flags, const void *place)
{
    (void)task, (void)frame, (void)threads, (void)flags;
    team->value = rec_omp_number() & (explicit_task - 1);
    before(REC_OMP_FORK, team->value, place);
}

static void parallel_ends(union ompt_data *team, union ompt_data *task, int flags,
                          const void *place)
{
    (void)task, (void)flags;
    after(REC_OMP_TASKS, team->value, place);
    after(REC_OMP_JOIN, team->value, place);
}

/* A worker tells its end late, perhaps after the region: its last barrier has told it before. */
static void implicit_task(enum ompt_endpoint endpoint, union ompt_data *team, union ompt_data *task,
                          unsigned threads, unsigned index, int flags)
{
    (void)threads, (void)index;
    if (flags & TASK_INITIAL || endpoint != SCOPE_BEGIN || !team)
        return;
    task->value = team->value;
    after(REC_OMP_FORK, team->value, NULL);
}

static void barrier(enum ompt_endpoint endpoint, union ompt_data *task, const void *place)
{
    bool odd = task->value >> TEAM_BITS & 1;
    enum rec_omp_key key = odd ? REC_OMP_BARRIER2 : REC_OMP_BARRIER;
    if (endpoint == SCOPE_BEGIN) {
        before(key, team_of(task), place);
        before(REC_OMP_JOIN, team_of(task), place);
    } else {
        after(REC_OMP_TASKS, team_of(task), place);
        after(key, team_of(task), place);
        task->value += 1ull << TEAM_BITS;
    }
}

static void sync_region(enum ompt_sync_region kind, enum ompt_endpoint endpoint,
                        union ompt_data *team, union ompt_data *task, const void *place)
{
    (void)team;
    if (!task || kind == REDUCTION_REGION)
        return;
    if (kind != TASK_WAIT && kind != TASK_GROUP)
        barrier(endpoint, task, place);
    else if (endpoint == SCOPE_END)
        after(REC_OMP_TASKS, team_of(task), place);
}

/* Who combines the others' results comes after what they told when they brought them. */
static void reduction(enum ompt_sync_region kind, enum ompt_endpoint endpoint,
                      union ompt_data *team, union ompt_data *task, const void *place)
{
    (void)kind, (void)team, (void)task;
    if (endpoint == SCOPE_BEGIN)
        after(REC_OMP_REDUCTION, 0, place);
    else
        before(REC_OMP_REDUCTION, 0, place);
}

static void task_created(union ompt_data *parent, const void *frame, union ompt_data *task,
                         int flags, int depends, const void *place)
{
    (void)frame, (void)depends;
    if (flags & TASK_INITIAL)
        return;
    uint64_t number = rec_omp_number();
    task->value = number << TEAM_BITS | explicit_task | team_of(parent);
    before(REC_OMP_CREATION, number, place);
}

static void task_scheduled(union ompt_data *prior, int status, union ompt_data *next)
{
    if (prior && (status == TASK_COMPLETE || status == TASK_CANCEL || status == TASK_LATE_FULFIL))
        before(REC_OMP_TASKS, team_of(prior), NULL);
    if (next && next->value & explicit_task) {
        after(REC_OMP_CREATION, next->value >> TEAM_BITS, NULL);
        after(REC_OMP_TASKS, team_of(next), NULL);
    }
}

static int initialize(ompt_lookup *lookup, int device, union ompt_data *data)
{
    (void)device, (void)data;
    ompt_set_callback *set = (ompt_set_callback *)lookup("ompt_set_callback");
    if (!set)
        return 0;
    set(PARALLEL_BEGIN, (ompt_any *)parallel_begins);
    set(PARALLEL_END, (ompt_any *)parallel_ends);
    set(IMPLICIT_TASK, (ompt_any *)implicit_task);
    set(SYNC_REGION, (ompt_any *)sync_region);
    set(REDUCTION, (ompt_any *)reduction);
    set(TASK_CREATE, (ompt_any *)task_created);
    set(TASK_SCHEDULE, (ompt_any *)task_scheduled);
    return 1;
}

static void finalize(union ompt_data *data)
{
    (void)data;
}

/* A library that the user names would only be looked for if nobody answered. */
static bool is_taken(void)
{
    static const char name[] = "OMP_TOOL_LIBRARIES=";
    for (char **variable = environ; variable && *variable; variable++) {
        unsigned n = 0;
        while (name[n] && (*variable)[n] == name[n])
            n++;
        if (!name[n] && (*variable)[n])
            return true;
    }
    return false;
}

REC_EXPORT void *ompt_start_tool(unsigned version, const char *runtime)
{
    static struct ompt_start start = {initialize, finalize, {0}};
    void *(*next)(unsigned, const char *) = OMP_REAL(ompt_start_tool);
    void *other = next ? next(version, runtime) : NULL;
    if (other)
        return other;
    return rec_live.on && !is_taken() ? &start : NULL;
}
