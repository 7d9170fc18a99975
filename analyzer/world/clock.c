/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/world/clock.h"

#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

static void widen(struct an_clock *clock, uint32_t count)
{
    if (count <= clock->count)
        return;
    if (count > clock->room) {
        clock->room = count < 8 ? 8 : count + count / 2;
        clock->at = sn_realloc(clock->at, clock->room * sizeof *clock->at);
    }
    memset(clock->at + clock->count, 0, (count - clock->count) * sizeof *clock->at);
    clock->count = count;
}

void an_clock_set(struct an_clock *clock, uint32_t slot, uint64_t value)
{
    widen(clock, slot + 1);
    clock->at[slot] = value;
}

bool an_clock_join(struct an_clock *into, const struct an_clock *from)
{
    bool changed = false;
    widen(into, from->count);
    for (uint32_t i = 0; i < from->count; i++) {
        bool later = from->at[i] > into->at[i];
        into->at[i] = later ? from->at[i] : into->at[i];
        changed |= later;
    }
    return changed;
}

void an_clock_copy(struct an_clock *into, const struct an_clock *from)
{
    into->count = 0;
    widen(into, from->count);
    if (from->count)
        memcpy(into->at, from->at, from->count * sizeof *from->at);
}

void an_clock_clear(struct an_clock *clock)
{
    clock->count = 0;
}

void an_clock_release(struct an_clock *clock)
{
    free(clock->at);
    *clock = (struct an_clock){0};
}

bool an_past_join(struct an_past *into, const struct an_past *from)
{
    bool changed = an_clock_join(&into->hb, &from->hb);
    if (from->read.count && an_clock_join(&into->read, &from->read)) {
        into->cause = from->cause;
        changed = true;
    }
    return changed;
}

void an_past_copy(struct an_past *into, const struct an_past *from)
{
    an_clock_copy(&into->hb, &from->hb);
    an_clock_copy(&into->read, &from->read);
    into->cause = from->cause;
}

void an_past_clear(struct an_past *past)
{
    an_clock_clear(&past->hb);
    an_clock_clear(&past->read);
    past->cause = 0;
}

void an_past_release(struct an_past *past)
{
    an_clock_release(&past->hb);
    an_clock_release(&past->read);
}

struct an_snapshot *an_snapshot_new(const struct an_past *past)
{
    struct an_snapshot *snapshot = sn_calloc(1, sizeof *snapshot);
    snapshot->references = 1;
    an_past_copy(&snapshot->past, past);
    return snapshot;
}

struct an_snapshot *an_snapshot_keep(struct an_snapshot *snapshot)
{
    snapshot->references++;
    return snapshot;
}

void an_snapshot_drop(struct an_snapshot *snapshot)
{
    if (!snapshot || --snapshot->references)
        return;
    an_past_release(&snapshot->past);
    free(snapshot);
}
