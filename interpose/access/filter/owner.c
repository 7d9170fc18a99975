/* SPDX-License-Identifier: Apache-2.0 */
#include "interpose/access/filter/owner.h"

#include "interpose/access/filter/kept.h"
#include "interpose/access/filter/readers.h"
#include "interpose/access/filter/soon.h"
#include "interpose/access/filter/stripes.h"
#include "interpose/core/shared.h"

#include "interpose/core/poison.h"

enum {
    PATIENCE = 4096, /* looks, each longer than a store takes to be seen */
    LARGE = 1 << 20, /* bytes: forgotten by whole pages */
    PAGE = 4096,
    MOST_EACH = 64, /* bytes of an access that races with each of before by itself */
    ROOM = (3 * MOST_EACH / REC_GRANULE + 2) * TR_EVENT_MAX, /* in the trace, for such a one */
    MOST_AT_ONCE = 4096, /* bytes of a neighbourhood that are told as one access */
};

struct rec_stripe rec_stripes[REC_STRIPES];

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
    while (!rec_stripe_lock_soon(stripe, 0)) {
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
    rec_stripe_unlock(1);
    rec_stripe_unlock(0);
}

void rec_owner_reset(void)
{
    for (unsigned i = 0; i < REC_STRIPES; i++)
        rec_stripes[i] = (struct rec_stripe){0, 0};
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
    struct finding found[4];   /* of as many threads; to 0: it is told already */
    struct finding lasting[4]; /* a write of what lasts, maybe an earlier one */
    uint32_t tags[4];          /* 0: no thread */
    uint64_t epochs[4];
    unsigned next;
};

struct visit {
    struct rec_stream *s;
    uint32_t value; /* the thread's own */
    uint32_t kept;  /* of its own access, once its stack is known */
    bool write;
    bool small;                 /* less than a granule */
    bool reads;                 /* a write of what was read in the same epoch */
    bool told;                  /* another granule stands for the present one */
    struct rec_words_pair pair; /* what is about to be told, and may stand for others then */
    struct latest *latest;      /* NULL: all that is found is told */
    struct finding found[2];
};

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

/* Somebody else has come: each access of whoever had it alone counts from now on. */
static void end_lasting(uint32_t *word)
{
    if (!rec_word_is_atomic(*word) && *word != REC_WORDS_READERS)
        __atomic_store_n(word, *word & ~(uint32_t)REC_WORDS_LASTS, __ATOMIC_RELEASE);
}

/* What its neighbours behind it say of the same accesses is told with it. */
static void extend(struct finding *found)
{
    uint64_t most = found->from + MOST_AT_ONCE;
    if (rec_kept_bytes(found->kept) != REC_WORDS_ALL || found->to & (REC_GRANULE - 1))
        return;
    for (; found->to < most; found->to += REC_GRANULE) {
        struct rec_stripe *stripe = rec_stripe_of(found->to);
        if (stripe != rec_words.held[0] && stripe != rec_words.held[1]) {
            rec_stripe_unlock(1);
            if (!rec_stripe_lock_soon(stripe, 1))
                break;
        }
        struct rec_reader at = rec_beside(found->write, found->to);
        struct rec_reader read = rec_beside(false, found->to);
        if (*at.word != found->word || *at.kept != found->kept)
            break;
        if (found->write && *read.kept == *at.kept && *read.word == found->word) {
            *read.kept |= KEPT_TOLD;
            end_lasting(read.word);
        }
        *at.kept |= KEPT_TOLD;
        end_lasting(at.word);
    }
    rec_stripe_unlock(1);
}

/* The thread's own access of its present epoch stands where it is told: its block may end in that
 * epoch, too, and behind all others it would be out of it. */
static void emit_found(struct rec_stream *s, const struct finding *found, uint32_t tag,
                       uint32_t mode, uint64_t epoch)
{
    bool here = tag == s->tag && epoch == s->epoch;
    emit(s,
         &(struct tr_event){.mode = here ? mode & ~(uint32_t)TR_ACC_LATE : mode | TR_ACC_DEFERRED,
                            .stack = rec_kept_stack(found->word, found->kept),
                            .object = found->from,
                            .thread = tag - 1,
                            .epoch = epoch},
         found->to - found->from, found->write);
}

/* Whoever wrote what lasts may have written it again. */
static void tell_perhaps(struct rec_stream *s, const struct finding *found)
{
    uint32_t tag = rec_words_whose(found->word), mode = rec_kept_mode(found->kept);
    if (!tag || !found->to || !found->write || !(found->word & REC_WORDS_LASTS))
        return;
    uint64_t until = rec_words_until(found->word);
    if (until > rec_words_epoch(found->word))
        emit_found(s, found, tag, (mode & TR_ACC_MAY_BE_ATOMIC) | TR_ACC_PERHAPS, until);
}

