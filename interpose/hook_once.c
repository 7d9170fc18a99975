/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pthread_once. The routine runs inside a routine of ours, which tells its beginning and end; who
 * finds it done is told once for each thread, since the order that it gives holds from then on.
 */
#include "interpose/core/lock.h"
#include "interpose/pthread_calls.h"

enum { ONCE = TR_TYPE_ONCE };

struct call {
    struct call *outer;
    pthread_once_t *control;
    void (*routine)(void);
    uint64_t cfa;
    bool ran, finished;
};

static __thread struct call *current __attribute__((tls_model("initial-exec")));

static void routine_ends(struct call **place)
{
    struct call *call = *place;
    struct rec_stream *s = rec_enter();
    if (s) {
        struct rec_object *object = rec_object_find(call->control);
        if (object) {
            __atomic_store_n(&object->owner, 0, __ATOMIC_RELEASE);
            rec_emit(s, &(struct tr_event){.kind = TR_ONCE_END,
                                           .mode = call->finished ? 0 : 1,
                                           .stack = rec_stack(s, call->cfa),
                                           .object = (uint64_t)call->control,
                                           .version = rec_version(object)});
        }
        rec_leave(s);
    }
}

static void run(void)
{
    __attribute__((cleanup(routine_ends))) struct call *call = current;
    call->ran = true;
    struct rec_stream *s = rec_enter();
    if (s) {
        struct rec_object *object = rec_object(s, call->control, ONCE);
        if (object) {
            rec_own(object, s);
            rec_emit(s, &(struct tr_event){.kind = TR_ONCE_BEGIN,
                                           .stack = rec_stack(s, call->cfa),
                                           .object = (uint64_t)call->control,
                                           .version = rec_version(object)});
        }
        rec_leave(s);
    }
    call->routine();
    call->finished = true;
}

static void found_done(const struct call *call)
{
    struct rec_stream *s = rec_enter();
    if (!s)
        return;
    uint64_t *seen = &s->once_seen[(uint64_t)call->control >> 2 & 63];
    struct rec_object *object =
        *seen == (uint64_t)call->control ? NULL : rec_object(s, call->control, ONCE);
    if (object) {
        *seen = (uint64_t)call->control;
        rec_emit(s, &(struct tr_event){.kind = TR_ONCE_SEEN,
                                       .stack = rec_stack(s, call->cfa),
                                       .object = (uint64_t)call->control,
                                       .version = rec_version(object)});
    }
    rec_leave(s);
}

static void leave(struct call *call)
{
    current = call->outer;
}

int rec_once(pthread_once_t *control, void (*routine)(void), uint64_t cfa)
{
    __attribute__((cleanup(leave))) struct call call = {current, control, routine,
                                                        cfa,     false,   false};
    current = &call;
    int error = rec_real.pthread_once(control, run);
    if (!error && !call.ran)
        found_done(&call);
    return error;
}

REC_EXPORT int pthread_once(pthread_once_t *control, void (*routine)(void))
{
    return rec_live.on ? rec_once(control, routine, rec_here())
                       : REAL(pthread_once)(control, routine);
}
