/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From when on something is missing: the recorder says when it lost its first event, and damage
 * lies behind what is there. An event carries only the time stamp before it, so it is surely
 * earlier than a loss only if another stamp of its thread, that is earlier too, comes behind it.
 */
#include "trace/index.h"

void tr_index_lost_at(struct tr_index *index, uint64_t time)
{
    if (time < index->lost_from)
        index->lost_from = time;
}

static bool lost_any(const struct tr_header *header)
{
    for (unsigned why = 0; why < TR_LOSSES; why++)
        if (why != TR_LOSS_NO_STACK && header->lost[why])
            return true;
    return header->state == TR_STATE_OFF;
}

/* The latest stamp in PLACE that is earlier than TIME. */
static uint64_t latest_before(const struct tr_place *place, const struct tr_source *source,
                              struct tr_cursor *cursor, uint64_t time)
{
    if (place->last < time)
        return place->last;
    tr_cursor_open(cursor, source, place->events, place->end, place->time);
    uint64_t latest = place->time;
    struct tr_event ev;
    while (tr_cursor_next(cursor, &ev) && cursor->coder.time < time)
        latest = cursor->coder.time;
    return latest;
}

void tr_losses_find(struct tr_index *index, const struct tr_source *source)
{
    struct tr_cursor cursor = {0};
    if (index->header.loss_time || lost_any(&index->header))
        tr_index_lost_at(index, index->header.loss_time); /* 0: it was never told when */
    for (size_t i = 0, next; i < index->chunks.count; i = next) {
        struct tr_place *first = &index->chunks.at[i];
        uint64_t sure = index->lost_from == UINT64_MAX ? UINT64_MAX : 0;
        for (next = i; next < index->chunks.count; next++) {
            const struct tr_place *place = &index->chunks.at[next];
            if (place->thread != first->thread)
                break;
            if (place->time < index->lost_from && sure != UINT64_MAX) {
                uint64_t latest = latest_before(place, source, &cursor, index->lost_from);
                sure = latest > sure ? latest : sure;
            }
        }
        for (size_t k = i; k < next; k++)
            index->chunks.at[k].sure_before = sure;
    }
    tr_cursor_release(&cursor);
}
