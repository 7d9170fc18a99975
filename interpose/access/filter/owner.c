/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Beside the words of a granule stands what is kept of the accesses that they tell of: the number
 * of its thread's stack and flags of its mode; 0 where it is in the trace already. So a granule is
 * its owner's alone as long as its words are that thread's and nothing in them was told.
 *
 * Who changes a granule holds its stripe. A thread that cannot have it soon tells its access, and
 * leaves the words as they are.
 */
#include "interpose/access/filter/owner.h"

#include "interpose/core/poison.h"

enum {
    STRIPES = 4096,
    PATIENCE = 4096,
    LARGE = 64 << 10, /* bytes: forgotten by whole pages */
    PAGE = 4096,
    /* What is kept of an access, beside its stack. */
    KEPT_MAY_BE_ATOMIC = 1 << 31,
    KEPT_COMPOUND = 1 << 30,
    KEPT_LATE = 1 << 29, /* the memory may have begun in the same epoch */
    KEPT_STACK = (1 << 29) - 1,
};

static uint8_t stripes[STRIPES]; /* atomic */

static uint8_t *stripe_of(uint64_t address)
{
    return &stripes[(address >> 6) % STRIPES];
}

static bool lock(uint8_t *stripe)
{
    for (unsigned i = 0; i < PATIENCE; i++) {
        if (!__atomic_exchange_n(stripe, 1, __ATOMIC_ACQUIRE)) {
            rec_words.held = stripe;
            return true;
        }
        while (i < PATIENCE && __atomic_load_n(stripe, __ATOMIC_RELAXED)) {
            __builtin_ia32_pause();
            i++;
        }
    }
    return false;
}

static void unlock(uint8_t *stripe)
{
    __atomic_store_n(stripe, 0, __ATOMIC_RELEASE);
    rec_words.held = NULL;
}

void rec_owner_abandon(void)
{
    if (rec_words.held)
        unlock(rec_words.held);
}

void rec_owner_reset(void)
{
    for (unsigned i = 0; i < STRIPES; i++)
        stripes[i] = 0;
    rec_words.held = NULL;
}

/* Another thread's accesses that are about to be told: neighbours, as one. */
struct finding {
    uint64_t from, to; /* to 0: none */
    uint32_t word, kept;
    bool write;
};

struct visit {
    struct rec_stream *s;
    uint32_t value; /* the thread's own */
    uint32_t kept;  /* of its own access, once its stack is known */
    bool write;
    struct finding found[2];
};

static uint32_t mode_of(uint32_t kept)
{
    return (kept & KEPT_MAY_BE_ATOMIC ? TR_ACC_MAY_BE_ATOMIC : 0u) |
           (kept & KEPT_COMPOUND ? TR_ACC_COMPOUND : 0u) | (kept & KEPT_LATE ? TR_ACC_LATE : 0u);
}

