/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What code that was moved (rewrite/) looks at before each access, and all that others know of it.
 *
 * Of every 4 aligned bytes of memory, a granule, two words of 32 bits say who read them last and
 * who wrote them last, and when:
 *
 *     bits 0 to 3    which of the granule's bytes
 *     bits 4 to 31   the value: one epoch of one thread (rec_words_whose); 0: nobody
 *
 * A thread's own value, with all bytes, is in rec_words.now, twice, so that 8 bytes are looked at
 * at once. The check: a read is covered if the word of reads equals that, a write if the word of
 * writes does. A write sets both. So what is covered was told, or is kept in mind, in this epoch.
 *
 * A word that lasts (bit LASTS) covers in the later epochs of its block of values, too. It stands
 * where only one thread has ever been, which comes back in epoch after epoch (kept.h); since the
 * epoch that it names it may have come again unseen, up to the block's end. Behind the present
 * value its block has only those: what covers is at most DIFFER more than now, of which it says the
 * bits that must not differ.
 *
 * Where the words lie depends on the low ADDRESS_BITS of the memory's address alone, so that no
 * address leads out of them. Two places that many terabytes apart would share theirs; no layout of
 * Linux has such. GS points to where the words of reads begin and those of writes end: one
 * instruction, with one of the numbers LOW and HIGH, makes an address the distance from there.
 *
 * Where an access is not aligned to its granule, what is compared is parts of two words. It never
 * covers: bytes 1 to 3 of a word do not end in 1111, as byte 0 of what is looked for does.
 *
 * Images (rewrite/image.h) have all of this built in: REC_WORDS_VERSION tells one kind from
 * another.
 */
#ifndef REC_ACCESS_FILTER_WORDS_H
#define REC_ACCESS_FILTER_WORDS_H

#include "interpose/access/filter/readers.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    REC_WORDS_VERSION = 6,
    REC_WORDS_ADDRESS_BITS = 44,
    REC_WORDS_MASK_BITS = 4,
    REC_WORDS_EPOCH_BITS = 7, /* of a value: which of its block's epochs */
    REC_WORDS_LASTS = 1 << (REC_WORDS_MASK_BITS + REC_WORDS_EPOCH_BITS),
    REC_WORDS_ALL = (1 << REC_WORDS_MASK_BITS) - 1, /* bytes */
    REC_GRANULE = 4,
};

/* The arrays, one after the other, each as large as the memory that it describes. */
enum rec_words_array {
    REC_WORDS_WRITTEN,
    REC_WORDS_READ,
    REC_WORDS_KEPT, /* twice as large: what is kept of both, see owner.c */
    REC_WORDS_SPANS = REC_WORDS_KEPT + 2,
};

enum { REC_WORDS_MASKED = 5 };

#define REC_WORDS_SPAN (1ull << REC_WORDS_ADDRESS_BITS)
#define REC_WORDS_BASE REC_WORDS_SPAN
#define REC_WORDS_EDGE                                                                             \
    4096ull /* who looks at a neighbour of the first or last word comes there                      \
             */
#define REC_WORDS_SIZE (REC_WORDS_SPANS * REC_WORDS_SPAN + 2 * REC_WORDS_EDGE)
#define REC_WORDS_LOW  (REC_WORDS_SPAN - 1)
#define REC_WORDS_HIGH (~REC_WORDS_LOW)
/* What covers no word: the last of nobody's block, of which there are only the first. */
#define REC_WORDS_NONE 0x00000fff00000fffull

/* Bits of how much a word is more than rec_words.now, if it does not cover. */
#define REC_WORDS_DIFFER (~(uint32_t)((2 * REC_WORDS_LASTS - 1) & ~REC_WORDS_ALL))

/* The words of a location that is used atomically: they cover nothing. */
#define REC_WORDS_ATOMIC (1u << REC_WORDS_MASK_BITS | REC_WORDS_ALL)

/* The word of reads of a location that several threads read in turn: readers.h knows them. It
 * covers nothing. What is kept beside it is a bit for each of the first 64 threads that have told
 * a read. */
#define REC_WORDS_READERS (2u << REC_WORDS_MASK_BITS | REC_WORDS_ALL)

static inline bool rec_word_is_atomic(uint32_t word)
{
    return (word | REC_WORDS_ALL) == REC_WORDS_ATOMIC;
}

