/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Atomics: __tsan_atomicN_*, in gcc's form and in clang's.
 *
 * Each is done exactly once, whatever becomes of its recording, and sequentially consistent, which
 * is at least as strong as what was asked for. To know which write a load read, the operation and
 * the taking of its number happen under a stripe, one of a fixed set of spin bits chosen by
 * address: so the numbers of a location are in the order in which it was modified. A stripe is only
 * tried for a while, since its owner may have been interrupted by a signal handler that waits for
 * us. If it cannot be had the operation is done all the same, without a number, and so is recorded;
 * loads of that location say that they do not know what they read, until the next numbered store.
 *
 * A thread that spins on a location would fill the trace. A load is left out if the thread has one
 * of the same kind and order in the trace, in the same epoch, and no write was done under the
 * location's stripe since: it reads the same write, and orders nothing anew. Writers count
 * themselves before they write, so a loader that sees a new value sees the new count as well.
 */
#include "interpose/access/access.h"

#include "interpose/core/poison.h"

enum { STRIPE_BITS = 10, TRIES = 100, PATIENCE_NS = 100 * 1000 * 1000, LOCATIONS = 4 << 20 };
enum { FREE, TAKEN, STUCK };

typedef unsigned __int128 uint128_t;

static struct stripe {
    uint32_t busy;
    uint64_t writes;
    uint64_t unsure; /* location whose last write has no number, 0 none */
} __attribute__((aligned(64))) stripes[1 << STRIPE_BITS];

static uint32_t location_count;

static struct stripe *stripe_of(uint64_t address)
{
    return &stripes[(address >> 3) * 0x9e3779b97f4a7c15u >> (64 - STRIPE_BITS)];
}

/* An owner that is merely not running gets on when we yield. One that does not for so long waits
 * for us: then nobody tries any longer, until it comes to its end. */
