/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Vector clocks, flat. A clock says, for each slot, how much of that slot's thread is known to have
 * happened before. Slots are not thread numbers: a slot is reused once everything that its thread
 * did is known to whoever makes the next one (threads.h), so that ten thousand threads one after
 * another need few.
 *
 * An epoch is one moment of one slot: (slot, count). It happened before whoever has a clock in
 * which the slot stands at count or more.
 */
#ifndef SN_ANALYZER_WORLD_CLOCK_H
#define SN_ANALYZER_WORLD_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct an_clock { /* all zero: knows nothing */
    uint64_t *at;
    uint32_t count, room;
};

static inline uint64_t an_clock_get(const struct an_clock *clock, uint32_t slot)
{
    return slot < clock->count ? clock->at[slot] : 0;
}

void an_clock_set(struct an_clock *clock, uint32_t slot, uint64_t value);
/* INTO becomes the later of both in each slot. Says whether that changed anything. */
bool an_clock_join(struct an_clock *into, const struct an_clock *from);
void an_clock_copy(struct an_clock *into, const struct an_clock *from);
void an_clock_clear(struct an_clock *clock); /* keeps its memory */
void an_clock_release(struct an_clock *clock);

/*
 * What a thread or an object knows of the past: `hb` by happens-before, and `read` what is known
 * only through a read that raced with the write it read from. Schedulable happens-before is both
 * together. `cause` is the race to which `read` is owed, in the numbering of the race analysis.
 */
struct an_past {
    struct an_clock hb, read;
    uint32_t cause;
};

bool an_past_join(struct an_past *into, const struct an_past *from);
void an_past_copy(struct an_past *into, const struct an_past *from);
void an_past_clear(struct an_past *past);
void an_past_release(struct an_past *past);

/* A past that is kept with a write, shared by all writes between which the thread learned nothing
 * new. */
struct an_snapshot {
    uint32_t references;
    struct an_past past;
};

struct an_snapshot *an_snapshot_new(const struct an_past *past);
struct an_snapshot *an_snapshot_keep(struct an_snapshot *snapshot);
void an_snapshot_drop(struct an_snapshot *snapshot); /* NULL is allowed */

#endif