/* What words say where nobody has accessed anything: it covers all while there is nothing to tell,
 * since there is one thread alone, or nothing is recorded. */
#define REC_WORDS_UNTOUCHED 0

/* A pair of accesses that was told: what the words and what was kept beside them said of others'
 * reads and writes, and what the thread did there. */
struct rec_words_pair {
    uint32_t word[2], kept[2];
    uint32_t value, own; /* value 0: none */
    bool write;
};

/* The calling thread's. */
struct rec_words {
    uint64_t now;  /* what covers: its value and all bytes, twice; or: */
    uint64_t idle; /* what covers in an epoch without a value: REC_WORDS_NONE or _UNTOUCHED */
    /* Numbers; here, where checks reach them by one instruction: LOW and HIGH, and, twice, DIFFER
     * and READERS. */
    uint64_t low, high, differ, of_readers;
    /* Of accesses of at most REC_WORDS_MASKED bytes, which lie in two granules side by side: by
     * size and by where in the first one the access begins, the bits of their words that must not
     * differ from those of what covers. */
    uint64_t masks[REC_WORDS_MASKED + 1][REC_GRANULE];
    uint64_t base;              /* epoch of the block's first value */
    uint32_t block;             /* of values; 0: none */
    uint32_t tag;               /* whose: of the stream */
    uint32_t stacks;            /* numbers of stacks below those that are kept */
    uint64_t born;              /* the epoch in which the thread last got memory, plus 1 */
    struct rec_stripe *held[2]; /* owner.c; or NULL */
    bool passed; /* others have told what this thread did not see while it held one */
    struct rec_readers *readers; /* NULL: none yet */
    uint64_t needs_readers;      /* of what: an address; 0: of nothing */
    struct rec_words_pair told;  /* the last one with another's write */
    uint8_t lost[64]; /* small writes told because the words forget them: by stack, how many */
};
extern __thread struct rec_words rec_words __attribute__((tls_model("initial-exec")));

/* Values come in blocks, whose number is above the epoch and LASTS. */
enum {
    REC_WORDS_BLOCK_SHIFT = REC_WORDS_MASK_BITS + REC_WORDS_EPOCH_BITS + 2, /* with a 0 between */
    REC_WORDS_BLOCKS = 1 << (32 - REC_WORDS_BLOCK_SHIFT),
    REC_WORDS_VALUES = 0x70, /* of a block: successive epochs of one thread */
};

struct rec_words_block {
    uint64_t base;         /* epoch of its first value */
    uint64_t left;         /* epoch in which its thread gave out the last one; or: */
    const uint64_t *epoch; /* of the thread, which may give out more of it; NULL: it has left */
    uint32_t tag;          /* of the thread; 0: nobody's */
    uint32_t stacks;       /* its numbers of stacks count from there, in what is kept */
};
extern struct rec_words_block *rec_words_blocks; /* NULL: there are no words */

static inline const struct rec_words_block *rec_words_block_of(uint32_t word)
{
    return &rec_words_blocks[word >> REC_WORDS_BLOCK_SHIFT];
}

/* Whose, by tag (REC_STREAM); 0: nobody's, or nobody knows any more. And in which epoch. */
static inline uint32_t rec_words_whose(uint32_t word)
{
    return rec_words_block_of(word)->tag;
}

static inline uint64_t rec_words_epoch(uint32_t word)
{
    return rec_words_block_of(word)->base +
           (word >> REC_WORDS_MASK_BITS & ((1u << REC_WORDS_EPOCH_BITS) - 1));
}

/* The granule that ADDRESS lies in: where that begins. */
static inline uint64_t rec_granule_of(uint64_t address)
{
    return address & ~(uint64_t)(REC_GRANULE - 1);
}

/* What is kept of a granule's last read and write. */
static inline uint32_t *rec_kept_at(bool write, uint64_t address)
{
    uint64_t granule = rec_granule_of(address & REC_WORDS_LOW);
    return (uint32_t *)(REC_WORDS_BASE + REC_WORDS_KEPT * REC_WORDS_SPAN + 2 * granule) + write;
}

