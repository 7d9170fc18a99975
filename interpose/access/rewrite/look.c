/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second look at an access, before all is saved to tell it: compiled without any vector
 * register, for those are the program's still.
 */
#include "interpose/access/access.h"
#include "interpose/access/filter/owner.h"
#include "interpose/access/rewrite/told.h"

#include "interpose/core/poison.h"

static bool tell_soon(const struct rec_told *told, uint64_t cfa)
{
    struct rec_stream *s = rec_self;
    bool write = told->site->flags & RW_SITE_WRITES;
    if (!rec_live.on || s->guard)
        return false;
    if (s->access && s->access->ignored[write])
        return true;
    rec_guard(s);
    bool done = rec_owner_access_soon(s, told->address, told->size, write,
                                      rec_told_mode(told->site, told->address), cfa);
    rec_leave(s);
    return done;
}

/* To tell all takes room below, for the vector registers and a walk, and a signal stack may be
 * small. An access that is not told orders nothing: it is counted, and that is all. */
static bool has_room(uint64_t sp)
{
    enum { ROOM = 12 << 10 };
    const struct rec_stream *s = rec_self;
    if (!s->handler_depth || sp - s->handlers[s->handler_depth - 1].low >= ROOM)
        return true;
    if (rec_header)
        __atomic_fetch_add(&rec_header->lost[TR_LOSS_NO_MEMORY], 1, __ATOMIC_RELAXED);
    return false;
}

/* Is it covered, if one looks more closely than the check does, or can it be told at once? */
bool rec_rewrite_look(struct rec_told_frame *frame) __attribute__((visibility("hidden"), used));
bool rec_rewrite_look(struct rec_told_frame *frame)
{
    struct rec_told told = rec_told(frame);
    rec_rewrite_slots[RW_SLOT_TARGET] = (uint64_t)told.image + told.site->back;
    if (told.site->flags & (RW_SITE_LOCKED | RW_SITE_DONE))
        return rec_words.now == REC_WORDS_UNTOUCHED;
    if (rec_words_cover(told.address, told.size, told.site->flags & RW_SITE_WRITES))
        return true;
    if (told.site->flags & RW_SITE_PLAIN && rec_owner_is_atomic(told.address))
        return !has_room((uint64_t)frame);
    frame->pc = *(const uint64_t *)(told.image + RW_HEAD_TEXT) + told.site->old + 1;
    return tell_soon(&told, (uint64_t)(&frame->pc + 1)) || !has_room((uint64_t)frame);
}
