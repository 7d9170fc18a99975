/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Beside the words of a granule stands what is kept of the accesses that they tell of: the number
 * of its thread's stack and flags of its mode; no stack where it is in the trace already. The word
 * has all bytes that the thread has accessed in its epoch, the stack is the latest one, and of some
 * of them. And which of the granule's bytes are the thread's own: what it does with those need not
 * be told, since an access of before has told all that others could race with.
 *
 * Who changes a granule holds its stripe. A thread that cannot have it soon, since its holder does
 * not run, tells its access and passes by: it leaves the words as they are. The holder, who has not
 * seen that access, tells its own, too.
 */
#include "interpose/access/filter/owner.h"

#include "interpose/access/filter/readers.h"

#include "interpose/core/poison.h"

enum {
    STRIPES = 4096,
    LINE = 64,       /* bytes with one stripe */
    PATIENCE = 4096, /* looks, each longer than a store takes to be seen */
    LARGE = 1 << 20, /* bytes: forgotten by whole pages */
    PAGE = 4096,
    MOST_EACH = 64, /* bytes of an access that races with each of before by itself */
    ROOM = (2 * MOST_EACH / REC_GRANULE + 2) * TR_EVENT_MAX, /* in the trace, for such a one */
    MOST_AT_ONCE = 4096, /* bytes of a neighbourhood that are told as one access */
    /* What is kept of an access, beside its stack. */
    KEPT_MAY_BE_ATOMIC = 1 << 31,
    KEPT_COMPOUND = 1 << 30,
    KEPT_LATE = 1 << 29,   /* the memory may have begun in the same epoch */
    KEPT_PASSED = 1 << 28, /* other threads have read it since it was written */
    KEPT_OWN_SHIFT = 24,   /* bytes that are the thread's own */
    KEPT_OWN = REC_WORDS_ALL << KEPT_OWN_SHIFT,
    KEPT_BYTES_SHIFT = 20, /* that the stack has accessed */
    KEPT_BYTES = REC_WORDS_ALL << KEPT_BYTES_SHIFT,
    KEPT_STACK = (1 << KEPT_BYTES_SHIFT) - 1,
};

static struct rec_stripe {
    uint8_t held;   /* atomic */
    uint8_t passed; /* atomic: a thread may pass by, or has */
} stripes[STRIPES];

static struct rec_stripe *stripe_of(uint64_t address)
{
    return &stripes[address / LINE % STRIPES];
}

static bool lock_soon(struct rec_stripe *stripe, unsigned which)
{
    if (__atomic_exchange_n(&stripe->held, 1, __ATOMIC_ACQUIRE))
        return false;
    rec_words.held[which] = stripe;
    return true;
}

/* Whoever passes by has said so long before it finds the stripe held: no fence is needed between
 * the two lines. */
static void unlock(unsigned which)
{
    struct rec_stripe *stripe = rec_words.held[which];
    rec_words.held[which] = NULL;
    if (!stripe)
        return;
    __atomic_store_n(&stripe->held, 0, __ATOMIC_RELEASE);
    if (rec_unlikely(__atomic_load_n(&stripe->passed, __ATOMIC_RELAXED))) {
        __atomic_store_n(&stripe->passed, 0, __ATOMIC_RELAXED);
        rec_words.passed = true;
    }
}

static bool wait_for(const struct rec_stripe *stripe)
{
    for (unsigned i = 0; i < PATIENCE; i++) {
        if (!__atomic_load_n(&stripe->held, __ATOMIC_RELAXED))
            return true;
        __builtin_ia32_pause();
    }
    return false;
}

static bool lock(struct rec_stripe *stripe)
{
    while (!lock_soon(stripe, 0)) {
        if (wait_for(stripe))
            continue;
        __atomic_exchange_n(&stripe->passed, 1, __ATOMIC_SEQ_CST);
        if (!wait_for(stripe) && __atomic_load_n(&stripe->passed, __ATOMIC_RELAXED))
            return false; /* else a holder before this one has seen that */
    }
    return true;
}

void rec_owner_abandon(void)
{
    unlock(1);
    unlock(0);
}

void rec_owner_reset(void)
{
    for (unsigned i = 0; i < STRIPES; i++)
        stripes[i] = (struct rec_stripe){0, 0};
    rec_words.held[0] = rec_words.held[1] = NULL;
    rec_readers_reset();
}

