/* SPDX-License-Identifier: Apache-2.0 */
/*
 * C11's threads. In the C library they are the POSIX ones with other names and results, and call
 * those inside it, past every hook. So here: the same objects, the same events, whoever locks.
 */
#include "interpose/core/order.h"
#include "interpose/pthread_calls.h"

#include <threads.h>

static pthread_mutex_t *posix_mutex(mtx_t *mutex)
{
    return (pthread_mutex_t *)mutex;
}

static pthread_cond_t *posix_cond(cnd_t *cond)
{
    return (pthread_cond_t *)cond;
}

/* What the C library makes of an error of POSIX threads. */
static int result_of(int error)
{
    switch (error) {
    case 0:
        return thrd_success;
    case ENOMEM:
        return thrd_nomem;
    case ETIMEDOUT:
        return thrd_timedout;
    case EBUSY:
        return thrd_busy;
    default:
        return thrd_error;
    }
}

/* Threads.
 * ------------------------------------------------------------------------------------------- */

static int start(void *data)
{
    struct rec_thread *thread = data;
    rec_thread_begins(thread);
    int result = ((thrd_start_t)(void (*)(void))thread->start)(thread->argument);
    rec_thread_returns();
    return result;
}

REC_EXPORT int thrd_create(thrd_t *handle, thrd_start_t routine, void *argument)
{
    uint32_t stack;
    struct rec_thread *child = rec_thread_prepare(rec_here(), &stack);
    if (!child)
        return REAL(thrd_create)(handle, routine, argument);
    child->start = (void *(*)(void *))(void (*)(void))routine;
    child->argument = argument;
    int result = REAL(thrd_create)(handle, start, child);
    rec_thread_made(child, handle, false, stack, result);
    return result;
}

REC_EXPORT int thrd_join(thrd_t handle, int *result)
{
    if (!rec_live.on)
        return REAL(thrd_join)(handle, result);
    void *value = NULL;
    int error = rec_thread_join(handle, &value, rec_here());
    if (result)
        *result = (int)(uintptr_t)value;
    return result_of(error);
}

REC_EXPORT int thrd_detach(thrd_t handle)
{
    return result_of(rec_thread_detach_handle(handle, rec_here()));
}

REC_EXPORT void thrd_exit(int result)
{
    rec_thread_exits(rec_here());
    REAL(thrd_exit)(result);
    __builtin_unreachable();
}

REC_EXPORT int thrd_sleep(const struct timespec *time, struct timespec *remaining)
{
    REC_BLOCK(block, TR_BLOCK_SLEEP | TR_BLOCK_TIMED, 0);
    return REAL(thrd_sleep)(time, remaining);
}

/* Mutexes, conditions, once.
 * ------------------------------------------------------------------------- */

REC_EXPORT int mtx_init(mtx_t *mutex, int type)
{
    int result = REAL(mtx_init)(mutex, type);
    if (result == thrd_success)
        rec_mutex_made(posix_mutex(mutex), rec_here());
    return result;
}

REC_EXPORT int mtx_lock(mtx_t *mutex)
{
    return rec_live.on ? result_of(rec_mutex_lock(posix_mutex(mutex), rec_here()))
                       : REAL(mtx_lock)(mutex);
}

REC_EXPORT int mtx_timedlock(mtx_t *mutex, const struct timespec *until)
{
    return rec_live.on ? result_of(rec_mutex_timedlock(posix_mutex(mutex), until, rec_here()))
                       : REAL(mtx_timedlock)(mutex, until);
}

REC_EXPORT int mtx_trylock(mtx_t *mutex)
{
    return rec_live.on ? result_of(rec_mutex_trylock(posix_mutex(mutex), rec_here()))
                       : REAL(mtx_trylock)(mutex);
}

REC_EXPORT int mtx_unlock(mtx_t *mutex)
{
    return rec_live.on ? result_of(rec_mutex_unlock(posix_mutex(mutex), rec_here()))
                       : REAL(mtx_unlock)(mutex);
}

REC_EXPORT void mtx_destroy(mtx_t *mutex)
{
    if (rec_live.on)
        rec_mutex_destroy(posix_mutex(mutex), rec_here());
    else
        REAL(mtx_destroy)(mutex);
}

REC_EXPORT int cnd_init(cnd_t *cond)
{
    int result = REAL(cnd_init)(cond);
    if (result == thrd_success)
        rec_cond_made(posix_cond(cond), rec_here());
    return result;
}

REC_EXPORT int cnd_wait(cnd_t *cond, mtx_t *mutex)
{
    return rec_live.on ? result_of(rec_cond_wait(posix_cond(cond), posix_mutex(mutex), rec_here()))
                       : REAL(cnd_wait)(cond, mutex);
}

REC_EXPORT int cnd_timedwait(cnd_t *cond, mtx_t *mutex, const struct timespec *until)
{
    return rec_live.on ? result_of(rec_cond_timedwait(posix_cond(cond), posix_mutex(mutex), until,
                                                      rec_here()))
                       : REAL(cnd_timedwait)(cond, mutex, until);
}

REC_EXPORT int cnd_signal(cnd_t *cond)
{
    return rec_live.on ? result_of(rec_cond_signal(posix_cond(cond), rec_here()))
                       : REAL(cnd_signal)(cond);
}

REC_EXPORT int cnd_broadcast(cnd_t *cond)
{
    return rec_live.on ? result_of(rec_cond_broadcast(posix_cond(cond), rec_here()))
                       : REAL(cnd_broadcast)(cond);
}

REC_EXPORT void cnd_destroy(cnd_t *cond)
{
    if (rec_live.on)
        rec_cond_destroy(posix_cond(cond), rec_here());
    else
        REAL(cnd_destroy)(cond);
}

REC_EXPORT void call_once(once_flag *flag, void (*routine)(void))
{
    if (rec_live.on)
        rec_once((pthread_once_t *)flag, routine, rec_here());
    else
        REAL(call_once)(flag, routine);
}
