/* SPDX-License-Identifier: Apache-2.0 */
#include "interpose/access/user_lock.h"

#include "interpose/access/access.h"

#include "interpose/core/poison.h"

enum { USER = TR_TYPE_USER, TEXT = 256 };

static uint32_t length_of(const char *text)
{
    uint32_t length = 0;
    while (text && length < TEXT && text[length])
        length++;
    return length;
}

/* A lock of the C library lives there, whose own hook tells of it. */
static bool is_other(const void *address)
{
    const struct rec_object *object = rec_object_find(address);
    return object && object->alive && object->type != USER;
}

static void order(struct rec_stream *s, uint8_t kind, const void *key, uint64_t cfa)
{
    struct rec_object *location = rec_location(key);
    if (location)
        rec_sync(s, kind, TR_BY_ANNOTATION, rec_stack(s, cfa), (uint64_t)key,
                 rec_version(location));
}

void rec_user_before(const void *key, uint64_t cfa)
{
    struct rec_stream *s = rec_enter();
    if (!s)
        return;
    order(s, TR_HB_BEFORE, key, cfa);
    rec_leave(s);
}

void rec_user_after(const void *key, uint64_t cfa)
{
    struct rec_stream *s = rec_enter();
    if (!s)
        return;
    order(s, TR_HB_AFTER, key, cfa);
    rec_leave(s);
}

void rec_user_created(const void *address, unsigned attributes, const char *name, uint64_t cfa)
{
    struct rec_stream *s = is_other(address) ? NULL : rec_enter();
    if (!s)
        return;
    rec_object_init(s, address, rec_stack(s, cfa), USER, attributes, 0);
    rec_leave(s);
    if (name)
        rec_user_name(address, name);
}

void rec_user_name(const void *address, const char *name)
{
    struct rec_stream *s = is_other(address) ? NULL : rec_enter();
    if (!s)
        return;
    rec_emit(s, &(struct tr_event){.kind = TR_OBJECT_NAME,
                                   .object = (uint64_t)address,
                                   .bytes = (const uint8_t *)name,
                                   .bytes_length = length_of(name)});
    rec_leave(s);
}

void rec_user_destroyed(const void *address, uint64_t cfa)
{
    struct rec_object *object = rec_object_find(address);
    struct rec_stream *s = object && object->alive && object->type == USER ? rec_enter() : NULL;
    if (!s)
        return;
    rec_object_end(s, object, rec_stack(s, cfa), TR_END_DESTROY);
    rec_leave(s);
}

/* A wait that was told is over. */
static uint32_t waited(struct rec_stream *s, const void *address)
{
    const struct rec_object *object = __atomic_load_n(&s->self->waits_for, __ATOMIC_RELAXED);
    if (!object || object->address != (uint64_t)address)
        return 0;
    rec_wait_over(s);
    rec_stamp(s);
    return TR_LOCK_CONTENDED;
}

void rec_user_requests(const void *address, uint32_t how, uint64_t cfa)
{
    struct rec_stream *s = is_other(address) ? NULL : rec_enter();
    if (!s)
        return;
    const struct rec_object *object = rec_object_find(address);
    uint32_t owner = object ? __atomic_load_n(&object->owner, __ATOMIC_ACQUIRE) : 0;
    if (owner && owner != s->tag)
        rec_request(s, address, USER | how, cfa);
    rec_leave(s);
}

void rec_user_acquired(const void *address, uint32_t how, uint64_t cfa)
{
    struct rec_stream *s = rec_enter();
    if (!s)
        return;
    if (is_other(address)) {
        order(s, TR_HB_AFTER, address, cfa);
    } else {
        how |= waited(s, address);
        if (how & TR_LOCK_SHARED)
            rec_acquired_shared(s, address, USER | how, cfa);
        else
            rec_acquired(s, address, USER | how, cfa);
    }
    rec_leave(s);
}

void rec_user_failed(const void *address, uint32_t how, uint64_t cfa)
{
    struct rec_stream *s = is_other(address) ? NULL : rec_enter();
    if (!s)
        return;
    waited(s, address);
    rec_failed(s, address, USER | how, cfa);
    rec_leave(s);
}

void rec_user_releases(const void *address, uint32_t how, uint64_t cfa)
{
    struct rec_stream *s = rec_enter();
    if (!s)
        return;
    if (is_other(address))
        order(s, TR_HB_BEFORE, address, cfa);
    else if (how & TR_LOCK_SHARED)
        rec_releases_shared(s, address, USER, cfa);
    else
        rec_releases(s, address, USER, cfa);
    rec_leave(s);
}

void rec_user_releases_any(const void *address, uint64_t cfa)
{
    const struct rec_object *object = rec_object_find(address);
    bool reads = false;
    for (unsigned i = 0; i < REC_READING && rec_self->self; i++)
        reads |= object && rec_self->self->reading[i] == object;
    rec_user_releases(address, reads ? TR_LOCK_SHARED : 0, cfa);
}

void rec_user_benign(const void *address, uint64_t size, const char *reason, uint64_t cfa)
{
    struct rec_stream *s = rec_enter();
    if (!s)
        return;
    rec_emit(s, &(struct tr_event){.kind = TR_BENIGN,
                                   .stack = rec_stack(s, cfa),
                                   .object = (uint64_t)address,
                                   .a0 = size,
                                   .bytes = (const uint8_t *)reason,
                                   .bytes_length = length_of(reason)});
    rec_leave(s);
}

void rec_user_ignore(bool writes, int change)
{
    struct rec_stream *s = rec_enter();
    if (!s)
        return;
    struct rec_access *access = rec_access_of(s);
    if (access && (change > 0 || access->ignored[writes]))
        access->ignored[writes] += (uint32_t)change;
    rec_leave(s);
}

void rec_user_thread_name(const char *name)
{
    struct rec_stream *s = rec_enter();
    if (!s)
        return;
    rec_emit(s, &(struct tr_event){.kind = TR_THREAD_NAME,
                                   .a0 = s->thread,
                                   .bytes = (const uint8_t *)name,
                                   .bytes_length = length_of(name)});
    rec_leave(s);
}
