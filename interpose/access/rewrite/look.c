/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second look at an access, before all is saved to tell it: compiled without any vector
 * register, for those are the program's still.
 */
#include "interpose/access/access.h"
#include "interpose/access/filter/kept.h"
#include "interpose/access/filter/owner.h"
#include "interpose/access/filter/soon.h"
#include "interpose/access/rewrite/told.h"
#include "interpose/core/shared.h"

#include "interpose/core/poison.h"

static void fetch(const void *at)
{
    __asm__ volatile("prefetcht0 (%0)" : : "r"(at));
}

/* What there is to look at. */
static void fetch_all(uint64_t address)
{
    const uint32_t *word = rec_word_of(false, address);
    if (*word == REC_WORDS_READERS && rec_words.readers)
        fetch(rec_readers_at(rec_words.readers, rec_granule_of(address)));
    else
        fetch(rec_kept_at(false, address));
}

/* Most often a thread comes back to what is its own in a new epoch: that comes first. */
static bool look(struct rec_stream *s, const struct rec_told *told, uint64_t cfa)
{
    bool write = told->site->flags & RW_SITE_WRITES;
    uint64_t address = told->address, size = told->size;
    if (rec_words.now == REC_WORDS_UNTOUCHED || (s->access && s->access->ignored[write]))
        return true;
    if (rec_words.now == REC_WORDS_NONE)
        (void)rec_words_value(s);
    bool known = rec_stack_cached(s, cfa) != REC_STACK_WAYS && !rec_stack_is_old(s, s->found->id);
    uint32_t mode = rec_told_mode(told->site, address);
    uint32_t kept = known ? rec_kept_now(s, mode, s->found->id) : 0;
    bool may_keep = kept & KEPT_STACK && !rec_is_shared(address);
    if (may_keep && rec_keep_whole(address, size, write, kept))
        return true;
    if (rec_words_cover(address, size, write))
        return true;
    if (!known || (told->site->flags & RW_SITE_PLAIN && rec_owner_is_atomic(address)))
        return false;
    return (may_keep && size <= REC_WORDS_SMALL && rec_keep_soon(address, size, write, kept)) ||
           rec_owner_access_soon(s, address, size, write, mode);
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
    fetch_all(told.address); /* while the stack is looked for */
    frame->pc = *(const uint64_t *)(told.image + RW_HEAD_TEXT) + told.site->old + 1;
    struct rec_stream *s = rec_self;
    bool done;
    if (rec_live.on && !s->guard) {
        rec_guard(s);
        done = look(s, &told, (uint64_t)(&frame->pc + 1));
        rec_leave(s);
    } else {
        done = rec_words_cover(told.address, told.size, told.site->flags & RW_SITE_WRITES);
    }
    return done || !has_room((uint64_t)frame);
}
