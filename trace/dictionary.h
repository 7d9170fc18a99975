/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names become dense numbers, 0, 1, 2 ... in the order in which they first occur. Two names have
 * one number only if they are equal byte for byte. No name is empty.
 *
 *     struct tr_dictionary dictionary = {0};
 *     struct tr_spelling x = tr_spell("x\0...", 1);       // 16 bytes must be readable
 *     uint32_t number = tr_dictionary_number(&dictionary, x);
 *     tr_dictionary_name(&dictionary, number);            // "x"
 *     tr_dictionary_release(&dictionary);
 *
 * What is looked up once for each line of a text is inline. Spelling and number are two steps, so
 * that a caller with many names can ask for memory ahead (tr_dictionary_expect).
 */
#ifndef SN_TRACE_DICTIONARY_H
#define SN_TRACE_DICTIONARY_H

#include "base/arena.h"
#include "base/vec.h"

#include <stdbool.h>
#include <stdint.h>

enum { TR_SPELLING_SHORT = 16 };

struct tr_spelling {
    const char *at;
    uint32_t length;
    uint64_t a, b; /* the name itself, if it is short; else B is a pointer to its copy */
    uint64_t hash;
};

struct tr_dictionary_slot { /* free if NUMBER is 0 */
    uint64_t a, b;          /* as in the spelling; A of a longer name is its hash */
    uint32_t length, number;
};

struct tr_dictionary { /* all zero: empty */
    struct tr_dictionary_slot *slots;
    size_t mask; /* slots - 1 */
    VEC(const char *) names;
    struct sn_arena arena;
    char *room, *room_end; /* for the next names */
};

#define TR_NO_NUMBER UINT32_MAX

/* What is needed of a name longer than TR_SPELLING_SHORT. */
void tr_spell_long(struct tr_spelling *spelling);
/* The rest of tr_dictionary_number: a name that is long, new, or not in its first slot. */
uint32_t tr_dictionary_search(struct tr_dictionary *dictionary, struct tr_spelling spelling);

/* A product of two words has all bits of both in its middle; folded, they come down to its ends. */
static inline uint64_t tr_fold(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)(product >> 64) ^ (uint64_t)product;
}

static inline uint64_t tr_spelling_hash(uint64_t a, uint64_t b, uint32_t length)
{
    return tr_fold(a ^ 0x9e3779b97f4a7c15u, b ^ 0xbf58476d1ce4e5b9u ^ length);
}

/* The name of LENGTH bytes AT, behind which there is room enough to read TR_SPELLING_SHORT bytes
 * in any case. */
static inline struct tr_spelling tr_spell(const char *at, uint32_t length)
{
    static const uint64_t ones[2 * TR_SPELLING_SHORT / 8] = {UINT64_MAX, UINT64_MAX};
    struct tr_spelling spelling = {.at = at, .length = length};
    if (__builtin_expect(length > TR_SPELLING_SHORT, 0)) {
        tr_spell_long(&spelling);
        return spelling;
    }
    uint64_t a, b, of_a, of_b;
    const char *mask = (const char *)ones + TR_SPELLING_SHORT - length;
    memcpy(&a, at, 8);
    memcpy(&b, at + 8, 8);
    memcpy(&of_a, mask, 8);
    memcpy(&of_b, mask + 8, 8);
    spelling.a = a & of_a;
    spelling.b = b & of_b;
    spelling.hash = tr_spelling_hash(spelling.a, spelling.b, length);
    return spelling;
}

static inline void tr_dictionary_expect(const struct tr_dictionary *dictionary,
                                        const struct tr_spelling *spelling)
{
    if (dictionary->slots)
        __builtin_prefetch(&dictionary->slots[spelling->hash & dictionary->mask]);
}

/* The number of that name; TR_NO_NUMBER if there are no more. */
static inline uint32_t tr_dictionary_number(struct tr_dictionary *dictionary,
                                            struct tr_spelling spelling)
{
    if (__builtin_expect(dictionary->slots != NULL, 1)) {
        const struct tr_dictionary_slot *slot =
            &dictionary->slots[spelling.hash & dictionary->mask];
        uint64_t differ =
            (slot->a ^ spelling.a) | (slot->b ^ spelling.b) | (slot->length ^ spelling.length);
        if (__builtin_expect(differ == 0, 1))
            return slot->number - 1;
    }
    return tr_dictionary_search(dictionary, spelling);
}

/* The same, but TR_NO_NUMBER for a name that did not occur yet. */
uint32_t tr_dictionary_find(const struct tr_dictionary *dictionary, struct tr_spelling spelling);

static inline uint32_t tr_dictionary_count(const struct tr_dictionary *dictionary)
{
    return (uint32_t)dictionary->names.count;
}

/* Terminated; valid until release. */
static inline const char *tr_dictionary_name(const struct tr_dictionary *dictionary,
                                             uint32_t number)
{
    return dictionary->names.at[number];
}

void tr_dictionary_release(struct tr_dictionary *dictionary);

#endif