static __attribute__((noinline)) bool stripe_wait(struct stripe *stripe)
{
    uint64_t until = rec_sys_nanoseconds(CLOCK_MONOTONIC) + PATIENCE_NS;
    do {
        for (unsigned tries = 0; tries < TRIES; tries++) {
            uint32_t busy = __atomic_load_n(&stripe->busy, __ATOMIC_RELAXED);
            if (busy == STUCK)
                return false;
            if (busy == FREE && __atomic_compare_exchange_n(&stripe->busy, &busy, TAKEN, false,
                                                            __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
                return true;
            __builtin_ia32_pause();
        }
        rec_sys_yield();
    } while (rec_sys_nanoseconds(CLOCK_MONOTONIC) < until);
    uint32_t taken = TAKEN;
    __atomic_compare_exchange_n(&stripe->busy, &taken, STUCK, false, __ATOMIC_RELAXED,
                                __ATOMIC_RELAXED);
    return false;
}

static bool stripe_try(struct stripe *stripe)
{
    uint32_t busy = FREE;
    return rec_likely(__atomic_compare_exchange_n(&stripe->busy, &busy, TAKEN, false,
                                                  __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) ||
           stripe_wait(stripe);
}

void rec_atomics_reset(void)
{
    for (unsigned i = 0; i < 1 << STRIPE_BITS; i++)
        stripes[i].busy = FREE;
}

struct rec_object *rec_location(const void *address)
{
    struct rec_object *location = rec_object_find(address);
    if (rec_likely(location != NULL))
        return location;
    if (__atomic_load_n(&location_count, __ATOMIC_RELAXED) >= LOCATIONS)
        return NULL;
    __atomic_fetch_add(&location_count, 1, __ATOMIC_RELAXED);
    return rec_object_raw(address);
}

/* One operation from its begin to its end. */
struct operation {
    struct rec_stream *s; /* NULL: not recorded */
    struct rec_access *access;
    struct stripe *stripe;
    uint64_t address, version, pc, sp;
    uint64_t writes;
    bool held, unsure;
};

static struct rec_seen_load *load_cell(struct rec_access *access, uint64_t address)
{
    return &access->loads[address * 0x9e3779b97f4a7c15u >> 56 & (REC_ACCESS_LOADS - 1)];
}

/* Is a load of this kind in the trace that has read what a load just now has read? Asked behind the
 * load. */
static bool seen(const void *p, uint32_t mode)
{
    struct rec_stream *s = rec_self;
    if (!s || !s->access || s->access->epoch != s->epoch)
        return false;
    uint64_t address = (uint64_t)p;
    const struct rec_seen_load *cell = load_cell(s->access, address);
    return cell->address == address && cell->mode == mode &&
           cell->generation == s->access->filter.count &&
           cell->writes == __atomic_load_n(&stripe_of(address)->writes, __ATOMIC_SEQ_CST);
}

static uint64_t count_write(struct operation *op)
{
    if (!op->held)
        __atomic_store_n(&op->stripe->unsure, op->address, __ATOMIC_SEQ_CST);
    return __atomic_add_fetch(&op->stripe->writes, 1, __ATOMIC_SEQ_CST);
}

static void take_number(struct operation *op, bool writes)
{
    struct rec_object *location = rec_location((const void *)op->address);
    op->held = location && stripe_try(op->stripe);
    op->unsure = !op->held || op->stripe->unsure == op->address;
    if (op->held)
        op->version = rec_version(location);
    op->writes = writes ? count_write(op) : __atomic_load_n(&op->stripe->writes, __ATOMIC_SEQ_CST);
}

/* The stripe is given back. A compare-exchange that failed wrote nothing after all: counted, two
 * threads that spin on one location would take each other's failures for news. */
static void settle(struct operation *op, bool wrote, bool counted)
{
    if (counted && !wrote)
        op->writes = __atomic_sub_fetch(&op->stripe->writes, 1, __ATOMIC_SEQ_CST);
    if (!op->held)
        return;
    if (wrote && op->unsure)
        __atomic_store_n(&op->stripe->unsure, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&op->stripe->busy, FREE, __ATOMIC_RELEASE);
}

static __attribute__((noinline)) void begin(struct operation *op, const volatile void *p,
                                            bool writes, uint64_t pc, uint64_t sp)
{
    *op = (struct operation){.address = (uint64_t)p, .pc = pc, .sp = sp};
    if (!rec_live.on || rec_config.accesses == TR_SOURCE_NONE)
        return;
    op->stripe = stripe_of(op->address);
    struct rec_stream *s = rec_enter();
    op->access = s ? rec_access_of(s) : NULL;
    if (op->access) {
        op->s = s;
        take_number(op, writes);
        return;
    }
    if (writes)
        count_write(op);
    if (s)
        rec_leave(s);
}

static uint32_t mode_of(int order, unsigned size)
{
    unsigned known = (unsigned)order & 0x7fff; /* above: hints for lock elision */
    if (known > __ATOMIC_SEQ_CST)
        known = __ATOMIC_SEQ_CST;
    return known << TR_ATOMIC_ORDER_SHIFT | (uint32_t)__builtin_ctz(size);
}

static __attribute__((noinline)) void end(struct operation *op, uint8_t kind, uint32_t mode)
{
    if (!op->s)
        return;
    settle(op, kind != TR_ATOMIC_LOAD, mode & TR_ATOMIC_FAILED);
    if (op->unsure && kind != TR_ATOMIC_STORE)
        mode |= TR_ACC_SOURCE_UNKNOWN;
    struct rec_stream *s = op->s;
    rec_access_emit(s, op->access,
                    &(struct tr_event){.kind = kind,
                                       .mode = mode,
                                       .stack = rec_access_stack(s, op->access, op->pc, op->sp),
                                       .object = op->address,
                                       .version = op->version});
    rec_access_epoch(s, op->access);
    if (kind == TR_ATOMIC_LOAD && !op->unsure)
        *load_cell(op->access, op->address) =
            (struct rec_seen_load){.address = op->address,
                                   .generation = op->access->filter.count,
                                   .writes = op->writes,
                                   .mode = mode};
    rec_leave(s);
}

void rec_atomic_told(const void *address, unsigned size, uint8_t kind, int order, uint64_t pc,
                     uint64_t sp)
{
    uint32_t mode = mode_of(order, size);
    if (kind == TR_ATOMIC_LOAD && seen(address, mode))
        return;
    struct operation op;
    begin(&op, address, kind != TR_ATOMIC_LOAD, pc, sp);
    end(&op, kind, mode);
}

/* Kept under the guard alone: a handler that strikes meanwhile has atomics of its own, which are
 * not recorded, and their ends, which are not this one's. */
static __thread struct operation pending __attribute__((tls_model("initial-exec")));

void rec_atomic_begins(const void *address, uint64_t pc, uint64_t sp)
{
    struct operation op;
    begin(&op, address, true, pc, sp);
    if (op.s)
        pending = op;
}

void rec_atomic_ended(unsigned size, bool wrote, uint64_t pc, uint64_t sp)
{
    if (!pending.s || pending.pc != pc || pending.sp != sp)
        return;
    struct operation op = pending;
    uint32_t mode = mode_of(__ATOMIC_SEQ_CST, size);
    pending.s = NULL;
    end(&op, wrote ? TR_ATOMIC_RMW : TR_ATOMIC_LOAD, mode | (wrote ? 0 : TR_ATOMIC_FAILED));
}

/* The operations themselves. 16 bytes at once takes cmpxchg16b: the compiler would call libatomic.
 * ------------------------------------------------------------------------------------------ */

static bool exchange_if_128(volatile uint128_t *p, uint128_t *expected, uint128_t value)
{
    bool done;
    uint64_t low = (uint64_t)*expected, high = (uint64_t)(*expected >> 64);
    __asm__ volatile("lock cmpxchg16b %1"
                     : "=@ccz"(done), "+m"(*p), "+a"(low), "+d"(high)
                     : "b"((uint64_t)value), "c"((uint64_t)(value >> 64))
                     : "memory");
    *expected = (uint128_t)high << 64 | low;
    return done;
}

static uint128_t load_128(const volatile uint128_t *p)
{
    uint128_t value = 0;
    exchange_if_128((volatile uint128_t *)p, &value, 0);
    return value;
}

/* OLD is what it is computed from; the value of the expression is the old one. */
#define UPDATE_128(p, new_value)                                                                   \
    ({                                                                                             \
        uint128_t old = load_128(p);                                                               \
        while (!exchange_if_128(p, &old, new_value))                                               \
            ;                                                                                      \
        old;                                                                                       \
    })

#define LOAD_N(p)        __atomic_load_n(p, __ATOMIC_SEQ_CST)
#define STORE_N(p, v)    __atomic_store_n(p, v, __ATOMIC_SEQ_CST)
#define EXCHANGE_N(p, v) __atomic_exchange_n(p, v, __ATOMIC_SEQ_CST)
#define ADD_N(p, v)      __atomic_fetch_add(p, v, __ATOMIC_SEQ_CST)
#define SUB_N(p, v)      __atomic_fetch_sub(p, v, __ATOMIC_SEQ_CST)
#define AND_N(p, v)      __atomic_fetch_and(p, v, __ATOMIC_SEQ_CST)
#define OR_N(p, v)       __atomic_fetch_or(p, v, __ATOMIC_SEQ_CST)
#define XOR_N(p, v)      __atomic_fetch_xor(p, v, __ATOMIC_SEQ_CST)
#define NAND_N(p, v)     __atomic_fetch_nand(p, v, __ATOMIC_SEQ_CST)
#define COMPARE_N(p, expected, v)                                                                  \
    __atomic_compare_exchange_n(p, expected, v, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)

#define LOAD_128(p)                 load_128(p)
#define STORE_128(p, v)             ((void)UPDATE_128(p, v))
#define EXCHANGE_128(p, v)          UPDATE_128(p, v)
#define ADD_128(p, v)               UPDATE_128(p, old + (v))
#define SUB_128(p, v)               UPDATE_128(p, old - (v))
#define AND_128(p, v)               UPDATE_128(p, old &(v))
#define OR_128(p, v)                UPDATE_128(p, old | (v))
#define XOR_128(p, v)               UPDATE_128(p, old ^ (v))
#define NAND_128(p, v)              UPDATE_128(p, ~(old & (v)))
#define COMPARE_128(p, expected, v) exchange_if_128(p, expected, v)

/* The entries.
 * ----------------------------------------------------------------------------------------- */

#define BEGIN(p, writes)                                                                           \
    struct operation op;                                                                           \
    begin(&op, p, writes, rec_return_address(), rec_here())

#define LOAD(bits, type, load)                                                                     \
    REC_EXPORT type __tsan_atomic##bits##_load(const volatile type *p, int order);                 \
    REC_EXPORT type __tsan_atomic##bits##_load(const volatile type *p, int order)                  \
    {                                                                                              \
        uint32_t mode = mode_of(order, sizeof(type));                                              \
        type value = load(p);                                                                      \
        if (seen((const void *)p, mode))                                                           \
            return value;                                                                          \
        BEGIN(p, false);                                                                           \
        if (op.s)                                                                                  \
            value = load(p);                                                                       \
        end(&op, TR_ATOMIC_LOAD, mode);                                                            \
        return value;                                                                              \
    }

#define STORE(bits, type, store)                                                                   \
    REC_EXPORT void __tsan_atomic##bits##_store(volatile type *p, type v, int order);              \
    REC_EXPORT void __tsan_atomic##bits##_store(volatile type *p, type v, int order)               \
    {                                                                                              \
        BEGIN(p, true);                                                                            \
        store(p, v);                                                                               \
        end(&op, TR_ATOMIC_STORE, mode_of(order, sizeof(type)));                                   \
    }

#define UPDATE(bits, type, name, update)                                                           \
    REC_EXPORT type __tsan_atomic##bits##_##name(volatile type *p, type v, int order);             \
    REC_EXPORT type __tsan_atomic##bits##_##name(volatile type *p, type v, int order)              \
    {                                                                                              \
        BEGIN(p, true);                                                                            \
        type value = update(p, v);                                                                 \
        end(&op, TR_ATOMIC_RMW, mode_of(order, sizeof(type)));                                     \
        return value;                                                                              \
    }

/* One that fails is a load of the order for failure: it need not take the location for a write. */
#define COMPARE(bits, type, load, compare)                                                         \
    static inline bool compare_##bits(volatile type *p, type *expected, type v, int order,         \
                                      int failure, uint64_t pc, uint64_t sp)                       \
    {                                                                                              \
        uint32_t fails = mode_of(failure, sizeof(type)) | TR_ATOMIC_FAILED;                        \
        type value = load(p);                                                                      \
        if (value != *expected && seen((const void *)p, fails)) {                                  \
            *expected = value;                                                                     \
            return false;                                                                          \
        }                                                                                          \
        struct operation op;                                                                       \
        begin(&op, p, true, pc, sp);                                                               \
        bool done = compare(p, expected, v);                                                       \
        end(&op, done ? TR_ATOMIC_RMW : TR_ATOMIC_LOAD,                                            \
            done ? mode_of(order, sizeof(type)) : fails);                                          \
        return done;                                                                               \
    }                                                                                              \
    REC_EXPORT int __tsan_atomic##bits##_compare_exchange_strong(volatile type *p, type *expected, \
                                                                 type v, int order, int failure);  \
    REC_EXPORT int __tsan_atomic##bits##_compare_exchange_strong(volatile type *p, type *expected, \
                                                                 type v, int order, int failure)   \
    {                                                                                              \
        return compare_##bits(p, expected, v, order, failure, rec_return_address(), rec_here());   \
    }                                                                                              \
    REC_EXPORT int __tsan_atomic##bits##_compare_exchange_weak(volatile type *p, type *expected,   \
                                                               type v, int order, int failure);    \
    REC_EXPORT int __tsan_atomic##bits##_compare_exchange_weak(volatile type *p, type *expected,   \
                                                               type v, int order, int failure)     \
    {                                                                                              \
        return compare_##bits(p, expected, v, order, failure, rec_return_address(), rec_here());   \
    }                                                                                              \
    REC_EXPORT type __tsan_atomic##bits##_compare_exchange_val(volatile type *p, type expected,    \
                                                               type v, int order, int failure);    \
    REC_EXPORT type __tsan_atomic##bits##_compare_exchange_val(volatile type *p, type expected,    \
                                                               type v, int order, int failure)     \
    {                                                                                              \
        compare_##bits(p, &expected, v, order, failure, rec_return_address(), rec_here());         \
        return expected;                                                                           \
    }

