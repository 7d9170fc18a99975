/* SPDX-License-Identifier: Apache-2.0 */
#include "interpose/core/lock.h"

#include "interpose/core/mark.h"
#include "interpose/core/shared.h"

#include "interpose/core/poison.h"

void rec_sync(struct rec_stream *s, uint8_t kind, uint32_t mode, uint32_t stack, uint64_t address,
              uint64_t version)
{
    if (rec_unlikely(s->resting) && kind >= TR_REQUEST && kind <= TR_BARRIER_EXIT)
        mode |= TR_LOCK_IN_HANDLER;
    if (rec_unlikely(rec_is_shared(address)) || rec_unlikely(address >> 63 && rec_shares_memory()))
        rec_stamp(s);
    rec_emit(
        s, &(struct tr_event){
               .kind = kind, .mode = mode, .stack = stack, .object = address, .version = version});
}

static void tell(struct rec_stream *s, uint8_t kind, uint32_t mode, struct rec_object *object,
                 uint64_t cfa, uint64_t version)
{
    rec_sync(s, kind, mode, rec_stack(s, cfa), object->address, version);
    if (tr_type(mode) != TR_TYPE_USER && !rec_is_shared(object->address))
        rec_hot_keep(s, kind, mode, object, cfa);
}

/* A lock of the program's own making is also a location of atomics, which move its version, too. */
static uint64_t next_version(struct rec_object *object, uint32_t mode)
{
    return tr_type(mode) == TR_TYPE_USER ? rec_version(object) : rec_version_held(object);
}

void rec_acquired(struct rec_stream *s, const void *address, uint32_t mode, uint64_t cfa)
{
    if (rec_hot_held_slow(s, TR_ACQUIRE, mode, address, cfa))
        return;
    rec_frames_left(s, cfa);
    struct rec_object *object = rec_object(s, address, tr_type(mode));
    if (!object)
        return;
    uint64_t version = next_version(object, mode);
    if (rec_owns(object, s)) {
        object->more++;
        mode |= TR_LOCK_NESTED;
    } else {
        rec_own(object, s);
    }
    tell(s, TR_ACQUIRE, mode, object, cfa, version);
}

/* May the caller hold the lock although nobody told so, as what a constructor took early? Of a
 * mutex the C library knows who has it, of a spin lock that somebody has. */
static bool taken_unseen(const struct rec_object *object, uint32_t mode)
{
    const pthread_mutex_t *mutex = (const void *)object->address;
    const int *spin = (const void *)object->address;
    switch (tr_type(mode)) {
    case TR_TYPE_MUTEX:
        return mutex->__data.__owner && mutex->__data.__owner == rec_sys_gettid();
    case TR_TYPE_SPIN:
        return !__atomic_load_n(&object->owner, __ATOMIC_RELAXED) &&
               __atomic_load_n(spin, __ATOMIC_RELAXED) != REC_SPIN_FREE;
    default:
        return false;
    }
}

void rec_releases(struct rec_stream *s, const void *address, uint32_t mode, uint64_t cfa)
{
    if (rec_hot_held_slow(s, TR_RELEASE, mode, address, cfa))
        return;
    struct rec_object *object = rec_object(s, address, tr_type(mode));
    if (!object)
        return;
    uint64_t version = next_version(object, mode);
    if (!rec_owns(object, s)) {
        if (!taken_unseen(object, mode))
            mode |= TR_LOCK_FOREIGN;
        __atomic_store_n(&object->owner, 0, __ATOMIC_RELEASE);
    } else if (object->more) {
        object->more--;
        mode |= TR_LOCK_NESTED;
    } else {
        __atomic_store_n(&object->owner, 0, __ATOMIC_RELEASE);
    }
    tell(s, TR_RELEASE, mode, object, cfa, version);
}

