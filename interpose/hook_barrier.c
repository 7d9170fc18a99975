/* SPDX-License-Identifier: Apache-2.0 */
/* Barriers: a thread enters before the real call and leaves after it; who entered n-th is in round
 * n / count. */
#include "interpose/core/lock.h"
#include "interpose/core/mark.h"

enum { BARRIER = TR_TYPE_BARRIER };

REC_EXPORT int pthread_barrier_wait(pthread_barrier_t *barrier)
{
    uint64_t cfa = rec_here(), round = 0;
    struct rec_stream *s = rec_enter();
    struct rec_object *object = s ? rec_object(s, barrier, BARRIER) : NULL;
    if (object) {
        rec_stamp(s);
        uint64_t place = __atomic_fetch_add(&object->entered, 1, __ATOMIC_SEQ_CST);
        round = object->count ? place / object->count : 0;
        rec_sync(s, TR_BARRIER_ENTER, BARRIER, rec_stack(s, cfa), (uint64_t)barrier,
                 rec_version(object));
    }
    if (s)
        rec_leave(s);
    int result = REAL(pthread_barrier_wait)(barrier);
    s = object ? rec_enter() : NULL;
    if (s) {
        rec_stamp(s);
        uint32_t serial = result == PTHREAD_BARRIER_SERIAL_THREAD ? TR_LOCK_SERIAL : 0;
        rec_emit(s, &(struct tr_event){.kind = TR_BARRIER_EXIT,
                                       .mode = BARRIER | serial,
                                       .stack = rec_stack(s, cfa),
                                       .object = (uint64_t)barrier,
                                       .version = rec_version(object),
                                       .a0 = round});
        rec_leave(s);
    }
    return result;
}

REC_EXPORT int pthread_barrier_init(pthread_barrier_t *barrier,
                                    const pthread_barrierattr_t *attributes, unsigned count)
{
    rec_be_early();
    int error = REAL(pthread_barrier_init)(barrier, attributes, count);
    if (!error)
        rec_mark(barrier, BARRIER, REC_MARK_MADE);
    struct rec_stream *s = error ? NULL : rec_enter();
    if (s) {
        /* all that the C library keeps in the attributes */
        bool shared = attributes && *(const int *)attributes == PTHREAD_PROCESS_SHARED;
        rec_object_init(s, barrier, rec_stack(s, rec_here()), BARRIER,
                        shared ? TR_ATTR_PROCESS_SHARED : 0, count);
        rec_leave(s);
    }
    return error;
}

/* Do some wait for others to come? */
static bool is_waited_in(const struct rec_object *object)
{
    return object && object->alive && object->count &&
           __atomic_load_n(&object->entered, __ATOMIC_SEQ_CST) % object->count;
}

/* The real call waits until the last thread has left the barrier: for ever, if a round is not full.
 */
REC_EXPORT int pthread_barrier_destroy(pthread_barrier_t *barrier)
{
    bool before = rec_is_destroyed(barrier, BARRIER);
    struct rec_stream *s = rec_enter();
    bool waits = s && is_waited_in(rec_object_find(barrier));
    if (waits)
        rec_request(s, barrier, BARRIER, rec_here());
    if (s)
        rec_leave(s);
    int error = REAL(pthread_barrier_destroy)(barrier);
    if (!error)
        rec_mark(barrier, BARRIER, REC_MARK_DESTROYED);
    s = error && !waits ? NULL : rec_enter();
    if (s) {
        if (waits)
            rec_wait_over(s);
        if (!error)
            rec_object_destroyed(s, barrier, BARRIER, before, rec_here());
        rec_leave(s);
    }
    return error;
}
