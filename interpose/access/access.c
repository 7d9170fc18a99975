/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thread's state for accesses, and the way into the trace of an access that the filter does not
 * cover.
 */
#include "interpose/access/access.h"

#include "interpose/access/filter/owner.h"

#include "interpose/core/poison.h"

enum { FILTERED_RANGE = 1024 }; /* bytes: to look up more costs more than an event */

/* The calls stay: a fork child is still in those of the thread that forked. */
void rec_access_reset(struct rec_stream *s)
{
    struct rec_access *access = s->access;
    rec_words_reset();
    if (!access)
        return;
    rec_filter_next(&access->filter);
    access->epoch = s->epoch;
    access->salt =
        rec_mix(access->filter.count, 1); /* spread: contexts and pcs lie close together */
    access->calls.low = access->calls.high = 0;
}

void rec_access_end(struct rec_stream *s)
{
    struct rec_access *access = s->access;
    if (rec_words_there()) {
        rec_owner_leave(s);
        if (s->stack_known) /* another's, soon */
            rec_owner_forget(s->stack_low, s->stack_high - s->stack_low);
    }
    if (!access)
        return;
    access->ignored[0] = access->ignored[1] = 0;
    access->calls.depth = access->calls.beyond = 0;
}

void rec_access_new_code(struct rec_stream *s)
{
    if (s->access)
        s->access->salt = rec_mix(s->access->salt, s->stacks_of);
}

void rec_access_forget(struct rec_stream *s, const void *block, uint64_t size)
{
    struct rec_access *access = s->access;
    uint64_t address = (uint64_t)block;
    if (rec_words_there()) {
        rec_owner_forget(address, size);
        rec_words_expect(address, size);
        rec_words.born = s->epoch + 1;
    }
    if (!access)
        return;
    if (size > FILTERED_RANGE) {
        rec_filter_next(&access->filter);
        return;
    }
    for (uint64_t at = address & ~7ull; at < address + size; at += 8)
        *rec_filter_cell(&access->filter, at) = 0;
}

void rec_access_ends(struct rec_stream *s, const void *block, uint64_t size)
{
    if (rec_words_there())
        rec_owner_ends(s, (uint64_t)block, size);
}

static void find_stack(struct rec_stream *s)
{
    if (!s->stack_known) {
        int error = errno;
        s->unwinding = 1; /* the C library allocates here */
        rec_stack_range(s);
        s->unwinding = 0;
        errno = error;
    }
    s->access->calls.low = s->stack_low;
    s->access->calls.high = s->stack_high;
}

struct rec_access *rec_access_of(struct rec_stream *s)
{
    if (rec_unlikely(rec_config.accesses == TR_SOURCE_NONE))
        return NULL;
    if (rec_unlikely(!s->access)) {
        struct rec_access *access = rec_sys_memory(sizeof *access);
        if (!access) {
            rec_lost(TR_LOSS_NO_MEMORY);
            return NULL;
        }
        s->access = access;
        rec_access_reset(s);
    }
    if (rec_unlikely(!s->access->calls.high))
        find_stack(s);
    return s->access;
}

/*
 * Return addresses, innermost first. Where code that tells no calls lies between (qsort, a signal),
 * the call that it was called from has no return address of ours: an address of the function stands
 * for it.
 */
static uint32_t collect(const struct rec_calls *calls, uint64_t pc, uint64_t *pcs)
{
    uint32_t count = 0;
    pcs[count++] = pc;
    for (uint32_t n = calls->depth; n && count < REC_FRAMES; n--) {
        pcs[count++] = calls->call[n - 1].pc;
        if (n > 1 && count < REC_FRAMES &&
            rec_module_source(calls->call[n - 1].pc) != TR_SOURCE_TSAN)
            pcs[count++] = calls->call[n - 2].inside;
    }
    return count;
}

