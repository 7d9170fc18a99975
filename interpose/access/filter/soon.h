/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What most accesses are that the words do not cover: of memory that is the thread's own, or
 * nobody's, or that several read, and nothing of it is to be told. The same as owner.c does, in
 * fewer steps.
 */
#ifndef REC_ACCESS_FILTER_SOON_H
#define REC_ACCESS_FILTER_SOON_H

#include "interpose/access/filter/kept.h"
#include "interpose/access/filter/stripes.h"

/* Of at most REC_WORDS_SMALL bytes. KEPT: of the access, with a stack. False: nothing was done, or
 * it has to be told. */
bool rec_keep_soon(uint64_t address, uint64_t size, bool write, uint32_t kept);

/* Within one line, which one stripe is for. */
static inline bool rec_soon_lock(uint64_t address, uint64_t size)
{
    return !((address ^ (address + size - 1)) / REC_STRIPE_LINE) &&
           rec_stripe_lock_soon(rec_stripe_of(address), 0);
}

/* Whole granules that are all alike, in line with what calls it: most of what is left. ----------
 */

#define REC_INLINE __attribute__((always_inline)) static inline

/* Words of granules, so many from one to the next, and what is kept, always two. */
struct rec_run {
    uint32_t *word, *kept;
    unsigned step;
};

REC_INLINE bool rec_run_alike(struct rec_run run, unsigned count)
{
    uint32_t differ = 0;
    for (unsigned i = 1; i < count; i++)
        differ |= (run.word[i * run.step] ^ *run.word) | (run.kept[2 * i] ^ *run.kept);
    return !differ;
}

REC_INLINE bool rec_run_own(struct rec_run run)
{
    return !(~*run.kept & KEPT_OWN) && rec_word_is_own(*run.word);
}

REC_INLINE void rec_run_keep(struct rec_run run, unsigned count, uint32_t word, uint32_t kept)
{
    if (*run.kept != kept)
        for (unsigned i = 0; i < count; i++)
            run.kept[2 * i] = kept;
    for (unsigned i = 0; i < count; i++)
        __atomic_store_n(&run.word[i * run.step], word, __ATOMIC_RELEASE);
}

REC_INLINE bool rec_run_read(struct rec_run read, unsigned count, uint32_t kept)
{
    if (!rec_run_alike(read, count) || (*read.word && !rec_run_own(read)))
        return false;
    uint32_t before = *read.word ? *read.kept : 0;
    uint32_t word = (uint32_t)rec_words.now | rec_word_lasts_next(*read.word, before, false);
    rec_run_keep(read, count, word, kept | (before & (KEPT_PASSED | KEPT_SHARED)));
    return true;
}

/*
 * Of what several threads read the thread changes its own entries, each as a whole, without a
 * stripe. A write that comes between has told of the entry of before, or will of that of now; or it
 * misses a read of this very moment, as the next one will tell that it came behind the write.
 */
REC_INLINE bool rec_entries_read(unsigned count, uint64_t address, uint32_t kept)
{
    for (unsigned i = 0; i < count; i++)
        if (*rec_word_of(false, address + i * REC_GRANULE) != REC_WORDS_READERS)
            return false;
    struct rec_readers_entry *entries =
        rec_words.readers ? rec_readers_at(rec_words.readers, address) : 0;
    if (!entries)
        return false;
    struct rec_readers_entry entry = {{.both = __atomic_load_n(&entries->both, __ATOMIC_RELAXED)}};
    uint64_t differ = 0;
    for (unsigned i = 1; i < count; i++)
        differ |= entries[i].both ^ entry.both;
    if (differ || ~entry.kept & KEPT_OWN || !rec_word_is_own(entry.word))
        return false;
    uint32_t lasts = rec_word_lasts_next(entry.word, entry.kept, true);
    entry = (struct rec_readers_entry){{{(uint32_t)rec_words.now | lasts, kept | KEPT_SHARED}}};
    for (unsigned i = 0; i < count; i++)
        __atomic_store_n(&entries[i].both, entry.both, __ATOMIC_RELAXED);
    return true;
}

REC_INLINE bool rec_run_write(struct rec_run read, unsigned count, uint64_t address, uint32_t kept)
{
    struct rec_reader at = rec_beside(true, address);
    struct rec_run written = {at.word, at.kept, 1};
    if (!rec_run_alike(read, count) || !rec_run_alike(written, count))
        return false;
    if (*read.word && (!rec_word_is_own(*read.word) || *read.kept & KEPT_PASSED ||
                       (*written.word && !rec_run_own(written))))
        return false;
    uint32_t before = *read.word ? *read.kept : 0;
    uint32_t word = (uint32_t)rec_words.now | rec_word_lasts_next(*written.word, before, false);
    kept |= (before & KEPT_SHARED) | rec_kept_read(*read.word, *written.word, *written.kept);
    rec_run_keep(read, count, word, kept);
    rec_run_keep(written, count, word, kept);
    return true;
}

REC_INLINE bool rec_keep_granules(uint64_t address, unsigned count, bool write, uint32_t kept)
{
    struct rec_reader at = rec_beside(false, address);
    struct rec_run read = {at.word, at.kept, 1};
    kept |= KEPT_OWN | KEPT_BYTES;
    if (!write && *read.word == REC_WORDS_READERS)
        return rec_entries_read(count, address, kept);
    if ((*read.word && !rec_word_is_own(*read.word)) ||
        !rec_soon_lock(address, count * REC_GRANULE)) /* which takes long */
        return false;
    bool done = write ? rec_run_write(read, count, address, kept) : rec_run_read(read, count, kept);
    rec_stripe_unlock(0);
    return done && !rec_words.passed;
}

/* As rec_keep_soon; false, too, if it is no whole granules. */
REC_INLINE bool rec_keep_whole(uint64_t address, uint64_t size, bool write, uint32_t kept)
{
    if (address & (REC_GRANULE - 1))
        return false;
    switch (size) {
    case REC_GRANULE:
        return rec_keep_granules(address, 1, write, kept);
    case 2 * REC_GRANULE:
        return rec_keep_granules(address, 2, write, kept);
    case 4 * REC_GRANULE:
        return rec_keep_granules(address, 4, write, kept);
    default:
        return false;
    }
}

#endif
