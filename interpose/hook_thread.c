/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of threads. A thread gets its number before it is made; its goodbye is told in the last
 * round of key destructors, when the program's own have run. pthread_t is kept as an object, whose
 * owner is the thread.
 */
#include "interpose/core/lock.h"
#include "interpose/pthread_calls.h"

#include <limits.h>

static pthread_key_t goodbye_key;

/* Told by the thread itself, and by its maker, who may join it before it runs. */
static void register_handle(struct rec_thread *thread, pthread_t handle)
{
    struct rec_object *object = rec_object_raw((const void *)handle);
    if (object)
        __atomic_store_n(&object->owner, thread->number + 1, __ATOMIC_RELEASE);
}

/* Runs in each round of destructors; only in the last one nobody follows. */
static void goodbye(void *data)
{
    struct rec_stream *s = rec_own_stream();
    if (!s->self)
        return;
    if (++s->self->exiting < PTHREAD_DESTRUCTOR_ITERATIONS) {
        pthread_setspecific(goodbye_key, data);
        return;
    }
    if (s->guard) { /* left by asynchronous cancellation, or by a handler: perhaps half an event */
        rec_abandon(s);
        rec_leave(s);
    }
    s = rec_enter();
    if (!s)
        return;
    rec_stamp(s);
    rec_emit(s, &(struct tr_event){.kind = TR_THREAD_EXIT,
                                   .mode = s->self->exit_cause,
                                   .stack = s->self->exit_stack});
    if (s->stack_known)
        rec_objects_end_in(s, (const void *)s->stack_low, s->stack_high - s->stack_low,
                           TR_END_STACK, 0);
    rec_thread_detach(s);
}

/* The key is made in the program's first thread, at the start. */
void rec_thread_expects_end(struct rec_thread *thread)
{
    static bool made;
    if (!made)
        made = pthread_key_create(&goodbye_key, goodbye) == 0;
    if (made)
        pthread_setspecific(goodbye_key, thread);
}

void rec_thread_begins(struct rec_thread *self)
{
    struct rec_stream *s = rec_live.on ? rec_thread_attach(self) : NULL;
    if (!s)
        return;
    register_handle(self, pthread_self());
    rec_thread_expects_end(self);
    /* Now: the C library allocates for it, which a handler that comes first must not. */
    s->unwinding = 1;
    rec_stack_range(s);
    s->unwinding = 0;
    rec_emit(s, &(struct tr_event){.kind = TR_THREAD_STACK,
                                   .object = s->stack_low,
                                   .a0 = s->stack_high - s->stack_low});
    rec_leave(s);
}

void rec_thread_returns(void)
{
    struct rec_thread *self = rec_self->self; /* another, in a fork child */
    if (self)
        self->exit_cause = TR_EXIT_RETURN;
}

static void *start(void *data)
{
    struct rec_thread *thread = data;
    rec_thread_begins(thread);
    void *result = thread->start(thread->argument);
    rec_thread_returns();
    return result;
}

/* The number of the thread behind HANDLE, or TR_NO_THREAD. */
static uint32_t number_of(pthread_t handle)
{
    const struct rec_object *object = rec_object_find((const void *)handle);
    uint32_t owner = object ? __atomic_load_n(&object->owner, __ATOMIC_ACQUIRE) : 0;
    return owner ? owner - 1 : TR_NO_THREAD;
}

struct rec_thread *rec_thread_prepare(uint64_t cfa, uint32_t *stack)
{
    rec_be_early();
    struct rec_stream *s = rec_enter();
    if (!s)
        return NULL;
    rec_before_threads(s, cfa);
    rec_frames_left(s, cfa);
    struct rec_thread *child = rec_thread_new(s->thread);
    *stack = child ? rec_stack(s, cfa) : 0;
    rec_leave(s);
    return child;
}