/* Accesses of before that are about to be told: neighbours, as one. */
struct finding {
    uint64_t from, to; /* to 0: none */
    uint32_t word, kept;
    bool write;
};

/* Of each other thread the latest access to all that is visited: if that comes before the visit, so
 * do all others. */
struct latest {
    struct finding found[4]; /* of as many threads; to 0: it is told already */
    uint32_t tags[4];        /* 0: no thread */
    uint64_t epochs[4];
    unsigned next;
};

struct visit {
    struct rec_stream *s;
    uint32_t value; /* the thread's own */
    uint32_t kept;  /* of its own access, once its stack is known */
    bool write;
    bool small;            /* less than a granule */
    struct latest *latest; /* NULL: all that is found is told */
    struct finding found[2];
};

static uint32_t mode_of(uint32_t kept)
{
    return (kept & KEPT_MAY_BE_ATOMIC ? TR_ACC_MAY_BE_ATOMIC : 0u) |
           (kept & KEPT_COMPOUND ? TR_ACC_COMPOUND : 0u) | (kept & KEPT_LATE ? TR_ACC_LATE : 0u);
}

/* Of an access that the thread makes now. Without its STACK, where that has too high a number to be
 * kept. */
static uint32_t kept_now(const struct rec_stream *s, uint32_t mode, uint32_t stack)
{
    return (mode & TR_ACC_MAY_BE_ATOMIC ? (uint32_t)KEPT_MAY_BE_ATOMIC : 0u) |
           (mode & TR_ACC_COMPOUND ? (uint32_t)KEPT_COMPOUND : 0u) |
           (rec_words.born == s->epoch + 1 ? (uint32_t)KEPT_LATE : 0u) |
           (stack <= KEPT_STACK ? stack : 0u);
}

static uint32_t own_bytes(uint32_t kept)
{
    return (kept & KEPT_OWN) >> KEPT_OWN_SHIFT;
}

static uint32_t stack_bytes(uint32_t kept)
{
    return (kept & KEPT_BYTES) >> KEPT_BYTES_SHIFT;
}

/* An access of SIZE bytes, all else given. */
static void emit(struct rec_stream *s, struct tr_event *ev, uint64_t size, bool write)
{
    if (size <= 64 && !(size & (size - 1))) {
        ev->kind = write ? TR_WRITE : TR_READ;
        ev->mode |= (uint32_t)__builtin_ctzll(size);
    } else {
        ev->kind = write ? TR_WRITE_RANGE : TR_READ_RANGE;
        ev->a0 = size;
    }
    if (ev->mode & TR_ACC_DEFERRED)
        rec_emit_others(s, ev);
    else
        rec_emit(s, ev);
}

/* What its neighbours behind it say of the same accesses is told with it. */
static void extend(struct finding *found)
{
    uint64_t most = found->from + MOST_AT_ONCE;
    if (stack_bytes(found->kept) != REC_WORDS_ALL || found->to & (REC_GRANULE - 1))
        return;
    for (; found->to < most; found->to += REC_GRANULE) {
        struct rec_stripe *stripe = stripe_of(found->to);
        if (stripe != rec_words.held[0] && stripe != rec_words.held[1]) {
            unlock(1);
            if (!lock_soon(stripe, 1))
                break;
        }
        uint32_t *kept = rec_kept_at(found->write, found->to);
        uint32_t *kept_read = rec_kept_at(false, found->to);
        if (*rec_word_of(found->write, found->to) != found->word || *kept != found->kept)
            break;
        if (found->write && *kept_read == *kept && *rec_word_of(false, found->to) == found->word)
            *kept_read &= ~(uint32_t)KEPT_STACK;
        *kept &= ~(uint32_t)KEPT_STACK;
    }
    unlock(1);
}

static void tell_found(struct rec_stream *s, struct finding *found)
{
    if (!found->to)
        return;
    uint32_t tag = rec_words_whose(found->word);
    extend(found);
    if (tag) {
        rec_header->flags |= TR_HAS_DEFERRED;
        emit(s,
             &(struct tr_event){.mode = mode_of(found->kept) | TR_ACC_DEFERRED,
                                .stack = found->kept & KEPT_STACK,
                                .object = found->from,
                                .thread = tag - 1,
                                .epoch = rec_words_epoch(found->word)},
             found->to - found->from, found->write);
    }
    found->to = 0;
}

