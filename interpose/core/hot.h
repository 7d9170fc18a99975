/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hot path of locks: an event that looks like one lately.
 *
 * A slot of the coder has kind, mode, object and the stack's number of an event. The recorder keeps
 * beside them (rec_hot_keep) where the object's record is, where the stack lies in the cache, and
 * the canonical frame address from which it was seen. So one probe finds what the general way looks
 * up in three tables: the slot that is expected next (loops do the same again and again), or the
 * one that REC_STREAM.hot names for this place and address. Whether it is the right one is told by
 * comparing all of it, return addresses included; nothing is taken on trust.
 *
 * Each function does all of it (version, event, epoch, holder), or nothing and gives false: then
 * the general way must be gone.
 */
#ifndef REC_CORE_HOT_H
#define REC_CORE_HOT_H

#include "interpose/core/rec.h"

static inline unsigned rec_hot_place(const void *address, uint64_t cfa)
{
    uint64_t pc = *(const uint64_t *)(cfa - 8);
    return (uint8_t)((((uint64_t)address << 32 ^ cfa << 16 ^ pc) * 0x9e3779b97f4a7c15u) >> 56);
}

/* Does SLOT hold such an event of ADDRESS, seen from CFA? If so, from the same stack is for
 * rec_stack_holds to say. */
__attribute__((always_inline)) static inline bool rec_hot_fits(const struct tr_slot *slot,
                                                               uint8_t kind, uint32_t mode,
                                                               const void *address, uint64_t cfa)
{
    return rec_likely(slot->object == (uint64_t)address) && rec_likely(slot->frame == cfa) &&
           rec_likely((uint32_t)slot->key == (uint32_t)tr_slot_key(kind, mode, 0));
}

/*
 * An ACQUIRE or RELEASE of the object's one holder, once: the expected event, from the stack it had
 * last time, which takes no byte. The order of the checks leaves few values to keep: a hook that
 * does nothing else saves no register.
 */
__attribute__((always_inline)) static inline bool rec_hot_held(struct rec_stream *s, uint8_t kind,
                                                               uint32_t mode, const void *address,
                                                               uint64_t cfa)
{
    size_t place = s->coder.slots[s->coder.last].next;
    struct tr_slot *slot = &s->coder.slots[place];
    if (rec_unlikely(!rec_hot_fits(slot, kind, mode, address, cfa)) ||
        rec_unlikely(!rec_stack_holds(slot->stack, cfa)))
        return false;
    uint8_t *again = s->coder.again;
    if (rec_unlikely(!again || *again == TR_AGAIN_MAX))
        return false;
    struct rec_object *object = slot->record;
    uint64_t from = kind == TR_ACQUIRE ? 0 : s->tag, to = kind == TR_ACQUIRE ? s->tag : 0;
    uint64_t version = __atomic_load_n(&object->version, __ATOMIC_RELAXED) + 1;
    if (rec_unlikely(__atomic_load_n(&object->holding, __ATOMIC_RELAXED) != from) ||
        rec_unlikely(version != slot->version + (uint64_t)slot->stride))
        return false;
    s->coder.last = (uint8_t)place;
    slot->version = version;
    __atomic_store_n(again, (uint8_t)(*again + 1), __ATOMIC_RELEASE);
    rec_epoch_moves(s);
    __atomic_store_n(&object->version, version, __ATOMIC_RELAXED);
    __atomic_store_n(&object->holding, to, __ATOMIC_RELEASE);
    return true;
}

/* The same for what is not the expected event, or needs bytes. */
bool rec_hot_held_slow(struct rec_stream *s, uint8_t kind, uint32_t mode, const void *address,
                       uint64_t cfa);

/* An event of an object that several threads may use at once. The object; NULL where nothing was
 * done. */
struct rec_object *rec_hot_shared(struct rec_stream *s, uint8_t kind, uint32_t mode,
                                  const void *address, uint64_t cfa);

/* Behind such an event that was told the general way, with rec_stack(s, CFA). */
void rec_hot_keep(struct rec_stream *s, uint8_t kind, uint32_t mode, struct rec_object *object,
                  uint64_t cfa);

/* STACK is about to be another; NULL: all of them. */
void rec_hot_forget(struct rec_stream *s, const struct rec_cached_stack *stack);

#endif
