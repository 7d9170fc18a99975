/* SPDX-License-Identifier: Apache-2.0 */
#include "interpose/access/filter/soon.h"

#include "interpose/core/poison.h"

/* The calling thread's latest access of that kind, where another may have the read, too; both NULL:
 * that is not known, or another's. */
static struct rec_reader latest_own(bool write, uint64_t granule)
{
    struct rec_reader latest = rec_beside(write, granule);
    if (*latest.word == REC_WORDS_READERS && !write)
        latest = rec_words.readers ? rec_reader_at(rec_words.readers, granule)
                                   : (struct rec_reader){0, 0};
    return latest.word && rec_word_is_own(*latest.word) ? latest : (struct rec_reader){0, 0};
}

/* May the calling thread access BYTES of GRANULE without a word, since that is its own or nobody's?
 */
static bool is_free(uint64_t granule, uint32_t bytes, bool write)
{
    uint32_t read = *rec_word_of(false, granule);
    if (!read)
        return true;
    if (write && !*rec_word_of(true, granule))
        return rec_word_is_own(read) && !(*rec_kept_at(false, granule) & KEPT_PASSED);
    struct rec_reader latest = latest_own(write, granule);
    return latest.word && !(bytes & ~rec_kept_own(*latest.kept)) &&
           (!write || rec_word_is_own(read));
}

/* What is free. */
static void keep(uint64_t granule, uint32_t value, uint32_t bytes, uint32_t kept, bool write)
{
    struct rec_reader read = rec_beside(false, granule), written = rec_beside(true, granule);
    bool by_several = !write && *read.word == REC_WORDS_READERS;
    uint32_t covered =
        by_several ? bytes : rec_kept_covers(write ? written : read, value, bytes, kept);
    if (!*read.word || (write && !*written.word))
        kept |= KEPT_OWN;
    else if (by_several)
        kept |= *(read = rec_reader_at(rec_words.readers, granule)).kept & (KEPT_OWN | KEPT_SHARED);
    else
        kept |= (write ? *written.kept : *read.kept) & (KEPT_OWN | KEPT_PASSED);
    if (*read.word && !by_several)
        kept |= *read.kept & KEPT_SHARED;
    if (write)
        kept |= rec_kept_read(*read.word, *written.word, *written.kept);
    rec_kept_join(read, value, bytes, covered, kept, by_several);
    if (write)
        rec_kept_join(written, value, bytes, covered, kept, false);
}

bool rec_keep_soon(uint64_t address, uint64_t size, bool write, uint32_t kept)
{
    uint64_t first = rec_granule_of(address), all = rec_words_small(address, size), bits, at;
    uint32_t value = (uint32_t)rec_words.now & ~(uint32_t)REC_WORDS_ALL;
    bool done = true;
    /* Most often it is no more without the stripe, too, and that is what takes long. */
    if (!is_free(first, all & REC_WORDS_ALL, write) || !rec_soon_lock(address, size))
        return false;
    for (at = first, bits = all; bits && done; at += REC_GRANULE, bits >>= REC_WORDS_MASK_BITS)
        done = is_free(at, bits & REC_WORDS_ALL, write);
    if (done && write && size < REC_GRANULE)
        done = !rec_kept_loses(*rec_kept_at(true, first), all & REC_WORDS_ALL, kept);
    if (done)
        for (at = first, bits = all; bits; at += REC_GRANULE, bits >>= REC_WORDS_MASK_BITS)
            keep(at, value, bits & REC_WORDS_ALL, kept, write);
    rec_stripe_unlock(0);
    return done && !rec_words.passed;
}
