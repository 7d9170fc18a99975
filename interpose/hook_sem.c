/* SPDX-License-Identifier: Apache-2.0 */
/*
 * POSIX semaphores. A wait is a cancellation point even if a token is there: cancellation is tested
 * before the try (in the C library, sem_clockwait alone forgets that). A timed wait looks at its
 * time before it looks for a token.
 *
 * A named one is the object where it is mapped, which is the same place for all that open the name.
 * How often that was done is counted, as the C library does: the last sem_close unmaps it.
 */
#include "interpose/core/lock.h"
#include "interpose/core/mark.h"
#include "interpose/core/shared.h"

#include <stdarg.h>

enum { SEM = TR_TYPE_SEM };

struct wait {
    sem_t *sem;
    uint64_t cfa;
    uint32_t mode;
    int error;
    bool returned, told;
};

/* Who waited may have been let through by the last post, behind which the semaphore was destroyed,
 * rightly: then it is not used anew. */
static void got(sem_t *sem, uint32_t mode, uint64_t cfa)
{
    struct rec_stream *s = rec_enter();
    if (!s)
        return;
    struct rec_object *object =
        mode & TR_LOCK_CONTENDED ? rec_object_find(sem) : rec_object(s, sem, SEM);
    if (object)
        rec_sync(s, TR_SEM_WAIT, mode, rec_stack(s, cfa), (uint64_t)sem, rec_version(object));
    rec_leave(s);
}

static void wait_begins(struct wait *wait)
{
    struct rec_stream *s = rec_enter();
    if (!s)
        return;
    rec_request(s, wait->sem, wait->mode, wait->cfa);
    rec_leave(s);
    wait->told = true;
}

static void wait_ends(struct wait *wait)
{
    int error = errno;
    struct rec_stream *s = wait->told ? rec_enter() : NULL;
    if (s) {
        rec_wait_over(s);
        rec_stamp(s);
        if (!wait->returned || wait->error) {
            uint32_t why = !wait->returned            ? TR_LOCK_CANCELLED
                           : wait->error == ETIMEDOUT ? TR_LOCK_TIMEOUT
                                                      : 0;
            rec_gave_up(s, wait->sem, wait->mode | why, wait->cfa);
        }
        rec_leave(s);
        if (wait->returned && !wait->error)
            got(wait->sem, wait->mode | TR_LOCK_CONTENDED, wait->cfa);
    }
    errno = error;
}

/* A macro, so that the stack starts at the hook's caller. */
#define WAIT(timed, real_call)                                                                     \
    do {                                                                                           \
        __attribute__((cleanup(wait_ends))) struct wait wait = {sem, rec_here(), SEM | (timed),    \
                                                                0,   false,      false};           \
        wait_begins(&wait);                                                                        \
        int result = (real_call);                                                                  \
        wait.error = result ? errno : 0;                                                           \
        wait.returned = true;                                                                      \
        return result;                                                                             \
    } while (0)

/* A try that leaves errno as it was when it fails: the real call decides then. */
static bool quick_try(sem_t *sem)
{
    int error = errno;
    if (REAL(sem_trywait)(sem) == 0)
        return true;
    errno = error;
    return false;
}

REC_EXPORT int sem_wait(sem_t *sem)
{
    if (!rec_live.on)
        return REAL(sem_wait)(sem);
    pthread_testcancel();
    if (quick_try(sem)) {
        got(sem, SEM, rec_here());
        return 0;
    }
    WAIT(0, rec_real.sem_wait(sem));
}

REC_EXPORT int sem_trywait(sem_t *sem)
{
    int result = REAL(sem_trywait)(sem);
    if (!rec_live.on)
        return result;
    if (result == 0) {
        got(sem, SEM | TR_LOCK_TRY, rec_here());
        return 0;
    }
    int error = errno;
    struct rec_stream *s = rec_enter();
    if (s) {
        rec_failed(s, sem, SEM | TR_LOCK_TRY, rec_here());
        rec_leave(s);
    }
    errno = error;
    return result;
}

REC_EXPORT int sem_timedwait(sem_t *sem, const struct timespec *until)
{
    if (!rec_live.on || !rec_valid_time(until))
        return REAL(sem_timedwait)(sem, until);
    pthread_testcancel();
    if (quick_try(sem)) {
        got(sem, SEM | TR_LOCK_TIMED, rec_here());
        return 0;
    }
    WAIT(TR_LOCK_TIMED, rec_real.sem_timedwait(sem, until));
}

