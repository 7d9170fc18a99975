/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Open addressing, at most half full. A name of up to 16 bytes stands in its slot and is compared
 * there, in two words; of a longer one the slot has the hash and a pointer to its only copy.
 */
#define _GNU_SOURCE
#include "trace/dictionary.h"

enum { FIRST_SLOTS = 256, NAMES_ROOM = 60 * 1024 };

void tr_spell_long(struct tr_spelling *spelling)
{
    uint64_t hash = spelling->length;
    const char *at = spelling->at, *last = at + spelling->length - 8;
    uint64_t word;
    for (; at < last; at += 8) {
        memcpy(&word, at, 8);
        hash = tr_fold(hash ^ 0x9e3779b97f4a7c15u, word ^ 0xbf58476d1ce4e5b9u);
    }
    memcpy(&word, last, 8);
    hash = tr_fold(hash ^ 0x94d049bb133111ebu, word ^ 0xbf58476d1ce4e5b9u);
    spelling->a = spelling->hash = hash;
}

static uint64_t slot_hash(const struct tr_dictionary_slot *slot)
{
    return slot->length > TR_SPELLING_SHORT ? slot->a
                                            : tr_spelling_hash(slot->a, slot->b, slot->length);
}

static void grow(struct tr_dictionary *dictionary)
{
    struct tr_dictionary_slot *old = dictionary->slots;
    size_t count = old ? dictionary->mask + 1 : 0, mask = count ? 2 * count - 1 : FIRST_SLOTS - 1;
    struct tr_dictionary_slot *slots = sn_grow_zeroed(NULL, 0, (mask + 1) * sizeof *slots);
    for (size_t i = 0; i < count; i++) {
        if (!old[i].number)
            continue;
        size_t at = slot_hash(&old[i]) & mask;
        while (slots[at].number)
            at = (at + 1) & mask;
        slots[at] = old[i];
    }
    free(old);
    dictionary->slots = slots;
    dictionary->mask = mask;
}

/* A copy of the name, densely packed: an arena would align each. */
static const char *keep(struct tr_dictionary *dictionary, const struct tr_spelling *spelling)
{
    size_t size = (size_t)spelling->length + 1;
    if (size > (size_t)(dictionary->room_end - dictionary->room)) {
        size_t room = size > NAMES_ROOM / 4 ? size : NAMES_ROOM;
        char *fresh = sn_alloc(&dictionary->arena, room);
        if (room == size)
            return memcpy(fresh, spelling->at, spelling->length);
        dictionary->room = fresh;
        dictionary->room_end = fresh + room;
    }
    char *copy = memcpy(dictionary->room, spelling->at, spelling->length);
    copy[spelling->length] = 0;
    dictionary->room += size;
    return copy;
}

static bool same(const struct tr_dictionary_slot *slot, const struct tr_spelling *spelling)
{
    if (slot->a != spelling->a || slot->length != spelling->length)
        return false;
    if (spelling->length <= TR_SPELLING_SHORT)
        return slot->b == spelling->b;
    return memcmp((const char *)(uintptr_t)slot->b, spelling->at, spelling->length) == 0;
}

/* Where the name stands, or the free slot where it would. */
static struct tr_dictionary_slot *slot_of(const struct tr_dictionary *dictionary,
                                          const struct tr_spelling *spelling)
{
    size_t at = spelling->hash & dictionary->mask;
    struct tr_dictionary_slot *slot;
    while ((slot = &dictionary->slots[at])->number && !same(slot, spelling))
        at = (at + 1) & dictionary->mask;
    return slot;
}

uint32_t tr_dictionary_find(const struct tr_dictionary *dictionary, struct tr_spelling spelling)
{
    uint32_t number = dictionary->slots ? slot_of(dictionary, &spelling)->number : 0;
    return number ? number - 1 : TR_NO_NUMBER;
}

uint32_t tr_dictionary_search(struct tr_dictionary *dictionary, struct tr_spelling spelling)
{
    if (!dictionary->slots || dictionary->names.count > dictionary->mask / 2)
        grow(dictionary);
    struct tr_dictionary_slot *slot = slot_of(dictionary, &spelling);
    if (slot->number)
        return slot->number - 1;
    if (dictionary->names.count == TR_NO_NUMBER)
        return TR_NO_NUMBER;
    const char *name = keep(dictionary, &spelling);
    *vec_push(&dictionary->names) = name;
    bool is_short = spelling.length <= TR_SPELLING_SHORT;
    *slot = (struct tr_dictionary_slot){spelling.a, is_short ? spelling.b : (uintptr_t)name,
                                        spelling.length, (uint32_t)dictionary->names.count};
    return slot->number - 1;
}

void tr_dictionary_release(struct tr_dictionary *dictionary)
{
    free(dictionary->slots);
    vec_release(&dictionary->names);
    sn_arena_release(&dictionary->arena);
    *dictionary = (struct tr_dictionary){0};
}
