/* SPDX-License-Identifier: Apache-2.0 */
#include "interpose/access/filter/owner.h"

#include "interpose/core/poison.h"

#include <asm/prctl.h>

/*
 * Values come in blocks: VALUES successive epochs of one thread. The block's number is above their
 * lowest byte, which keeps below 0xf0, as the numbers' digits keep away from 0xf: see words.h.
 */
enum { BLOCK_BITS = 20, BLOCKS = 1 << BLOCK_BITS, VALUES = 0xf0 };

struct block {
    uint64_t base;
    uint32_t tag; /* of the thread; 0: nobody's */
    bool current; /* its thread may give out more of it */
};

__thread struct rec_words rec_words
    __attribute__((tls_model("initial-exec"))) = {.now = REC_WORDS_NONE, .idle = REC_WORDS_NONE};
static struct rec_words *alone; /* of the one thread that there is; NULL once there were two */
static struct block *blocks;    /* NULL: there are no words */
static uint32_t taken;          /* the number of the latest one; atomic */

bool rec_words_start(void)
{
    if (blocks) { /* a fork child */
        rec_owner_reset();
        return true;
    }
    uint64_t size = REC_WORDS_SPANS * REC_WORDS_SPAN;
    long at =
        rec_syscall6(SYS_mmap, REC_WORDS_BASE, (long)size, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (at > 0 && at != (long)REC_WORDS_BASE)
        rec_sys_unmap((void *)at, size);
    if (at != (long)REC_WORDS_BASE)
        return false;
    blocks = rec_sys_memory(BLOCKS * sizeof *blocks);
    void *words = (void *)REC_WORDS_BASE;
    /* A child of fork finds them empty: it has a trace of its own. */
    if (!blocks || rec_sys_advise(words, size, MADV_WIPEONFORK) ||
        rec_sys_advise(blocks, BLOCKS * sizeof *blocks, MADV_WIPEONFORK) ||
        rec_syscall3(SYS_arch_prctl, ARCH_SET_GS, (long)REC_WORDS_BASE, 0)) {
        rec_sys_unmap(words, size);
        if (blocks)
            rec_sys_unmap(blocks, BLOCKS * sizeof *blocks);
        blocks = NULL;
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

bool rec_words_there(void)
{
    return blocks != NULL;
}

/* Has a number's second or fourth digit its highest value? */
static bool is_left_out(uint32_t number)
{
    return !number || (number >> 4 & 0xf) == 0xf || (number >> 12 & 0xf) == 0xf;
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
        if (is_left_out(number) || __atomic_load_n(&blocks[number].current, __ATOMIC_RELAXED))
            continue;
        blocks[number].base = s->epoch;
        blocks[number].tag = s->tag;
        __atomic_store_n(&blocks[number].current, true, __ATOMIC_RELEASE);
        return number;
    }
}

void rec_words_leave(void)
{
    if (rec_words.block)
        __atomic_store_n(&blocks[rec_words.block].current, false, __ATOMIC_RELEASE);
    rec_words.block = rec_words.tag = 0;
    rec_words_next();
}

uint32_t rec_words_value(const struct rec_stream *s)
{
    struct rec_words *own = &rec_words;
    if (rec_unlikely(own->tag != s->tag || s->epoch - own->base >= VALUES)) {
        rec_words_leave();
        own->block = take_block(s);
        own->base = s->epoch;
        own->tag = s->tag;
    }
    uint32_t word = (own->block << REC_WORDS_EPOCH_BITS | (uint32_t)(s->epoch - own->base))
                    << REC_WORDS_MASK_BITS;
    own->now = (uint64_t)(word | REC_WORDS_ALL) * 0x100000001u;
    return word;
}

void rec_words_whose(uint32_t word, uint32_t *tag, uint64_t *epoch)
{
    uint32_t value = word >> REC_WORDS_MASK_BITS;
    const struct block *block = &blocks[value >> REC_WORDS_EPOCH_BITS & (BLOCKS - 1)];
    *tag = block->tag;
    *epoch = block->base + (value & ((1 << REC_WORDS_EPOCH_BITS) - 1));
}
