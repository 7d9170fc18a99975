/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deadlock while running. A thread that is about to block without a time limit publishes what it
 * waits for and walks from waiter to holder; if it comes back to itself, nobody on the way can go
 * on. All stores and loads of owners and waits are sequentially consistent, and owners are cleared
 * before the real release: so if each edge of the cycle is seen unchanged by a second walk, all of
 * them held at once between the two walks (a consistent cut).
 *
 * A reader-writer lock may have several holders; the walk tries each of them. Where writers
 * go first, a reader that none keeps out waits for those that queue before it, as far as these wait
 * without a time limit.
 */
#include "interpose/core/rec.h"

#include "interpose/core/poison.h"

enum { LONGEST = 64 };

struct edge {
    struct rec_thread *waiter;
    uint64_t wait_number;
    struct rec_object *object; /* NULL: joins */
    uint64_t version; /* of the object, which only its holder moves; or the thread joined */
};

struct walk {
    struct rec_thread *start;
    unsigned length;
    unsigned steps;
    struct edge edges[LONGEST];
};

static bool on_walk(const struct walk *walk, const struct rec_thread *thread)
{
    for (unsigned i = 0; i < walk->length; i++)
        if (walk->edges[i].waiter == thread)
            return true;
    return false;
}

static bool follow(struct walk *walk, struct rec_thread *waiter);

/* Does the way from HOLDER lead back to the start? */
static bool towards(struct walk *walk, struct rec_thread *holder)
{
    if (holder == walk->start)
        return true;
    return holder && !__atomic_load_n(&holder->ended, __ATOMIC_SEQ_CST) && !on_walk(walk, holder) &&
           follow(walk, holder);
}

static bool through_readers(struct walk *walk, struct rec_object *object)
{
    uint32_t threads = rec_thread_count();
    for (uint32_t n = 0; n < threads; n++) {
        struct rec_thread *thread = rec_thread_at(n);
        for (unsigned i = 0; thread && i < REC_READING; i++)
            if (__atomic_load_n(&thread->reading[i], __ATOMIC_SEQ_CST) == object &&
                towards(walk, thread))
                return true;
    }
    return false;
}

static bool through_writers(struct walk *walk, struct rec_object *object)
{
    uint32_t threads = rec_thread_count();
    for (uint32_t n = 0; n < threads; n++) {
        struct rec_thread *thread = rec_thread_at(n);
        if (thread && __atomic_load_n(&thread->waits_for, __ATOMIC_SEQ_CST) == object &&
            !__atomic_load_n(&thread->waits_to_read, __ATOMIC_SEQ_CST) && towards(walk, thread))
            return true;
    }
    return false;
}

/* From WAITER to those that hold OBJECT, or queue for it, in its way. */
static bool through_lock(struct walk *walk, const struct rec_thread *waiter,
                         struct rec_object *object)
{
    uint32_t owner = __atomic_load_n(&object->owner, __ATOMIC_SEQ_CST);
    if (owner)
        return towards(walk, rec_thread_at(owner - 1));
    if (object->type != TR_TYPE_RWLOCK)
        return false;
    if (!__atomic_load_n(&waiter->waits_to_read, __ATOMIC_SEQ_CST))
        return through_readers(walk, object);
    return object->attributes & TR_ATTR_PREFER_WRITER && through_writers(walk, object);
}

static bool follow(struct walk *walk, struct rec_thread *waiter)
{
    if (walk->length == LONGEST || ++walk->steps > 100000)
        return false;
    struct edge *edge = &walk->edges[walk->length++];
    edge->waiter = waiter;
    edge->wait_number = __atomic_load_n(&waiter->wait_number, __ATOMIC_SEQ_CST);
    edge->object = __atomic_load_n(&waiter->waits_for, __ATOMIC_SEQ_CST);
    uint32_t joined = __atomic_load_n(&waiter->joins, __ATOMIC_SEQ_CST);
    if (edge->object) {
        edge->version = rec_version_seen(edge->object);
        if (through_lock(walk, waiter, edge->object))
            return true;
    } else if (joined && towards(walk, rec_thread_at(joined - 1))) {
        edge->version = joined;
        return true;
    }
    walk->length--;
    return false;
}

static bool find_cycle(struct walk *walk, struct rec_thread *start)
{
    walk->start = start;
    walk->length = walk->steps = 0;
    return follow(walk, start);
}

static bool equal(const struct walk *a, const struct walk *b)
{
    if (a->length != b->length)
        return false;
    for (unsigned i = 0; i < a->length; i++) {
        const struct edge *x = &a->edges[i], *y = &b->edges[i];
        if (x->waiter != y->waiter || x->wait_number != y->wait_number || x->object != y->object ||
            x->version != y->version)
            return false;
    }
    return true;
}

