/* SPDX-License-Identifier: Apache-2.0 */
#include "interpose/access/filter/soon.h"

#include "interpose/access/filter/kept.h"
#include "interpose/access/filter/stripes.h"

#include "interpose/core/poison.h"

static struct rec_reader beside(bool write, uint64_t granule)
{
    return (struct rec_reader){rec_word_of(write, granule), rec_kept_at(write, granule)};
}

/* The calling thread's latest access of that kind, where another may have the read, too; both NULL:
 * that is not known, or another's. */
static struct rec_reader latest_own(bool write, uint64_t granule)
{
    struct rec_reader latest = beside(write, granule);
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
    struct rec_reader read = beside(false, granule), written = beside(true, granule);
    bool by_several = !write && *read.word == REC_WORDS_READERS;
    uint32_t covered =
        by_several ? bytes : rec_kept_covers(write ? written : read, value, bytes, kept);
    if (!*read.word || (write && !*written.word))
        kept |= KEPT_OWN;
    else if (by_several)
        kept |= *(read = rec_reader_at(rec_words.readers, granule)).kept & KEPT_OWN;
    else
        kept |= (write ? *written.kept : *read.kept) & (KEPT_OWN | KEPT_PASSED);
    rec_kept_join(read, value, bytes, covered, kept);
    if (write)
        rec_kept_join(written, value, bytes, covered, kept);
}

/* Within one line, which one stripe is for. */
static bool lock(uint64_t address, uint64_t size)
{
    return !((address ^ (address + size - 1)) / REC_STRIPE_LINE) &&
           rec_stripe_lock_soon(rec_stripe_of(address), 0);
}

bool rec_keep_soon(uint64_t address, uint64_t size, bool write, uint32_t kept)
{
    uint64_t first = rec_granule_of(address), all = rec_words_small(address, size), bits, at;
    uint32_t value = (uint32_t)rec_words.now & ~(uint32_t)REC_WORDS_ALL;
    bool done = true;
    if (!lock(address, size))
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

/* Words and what is kept of COUNT granules, so many words from one to the next. */
struct run {
    uint32_t *word, *kept;
    unsigned count, word_step, kept_step;
};

static bool all_alike(const struct run *run)
{
    uint32_t differ = 0;
    for (unsigned i = 1; i < run->count; i++)
        differ |= (run->word[i * run->word_step] ^ *run->word) |
                  (run->kept[i * run->kept_step] ^ *run->kept);
    return !differ;
}

static bool is_all_own(const struct run *run)
{
    return (*run->kept & KEPT_OWN) == KEPT_OWN && rec_word_is_own(*run->word);
}

static void keep_all(const struct run *run, uint32_t word, uint32_t kept)
{
    if (*run->kept != kept)
        for (unsigned i = 0; i < run->count; i++)
            run->kept[i * run->kept_step] = kept;
    for (unsigned i = 0; i < run->count; i++)
        __atomic_store_n(&run->word[i * run->word_step], word, __ATOMIC_RELEASE);
}

static bool keep_reads(struct run *read, uint64_t address, uint32_t kept)
{
    if (!all_alike(read))
        return false;
    if (*read->word == REC_WORDS_READERS) {
        struct rec_reader own = {0, 0};
        if (rec_words.readers)
            own = rec_reader_at(rec_words.readers, address);
        if (!own.word)
            return false;
        *read = (struct run){own.word, own.kept, read->count, 2, 2};
        if (!*read->word || !all_alike(read))
            return false;
    }
    if (*read->word && !is_all_own(read))
        return false;
    keep_all(read, (uint32_t)rec_words.now, kept | (*read->word ? *read->kept & KEPT_PASSED : 0));
    return true;
}

static bool keep_writes(const struct run *read, uint64_t address, uint32_t kept)
{
    struct rec_reader at = beside(true, address);
    struct run written = {at.word, at.kept, read->count, 1, 2};
    if (!all_alike(read) || !all_alike(&written))
        return false;
    if (*read->word && (!rec_word_is_own(*read->word) || *read->kept & KEPT_PASSED ||
                        (*written.word && !is_all_own(&written))))
        return false;
    keep_all(read, (uint32_t)rec_words.now, kept);
    keep_all(&written, (uint32_t)rec_words.now, kept);
    return true;
}

bool rec_keep_whole(uint64_t address, uint64_t size, bool write, uint32_t kept)
{
    struct rec_reader at = beside(false, address);
    struct run read = {at.word, at.kept, (unsigned)size / REC_GRANULE, 1, 2};
    kept |= KEPT_OWN | KEPT_BYTES;
    if (!lock(address, size))
        return false;
    bool done = write ? keep_writes(&read, address, kept) : keep_reads(&read, address, kept);
    rec_stripe_unlock(0);
    return done && !rec_words.passed;
}
