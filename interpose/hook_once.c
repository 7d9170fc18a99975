/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pthread_once. The routine runs inside a routine of ours, which tells its beginning and end; who
 * finds it done is told once for each thread, since the order that it gives holds from then on. Who
 * has to wait for that asks as for a lock.
 */
#include "interpose/core/lock.h"
#include "interpose/pthread_calls.h"

enum { ONCE = TR_TYPE_ONCE };

struct call {
    struct call *outer;
    pthread_once_t *control;
    void (*routine)(void);
    uint64_t cfa;
    bool ran, finished, waited;
};

static __thread struct call *current __attribute__((tls_model("initial-exec")));

/* Does the caller come to what another one is at, or itself? Who is, has to be known: in a forked
 * child a beginning is not what it seems. */
static void come_to(struct call *call)
{
    enum { BEGUN = 1, DONE = 2 };
    int state = __atomic_load_n(call->control, __ATOMIC_ACQUIRE);
    if (state & BEGUN && !(state & DONE))
        call->waited = rec_once_waits(call->control, call->cfa);
}

bool rec_once_waits(const void *control, uint64_t cfa)
{
    struct rec_stream *s = rec_enter();
    if (!s)
        return false;
    const struct rec_object *object = rec_object_find(control);
    bool busy = object && __atomic_load_n(&object->owner, __ATOMIC_ACQUIRE);
    if (busy)
        rec_request(s, control, ONCE, cfa);
    rec_leave(s);
    return busy;
}

static void tell(const void *control, uint8_t kind, uint32_t mode, uint64_t cfa)
{
    struct rec_stream *s = rec_enter();
    if (!s)
        return;
    struct rec_object *object =
        kind == TR_ONCE_END ? rec_object_find(control) : rec_object(s, control, ONCE);
    rec_wait_over(s);
    if (object && kind == TR_ONCE_BEGIN)
        rec_own(object, s);
    else if (object && kind == TR_ONCE_END)
        __atomic_store_n(&object->owner, 0, __ATOMIC_RELEASE);
    if (object)
        rec_emit(s, &(struct tr_event){.kind = kind,
                                       .mode = mode,
                                       .stack = rec_stack(s, cfa),
                                       .object = (uint64_t)control,
                                       .version = rec_version(object)});
    rec_leave(s);
}

void rec_once_begins(const void *control, uint64_t cfa)
{
    tell(control, TR_ONCE_BEGIN, 0, cfa);
}

void rec_once_ends(const void *control, bool finished, uint64_t cfa)
{
    tell(control, TR_ONCE_END, finished ? 0 : 1, cfa);
}

void rec_once_seen(const void *control, uint64_t cfa)
{
    tell(control, TR_ONCE_SEEN, 0, cfa);
}

static void routine_ends(struct call **place)
{
    const struct call *call = *place;
    rec_once_ends(call->control, call->finished, call->cfa);
}

static void run(void)
{
    __attribute__((cleanup(routine_ends))) struct call *call = current;
    call->ran = true;
    rec_once_begins(call->control, call->cfa);
    call->routine();
    call->finished = true;
}

/* Whether this thread has told of it already. */
static bool seen(const struct call *call)
{
    struct rec_stream *s = rec_enter();
    if (!s)
        return true;
    uint64_t *seen = &s->once_seen[(uint64_t)call->control >> 2 & 63];
    bool known = *seen == (uint64_t)call->control;
    *seen = (uint64_t)call->control;
    rec_leave(s);
    return known;
}

static void leave(struct call *call)
{
    current = call->outer;
}

int rec_once(pthread_once_t *control, void (*routine)(void), uint64_t cfa)
{
    __attribute__((cleanup(leave))) struct call call = {current, control, routine, cfa,
                                                        false,   false,   false};
    current = &call;
    come_to(&call);
    int error = rec_real.pthread_once(control, run);
    if (!error && !call.ran && (!seen(&call) || call.waited))
        rec_once_seen(control, cfa);
    return error;
}

REC_EXPORT int pthread_once(pthread_once_t *control, void (*routine)(void))
{
    return rec_live.on ? rec_once(control, routine, rec_here())
                       : REAL(pthread_once)(control, routine);
}