REC_EXPORT int sem_clockwait(sem_t *sem, clockid_t clock, const struct timespec *until)
{
    if (!rec_live.on || !rec_valid_time(until) || !rec_valid_clock(clock))
        return REAL(sem_clockwait)(sem, clock, until);
    if (quick_try(sem)) {
        got(sem, SEM | TR_LOCK_TIMED, rec_here());
        return 0;
    }
    WAIT(TR_LOCK_TIMED, rec_real.sem_clockwait(sem, clock, until));
}

/* Numbered before the real call, so that the wait it lets through has the later number. */
REC_EXPORT int sem_post(sem_t *sem)
{
    uint64_t cfa = rec_here();
    struct rec_stream *s = rec_enter();
    if (s) {
        struct rec_object *object = rec_object(s, sem, SEM);
        if (object)
            rec_sync(s, TR_SEM_POST, SEM, rec_stack(s, cfa), (uint64_t)sem, rec_version(object));
        rec_leave(s);
    }
    int result = REAL(sem_post)(sem);
    if (result) {
        int error = errno;
        s = rec_enter();
        if (s) {
            rec_error(s, sem, SEM, cfa, error);
            rec_leave(s);
        }
        errno = error;
    }
    return result;
}

REC_EXPORT int sem_init(sem_t *sem, int shared, unsigned value)
{
    rec_be_early();
    int result = REAL(sem_init)(sem, shared, value);
    if (!result)
        rec_mark(sem, SEM, REC_MARK_MADE);
    struct rec_stream *s = result ? NULL : rec_enter();
    if (s) {
        rec_object_init(s, sem, rec_stack(s, rec_here()), SEM, shared ? TR_ATTR_PROCESS_SHARED : 0,
                        value);
        rec_leave(s);
    }
    return result;
}

REC_EXPORT int sem_destroy(sem_t *sem)
{
    struct rec_stream *s = rec_enter();
    if (s) {
        rec_object_destroyed(s, sem, SEM, rec_is_destroyed(sem, SEM), rec_here());
        rec_leave(s);
    }
    int result = REAL(sem_destroy)(sem);
    if (!result)
        rec_mark(sem, SEM, REC_MARK_DESTROYED);
    return result;
}

/* A name stands for one semaphore in all processes. */
static uint64_t name_hash(const char *name)
{
    uint64_t hash = 4;
    for (; *name; name++)
        hash = rec_mix(hash, (uint8_t)*name);
    return hash;
}

static void sem_unmapped(struct rec_stream *s, struct rec_object *object, uint64_t cfa)
{
    rec_shared_gone((const void *)object->address, sizeof(sem_t));
    rec_object_end(s, object, rec_stack(s, cfa), TR_END_UNMAP);
}

REC_EXPORT sem_t *sem_open(const char *name, int flags, ...)
{
    va_list more; /* they only come with O_CREAT; else nobody looks at them */
    va_start(more, flags);
    mode_t mode = va_arg(more, mode_t);
    unsigned value = va_arg(more, unsigned);
    va_end(more);
    sem_t *sem = REAL(sem_open)(name, flags, mode, value);
    struct rec_stream *s = sem == SEM_FAILED ? NULL : rec_enter();
    if (s) {
        int now = 0;
        REAL(sem_getvalue)(sem, &now);
        struct rec_object *object = rec_object_open(s, sem, rec_stack(s, rec_here()), SEM,
                                                    TR_ATTR_PROCESS_SHARED, (uint64_t)now);
        if (object && __atomic_fetch_add(&object->opened, 1, __ATOMIC_SEQ_CST) == 0)
            rec_shared_add(s, sem, sizeof *sem, name_hash(name), 0, false);
        rec_leave(s);
    }
    return sem;
}

REC_EXPORT int sem_close(sem_t *sem)
{
    struct rec_stream *s = rec_enter();
    if (s) {
        struct rec_object *object = rec_object_find(sem);
        if (object && object->opened &&
            __atomic_sub_fetch(&object->opened, 1, __ATOMIC_SEQ_CST) == 0 && object->alive)
            sem_unmapped(s, object, rec_here());
        rec_leave(s);
    }
    return REAL(sem_close)(sem);
}
