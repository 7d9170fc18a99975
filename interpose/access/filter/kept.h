/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Beside the words of a granule stands what is kept of the accesses that they tell of: the number
 * of its thread's stack and flags of its mode, or that it is in the trace already. The word
 * has all bytes that the thread has accessed in its epoch, the stack is the latest one, and of some
 * of them. And which of the granule's bytes are the thread's own: what it does with those need not
 * be told, since an access of before has told all that others could race with.
 */
#ifndef REC_ACCESS_FILTER_KEPT_H
#define REC_ACCESS_FILTER_KEPT_H

#include "interpose/access/filter/words.h"
#include "interpose/core/rec.h"

enum {
    KEPT_MAY_BE_ATOMIC = 1 << 31,
    KEPT_COMPOUND = 1 << 30,
    KEPT_TOLD = KEPT_MAY_BE_ATOMIC | KEPT_COMPOUND, /* else none is both */
    KEPT_LATE = 1 << 29,   /* the memory may have begun in the same epoch */
    KEPT_SHARED = 1 << 28, /* of reads: other threads have been there, too */
    KEPT_PASSED = 1 << 27, /* other threads have read it since it was written */
    KEPT_OWN_SHIFT = 23,   /* bytes that are the thread's own */
    KEPT_OWN = REC_WORDS_ALL << KEPT_OWN_SHIFT,
    KEPT_BYTES_SHIFT = 19, /* that the stack has accessed */
    KEPT_BYTES = REC_WORDS_ALL << KEPT_BYTES_SHIFT,
    KEPT_READ =
        REC_STACKS_KEPT + 1, /* of writes: the thread may have read it in the same epoch before */
    KEPT_STACK = KEPT_READ - 1, /* its number, of those of the thread's present block (words.h) */
    KEPT_ACCESS = KEPT_TOLD | KEPT_LATE | KEPT_READ | KEPT_STACK, /* what is told of an access */
};

/* Of an access that the thread makes now. Without its STACK, where that has too high a number to be
 * kept. */
static inline uint32_t rec_kept_now(const struct rec_stream *s, uint32_t mode, uint32_t stack)
{
    return (mode & TR_ACC_MAY_BE_ATOMIC ? (uint32_t)KEPT_MAY_BE_ATOMIC : 0u) |
           (mode & TR_ACC_COMPOUND ? (uint32_t)KEPT_COMPOUND : 0u) |
           (rec_words.born == s->epoch + 1 ? (uint32_t)KEPT_LATE : 0u) |
           (stack - rec_words.stacks <= KEPT_STACK ? stack - rec_words.stacks : 0u);
}

/* The number of the stack that is kept beside WORD; 0: none. */
static inline uint32_t rec_kept_stack(uint32_t word, uint32_t kept)
{
    return kept & KEPT_STACK ? (kept & KEPT_STACK) + rec_words_block_of(word)->stacks : 0;
}

static inline uint32_t rec_kept_mode(uint32_t kept)
{
    return (kept & KEPT_MAY_BE_ATOMIC ? TR_ACC_MAY_BE_ATOMIC : 0u) |
           (kept & (KEPT_COMPOUND | KEPT_READ) ? TR_ACC_COMPOUND : 0u) |
           (kept & KEPT_LATE ? TR_ACC_LATE : 0u);
}

static inline bool rec_kept_is_told(uint32_t kept)
{
    return !(kept & KEPT_STACK) || !(~kept & KEPT_TOLD);
}

static inline uint32_t rec_kept_own(uint32_t kept)
{
    return (kept & KEPT_OWN) >> KEPT_OWN_SHIFT;
}

static inline uint32_t rec_kept_bytes(uint32_t kept)
{
    return (kept & KEPT_BYTES) >> KEPT_BYTES_SHIFT;
}

/* Are there one or two bytes of which nothing would be known any more, if BYTES were accessed from
 * elsewhere now? */
static inline bool rec_kept_loses(uint32_t kept, uint32_t bytes, uint32_t now)
{
    uint32_t lost = rec_kept_bytes(kept) & ~bytes;
    return lost && !rec_kept_is_told(kept) && (kept ^ now) & KEPT_STACK &&
           __builtin_popcount(lost) <= 2;
}