static void find_latest(struct visit *visit, const struct finding *found)
{
    struct latest *latest = visit->latest;
    uint32_t tag = rec_words_whose(found->word);
    uint64_t epoch = rec_words_epoch(found->word);
    unsigned i = 0;
    while (i < 4 && latest->tags[i] != tag && latest->tags[i])
        i++;
    if (i == 4) {
        i = latest->next++ % 4;
        tell_found(visit->s, &latest->found[i]);
        latest->tags[i] = 0;
    }
    if (latest->tags[i] && latest->epochs[i] >= epoch)
        return;
    latest->tags[i] = tag;
    latest->epochs[i] = epoch;
    latest->found[i] = *found;
}

/* Of what the visit may race with, the latest is enough; reads before a read race with what comes
 * later. */
static bool latest_is_enough(const struct visit *visit, bool write)
{
    return visit->latest && (write || visit->write);
}

static void find_bytes(struct visit *visit, const struct finding *fresh)
{
    struct finding *found = &visit->found[fresh->write];
    if (latest_is_enough(visit, fresh->write)) {
        find_latest(visit, fresh);
    } else if (found->to == fresh->from && found->kept == fresh->kept &&
               (found->word ^ fresh->word) >> REC_WORDS_MASK_BITS == 0) {
        found->to = fresh->to;
    } else {
        tell_found(visit->s, found);
        *found = *fresh;
    }
}

/* What WORD and KEPT tell of GRANULE, but of BYTES, unless it is told already. */
static void find_but(struct visit *visit, uint64_t granule, uint32_t word, uint32_t kept,
                     bool write, uint32_t bytes)
{
    bool told = !(kept & KEPT_STACK);
    if (told && !latest_is_enough(visit, write))
        return;
    for (uint32_t left = stack_bytes(kept) & ~bytes; left;) { /* bytes that lie side by side */
        unsigned first = (unsigned)__builtin_ctz(left);
        unsigned count = (unsigned)__builtin_ctz(~(left >> first));
        uint64_t from = granule + first;
        find_bytes(visit, &(struct finding){from, told ? 0 : from + count, word, kept, write});
        left &= left + (1u << first);
    }
}

static void find(struct visit *visit, uint64_t granule, uint32_t word, uint32_t kept, bool write)
{
    find_but(visit, granule, word, kept, write, 0);
}

static void tell_all_found(struct visit *visit)
{
    tell_found(visit->s, &visit->found[0]);
    tell_found(visit->s, &visit->found[1]);
    for (unsigned i = 0; visit->latest && i < 4; i++)
        tell_found(visit->s, &visit->latest->found[i]);
}

/* Who used a granule last, as the visitor sees it. */
enum whose { NOBODYS, OWN, FOREIGN, READERS };

struct cell {
    uint64_t granule;
    uint32_t word[2], kept[2]; /* of reads, of writes */
    enum whose whose[2];
    bool only_written; /* whoever wrote it also was the last to read it, by that */
};

static enum whose whose_is(const struct visit *visit, uint32_t word)
{
    if (!(word & REC_WORDS_ALL))
        return NOBODYS;
    if (word == REC_WORDS_READERS)
        return READERS;
    return rec_words_whose(word) == visit->s->tag ? OWN : FOREIGN;
}

static struct cell cell_of(const struct visit *visit, uint64_t granule)
{
    struct cell cell = {.granule = granule};
    for (unsigned i = 0; i < 2; i++) {
        cell.word[i] = *rec_word_of(i, granule);
        cell.kept[i] = *rec_kept_at(i, granule);
        cell.whose[i] =
            i && cell.word[1] == cell.word[0] ? cell.whose[0] : whose_is(visit, cell.word[i]);
    }
    if (cell.whose[0] == READERS) /* what is kept says which */
        cell.kept[0] = cell.kept[1] = 0;
    cell.only_written = cell.word[0] == cell.word[1] && cell.kept[0] == cell.kept[1];
    return cell;
}

/* What others have done there and is not told yet. */
static void find_foreign(struct visit *visit, const struct cell *cell)
{
    if (cell->whose[1] == FOREIGN)
        find(visit, cell->granule, cell->word[1], cell->kept[1], true);
    if (cell->whose[0] == FOREIGN && !cell->only_written)
        find(visit, cell->granule, cell->word[0], cell->kept[0], false);
}

