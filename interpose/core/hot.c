/* SPDX-License-Identifier: Apache-2.0 */
#include "interpose/core/hot.h"

#include "interpose/core/poison.h"

_Static_assert(sizeof(struct tr_slot) == REC_CACHE_LINE, "two events share a cache line");
_Static_assert(sizeof(struct rec_object) == REC_CACHE_LINE, "two objects share a cache line");

/* The slot of an event with those marks, if there is room to tell it in short form; or NULL. */
__attribute__((always_inline)) static inline struct tr_slot *find(struct rec_stream *s,
                                                                  uint8_t kind, uint32_t mode,
                                                                  const void *address, uint64_t cfa)
{
    if (rec_unlikely(s->at >= s->limit) || rec_unlikely(s->resting))
        return NULL; /* in a signal handler the event says so */
    struct tr_slot *slot = tr_slot_expected(&s->coder);
    if (rec_hot_fits(slot, kind, mode, address, cfa) && rec_stack_holds(slot->stack, cfa))
        return slot;
    slot = &s->coder.slots[s->hot[rec_hot_place(address, cfa)]];
    if (rec_hot_fits(slot, kind, mode, address, cfa) && rec_stack_holds(slot->stack, cfa))
        return slot;
    return NULL;
}

bool rec_hot_held_slow(struct rec_stream *s, uint8_t kind, uint32_t mode, const void *address,
                       uint64_t cfa)
{
    struct tr_slot *slot = find(s, kind, mode, address, cfa);
    if (!slot)
        return false;
    struct rec_object *object = slot->record;
    uint64_t from = kind == TR_ACQUIRE ? 0 : s->tag, to = kind == TR_ACQUIRE ? s->tag : 0;
    if (__atomic_load_n(&object->holding, __ATOMIC_RELAXED) != from)
        return false;
    uint64_t version = rec_version_held(object);
    s->at = tr_encode_slot(&s->coder, s->at, slot, version);
    rec_epoch_moves(s);
    __atomic_store_n(&object->holding, to, __ATOMIC_RELEASE);
    return true;
}

struct rec_object *rec_hot_shared(struct rec_stream *s, uint8_t kind, uint32_t mode,
                                  const void *address, uint64_t cfa)
{
    struct tr_slot *slot = find(s, kind, mode, address, cfa);
    if (!slot)
        return NULL;
    struct rec_object *object = slot->record;
    if (__atomic_load_n(&object->more, __ATOMIC_RELAXED) == REC_NOT_ALIVE)
        return NULL;
    s->at = tr_encode_slot(&s->coder, s->at, slot, rec_version(object));
    rec_epoch_moves(s);
    return object;
}

void rec_hot_keep(struct rec_stream *s, uint8_t kind, uint32_t mode, struct rec_object *object,
                  uint64_t cfa)
{
    struct tr_slot *slot = &s->coder.slots[s->coder.last];
    if (!s->found || slot->key != tr_slot_key(kind, mode, s->found->id) ||
        slot->object != object->address)
        return; /* no such stack, or the event was lost */
    slot->record = object;
    slot->stack = s->found;
    slot->frame = cfa;
    s->hot[rec_hot_place((const void *)object->address, cfa)] = s->coder.last;
}

void rec_hot_forget(struct rec_stream *s, const struct rec_cached_stack *stack)
{
    for (unsigned i = 0; i <= TR_SLOTS; i++)
        if (!stack || s->coder.slots[i].stack == stack)
            s->coder.slots[i].frame = 0;
}