static void tell_found(struct rec_stream *s, struct finding *found)
{
    if (!found->to)
        return;
    uint32_t tag = rec_words_whose(found->word);
    extend(found);
    if (tag) {
        rec_header->flags |= TR_HAS_DEFERRED;
        emit_found(s, found, tag, rec_kept_mode(found->kept), rec_words_epoch(found->word));
        tell_perhaps(s, found);
    }
    found->to = 0;
}

static void tell_latest(struct rec_stream *s, struct latest *latest, unsigned i)
{
    struct finding *lasting = &latest->lasting[i];
    if (latest->found[i].word & REC_WORDS_LASTS && latest->found[i].write)
        lasting->to = 0;
    tell_found(s, &latest->found[i]);
    tell_perhaps(s, lasting);
    lasting->to = 0;
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
        tell_latest(visit->s, latest, i);
        latest->tags[i] = 0;
    }
    if (found->write && found->word & REC_WORDS_LASTS && found->to)
        latest->lasting[i] = *found;
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
    } else if (found->to == fresh->from && !((found->kept ^ fresh->kept) & KEPT_ACCESS) &&
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
    bool told = rec_kept_is_told(kept);
    if (told && !latest_is_enough(visit, write))
        return;
    for (uint32_t left = rec_kept_bytes(kept) & ~bytes; left;) { /* bytes that lie side by side */
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
        tell_latest(visit->s, visit->latest, i);
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
    struct rec_readers_entry *entry;
    if (cell->whose[0] != READERS)
        return;
    while (rec_readers_next(&readers, cell->granule, &entry)) {
        struct rec_readers_entry taken = rec_readers_take(entry);
        if (whose_is(visit, taken.word) == FOREIGN)
            find(visit, cell->granule, taken.word, taken.kept, false);
    }
}

/* Two small variables in one granule, of which the visitor wrote the other one before. Where that
 * comes often, it is no variables but text. */
static void find_lost(struct visit *visit, const struct cell *cell, uint32_t bytes)
{
    enum { OFTEN = 64 };
    uint8_t *often = &rec_words.lost[cell->kept[1] % sizeof rec_words.lost];
    if (visit->small && cell->whose[1] == OWN && *often < OFTEN &&
        rec_kept_loses(cell->kept[1], bytes, visit->kept)) {
        ++*often;
        find_but(visit, cell->granule, cell->word[1], cell->kept[1], true, bytes);
    }
}

static void set(bool write, const struct cell *cell, uint32_t value, uint32_t bytes,
                uint32_t covered, uint32_t kept)
{
    rec_kept_join(rec_beside(write, cell->granule), value, bytes, covered, kept, false);
}

static uint32_t covers(const struct visit *visit, const struct cell *cell, uint32_t bytes)
{
    return rec_kept_covers(rec_beside(visit->write, cell->granule), visit->value, bytes,
                           visit->kept);
}

/* What there is to know of a stack's bytes is the same for all of them, if BYTES are among them:
 * an access of BYTES that is told stands for all. */
static uint32_t alike(uint32_t kept, uint32_t bytes)
{
    return rec_kept_bytes(kept) & bytes ? rec_kept_bytes(kept) : 0;
}

static uint32_t kept_with(const struct visit *visit, bool tell, uint32_t own)
{
    return (tell ? visit->kept | KEPT_TOLD : visit->kept) | own << KEPT_OWN_SHIFT;
}

static void forget_readers(uint64_t granule)
{
    struct rec_readers *readers = NULL;
    struct rec_readers_entry *entry;
    while (rec_readers_next(&readers, granule, &entry))
        (void)rec_readers_take(entry);
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
    uint32_t own = whose == OWN ? rec_kept_own(*reader.kept) : told ? REC_WORDS_ALL : 0;
    if (whose == FOREIGN) /* the table's former thread's */
        find(visit, granule, *reader.word, *reader.kept, false);
    bool tell = bytes & ~own;
    uint32_t kept = kept_with(visit, tell, own | bytes) | KEPT_SHARED;
    rec_kept_join(reader, visit->value, bytes, bytes, kept, whose == OWN);
    return tell;
}

/* The same pair of accesses, of the same epochs and stacks, was told of another granule: that
 * stands for this one. */
static bool is_told(const struct visit *visit, const struct cell *cell, uint32_t bytes)
{
    const struct rec_words_pair *told = &rec_words.told;
    return told->value == visit->value && told->write == visit->write &&
           told->word[0] == cell->word[0] && told->word[1] == cell->word[1] &&
           !((told->kept[0] ^ cell->kept[0]) & KEPT_STACK) &&
           !((told->kept[1] ^ cell->kept[1]) & KEPT_STACK) &&
           !((told->own ^ visit->kept) & KEPT_ACCESS) && !(cell->kept[0] & KEPT_PASSED) &&
           rec_kept_bytes(cell->kept[1]) & bytes && !visit->latest;
}

static void note_pair(struct visit *visit, const struct cell *cell, uint32_t bytes)
{
    if (cell->whose[1] == FOREIGN && cell->whose[0] != READERS && cell->kept[1] & KEPT_STACK &&
        visit->kept & KEPT_STACK && rec_kept_bytes(cell->kept[1]) & bytes &&
        !((cell->word[0] | cell->word[1]) & REC_WORDS_LASTS))
        visit->pair = (struct rec_words_pair){
            .word = {cell->word[0], cell->word[1]},
            .kept = {cell->kept[0], cell->kept[1]},
            .value = visit->value,
            .own = visit->kept,
            .write = visit->write,
        };
}

static bool visit_read(struct visit *visit, const struct cell *cell, uint32_t bytes)
{
    bool tell = false;
    uint32_t own = REC_WORDS_ALL, passed = 0;
    switch (cell->whose[0]) {
    case NOBODYS:
        break;
    case OWN:
        own = rec_kept_own(cell->kept[0]);
        tell = bytes & ~own;
        own |= bytes;
        passed = cell->kept[0] & (KEPT_PASSED | KEPT_SHARED);
        break;
    case READERS:
        return visit_readers(visit, cell->granule, bytes);
    case FOREIGN:
        if (!visit->told)
            find_foreign(visit, cell);
        uint32_t *written = rec_kept_at(true, cell->granule);
        *written = (*written & ~(uint32_t)KEPT_OWN) | (visit->told ? 0 : KEPT_TOLD);
        end_lasting(rec_word_of(true, cell->granule));
        if (cell->kept[0] & KEPT_PASSED && !cell->only_written) {
            *(uint64_t *)rec_kept_at(false, cell->granule) = 0;
            forget_readers(cell->granule);
            *rec_word_of(false, cell->granule) = REC_WORDS_READERS;
            return visit_readers(visit, cell->granule, bytes);
        }
        passed = KEPT_SHARED | (cell->only_written ? 0 : KEPT_PASSED);
        tell = cell->whose[1] == FOREIGN && !visit->told;
        if (cell->whose[1] == FOREIGN)
            own = bytes | alike(cell->kept[1], bytes);
        break;
    }
    set(false, cell, visit->value, bytes, covers(visit, cell, bytes),
        kept_with(visit, tell, own) | passed);
    return tell;
}

/* Has the visitor read the granule in this epoch? That need not be told. */
static uint32_t read_before(const struct cell *cell)
{
    struct rec_reader reader = {0, 0};
    if (cell->whose[0] == READERS && rec_words.readers)
        reader = rec_reader_at(rec_words.readers, cell->granule);
    return rec_kept_read(reader.word ? *reader.word : cell->word[0], cell->word[1], cell->kept[1]);
}

static bool visit_write(struct visit *visit, const struct cell *cell, uint32_t bytes)
{
    uint32_t own = 0, read = read_before(cell);
    bool others = cell->whose[0] == FOREIGN || cell->whose[0] == READERS ||
                  cell->whose[1] == FOREIGN || cell->kept[0] & KEPT_PASSED;
    if (!visit->told)
        find_foreign(visit, cell);
    end_readers(visit, cell);
    if (!others) {
        find_lost(visit, cell, bytes);
        own = cell->whose[1] == OWN ? rec_kept_own(cell->kept[1]) : REC_WORDS_ALL;
    } else if (cell->whose[1] == FOREIGN && (cell->only_written || cell->whose[0] == OWN)) {
        own = cell->kept[0] & KEPT_PASSED ? 0 : alike(cell->kept[1], bytes);
    }
    bool tell = (others || bytes & ~own) && !visit->told;
    uint32_t shared = others ? KEPT_SHARED : cell->kept[0] & KEPT_SHARED;
    uint32_t kept = kept_with(visit, tell, own | bytes) | shared | read;
    uint32_t covered = covers(visit, cell, bytes);
    visit->reads |= tell && read;
    set(false, cell, visit->value, bytes, covered, kept);
    set(true, cell, visit->value, bytes, covered, kept);
    return tell;
}

/* The visitor accesses BYTES of GRANULE, whose stripe it holds. Has that to be told? */
static bool visit_granule(struct visit *visit, uint64_t granule, uint32_t bytes)
{
    struct cell cell = cell_of(visit, granule);
    if (rec_word_is_atomic(cell.word[0]))
        return true;
    visit->told = is_told(visit, &cell, bytes);
    bool tell = visit->write ? visit_write(visit, &cell, bytes) : visit_read(visit, &cell, bytes);
    if (tell)
        note_pair(visit, &cell, bytes);
    return tell;
}

/* Visits all from FROM to TO; true if something of it has to be told. */
static bool visit_all(struct visit *visit, uint64_t from, uint64_t to)
{
    bool tell = false;
    struct rec_stripe *held = NULL;
    for (uint64_t at = rec_granule_of(from); at < to; at += REC_GRANULE) {
        struct rec_stripe *stripe = rec_stripe_of(at);
        if (stripe != held) {
            rec_stripe_unlock(0);
            held = lock(stripe) ? stripe : NULL;
        }
        uint32_t bytes = rec_words_bytes(at, from, to);
        if (!held)
            tell = true;
        else if (!rec_word_covers(*rec_word_of(visit->write, at), visit->value, bytes))
            tell |= visit_granule(visit, at, bytes);
    }
    rec_stripe_unlock(0);
    return tell;
}

static void tell_or_keep(struct rec_stream *s, uint64_t address, uint64_t size, bool write,
                         uint32_t mode, uint32_t stack)
{
    struct latest latest;
    bool shared = rec_is_shared(address);
    if (size > MOST_EACH)
        latest = (struct latest){.next = 0};
    uint32_t value = rec_words_value(s); /* which says how stacks are kept */
    struct visit visit = {
        .s = s,
        .latest = size > MOST_EACH ? &latest : NULL,
        .value = value,
        .kept = rec_kept_now(s, mode, stack) | (shared ? (uint32_t)KEPT_TOLD : 0u),
        .write = write,
        .small = size < REC_GRANULE,
    };
    bool tell = visit_all(&visit, address, address + size) || !(visit.kept & KEPT_STACK) ||
                rec_words.passed || shared;
    rec_words.passed = false;
    tell_all_found(&visit);
    if (visit.pair.value)
        rec_words.told = visit.pair;
    if (tell)
        emit(s,
             &(struct tr_event){.mode = mode | TR_ACC_ORDER_VERSION << TR_ACC_ORDER_SHIFT |
                                        (visit.reads ? TR_ACC_COMPOUND : 0u),
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
        tell_or_keep(s, address, size, write, mode, rec_stack_here(s, cfa));
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
                           uint32_t mode)
{
    if (size > MOST_EACH || address + size <= address || s->at + ROOM >= s->limit ||
        s->at >= s->soft || rec_words.needs_readers ||
        (write && has_readers(address, address + size)))
        return false;
    tell_or_keep(s, address, size, write, mode, s->found->id);
    return true;
}

void rec_owner_leave(struct rec_stream *s)
{
    rec_words_leave(s);
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
        if (rec_owner_is_atomic(at) || !lock(rec_stripe_of(at)))
            continue;
        struct cell cell = cell_of(&visit, at);
        find_foreign(&visit, &cell);
        end_readers(&visit, &cell);
        *rec_kept_at(false, at) = *rec_kept_at(true, at) = 0;
        __atomic_store_n(rec_word_at(REC_WORDS_READ, at), REC_WORDS_ATOMIC, __ATOMIC_RELEASE);
        __atomic_store_n(rec_word_at(REC_WORDS_WRITTEN, at), REC_WORDS_ATOMIC, __ATOMIC_RELEASE);
        rec_stripe_unlock(0);
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
        if (!word || (word == seen && word != REC_WORDS_READERS && !(word & REC_WORDS_LASTS) &&
                      *rec_word_at(REC_WORDS_WRITTEN, at) == seen))
            continue;
        seen = word;
        if (!lock(rec_stripe_of(at)))
            continue;
        struct cell cell = cell_of(&visit, at);
        find_foreign(&visit, &cell);
        end_readers(&visit, &cell);
        end_lasting(rec_word_of(false, at));
        end_lasting(rec_word_of(true, at));
        rec_stripe_unlock(0);
    }
    tell_all_found(&visit);
}

/* Looks before it writes: memory that was never used has no words yet. */
static void forget_each(uint64_t from, uint64_t to)
{
    for (; from < to; from += REC_GRANULE) {
        if (*rec_word_at(REC_WORDS_READ, from) == REC_WORDS_READERS)
            forget_readers(from);
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