static uint32_t kept_of(uint32_t mode, uint32_t stack)
{
    return (mode & TR_ACC_MAY_BE_ATOMIC ? (uint32_t)KEPT_MAY_BE_ATOMIC : 0u) |
           (mode & TR_ACC_COMPOUND ? (uint32_t)KEPT_COMPOUND : 0u) |
           (mode & TR_ACC_LATE ? (uint32_t)KEPT_LATE : 0u) | (stack & KEPT_STACK);
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

static void tell_found(struct rec_stream *s, struct finding *found)
{
    uint32_t tag;
    uint64_t epoch;
    if (!found->to)
        return;
    rec_words_whose(found->word, &tag, &epoch);
    if (tag) {
        rec_header->flags |= TR_HAS_DEFERRED;
        emit(s,
             &(struct tr_event){.mode = mode_of(found->kept) | TR_ACC_DEFERRED,
                                .stack = found->kept & KEPT_STACK,
                                .object = found->from,
                                .thread = tag - 1,
                                .epoch = epoch},
             found->to - found->from, found->write);
    }
    found->to = 0;
}

static void find(struct visit *visit, uint64_t granule, uint32_t word, uint32_t kept, bool write)
{
    struct finding *found = &visit->found[write];
    unsigned first = (unsigned)__builtin_ctz(word & REC_WORDS_ALL);
    unsigned last = 31u - (unsigned)__builtin_clz(word & REC_WORDS_ALL);
    uint64_t from = granule + first, to = granule + last + 1;
    bool same = found->to == from && found->kept == kept &&
                (found->word ^ word) >> REC_WORDS_MASK_BITS == 0;
    if (!same) {
        tell_found(visit->s, found);
        *found = (struct finding){.from = from, .word = word, .kept = kept, .write = write};
    }
    found->to = to;
}

static void tell_all_found(struct visit *visit)
{
    tell_found(visit->s, &visit->found[0]);
    tell_found(visit->s, &visit->found[1]);
}

/* Is what a word tells of the visitor's alone? Where it is another's, that is found, if IT_COUNTS.
 */
static bool is_own(struct visit *visit, uint64_t granule, bool write, bool it_counts)
{
    uint32_t word = *rec_word_of(write, granule);
    uint32_t *kept = rec_kept_at(write, granule);
    uint32_t tag;
    uint64_t epoch;
    if (!(word & REC_WORDS_ALL))
        return true;
    if (rec_word_is_atomic(word))
        return false;
    rec_words_whose(word, &tag, &epoch);
    if (tag == visit->s->tag)
        return *kept != 0;
    if (*kept && it_counts)
        find(visit, granule, word, *kept, write);
    *kept = 0;
    return false;
}

/* Is GRANULE the visitor's alone? */
static bool is_alone(struct visit *visit, uint64_t granule)
{
    bool only_written =
        *rec_word_at(REC_WORDS_READ, granule) == *rec_word_at(REC_WORDS_WRITTEN, granule) &&
        *rec_kept_at(false, granule) == *rec_kept_at(true, granule);
    bool written = is_own(visit, granule, true, true);
    return is_own(visit, granule, false, !only_written) && written;
}

static void set(bool write, uint64_t granule, uint32_t value, uint32_t bytes, uint32_t kept)
{
    uint32_t *word = rec_word_of(write, granule);
    uint32_t before = (*word & ~(uint32_t)REC_WORDS_ALL) == value ? *word & REC_WORDS_ALL : 0;
    *rec_kept_at(write, granule) = kept;
    __atomic_store_n(word, value | before | bytes, __ATOMIC_RELEASE);
}

/* The visitor accesses BYTES of GRANULE, whose stripe it holds. Has that to be told? */
static bool visit_granule(struct visit *visit, uint64_t granule, uint32_t bytes)
{
    bool alone = is_alone(visit, granule);
    uint32_t kept = alone ? visit->kept : 0;
    if (rec_owner_is_atomic(granule))
        return true;
    set(false, granule, visit->value, bytes, kept);
    if (visit->write)
        set(true, granule, visit->value, bytes, kept);
    return !alone;
}

/* Visits all from FROM to TO; true if something of it has to be told. */
static bool visit_all(struct visit *visit, uint64_t from, uint64_t to)
{
    bool tell = false;
    uint8_t *held = NULL;
    for (uint64_t at = from & ~(uint64_t)(REC_GRANULE - 1); at < to; at += REC_GRANULE) {
        uint8_t *stripe = stripe_of(at);
        if (stripe != held) {
            if (held)
                unlock(held);
            held = lock(stripe) ? stripe : NULL;
        }
        uint32_t bytes = rec_words_bytes(at, from, to);
        if (!held)
            tell = true;
        else if (!rec_word_covers(*rec_word_of(visit->write, at), visit->value, bytes))
            tell |= visit_granule(visit, at, bytes);
    }
    if (held)
        unlock(held);
    return tell;
}

static void tell_or_keep(struct rec_stream *s, uint64_t address, uint64_t size, bool write,
                         uint32_t mode, uint32_t stack)
{
    uint32_t late = rec_words.born == s->epoch + 1 ? TR_ACC_LATE : 0;
    struct visit visit = {
        .s = s, .value = rec_words_value(s), .kept = kept_of(mode | late, stack), .write = write};
    bool tell = visit_all(&visit, address, address + size);
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
    if (!rec_words_cover(address, size, write))
        tell_or_keep(s, address, size, write, mode, rec_stack(s, cfa));
}

bool rec_owner_access_soon(struct rec_stream *s, uint64_t address, uint64_t size, bool write,
                           uint32_t mode, uint64_t cfa)
{
    enum { MOST = 64, ROOM = (2 * MOST / REC_GRANULE + 2) * TR_EVENT_MAX };
    if (size > MOST || address + size <= address || s->at + ROOM >= s->limit || s->at >= s->soft)
        return false;
    if (rec_words.now == REC_WORDS_UNTOUCHED)
        return true;
    (void)rec_words_value(s);
    if (rec_words_cover(address, size, write))
        return true;
    if (rec_stack_cached(s, cfa) == REC_STACK_WAYS || s->found->id <= s->told_before)
        return false;
    tell_or_keep(s, address, size, write, mode, s->found->id);
    return true;
}

bool rec_owner_is_atomic(uint64_t address)
{
    return rec_word_is_atomic(*rec_word_at(REC_WORDS_READ, address));
}

void rec_owner_atomic(struct rec_stream *s, uint64_t address, uint64_t size)
{
    struct visit visit = {.s = s};
    for (uint64_t at = address & ~(uint64_t)(REC_GRANULE - 1); at < address + size;
         at += REC_GRANULE) {
        uint8_t *stripe = stripe_of(at);
        if (rec_owner_is_atomic(at) || !lock(stripe))
            continue;
        (void)is_alone(&visit, at);
        *rec_kept_at(false, at) = *rec_kept_at(true, at) = 0;
        __atomic_store_n(rec_word_at(REC_WORDS_READ, at), REC_WORDS_ATOMIC, __ATOMIC_RELEASE);
        __atomic_store_n(rec_word_at(REC_WORDS_WRITTEN, at), REC_WORDS_ATOMIC, __ATOMIC_RELEASE);
        unlock(stripe);
    }
    tell_all_found(&visit);
}

void rec_owner_ends(struct rec_stream *s, uint64_t address, uint64_t size)
{
    struct visit visit = {.s = s};
    uint64_t end = address + size;
    for (uint64_t at = address & ~(uint64_t)(REC_GRANULE - 1); at < end; at += REC_GRANULE) {
        if (!*rec_word_at(REC_WORDS_READ, at))
            continue;
        uint8_t *stripe = stripe_of(at);
        if (!lock(stripe))
            continue;
        (void)is_alone(&visit, at);
        unlock(stripe);
    }
    tell_all_found(&visit);
}

/* Looks before it writes: memory that was never used has no words yet. */
static void forget_each(uint64_t from, uint64_t to)
{
    for (; from < to; from += REC_GRANULE)
        if (*rec_word_at(REC_WORDS_READ, from)) /* a write sets that, too */
            *rec_word_at(REC_WORDS_READ, from) = *rec_word_at(REC_WORDS_WRITTEN, from) =
                *rec_kept_at(false, from) = *rec_kept_at(true, from) = 0;
}

void rec_owner_forget(uint64_t address, uint64_t size)
{
    uint64_t from = address & ~(uint64_t)(REC_GRANULE - 1), to = address + size;
    if (to <= from || size >= REC_WORDS_SPAN)
        return;
    if (size > LARGE) {
        uint64_t low = (from + PAGE - 1) & ~(PAGE - 1ull), high = to & ~(PAGE - 1ull);
        rec_sys_advise(rec_word_at(REC_WORDS_READ, low), high - low, MADV_DONTNEED);
        rec_sys_advise(rec_word_at(REC_WORDS_WRITTEN, low), high - low, MADV_DONTNEED);
        rec_sys_advise(rec_kept_at(false, low), 2 * (high - low), MADV_DONTNEED);
        forget_each(from, low);
        from = high;
    }
    forget_each(from, to);
}