static void tell_log(const struct walk *walk)
{
    rec_log("deadlock: %u thread(s) of process %u wait for each other for ever",
            (uint64_t)walk->length, (uint64_t)rec_header->pid);
    for (unsigned i = 0; i < walk->length; i++) {
        const struct edge *edge = &walk->edges[i];
        const struct rec_thread *next = walk->edges[(i + 1) % walk->length].waiter;
        if (edge->object)
            rec_log("  thread %u waits for the lock at 0x%x, held by thread %u",
                    (uint64_t)edge->waiter->number, edge->object->address, (uint64_t)next->number);
        else
            rec_log("  thread %u joins thread %u", (uint64_t)edge->waiter->number,
                    (uint64_t)next->number);
    }
    rec_log("  the whole story: snarl analyze %s", rec_trace_path);
}

/* Does the real call refuse (EDEADLK) rather than wait? It does where the C library looks: a lock
 * that checks, and joins of oneself or of each other. */
static bool refused(const struct walk *walk)
{
    const struct rec_object *object = walk->edges[0].object;
    if (!object)
        return walk->length == 1 || (walk->length == 2 && !walk->edges[1].object);
    if (walk->length > 1)
        return false;
    return object->attributes & TR_ATTR_ERROR_CHECK ||
           (object->type == TR_TYPE_RWLOCK && __atomic_load_n(&object->owner, __ATOMIC_SEQ_CST));
}

/* What does not change in between is a deadlock. A lock of the program's own making may have its
 * version moved by those who spin for it: looked at often enough, it stands still. */
static bool find_lasting(struct walk *walk, struct rec_thread *start)
{
    enum { LOOKS = 1000 };
    struct walk again;
    for (unsigned i = 0; i < LOOKS; i++) {
        if (!find_cycle(walk, start) || !find_cycle(&again, start))
            return false;
        if (equal(walk, &again))
            return true;
    }
    return false;
}

static void look_for_cycle(struct rec_stream *s)
{
    struct walk first;
    if (!find_lasting(&first, s->self) || refused(&first))
        return;
    uint8_t bytes[LONGEST * TR_VARINT_MAX], *p = bytes;
    for (unsigned i = 0; i < first.length; i++)
        p = tr_put(p, first.edges[i].waiter->number);
    rec_emit(s, &(struct tr_event){.kind = TR_DEADLOCK,
                                   .a0 = first.length,
                                   .bytes = bytes,
                                   .bytes_length = (uint32_t)(p - bytes)});
    if (rec_control) {
        uint32_t nobody = 0;
        __atomic_compare_exchange_n(&rec_control->deadlock_pid, &nobody, rec_header->pid, 0,
                                    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    } else {
        tell_log(&first);
    }
}

void rec_wait_lock(struct rec_stream *s, struct rec_object *object, bool to_read)
{
    __atomic_fetch_add(&s->self->wait_number, 1, __ATOMIC_SEQ_CST);
    __atomic_store_n(&s->self->waits_to_read, to_read, __ATOMIC_SEQ_CST);
    __atomic_store_n(&s->self->waits_for, object, __ATOMIC_SEQ_CST);
    look_for_cycle(s);
}

void rec_wait_join(struct rec_stream *s, uint32_t number)
{
    __atomic_fetch_add(&s->self->wait_number, 1, __ATOMIC_SEQ_CST);
    __atomic_store_n(&s->self->joins, number + 1, __ATOMIC_SEQ_CST);
    look_for_cycle(s);
}

void rec_wait_over(struct rec_stream *s)
{
    __atomic_store_n(&s->self->waits_for, NULL, __ATOMIC_SEQ_CST);
    __atomic_store_n(&s->self->joins, 0, __ATOMIC_SEQ_CST);
    s->waiting.kind = 0;
}

/* Else a lock that the thread has long given up would still be seen as waited for. */
void rec_wait_left(struct rec_stream *s)
{
    struct tr_event end = {.mode = s->waiting.mode | TR_LOCK_CANCELLED};
    const struct rec_object *object;
    switch (s->waiting.kind) {
    case TR_REQUEST:
        end.kind = TR_TRY_FAIL;
        end.object = s->waiting.on;
        object = rec_object_find((const void *)end.object);
        end.version = object ? rec_version_seen(object) : 0;
        end.a0 = TR_NO_THREAD;
        break;
    case TR_JOIN_REQUEST:
        end.kind = TR_JOIN_FAIL;
        end.a0 = s->waiting.on;
        break;
    default:
        end.kind = TR_BLOCK_END;
        end.mode = s->waiting.mode;
    }
    rec_stamp(s);
    rec_emit(s, &end);
    rec_wait_over(s);
}

/* Stored without a fence, as the holder is (rec_own). */
void rec_reading_add(struct rec_thread *self, struct rec_object *object)
{
    for (unsigned i = 0; i < REC_READING; i++)
        if (!self->reading[i]) {
            __atomic_store_n(&self->reading[i], object, __ATOMIC_RELEASE);
            return;
        }
}

void rec_reading_remove(struct rec_thread *self, struct rec_object *object)
{
    for (unsigned i = 0; i < REC_READING; i++)
        if (self->reading[i] == object) {
            __atomic_store_n(&self->reading[i], NULL, __ATOMIC_RELEASE);
            return;
        }
}