uint32_t rec_access_stack(struct rec_stream *s, struct rec_access *access, uint64_t pc, uint64_t sp)
{
    struct rec_calls *calls = &access->calls;
    if (rec_config.accesses == TR_SOURCE_REWRITE)
        return rec_stack(s, sp);
    if (rec_unlikely(calls->depth && calls->call[calls->depth - 1].sp < sp))
        rec_calls_heal(calls, sp, false);
    uint64_t key = rec_mix(rec_calls_context(calls) + access->salt, pc);
    unsigned place = key >> 52 & (REC_ACCESS_STACKS - 1);
    if (rec_likely(access->stacks[place].key == key && access->stacks[place].id > s->told_before &&
                   s->at < s->soft))
        return access->stacks[place].id;
    uint64_t pcs[REC_FRAMES];
    int error = errno;
    if (calls->depth) /* a module may get here without its initialisation having been seen */
        rec_module_covered(s, calls->call[calls->depth - 1].inside, TR_SOURCE_TSAN);
    uint32_t id = rec_stack_define(s, pcs, collect(calls, pc, pcs), key);
    errno = error;
    access->stacks[place].key = key;
    access->stacks[place].id = id;
    return id;
}

/* Covers the whole, or adds it. */
static bool filter(struct rec_access *access, uint64_t address, uint64_t size, bool write)
{
    bool covered = true;
    for (uint64_t end = address + size; address < end;) {
        uint64_t next = (address | 7) + 1;
        unsigned part = (unsigned)((next < end ? next : end) - address);
        uint64_t bytes = rec_filter_bytes(address, part, write);
        if (!rec_filter_covers(&access->filter, address, bytes)) {
            rec_filter_add(&access->filter, address, bytes);
            covered = false;
        }
        address = next;
    }
    return covered;
}

/* Not inlined: what is hot ends before it. */
__attribute__((noinline)) void rec_access(uint64_t address, unsigned size, bool write,
                                          uint32_t mode, uint64_t pc, uint64_t sp)
{
    struct rec_stream *s = rec_config.accesses == TR_SOURCE_TSAN ? rec_enter() : NULL;
    if (!s)
        return;
    struct rec_access *access = rec_access_of(s);
    if (access && !access->ignored[write]) {
        rec_access_epoch(s, access);
        if (!filter(access, address, size, write))
            rec_access_emit(s, access,
                            &(struct tr_event){.kind = write ? TR_WRITE : TR_READ,
                                               .mode = mode | (uint32_t)__builtin_ctz(size) |
                                                       TR_ACC_ORDER_VERSION << TR_ACC_ORDER_SHIFT,
                                               .stack = rec_access_stack(s, access, pc, sp),
                                               .object = address,
                                               .version = rec_counter_next((void *)address)});
    }
    rec_leave(s);
}

/* From code that was moved, by a function of the C library whose frame SP is. */
static void access_of_moved(uint64_t address, uint64_t size, bool write, uint64_t sp)
{
    struct rec_stream *s = rec_enter();
    if (!s)
        return;
    int error = errno;
    if (!s->access || !s->access->ignored[write])
        rec_owner_access(s, address, size, write, 0, sp);
    errno = error;
    rec_leave(s);
}

void rec_access_range(uint64_t address, uint64_t size, bool write, uint64_t pc, uint64_t sp)
{
    if (!size)
        return;
    if (rec_config.accesses == TR_SOURCE_REWRITE) {
        access_of_moved(address, size, write, sp);
        return;
    }
    if (!(size & (size - 1)) && (address & 7) + size <= 8) {
        if (!rec_access_covered(address, (unsigned)size, write))
            rec_access(address, (unsigned)size, write, 0, pc, sp);
        return;
    }
    struct rec_stream *s = rec_enter();
    if (!s)
        return;
    struct rec_access *access = rec_access_of(s);
    if (access && !access->ignored[write]) {
        rec_access_epoch(s, access);
        if (size > FILTERED_RANGE || !filter(access, address, size, write))
            rec_access_emit(s, access,
                            &(struct tr_event){.kind = write ? TR_WRITE_RANGE : TR_READ_RANGE,
                                               .mode = TR_ACC_ORDER_VERSION << TR_ACC_ORDER_SHIFT,
                                               .stack = rec_access_stack(s, access, pc, sp),
                                               .object = address,
                                               .version = rec_counter_next((void *)address),
                                               .a0 = size});
    }
    rec_leave(s);
}