#define ATOMIC(bits, type, form)                                                                   \
    LOAD(bits, type, LOAD_##form)                                                                  \
    STORE(bits, type, STORE_##form)                                                                \
    UPDATE(bits, type, exchange, EXCHANGE_##form)                                                  \
    UPDATE(bits, type, fetch_add, ADD_##form)                                                      \
    UPDATE(bits, type, fetch_sub, SUB_##form)                                                      \
    UPDATE(bits, type, fetch_and, AND_##form)                                                      \
    UPDATE(bits, type, fetch_or, OR_##form)                                                        \
    UPDATE(bits, type, fetch_xor, XOR_##form)                                                      \
    UPDATE(bits, type, fetch_nand, NAND_##form)                                                    \
    COMPARE(bits, type, LOAD_##form, COMPARE_##form)

ATOMIC(8, uint8_t, N)
ATOMIC(16, uint16_t, N)
ATOMIC(32, uint32_t, N)
ATOMIC(64, uint64_t, N)
ATOMIC(128, uint128_t, 128)

REC_EXPORT void __tsan_atomic_thread_fence(int order);
REC_EXPORT void __tsan_atomic_thread_fence(int order)
{
    uint64_t pc = rec_return_address(), sp = rec_here();
    struct rec_stream *s = rec_config.accesses == TR_SOURCE_TSAN ? rec_enter() : NULL;
    struct rec_access *access = s ? rec_access_of(s) : NULL;
    if (access)
        rec_access_emit(s, access,
                        &(struct tr_event){.kind = TR_FENCE,
                                           .mode = mode_of(order, 1),
                                           .stack = rec_access_stack(s, access, pc, sp)});
    if (s)
        rec_leave(s);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* Orders against the thread's own handlers alone: that the program calls out is enough. */
REC_EXPORT void __tsan_atomic_signal_fence(int order);
REC_EXPORT void __tsan_atomic_signal_fence(int order)
{
    (void)order;
}
