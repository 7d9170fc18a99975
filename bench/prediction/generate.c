/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Large runs as STD text: generate SHAPE EVENTS THREADS LOCKS VARIABLES [SEED] > FILE
 *
 *   many     few locks, very many variables        hot      nothing but locks and what they protect
 *   nest     sections four deep                    typ      in between
 *   hb       every second operation is of a lock   cycle    nest, but locks are taken in any order
 *
 * Locks exclude, sections are properly nested, a thread is forked before it does anything and
 * joined behind all of it. Variable S<n> is protected by lock n modulo LOCKS, P<t>_<n> is thread
 * t's own, R<n> is protected by nothing: one access in two thousand is of one of these. No run
 * deadlocks; in `cycle` that is luck.
 *
 * Random numbers are drawn as CPython's `random` draws them, and in the order in which the
 * generator of published figures drew them, so that for all shapes but `cycle` its text comes out
 * byte by byte.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* MT19937: Matsumoto, Nishimura, 1998, seeded by an array of one word. */
enum { WORDS = 624, SHIFT = 397 };

struct twister {
    uint32_t word[WORDS];
    unsigned at;
};

static void twister_seed(struct twister *mt, uint32_t seed)
{
    uint32_t *w = mt->word;
    w[0] = 19650218;
    for (uint32_t i = 1; i < WORDS; i++)
        w[i] = 1812433253 * (w[i - 1] ^ w[i - 1] >> 30) + i;
    uint32_t i = 1;
    for (unsigned k = 0; k < WORDS; k++) {
        w[i] = (w[i] ^ (w[i - 1] ^ w[i - 1] >> 30) * 1664525) + seed;
        if (++i == WORDS)
            w[0] = w[WORDS - 1], i = 1;
    }
    for (unsigned k = 1; k < WORDS; k++) {
        w[i] = (w[i] ^ (w[i - 1] ^ w[i - 1] >> 30) * 1566083941) - i;
        if (++i == WORDS)
            w[0] = w[WORDS - 1], i = 1;
    }
    w[0] = 0x80000000;
    mt->at = WORDS;
}

static void twist(struct twister *mt)
{
    uint32_t *w = mt->word;
    for (unsigned i = 0; i < WORDS; i++) {
        uint32_t y = (w[i] & 0x80000000) | (w[(i + 1) % WORDS] & 0x7fffffff);
        w[i] = w[(i + SHIFT) % WORDS] ^ y >> 1 ^ (y & 1 ? 0x9908b0df : 0);
    }
    mt->at = 0;
}

static uint32_t draw(struct twister *mt)
{
    if (mt->at == WORDS)
        twist(mt);
    uint32_t y = mt->word[mt->at++];
    y ^= y >> 11;
    y ^= y << 7 & 0x9d2c5680;
    y ^= y << 15 & 0xefc60000;
    return y ^ y >> 18;
}

/* From 0 to below 1, 53 bits. */
static double fraction(struct twister *mt)
{
    uint32_t high = draw(mt) >> 5, low = draw(mt) >> 6;
    return (high * 67108864.0 + low) / 9007199254740992.0;
}

static uint32_t below(struct twister *mt, uint32_t limit)
{
    unsigned bits = 32 - (unsigned)__builtin_clz(limit);
    uint32_t number;
    do
        number = draw(mt) >> (32 - bits);
    while (number >= limit);
    return number;
}

enum { DEPTH_MOST = 4, RACY = 16, BURST = 24 };

struct shape {
    const char *name;
    double sync, shared, racy, reads;
    unsigned depth;
    int any_order;
};

static const struct shape shapes[] = {
    {"many", .sync = .05, .shared = .3, .racy = .0005, .reads = .7, .depth = 1},
    {"hot", .sync = .30, .shared = .9, .racy = .0005, .reads = .6, .depth = 1},
    {"nest", .sync = .40, .shared = .5, .racy = .0005, .reads = .6, .depth = 4},
    {"typ", .sync = .15, .shared = .4, .racy = .0005, .reads = .7, .depth = 2},
    {"hb", .sync = .50, .shared = .5, .racy = .0, .reads = .6, .depth = 1},
    {"cycle", .sync = .40, .shared = .5, .racy = .0005, .reads = .6, .depth = 2, .any_order = 1},
};

struct thread {
    uint32_t held[DEPTH_MOST];
    unsigned depth;
};

struct generator {
    const struct shape *shape;
    struct twister random;
    uint32_t threads, locks, protected, private;
    struct thread *thread;
    char *taken; /* of each lock */
    long events;
};

static void put_number(uint32_t number)
{
    char digits[10];
    int count = 0;
    do
        digits[count++] = (char)('0' + number % 10);
    while (number /= 10);
    while (count)
        putchar_unlocked(digits[--count]);
}