void rec_thread_made(struct rec_thread *child, const pthread_t *handle, bool detached,
                     uint32_t stack, int error)
{
    struct rec_stream *s = rec_enter();
    if (!s)
        return;
    if (error) {
        child->ended = 1;
    } else {
        if (!detached) /* else the handle may be another thread's by now */
            register_handle(child, *handle);
        rec_stamp(s);
        rec_emit(s, &(struct tr_event){.kind = TR_THREAD_CREATE,
                                       .mode = detached ? TR_CREATE_DETACHED : 0,
                                       .stack = stack,
                                       .a0 = child->number});
    }
    rec_leave(s);
}

REC_EXPORT int pthread_create(pthread_t *handle, const pthread_attr_t *attributes,
                              void *(*routine)(void *), void *argument)
{
    uint32_t stack;
    struct rec_thread *child = rec_thread_prepare(rec_here(), &stack);
    if (!child)
        return REAL(pthread_create)(handle, attributes, routine, argument);
    child->start = routine;
    child->argument = argument;
    int detached = PTHREAD_CREATE_JOINABLE;
    if (attributes)
        pthread_attr_getdetachstate(attributes, &detached);
    int error = REAL(pthread_create)(handle, attributes, start, child);
    rec_thread_made(child, handle, detached == PTHREAD_CREATE_DETACHED, stack, error);
    return error;
}

/* Joining.
 * ------------------------------------------------------------------------------------------ */

struct join {
    uint32_t number;
    uint64_t cfa;
    bool timed, returned;
    int error;
};

static void join_begins(struct join *join)
{
    struct rec_stream *s = rec_enter();
    if (!s)
        return;
    rec_stamp(s);
    rec_frames_left(s, join->cfa);
    rec_emit(s, &(struct tr_event){.kind = TR_JOIN_REQUEST,
                                   .mode = join->timed ? TR_LOCK_TIMED : 0,
                                   .stack = rec_stack(s, join->cfa),
                                   .a0 = join->number});
    s->waiting = (struct rec_wait){TR_JOIN_REQUEST, join->timed ? TR_LOCK_TIMED : 0, join->number};
    if (!join->timed && join->number != TR_NO_THREAD)
        rec_wait_join(s, join->number);
    rec_leave(s);
}

static void join_ends(struct join *join)
{
    struct rec_stream *s = rec_enter();
    if (!s)
        return;
    rec_wait_over(s);
    rec_stamp(s);
    if (join->returned && !join->error)
        rec_emit(s, &(struct tr_event){.kind = TR_JOIN,
                                       .mode = join->timed ? TR_LOCK_TIMED : 0,
                                       .stack = rec_stack(s, join->cfa),
                                       .a0 = join->number});
    else
        rec_emit(s, &(struct tr_event){.kind = TR_JOIN_FAIL,
                                       .mode = join->returned ? 0 : TR_LOCK_CANCELLED,
                                       .stack = rec_stack(s, join->cfa),
                                       .a0 = join->number,
                                       .a1 = (uint64_t)join->error});
    rec_leave(s);
}

#define JOIN(is_timed, cfa, real_call)                                                             \
    do {                                                                                           \
        __attribute__((cleanup(join_ends))) struct join join = {number_of(handle), (cfa),          \
                                                                (is_timed), false, 0};             \
        join_begins(&join);                                                                        \
        join.error = (real_call);                                                                  \
        join.returned = true;                                                                      \
        return join.error;                                                                         \
    } while (0)

int rec_thread_join(pthread_t handle, void **result, uint64_t cfa)
{
    JOIN(false, cfa, REAL(pthread_join)(handle, result));
}

REC_EXPORT int pthread_join(pthread_t handle, void **result)
{
    return rec_live.on ? rec_thread_join(handle, result, rec_here())
                       : REAL(pthread_join)(handle, result);
}

REC_EXPORT int pthread_timedjoin_np(pthread_t handle, void **result, const struct timespec *until)
{
    if (!rec_live.on)
        return REAL(pthread_timedjoin_np)(handle, result, until);
    JOIN(true, rec_here(), REAL(pthread_timedjoin_np)(handle, result, until));
}