static void end_readers(struct visit *visit, const struct cell *cell)
{
    struct rec_readers *readers = NULL;
    struct rec_reader reader;
    if (cell->whose[0] != READERS)
        return;
    while (rec_readers_next(&readers, cell->granule, &reader)) {
        if (whose_is(visit, *reader.word) == FOREIGN)
            find(visit, cell->granule, *reader.word, *reader.kept, false);
        *reader.word = *reader.kept = 0;
    }
}

/* Are there one or two bytes of which nothing would be known any more, if BYTES were accessed from
 * elsewhere now? */
static bool loses(uint32_t kept, uint32_t bytes, uint32_t kept_now)
{
    uint32_t lost = stack_bytes(kept) & ~bytes;
    return lost && kept & KEPT_STACK && (kept ^ kept_now) & KEPT_STACK &&
           __builtin_popcount(lost) <= 2;
}

/* Two small variables in one granule, of which the visitor wrote the other one before. Where that
 * comes often, it is no variables but text. */
static void find_lost(struct visit *visit, const struct cell *cell, uint32_t bytes)
{
    enum { OFTEN = 64 };
    uint8_t *often = &rec_words.lost[cell->kept[1] % sizeof rec_words.lost];
    if (visit->small && cell->whose[1] == OWN && *often < OFTEN &&
        loses(cell->kept[1], bytes, visit->kept)) {
        ++*often;
        find_but(visit, cell->granule, cell->word[1], cell->kept[1], true, bytes);
    }
}

/* BYTES were accessed, too: what is known of that from now on. */
static void join(struct rec_reader at, uint32_t value, uint32_t bytes, uint32_t kept)
{
    uint32_t word = value | bytes, old = *at.word;
    kept |= bytes << KEPT_BYTES_SHIFT;
    if ((old ^ value) >> REC_WORDS_MASK_BITS == 0) {
        word |= old & REC_WORDS_ALL;
        if (!((*at.kept ^ kept) & KEPT_STACK))
            kept |= *at.kept & KEPT_BYTES;
    }
    if (*at.kept != kept)
        *at.kept = kept;
    __atomic_store_n(at.word, word, __ATOMIC_RELEASE);
}

static void set(bool write, const struct cell *cell, uint32_t value, uint32_t bytes, uint32_t kept)
{
    join((struct rec_reader){rec_word_of(write, cell->granule), rec_kept_at(write, cell->granule)},
         value, bytes, kept);
}

/* What there is to know of a stack's bytes is the same for all of them, if BYTES are among them:
 * an access of BYTES that is told stands for all. */
static uint32_t alike(uint32_t kept, uint32_t bytes)
{
    return stack_bytes(kept) & bytes ? stack_bytes(kept) : 0;
}

static uint32_t kept_with(const struct visit *visit, bool tell, uint32_t own)
{
    return (tell ? visit->kept & ~(uint32_t)KEPT_STACK : visit->kept) | own << KEPT_OWN_SHIFT;
}

/* Several threads read it in turn. Where there is no place to note that, the first read is told,
 * and no other. */
static bool visit_readers(struct visit *visit, uint64_t granule, uint32_t bytes)
{
    uint64_t *threads = (uint64_t *)rec_kept_at(false, granule);
    uint64_t bit = visit->s->tag < 64 ? 1ull << visit->s->tag : 0;
    bool told = *threads & bit;
    struct rec_reader reader = {0, 0};
    *threads |= bit;
    if (rec_words.readers)
        reader = rec_reader_at(rec_words.readers, granule);
    if (!reader.word) {
        rec_words.needs_readers = rec_readers_full() ? 0 : granule;
        return !told;
    }
    enum whose whose = whose_is(visit, *reader.word);
    uint32_t own = whose == OWN ? own_bytes(*reader.kept) : told ? REC_WORDS_ALL : 0;
    if (whose == FOREIGN) /* the table's former thread's */
        find(visit, granule, *reader.word, *reader.kept, false);
    bool tell = bytes & ~own;
    uint32_t kept = kept_with(visit, tell, own | bytes);
    join(reader, visit->value, bytes, kept);
    return tell;
}