static inline uint32_t *rec_word_at(enum rec_words_array array, uint64_t address)
{
    return (uint32_t *)(REC_WORDS_BASE + array * REC_WORDS_SPAN +
                        rec_granule_of(address & REC_WORDS_LOW));
}

/* The word of who last wrote, or read, there. */
static inline uint32_t *rec_word_of(bool write, uint64_t address)
{
    return rec_word_at(write ? REC_WORDS_WRITTEN : REC_WORDS_READ, address);
}

/* Those of a granule's bytes that lie between FROM and TO, as they stand in a word. */
static inline uint32_t rec_words_bytes(uint64_t granule, uint64_t from, uint64_t to)
{
    unsigned low = from > granule ? (unsigned)(from - granule) : 0;
    unsigned high = to < granule + REC_GRANULE ? (unsigned)(to - granule) : REC_GRANULE;
    return (1u << high) - (1u << low);
}

enum { REC_WORDS_SMALL = 56 };

/* Of an access of at most REC_WORDS_SMALL bytes, by four bits for each granule from the first one
 * on. */
static inline uint64_t rec_words_small(uint64_t address, uint64_t size)
{
    return ((1ull << size) - 1) << (address % REC_GRANULE);
}

/* Does it cover, as the check looks at it? */
static inline bool rec_word_is_now(uint32_t word)
{
    return !((word - (uint32_t)rec_words.now) & REC_WORDS_DIFFER);
}

/* Does WORD say that the thread whose VALUE it is has accessed BYTES? */
static inline bool rec_word_covers(uint32_t word, uint32_t value, uint32_t bytes)
{
    return ((word & ~(uint32_t)(REC_WORDS_ALL | REC_WORDS_LASTS)) == value &&
            (word & bytes) == bytes) ||
           rec_word_is_now(word);
}

/* The same of a read of GRANULE. */
static inline bool rec_read_covered(uint64_t granule, uint32_t value, uint32_t bytes)
{
    uint32_t word = *rec_word_of(false, granule);
    if (word != REC_WORDS_READERS || !rec_words.readers)
        return rec_word_covers(word, value, bytes);
    struct rec_reader reader = rec_reader_at(rec_words.readers, granule);
    return reader.word && rec_word_covers(*reader.word, value, bytes);
}

static inline bool rec_granule_covered(uint64_t granule, uint32_t value, uint32_t bytes, bool write)
{
    return write ? rec_word_covers(*rec_word_of(true, granule), value, bytes)
                 : rec_read_covered(granule, value, bytes);
}

/* Is all of an access covered? */
static inline bool rec_words_cover(uint64_t address, uint64_t size, bool write)
{
    uint64_t end = address + size, at = rec_granule_of(address);
    uint32_t value = (uint32_t)rec_words.now & ~(uint32_t)REC_WORDS_ALL;
    bool covered = true;
    if (rec_words.now == REC_WORDS_UNTOUCHED)
        return true;
    if (rec_words.now == REC_WORDS_NONE || end < address)
        return false;
    if (size <= REC_WORDS_SMALL) {
        uint64_t bits = rec_words_small(address, size);
        for (; bits && covered; at += REC_GRANULE, bits >>= REC_WORDS_MASK_BITS)
            covered = rec_granule_covered(at, value, bits & REC_WORDS_ALL, write);
        return covered;
    }
    for (; at < end && covered; at += REC_GRANULE)
        covered = rec_granule_covered(at, value, rec_words_bytes(at, address, end), write);
    return covered;
}

/* The word, with all bytes, of so many epochs behind the block's first one. */
static inline uint32_t rec_words_of(uint64_t epochs)
{
    return rec_words.block << REC_WORDS_BLOCK_SHIFT | (uint32_t)epochs << REC_WORDS_MASK_BITS |
           REC_WORDS_ALL;
}

/* Nothing is covered any more. */
static inline void rec_words_reset(void)
{
    rec_words.now = rec_words.idle;
}

/* A new epoch of the thread whose TAG it is: only what lasts is covered any more, and that up to
 * the end of the block. */
static inline void rec_words_next(uint32_t tag, uint64_t epoch)
{
    uint64_t epochs = epoch - rec_words.base;
    rec_words.now = tag == rec_words.tag && epochs < REC_WORDS_VALUES
                        ? rec_words_of(epochs) * 0x100000001u
                        : rec_words.idle;
}

#endif