static void put(const char *text)
{
    fputs_unlocked(text, stdout);
}

static void put_event(struct generator *g, uint32_t thread, const char *what, uint32_t target)
{
    putchar_unlocked('T');
    put_number(thread);
    put(what);
    put_number(target);
    g->events++;
}

static void put_place(uint32_t place)
{
    put(")|");
    put_number(place);
    putchar_unlocked('\n');
}

static void release(struct generator *g, uint32_t t)
{
    uint32_t lock = g->thread[t].held[--g->thread[t].depth];
    g->taken[lock] = 0;
    put_event(g, t, "|rel(L", lock);
    put_place(2000 + lock % 500);
}

static void acquire(struct generator *g, uint32_t t)
{
    struct thread *thread = &g->thread[t];
    uint32_t lock = below(&g->random, g->locks);
    if (thread->depth && !g->shape->any_order && lock <= thread->held[thread->depth - 1])
        return;
    if (g->taken[lock])
        return;
    g->taken[lock] = 1;
    thread->held[thread->depth++] = lock;
    put_event(g, t, "|acq(L", lock);
    put_place(1000 + lock % 500);
}

static void access(struct generator *g, uint32_t t)
{
    const struct shape *shape = g->shape;
    struct thread *thread = &g->thread[t];
    double where = fraction(&g->random);
    int writes = !(fraction(&g->random) < shape->reads);
    if (where < shape->racy) {
        uint32_t v = below(&g->random, RACY);
        put_event(g, t, writes ? "|w(R" : "|r(R", v);
        put_place(3000 + v * 2 + (uint32_t)writes + 32 * (t % 8));
    } else if (thread->depth && where < shape->shared + shape->racy) {
        uint32_t lock = thread->held[below(&g->random, thread->depth)];
        uint32_t variables = lock < g->protected ? (g->protected - lock - 1) / g->locks + 1 : 0;
        if (!variables)
            return;
        uint32_t v = lock + below(&g->random, variables) * g->locks;
        put_event(g, t, writes ? "|w(S" : "|r(S", v);
        put_place(4000 + v % 1000);
    } else {
        uint32_t v = below(&g->random, g->private);
        put_event(g, t, writes ? "|w(P" : "|r(P", t);
        putchar_unlocked('_');
        put_number(v);
        put_place(6000 + v % 1000);
    }
}

static void run(struct generator *g, long events)
{
    long target = events - (g->threads - 1);
    for (uint32_t t = 1; t < g->threads; t++) {
        put_event(g, 0, "|fork(T", t);
        put_place(t);
    }
    uint32_t t = 0, turn = 0;
    while (g->events < target - 4L * g->threads * g->shape->depth) {
        if (!turn) {
            t = below(&g->random, g->threads);
            turn = 1 + below(&g->random, BURST);
        }
        turn--;
        struct thread *thread = &g->thread[t];
        if (!(fraction(&g->random) < g->shape->sync))
            access(g, t);
        else if (thread->depth && (thread->depth >= g->shape->depth || fraction(&g->random) < .5))
            release(g, t);
        else
            acquire(g, t);
    }
    for (t = 0; t < g->threads; t++)
        while (g->thread[t].depth)
            release(g, t);
    while (g->events < target) {
        put_event(g, 0, "|r(P0_", 0);
        put_place(1);
    }
    for (t = 1; t < g->threads; t++) {
        put_event(g, 0, "|join(T", t);
        put_place(500 + t);
    }
}

int main(int argc, char **argv)
{
    struct generator g = {0};
    for (size_t i = 0; argc > 5 && i < sizeof shapes / sizeof *shapes; i++)
        if (strcmp(shapes[i].name, argv[1]) == 0)
            g.shape = &shapes[i];
    if (!g.shape) {
        fputs("usage: generate SHAPE EVENTS THREADS LOCKS VARIABLES [SEED]\n", stderr);
        return 2;
    }
    double variables = atof(argv[5]);
    g.threads = (uint32_t)atol(argv[3]);
    g.locks = (uint32_t)atol(argv[4]);
    g.protected = (uint32_t)(variables * g.shape->shared);
    g.protected += !g.protected;
    g.private = ((uint32_t)variables - g.protected) / g.threads;
    g.private += !g.private;
    g.thread = calloc(g.threads, sizeof *g.thread);
    g.taken = calloc(g.locks, 1);
    if (!g.thread || !g.taken)
        return 1;
    twister_seed(&g.random, argc > 6 ? (uint32_t)atol(argv[6]) : 1);
    static char buffer[1 << 18];
    setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
    run(&g, (long)atof(argv[2]));
    free(g.thread);
    free(g.taken);
    return fflush(stdout) != 0;
}