static bool visit_read(struct visit *visit, const struct cell *cell, uint32_t bytes)
{
    bool tell = false;
    uint32_t own = REC_WORDS_ALL, passed = 0;
    switch (cell->whose[0]) {
    case NOBODYS:
        break;
    case OWN:
        own = own_bytes(cell->kept[0]);
        tell = bytes & ~own;
        own |= bytes;
        passed = cell->kept[0] & KEPT_PASSED;
        break;
    case READERS:
        return visit_readers(visit, cell->granule, bytes);
    case FOREIGN:
        find_foreign(visit, cell);
        *rec_kept_at(true, cell->granule) &= ~(uint32_t)(KEPT_OWN | KEPT_STACK);
        if (cell->kept[0] & KEPT_PASSED && !cell->only_written) {
            *(uint64_t *)rec_kept_at(false, cell->granule) = 0;
            *rec_word_of(false, cell->granule) = REC_WORDS_READERS;
            return visit_readers(visit, cell->granule, bytes);
        }
        passed = cell->only_written ? 0 : KEPT_PASSED;
        tell = cell->whose[1] == FOREIGN;
        if (tell)
            own = bytes | alike(cell->kept[1], bytes);
        break;
    }
    set(false, cell, visit->value, bytes, kept_with(visit, tell, own) | passed);
    return tell;
}

static bool visit_write(struct visit *visit, const struct cell *cell, uint32_t bytes)
{
    uint32_t own = 0;
    bool others = cell->whose[0] == FOREIGN || cell->whose[0] == READERS ||
                  cell->whose[1] == FOREIGN || cell->kept[0] & KEPT_PASSED;
    find_foreign(visit, cell);
    end_readers(visit, cell);
    if (!others) {
        find_lost(visit, cell, bytes);
        own = cell->whose[1] == OWN ? own_bytes(cell->kept[1]) : REC_WORDS_ALL;
    } else if (cell->whose[1] == FOREIGN && (cell->only_written || cell->whose[0] == OWN)) {
        own = cell->kept[0] & KEPT_PASSED ? 0 : alike(cell->kept[1], bytes);
    }
    bool tell = others || bytes & ~own;
    uint32_t kept = kept_with(visit, tell, own | bytes);
    set(false, cell, visit->value, bytes, kept);
    set(true, cell, visit->value, bytes, kept);
    return tell;
}

/* The visitor accesses BYTES of GRANULE, whose stripe it holds. Has that to be told? */
static bool visit_granule(struct visit *visit, uint64_t granule, uint32_t bytes)
{
    struct cell cell = cell_of(visit, granule);
    if (rec_word_is_atomic(cell.word[0]))
        return true;
    return visit->write ? visit_write(visit, &cell, bytes) : visit_read(visit, &cell, bytes);
}

/* Visits all from FROM to TO; true if something of it has to be told. */
static bool visit_all(struct visit *visit, uint64_t from, uint64_t to)
{
    bool tell = false;
    struct rec_stripe *held = NULL;
    for (uint64_t at = rec_granule_of(from); at < to; at += REC_GRANULE) {
        struct rec_stripe *stripe = stripe_of(at);
        if (stripe != held) {
            unlock(0);
            held = lock(stripe) ? stripe : NULL;
        }
        uint32_t bytes = rec_words_bytes(at, from, to);
        if (!held)
            tell = true;
        else if (!rec_word_covers(*rec_word_of(visit->write, at), visit->value, bytes))
            tell |= visit_granule(visit, at, bytes);
    }
    unlock(0);
    return tell;
}

static void tell_or_keep(struct rec_stream *s, uint64_t address, uint64_t size, bool write,
                         uint32_t mode, uint32_t stack)
{
    struct latest latest;
    if (size > MOST_EACH)
        latest = (struct latest){.next = 0};
    struct visit visit = {
        .s = s,
        .latest = size > MOST_EACH ? &latest : NULL,
        .value = rec_words_value(s),
        .kept = kept_now(s, mode, stack),
        .write = write,
        .small = size < REC_GRANULE,
    };
    bool tell = visit_all(&visit, address, address + size) || !(visit.kept & KEPT_STACK) ||
                rec_words.passed;
    rec_words.passed = false;
    tell_all_found(&visit);
    if (tell)
        emit(s,
             &(struct tr_event){.mode = mode | TR_ACC_ORDER_VERSION << TR_ACC_ORDER_SHIFT,
                                .stack = stack,
                                .object = address,
                                .version = rec_counter_next((void *)address)},
             size, write);
}