static inline bool rec_word_is_own(uint32_t word)
{
    return rec_words_whose(word) == rec_words.tag;
}

/* KEPT_READ for a write now, of which the read is covered by the word READ and was not told;
 * WRITTEN and KEPT are those of the thread's writes. */
static inline uint32_t rec_kept_read(uint32_t read, uint32_t written, uint32_t kept)
{
    uint32_t now = (uint32_t)rec_words.now;
    if (!((written ^ now) & ~(uint32_t)(REC_WORDS_LASTS | REC_WORDS_ALL)))
        return kept & KEPT_READ; /* the read's word may be the write's */
    bool lasts = read & REC_WORDS_LASTS && !((read ^ now) >> REC_WORDS_BLOCK_SHIFT);
    return lasts || !((read ^ now) & ~(uint32_t)(REC_WORDS_LASTS | REC_WORDS_ALL)) ? KEPT_READ : 0;
}

enum { KEPT_EARLY = 8 }; /* epochs of a block: a thread that synchronises seldom is told exactly */

/*
 * Does the thread's next word last? WORD is that of before, its own or nobody's. Yes, where nobody
 * else has ever been, and the thread comes back in another epoch of the same block, or in a later
 * block. Of what others read, too, only the latter.
 */
static inline uint32_t rec_word_lasts_next(uint32_t word, uint32_t kept, bool readers)
{
    enum { EPOCH = (REC_WORDS_LASTS - 1) & ~REC_WORDS_ALL };
    uint32_t now = (uint32_t)rec_words.now, differ = word ^ now;
    if (!word || (kept & KEPT_SHARED && !readers))
        return 0;
    bool again = differ >> REC_WORDS_BLOCK_SHIFT ||
                 (!readers && differ & EPOCH && (now & EPOCH) >= KEPT_EARLY << REC_WORDS_MASK_BITS);
    return again ? REC_WORDS_LASTS : 0;
}

/* A granule's word, and what is kept beside it. */
static inline struct rec_reader rec_beside(bool write, uint64_t granule)
{
    return (struct rec_reader){rec_word_of(write, granule), rec_kept_at(write, granule)};
}

/* BYTES were accessed, too, and COVERED need not be told again: what is known from now on. */
static inline void rec_kept_join(struct rec_reader at, uint32_t value, uint32_t bytes,
                                 uint32_t covered, uint32_t kept, bool readers)
{
    uint32_t word = value | covered, old = *at.word;
    kept |= bytes << KEPT_BYTES_SHIFT;
    uint32_t lasts = rec_kept_is_told(kept) ? 0 : REC_WORDS_LASTS;
    word |= rec_word_lasts_next(old, kept, readers) & lasts;
    if (((old ^ value) & ~(uint32_t)REC_WORDS_LASTS) >> REC_WORDS_MASK_BITS == 0) {
        word |= old & (REC_WORDS_ALL | lasts);
        if (!((*at.kept ^ kept) & (KEPT_STACK | KEPT_TOLD)))
            kept |= *at.kept & KEPT_BYTES;
    }
    if (*at.kept != kept)
        *at.kept = kept;
    __atomic_store_n(at.word, word, __ATOMIC_RELEASE);
}

/*
 * What an access of BYTES, by the stack that is KEPT, covers. Text that is gone through byte by
 * byte would be told four times for each granule: where the one before or behind was gone through
 * by the same stack, the first byte stands for all. Of the others nothing is kept.
 */
static inline uint32_t rec_kept_covers(struct rec_reader at, uint32_t value, uint32_t bytes,
                                       uint32_t kept)
{
    if (bytes == REC_WORDS_ALL || !(kept & KEPT_STACK))
        return bytes;
    bool before =
        rec_word_covers(at.word[-1], value, REC_WORDS_ALL) && !((at.kept[-2] ^ kept) & KEPT_STACK);
    bool behind =
        rec_word_covers(at.word[1], value, REC_WORDS_ALL) && !((at.kept[2] ^ kept) & KEPT_STACK);
    return before || behind ? REC_WORDS_ALL : bytes;
}

#endif