struct rec_object *rec_event_shared(struct rec_stream *s, uint8_t kind, const void *address,
                                    uint32_t mode, uint64_t cfa)
{
    struct rec_object *object = rec_hot_shared(s, kind, mode, address, cfa);
    if (!object && (object = rec_object(s, address, tr_type(mode))))
        tell(s, kind, mode, object, cfa, rec_version(object));
    return object;
}

void rec_acquired_shared(struct rec_stream *s, const void *address, uint32_t mode, uint64_t cfa)
{
    struct rec_object *object =
        rec_event_shared(s, TR_ACQUIRE, address, mode | TR_LOCK_SHARED, cfa);
    if (object)
        rec_reading_add(s->self, object);
}

void rec_releases_shared(struct rec_stream *s, const void *address, uint32_t mode, uint64_t cfa)
{
    struct rec_object *object =
        rec_event_shared(s, TR_RELEASE, address, mode | TR_LOCK_SHARED, cfa);
    if (object)
        rec_reading_remove(s->self, object);
}

/* An event on OBJECT (may be NULL) that takes no number of it. A0 is its holder, or ERROR if that
 * is not 0. */
static void observe(struct rec_stream *s, uint8_t kind, const struct rec_object *object,
                    uint32_t mode, uint64_t cfa, int error)
{
    if (!object)
        return;
    uint32_t owner = __atomic_load_n(&object->owner, __ATOMIC_ACQUIRE);
    if (rec_unlikely(s->resting))
        mode |= TR_LOCK_IN_HANDLER;
    rec_emit(s, &(struct tr_event){.kind = kind,
                                   .mode = mode,
                                   .stack = rec_stack(s, cfa),
                                   .object = object->address,
                                   .version = rec_version_seen(object),
                                   .a0 = error   ? (uint64_t)error
                                         : owner ? owner - 1
                                                 : TR_NO_THREAD});
}

void rec_failed(struct rec_stream *s, const void *address, uint32_t mode, uint64_t cfa)
{
    observe(s, TR_TRY_FAIL, rec_object(s, address, tr_type(mode)), mode, cfa, 0);
}

void rec_gave_up(struct rec_stream *s, const void *address, uint32_t mode, uint64_t cfa)
{
    observe(s, TR_TRY_FAIL, rec_object_find(address), mode, cfa, 0);
}

void rec_error(struct rec_stream *s, const void *address, uint32_t mode, uint64_t cfa, int error)
{
    observe(s, TR_OP_ERROR, rec_object(s, address, tr_type(mode)), mode, cfa, error);
}

void rec_request(struct rec_stream *s, const void *address, uint32_t mode, uint64_t cfa)
{
    rec_stamp(s);
    rec_frames_left(s, cfa);
    struct rec_object *object = rec_object(s, address, tr_type(mode));
    observe(s, TR_REQUEST, object, mode, cfa, 0);
    s->waiting = (struct rec_wait){TR_REQUEST, mode, (uint64_t)address};
    if (object && !(mode & TR_LOCK_TIMED))
        rec_wait_lock(s, object, mode & TR_LOCK_SHARED);
}

void rec_wait_result(const void *address, uint32_t mode, uint64_t cfa, int error)
{
    struct rec_stream *s = rec_enter();
    if (!s)
        return;
    rec_wait_over(s);
    rec_stamp(s);
    if (error == 0 || error == EOWNERDEAD) {
        mode |= TR_LOCK_CONTENDED | (error ? (uint32_t)TR_LOCK_OWNER_DEAD : 0);
        if (mode & TR_LOCK_SHARED)
            rec_acquired_shared(s, address, mode, cfa);
        else
            rec_acquired(s, address, mode, cfa);
    } else {
        if (error != ETIMEDOUT)
            rec_error(s, address, mode, cfa, error);
        rec_gave_up(s, address, mode | (error == ETIMEDOUT ? (uint32_t)TR_LOCK_TIMEOUT : 0), cfa);
    }
    rec_leave(s);
}