void rec_owner_access(struct rec_stream *s, uint64_t address, uint64_t size, bool write,
                      uint32_t mode, uint64_t cfa)
{
    if (address + size <= address || rec_words.now == REC_WORDS_UNTOUCHED)
        return;
    (void)rec_words_value(s);
    if (s->at + ROOM >= s->limit) /* so that what comes next can be told at once */
        (void)rec_chunk_next(s, ROOM);
    if (rec_unlikely(rec_words.needs_readers)) {
        if (!rec_words.readers)
            rec_words.readers = rec_readers_new();
        if (rec_words.readers)
            rec_readers_add(rec_words.readers, rec_words.needs_readers);
        rec_words.needs_readers = 0;
    }
    if (rec_words.passed || !rec_words_cover(address, size, write))
        tell_or_keep(s, address, size, write, mode, rec_stack(s, cfa));
}

static bool is_own(uint32_t word)
{
    return rec_words_whose(word) == rec_words.tag;
}

/* The calling thread's latest access of that kind, where another may have the read, too; both NULL:
 * that is not known, or another's. */
static struct rec_reader latest_own(bool write, uint64_t granule)
{
    struct rec_reader latest = {rec_word_of(write, granule), rec_kept_at(write, granule)};
    if (*latest.word == REC_WORDS_READERS && !write)
        latest = rec_words.readers ? rec_reader_at(rec_words.readers, granule)
                                   : (struct rec_reader){0, 0};
    return latest.word && is_own(*latest.word) ? latest : (struct rec_reader){0, 0};
}

/* May the calling thread access BYTES of GRANULE without a word, since that is its own or nobody's?
 */
static bool is_free(uint64_t granule, uint32_t bytes, bool write)
{
    uint32_t read = *rec_word_of(false, granule);
    if (!read)
        return true;
    if (write && !*rec_word_of(true, granule))
        return is_own(read) && !(*rec_kept_at(false, granule) & KEPT_PASSED);
    struct rec_reader latest = latest_own(write, granule);
    return latest.word && !(bytes & ~own_bytes(*latest.kept)) && (!write || is_own(read));
}

/* What is free. */
static void keep_one(uint64_t granule, uint32_t value, uint32_t bytes, uint32_t kept, bool write)
{
    struct rec_reader read = {rec_word_of(false, granule), rec_kept_at(false, granule)};
    struct rec_reader written = {rec_word_of(true, granule), rec_kept_at(true, granule)};
    if (!*read.word || (write && !*written.word))
        kept |= KEPT_OWN;
    else if (!write && *read.word == REC_WORDS_READERS)
        kept |= *(read = rec_reader_at(rec_words.readers, granule)).kept & KEPT_OWN;
    else
        kept |= (write ? *written.kept : *read.kept) & (KEPT_OWN | KEPT_PASSED);
    join(read, value, bytes, kept);
    if (write)
        join(written, value, bytes, kept);
}

/* What most accesses are that the words do not cover, in fewer steps: within one line, and nothing
 * of it is to be told. The same as visit_granule does. */
static bool keep_soon(uint64_t address, uint64_t size, bool write, uint32_t kept)
{
    uint64_t first = rec_granule_of(address), all = rec_words_small(address, size), bits, at;
    uint32_t value = (uint32_t)rec_words.now & ~(uint32_t)REC_WORDS_ALL;
    bool done = true;
    if ((address ^ (address + size - 1)) / LINE || !lock_soon(stripe_of(address), 0))
        return false;
    for (at = first, bits = all; bits && done; at += REC_GRANULE, bits >>= REC_WORDS_MASK_BITS)
        done = is_free(at, bits & REC_WORDS_ALL, write);
    if (done && write && size < REC_GRANULE)
        done = !loses(*rec_kept_at(true, first), all & REC_WORDS_ALL, kept);
    if (done)
        for (at = first, bits = all; bits; at += REC_GRANULE, bits >>= REC_WORDS_MASK_BITS)
            keep_one(at, value, bits & REC_WORDS_ALL, kept, write);
    unlock(0);
    return done && !rec_words.passed;
}

/* A write there may have to tell as many reads as there are threads. */
static bool has_readers(uint64_t from, uint64_t to)
{
    for (uint64_t at = rec_granule_of(from); at < to; at += REC_GRANULE)
        if (*rec_word_at(REC_WORDS_READ, at) == REC_WORDS_READERS)
            return true;
    return false;
}