REC_EXPORT int pthread_clockjoin_np(pthread_t handle, void **result, clockid_t clock,
                                    const struct timespec *until)
{
    if (!rec_live.on)
        return REAL(pthread_clockjoin_np)(handle, result, clock, until);
    JOIN(true, rec_here(), REAL(pthread_clockjoin_np)(handle, result, clock, until));
}

REC_EXPORT int pthread_tryjoin_np(pthread_t handle, void **result)
{
    uint32_t number = rec_live.on ? number_of(handle) : TR_NO_THREAD;
    int error = REAL(pthread_tryjoin_np)(handle, result);
    struct rec_stream *s = error ? NULL : rec_enter();
    if (s) {
        rec_emit(s, &(struct tr_event){.kind = TR_JOIN,
                                       .mode = TR_LOCK_TRY,
                                       .stack = rec_stack(s, rec_here()),
                                       .a0 = number});
        rec_leave(s);
    }
    return error;
}

/* Detaching, leaving, cancelling, naming.
 * ------------------------------------------------------------- */

int rec_thread_detach_handle(pthread_t handle, uint64_t cfa)
{
    uint32_t number = rec_live.on ? number_of(handle) : TR_NO_THREAD;
    int error = REAL(pthread_detach)(handle);
    struct rec_stream *s = error ? NULL : rec_enter();
    if (s) {
        rec_emit(s, &(struct tr_event){
                        .kind = TR_THREAD_DETACH, .stack = rec_stack(s, cfa), .a0 = number});
        rec_leave(s);
    }
    return error;
}

REC_EXPORT int pthread_detach(pthread_t handle)
{
    return rec_thread_detach_handle(handle, rec_here());
}

void rec_thread_exits(uint64_t cfa)
{
    struct rec_stream *s = rec_enter();
    if (s) {
        s->self->exit_cause = TR_EXIT_CALL;
        s->self->exit_stack = rec_stack(s, cfa);
        rec_leave(s);
    }
}

REC_EXPORT void pthread_exit(void *result)
{
    rec_thread_exits(rec_here());
    REAL(pthread_exit)(result);
    __builtin_unreachable();
}

REC_EXPORT int pthread_cancel(pthread_t handle)
{
    uint32_t number = rec_live.on ? number_of(handle) : TR_NO_THREAD;
    struct rec_thread *thread = number == TR_NO_THREAD ? NULL : rec_thread_at(number);
    struct rec_stream *s = rec_enter();
    if (s) {
        rec_emit(s, &(struct tr_event){
                        .kind = TR_THREAD_CANCEL, .stack = rec_stack(s, rec_here()), .a0 = number});
        rec_leave(s);
    }
    if (thread)
        __atomic_store_n(&thread->cancelled, 1, __ATOMIC_SEQ_CST);
    return REAL(pthread_cancel)(handle);
}

static void named(uint32_t number, const char *name)
{
    enum { LONGEST = 15 };
    struct rec_stream *s = rec_enter();
    if (!s)
        return;
    uint32_t length = 0;
    while (length < LONGEST && name[length])
        length++;
    rec_emit(s, &(struct tr_event){.kind = TR_THREAD_NAME,
                                   .a0 = number == TR_NO_THREAD ? s->thread : number,
                                   .bytes = (const uint8_t *)name,
                                   .bytes_length = length});
    rec_leave(s);
}

REC_EXPORT int pthread_setname_np(pthread_t handle, const char *name)
{
    uint32_t number = rec_live.on ? number_of(handle) : TR_NO_THREAD;
    int error = REAL(pthread_setname_np)(handle, name);
    if (!error && (number != TR_NO_THREAD || pthread_self() == handle))
        named(number, name);
    return error;
}

/* The C library, too, takes all four from where the caller may have put them. */
REC_EXPORT int prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)
{
    enum { SET_NAME = 15 };
    bool sandbox = rec_sandbox_enters(SYS_prctl, option, (long)a);
    int result = REAL(prctl)(option, a, b, c, d);
    if (sandbox && result)
        rec_sandbox_fails();
    if (option == SET_NAME && result == 0)
        named(TR_NO_THREAD, (const char *)a);
    return result;
}
