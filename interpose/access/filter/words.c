/* SPDX-License-Identifier: Apache-2.0 */
#include "interpose/access/filter/owner.h"

#include "interpose/core/poison.h"

#include <asm/prctl.h>

/*
 * Three digits of a word keep below 0xf (words.h): the third one, LASTS and the upper part of the
 * epoch's number, and two of the block's number.
 */
enum { BLOCKS = REC_WORDS_BLOCKS };

#define TWICE(word)      ((uint64_t)(word)*0x100000001u)
#define BYTES(size, at)  (((1ull << (size)) - 1) << (at))
#define IN_FIRST(bytes)  ((bytes)&REC_WORDS_ALL)
#define IN_SECOND(bytes) ((bytes) >> REC_GRANULE)
#define VALUE            (UINT32_MAX & ~(uint64_t)(REC_WORDS_ALL | REC_WORDS_LASTS))
#define MASK(size, at)                                                                             \
    (VALUE | IN_FIRST(BYTES(size, at)) |                                                           \
     (IN_SECOND(BYTES(size, at)) ? (VALUE | IN_SECOND(BYTES(size, at))) << 32 : 0))
#define MASKS(size)                                                                                \
    {                                                                                              \
        MASK(size, 0), MASK(size, 1), MASK(size, 2), MASK(size, 3)                                 \
    }

__thread struct rec_words rec_words __attribute__((tls_model("initial-exec"))) = {
    .now = REC_WORDS_NONE,
    .idle = REC_WORDS_NONE,
    .low = REC_WORDS_LOW,
    .high = REC_WORDS_HIGH,
    .differ = TWICE(REC_WORDS_DIFFER),
    .of_readers = TWICE(REC_WORDS_READERS),
    .masks = {{0}, MASKS(1), MASKS(2), MASKS(3), MASKS(4), MASKS(5)},
};
static struct rec_words *alone; /* of the one thread that there is; NULL once there were two */
struct rec_words_block *rec_words_blocks;
static uint32_t taken; /* the number of the latest one; atomic */

bool rec_words_start(void)
{
    if (rec_words_blocks) { /* a fork child */
        rec_owner_reset();
        return true;
    }
    uint64_t size = REC_WORDS_SIZE;
    char *words = rec_sys_map_at(REC_WORDS_BASE - REC_WORDS_EDGE, size, -1, 0);
    if (!words)
        return false;
    rec_words_blocks = rec_sys_memory(BLOCKS * sizeof *rec_words_blocks);
    /* A child of fork finds them empty: it has a trace of its own. */
    if (!rec_words_blocks || rec_sys_advise(words, size, MADV_WIPEONFORK) ||
        rec_sys_advise(rec_words_blocks, BLOCKS * sizeof *rec_words_blocks, MADV_WIPEONFORK) ||
        rec_syscall3(SYS_arch_prctl, ARCH_SET_GS,
                     (long)(REC_WORDS_BASE + REC_WORDS_READ * REC_WORDS_SPAN), 0)) {
        rec_sys_unmap(words, size);
        if (rec_words_blocks)
            rec_sys_unmap(rec_words_blocks, BLOCKS * sizeof *rec_words_blocks);
        rec_words_blocks = NULL;
        return false;
    }
    rec_sys_advise(words, size, MADV_DONTDUMP);
    return true;
}

void rec_words_alone(bool is_alone)
{
    struct rec_words *words = is_alone ? &rec_words : alone;
    alone = is_alone ? words : NULL;
    if (words)
        words->idle = words->now = is_alone ? REC_WORDS_UNTOUCHED : REC_WORDS_NONE;
}

void rec_words_expect(uint64_t address, uint64_t size)
{
    enum { LARGE_PAGE = 2 << 20, MOST = 200 };
    static uint32_t advised;
    if (size < LARGE_PAGE || __atomic_fetch_add(&advised, 1, __ATOMIC_RELAXED) >= MOST)
        return;
    uint64_t low = address & ~(LARGE_PAGE - 1ull);
    size = ((address + size + LARGE_PAGE - 1) & ~(LARGE_PAGE - 1ull)) - low;
    rec_sys_advise(rec_word_at(REC_WORDS_READ, low), size, MADV_HUGEPAGE);
    rec_sys_advise(rec_word_at(REC_WORDS_WRITTEN, low), size, MADV_HUGEPAGE);
    rec_sys_advise(rec_kept_at(false, low), 2 * size, MADV_HUGEPAGE);
}

bool rec_words_there(void)
{
    return rec_words_blocks != NULL;
}

/* Does a block's number have one of those at its highest value? */
static bool is_left_out(uint32_t number)
{
    uint32_t word = number << REC_WORDS_BLOCK_SHIFT;
    return !number || (word >> 16 & 0xf) == 0xf || (word >> 24 & 0xf) == 0xf;
}

/* All values have been given out, and start again: whatever the words say is forgotten. What other
 * threads write meanwhile with an old value stays; their blocks are not given out again. */
static void start_again(void)
{
    rec_sys_advise((void *)REC_WORDS_BASE, REC_WORDS_SPANS * REC_WORDS_SPAN, MADV_DONTNEED);
    rec_readers_reset();
}

static uint32_t take_block(const struct rec_stream *s)
{
    for (;;) {
        uint32_t number = __atomic_add_fetch(&taken, 1, __ATOMIC_RELAXED) & (BLOCKS - 1);
        if (!number)
            start_again();
        if (is_left_out(number) ||
            __atomic_load_n(&rec_words_blocks[number].epoch, __ATOMIC_RELAXED))
            continue;
        rec_words_blocks[number].base = s->epoch;
        rec_words_blocks[number].tag = s->tag;
        rec_words_blocks[number].stacks = s->kept_from;
        __atomic_store_n(&rec_words_blocks[number].epoch, &s->epoch, __ATOMIC_RELEASE);
        return number;
    }
}

void rec_words_leave(const struct rec_stream *s)
{
    struct rec_words_block *block = &rec_words_blocks[rec_words.block];
    if (rec_words.block) {
        block->left = rec_words.tag == s->tag ? s->epoch : UINT64_MAX;
        __atomic_store_n(&block->epoch, NULL, __ATOMIC_RELEASE);
    }
    rec_words.block = rec_words.tag = 0;
    rec_words_reset();
}

uint32_t rec_words_value(const struct rec_stream *s)
{
    struct rec_words *own = &rec_words;
    if (rec_unlikely(own->tag != s->tag || s->epoch - own->base >= REC_WORDS_VALUES ||
                     own->stacks != s->kept_from)) {
        rec_words_leave(s);
        own->block = take_block(s);
        own->base = s->epoch;
        own->tag = s->tag;
        own->stacks = s->kept_from;
    }
    rec_words_next(s->tag, s->epoch);
    return (uint32_t)own->now & ~(uint32_t)REC_WORDS_ALL;
}

/* The word was replaced before, but the thread may not have seen that yet, nor others its latest
 * epoch: that takes a moment. */
uint64_t rec_words_until(uint32_t word)
{
    enum { MOMENT = 32 };
    const struct rec_words_block *block = rec_words_block_of(word);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    for (unsigned i = 0; i < MOMENT; i++)
        __builtin_ia32_pause();
    const uint64_t *epoch = __atomic_load_n(&block->epoch, __ATOMIC_ACQUIRE);
    uint64_t until = epoch ? __atomic_load_n(epoch, __ATOMIC_ACQUIRE) : block->left;
    uint64_t last = block->base + REC_WORDS_VALUES - 1;
    return until < last ? until : last;
}