bool rec_owner_access_soon(struct rec_stream *s, uint64_t address, uint64_t size, bool write,
                           uint32_t mode, uint64_t cfa)
{
    if (size > MOST_EACH || address + size <= address)
        return false;
    if (rec_words.now == REC_WORDS_NONE)
        (void)rec_words_value(s);
    if (rec_stack_cached(s, cfa) == REC_STACK_WAYS || s->found->id <= s->told_before)
        return false;
    uint32_t kept = kept_now(s, mode, s->found->id);
    if (size <= REC_WORDS_SMALL && kept & KEPT_STACK && keep_soon(address, size, write, kept))
        return true;
    if (s->at + ROOM >= s->limit || s->at >= s->soft || rec_words.needs_readers ||
        (write && has_readers(address, address + size)))
        return false;
    tell_or_keep(s, address, size, write, mode, s->found->id);
    return true;
}

void rec_owner_leave(void)
{
    rec_words_leave();
    if (rec_words.readers)
        rec_readers_leave(rec_words.readers);
    rec_words.readers = NULL;
}

bool rec_owner_is_atomic(uint64_t address)
{
    return rec_word_is_atomic(*rec_word_at(REC_WORDS_READ, address));
}

void rec_owner_atomic(struct rec_stream *s, uint64_t address, uint64_t size)
{
    struct visit visit = {.s = s};
    for (uint64_t at = rec_granule_of(address); at < address + size; at += REC_GRANULE) {
        if (rec_owner_is_atomic(at) || !lock(stripe_of(at)))
            continue;
        struct cell cell = cell_of(&visit, at);
        find_foreign(&visit, &cell);
        end_readers(&visit, &cell);
        *rec_kept_at(false, at) = *rec_kept_at(true, at) = 0;
        __atomic_store_n(rec_word_at(REC_WORDS_READ, at), REC_WORDS_ATOMIC, __ATOMIC_RELEASE);
        __atomic_store_n(rec_word_at(REC_WORDS_WRITTEN, at), REC_WORDS_ATOMIC, __ATOMIC_RELEASE);
        unlock(0);
    }
    tell_all_found(&visit);
}

void rec_owner_ends(struct rec_stream *s, uint64_t address, uint64_t size)
{
    struct latest latest = {.next = 0};
    struct visit visit = {.s = s, .write = true, .latest = &latest};
    uint64_t end = address + size;
    uint32_t seen = 0;
    for (uint64_t at = rec_granule_of(address); at < end; at += REC_GRANULE) {
        uint32_t word = *rec_word_at(REC_WORDS_READ, at);
        if (!word || (word == seen && word != REC_WORDS_READERS &&
                      *rec_word_at(REC_WORDS_WRITTEN, at) == seen))
            continue;
        seen = word;
        if (!lock(stripe_of(at)))
            continue;
        struct cell cell = cell_of(&visit, at);
        find_foreign(&visit, &cell);
        end_readers(&visit, &cell);
        unlock(0);
    }
    tell_all_found(&visit);
}

/* Looks before it writes: memory that was never used has no words yet. */
static void forget_each(uint64_t from, uint64_t to)
{
    struct rec_readers *readers;
    struct rec_reader reader;
    for (; from < to; from += REC_GRANULE) {
        if (*rec_word_at(REC_WORDS_READ, from) == REC_WORDS_READERS)
            for (readers = NULL; rec_readers_next(&readers, from, &reader);)
                *reader.word = *reader.kept = 0;
        if (*rec_word_at(REC_WORDS_READ, from)) /* a write sets that, too */
            *rec_word_at(REC_WORDS_READ, from) = *rec_word_at(REC_WORDS_WRITTEN, from) =
                *rec_kept_at(false, from) = *rec_kept_at(true, from) = 0;
    }
}

void rec_owner_forget(uint64_t address, uint64_t size)
{
    uint64_t from = rec_granule_of(address), to = address + size;
    if (to <= from || size >= REC_WORDS_SPAN)
        return;
    if (size > LARGE) {
        uint64_t low = (from + PAGE - 1) & ~(PAGE - 1ull), high = to & ~(PAGE - 1ull);
        rec_sys_advise(rec_word_at(REC_WORDS_READ, low), high - low, MADV_DONTNEED);
        rec_sys_advise(rec_word_at(REC_WORDS_WRITTEN, low), high - low, MADV_DONTNEED);
        rec_sys_advise(rec_kept_at(false, low), 2 * (high - low), MADV_DONTNEED);
        rec_readers_forget(low, high);
        forget_each(from, low);
        from = high;
    }
    forget_each(from, to);
}
