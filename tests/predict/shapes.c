/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/predict/shapes.h"

#define ACCESSES [TR_OP_READ] = 30, [TR_OP_WRITE] = 30
#define SECTIONS [TR_OP_ACQUIRE] = 30, [TR_OP_RELEASE] = 30
#define LINEAGE  [TR_OP_FORK] = 4, [TR_OP_JOIN] = 2

/* clang-format off */
const struct shape shapes[] = {
    {"sections", .threads = 4, .locks = 2, .variables = 3, .operations = 24, .depth = 2, .burst = 6,
     .tried = {ACCESSES, SECTIONS}},
    {"tiny", .threads = 3, .locks = 2, .variables = 2, .operations = 14, .depth = 2, .burst = 5,
     .tried = {ACCESSES, SECTIONS}},
    {"nested", .threads = 4, .locks = 4, .variables = 2, .operations = 40, .depth = 3, .burst = 9,
     .tried = {[TR_OP_READ] = 6, [TR_OP_WRITE] = 5, SECTIONS}},
    {"philosophers", .threads = 5, .locks = 5, .variables = 2, .operations = 50, .depth = 2,
     .burst = 8, .tried = {[TR_OP_READ] = 2, [TR_OP_WRITE] = 2, SECTIONS}},
    {"crossed", .threads = 3, .locks = 3, .variables = 3, .operations = 30, .depth = 3, .burst = 8,
     .crossed = 50, .tried = {ACCESSES, SECTIONS}},
    {"lineage", .threads = 5, .locks = 2, .variables = 3, .operations = 32, .depth = 2, .burst = 6,
     .forked = 80, .open = 30, .tried = {ACCESSES, SECTIONS, LINEAGE}},
    {"open", .threads = 4, .locks = 3, .variables = 3, .operations = 24, .depth = 3, .burst = 6,
     .crossed = 20, .open = 100, .tried = {ACCESSES, SECTIONS}},
    {"unmatched", .threads = 3, .locks = 2, .variables = 3, .operations = 24, .depth = 2,
     .burst = 6, .crossed = 20, .nested = 30, .unmatched = 20, .open = 30,
     .tried = {ACCESSES, SECTIONS}},
    {"recursive", .threads = 3, .locks = 2, .variables = 3, .operations = 32, .depth = 4,
     .burst = 8, .crossed = 20, .nested = 60, .open = 30, .tried = {ACCESSES, SECTIONS}},
    {"readers", .threads = 4, .locks = 3, .variables = 2, .operations = 32, .depth = 3, .burst = 6,
     .crossed = 20, .open = 30,
     .tried = {ACCESSES, [TR_OP_ACQUIRE] = 12, [TR_OP_ACQUIRE_SHARED] = 18, [TR_OP_RELEASE] = 30}},
    {"reader-cycles", .threads = 4, .locks = 3, .variables = 2, .operations = 40, .depth = 3,
     .burst = 8, .crossed = 10, .nested = 10, .open = 20,
     .tried = {[TR_OP_READ] = 4, [TR_OP_WRITE] = 3, [TR_OP_ACQUIRE] = 15,
               [TR_OP_ACQUIRE_SHARED] = 15, [TR_OP_RELEASE] = 30}},
    {"try", .threads = 4, .locks = 3, .variables = 2, .operations = 40, .depth = 3, .burst = 7,
     .open = 30, .tried = {[TR_OP_READ] = 8, [TR_OP_WRITE] = 6, [TR_OP_ACQUIRE] = 18,
                           [TR_OP_TRY] = 8, [TR_OP_ACQUIRE_SHARED] = 4, [TR_OP_TRY_SHARED] = 4,
                           [TR_OP_RELEASE] = 30}},
    {"atomics", .threads = 4, .locks = 2, .variables = 3, .channels = 2, .operations = 28,
     .depth = 2, .burst = 5,
     .tried = {[TR_OP_READ] = 15, [TR_OP_WRITE] = 12, [TR_OP_ACQUIRE] = 8, [TR_OP_RELEASE] = 8,
               [TR_OP_ATOMIC_READ] = 12, [TR_OP_ATOMIC_WRITE] = 8, [TR_OP_ATOMIC_UPDATE] = 8,
               [TR_OP_PUBLISH] = 6, [TR_OP_OBSERVE] = 6}},
    {"channels", .threads = 4, .locks = 2, .variables = 3, .channels = 2, .operations = 28,
     .depth = 2, .burst = 5, .open = 30,
     .tried = {ACCESSES, SECTIONS, [TR_OP_SEND] = 8, [TR_OP_RECEIVE] = 8}},
    {"signals", .threads = 4, .locks = 3, .variables = 2, .channels = 3, .semaphores = 2,
     .operations = 40, .depth = 2, .burst = 7, .forked = 10, .open = 30,
     .tried = {[TR_OP_READ] = 4, [TR_OP_WRITE] = 3, [TR_OP_ACQUIRE] = 25, [TR_OP_RELEASE] = 25,
               [TR_OP_SEND] = 5, [TR_OP_RECEIVE] = 6, [TR_OP_POST] = 5, [TR_OP_WAIT] = 6,
               [TR_OP_JOIN] = 1}},
    {"semaphores", .threads = 4, .locks = 2, .variables = 3, .semaphores = 2, .operations = 28,
     .depth = 2, .burst = 4, .open = 20,
     .tried = {ACCESSES, [TR_OP_ACQUIRE] = 14, [TR_OP_RELEASE] = 14, [TR_OP_POST] = 14,
               [TR_OP_WAIT] = 18}},
    {"semaphore-locks", .threads = 4, .locks = 2, .variables = 2, .semaphores = 3,
     .operations = 40, .depth = 2, .burst = 7, .open = 20, .locking = 80,
     .tried = {[TR_OP_READ] = 5, [TR_OP_WRITE] = 4, [TR_OP_ACQUIRE] = 20, [TR_OP_RELEASE] = 20,
               [TR_OP_POST] = 30, [TR_OP_WAIT] = 30}},
    {"wide", .threads = 4, .locks = 2, .variables = 4, .channels = 2, .operations = 40,
     .depth = 2, .burst = 8, .open = 30, .joined = 60,
     .tried = {ACCESSES, [TR_OP_ACQUIRE] = 12, [TR_OP_RELEASE] = 14, [TR_OP_ATOMIC_READ] = 8,
               [TR_OP_ATOMIC_WRITE] = 6, [TR_OP_ATOMIC_UPDATE] = 6, [TR_OP_SEND] = 8,
               [TR_OP_RECEIVE] = 4, [TR_OP_PUBLISH] = 8, [TR_OP_OBSERVE] = 8}},
    {"all", .threads = 5, .locks = 4, .variables = 4, .channels = 2, .semaphores = 2,
     .operations = 48, .depth = 3, .burst = 7, .forked = 40, .crossed = 20, .nested = 10,
     .unmatched = 2, .open = 40, .joined = 20,
     .tried = {ACCESSES, LINEAGE, [TR_OP_NONE] = 3, [TR_OP_ACQUIRE] = 25, [TR_OP_RELEASE] = 40,
               [TR_OP_ATOMIC_READ] = 4, [TR_OP_ATOMIC_WRITE] = 4, [TR_OP_ATOMIC_UPDATE] = 4,
               [TR_OP_ACQUIRE_SHARED] = 9, [TR_OP_TRY] = 5, [TR_OP_TRY_SHARED] = 3,
               [TR_OP_SEND] = 3, [TR_OP_RECEIVE] = 3, [TR_OP_PUBLISH] = 3, [TR_OP_OBSERVE] = 3,
               [TR_OP_POST] = 4, [TR_OP_WAIT] = 5}},
};
/* clang-format on */
const unsigned shapes_count = sizeof shapes / sizeof *shapes;

unsigned shapes_below(struct shapes_random *random, unsigned limit)
{
    uint64_t x = random->state += 0x9e3779b97f4a7c15;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
    x = (x ^ x >> 27) * 0x94d049bb133111eb;
    return limit ? (unsigned)((x ^ x >> 31) % limit) : 0;
}

static bool percent(struct shapes_random *random, unsigned share)
{
    return shapes_below(random, 100) < share;
}

struct section {
    uint32_t lock;
    bool shared;
};

struct maker {
    const struct shape *shape;
    struct shapes_random *random;
    struct an_run *run;
    struct section sections[SHAPES_THREADS][SHAPES_TARGETS * 2];
    unsigned open[SHAPES_THREADS];
    bool locking[SHAPES_TARGETS];    /* who takes the only token gives it back */
    unsigned holder[SHAPES_TARGETS]; /* plus 1; 0: it is there */
    bool begun[SHAPES_THREADS], ended[SHAPES_THREADS];
    uint32_t tokens[SHAPES_TARGETS];
    unsigned threads;
};

/* Wide accesses, and atomics and waits that order as well. */
static bool can_join(struct tr_op last, struct tr_op op)
{
    return last.thread == op.thread &&
           ((tr_op_is_access(op.kind) && last.kind == op.kind && last.target != op.target) ||
            (last.kind == TR_OP_OBSERVE && tr_op_is_atomic(op.kind)) ||
            (tr_op_is_atomic(last.kind) && op.kind == TR_OP_PUBLISH) ||
            (tr_op_releases(last.kind) && op.kind == TR_OP_SEND));
}

static void add(struct maker *m, unsigned thread, unsigned kind, uint32_t target)
{
    struct tr_op op = {.thread = thread, .kind = kind, .target = target};
    size_t count = m->run->ops.count;
    if (m->shape->joined) {
        uint64_t last = count ? m->run->events.at[count - 1] : 0;
        bool joins = count && can_join(m->run->ops.at[count - 1], op) &&
                     percent(m->random, m->shape->joined);
        *vec_push(&m->run->events) = joins ? last : last + 1 + shapes_below(m->random, 2);
    }
    an_run_add(m->run, op);
}

static bool has(const struct maker *m, unsigned thread, uint32_t lock, bool alone)
{
    for (unsigned i = 0; i < m->open[thread]; i++)
        if (m->sections[thread][i].lock == lock && !(alone && m->sections[thread][i].shared))
            return true;
    return false;
}

static bool is_free(const struct maker *m, unsigned thread, uint32_t lock, bool shared)
{
    for (unsigned t = 0; t < m->threads; t++)
        if (t != thread && has(m, t, lock, shared))
            return false;
    return true;
}

static bool acquire(struct maker *m, unsigned thread, unsigned kind)
{
    bool shared = tr_op_shared(kind);
    uint32_t lock = shapes_below(m->random, m->shape->locks);
    bool again = has(m, thread, lock, false);
    if (m->open[thread] >= m->shape->depth || !is_free(m, thread, lock, shared) ||
        (again && !percent(m->random, m->shape->nested)) ||
        (again && !shared && !has(m, thread, lock, true)))
        return false;
    m->sections[thread][m->open[thread]++] = (struct section){lock, shared};
    add(m, thread, kind, lock);
    return true;
}

static bool release(struct maker *m, unsigned thread)
{
    if (percent(m->random, m->shape->unmatched)) {
        uint32_t lock = shapes_below(m->random, m->shape->locks);
        if (!has(m, thread, lock, false)) {
            add(m, thread, TR_OP_RELEASE, lock);
            return true;
        }
    }
    if (!m->open[thread])
        return false;
    unsigned i = percent(m->random, m->shape->crossed) ? shapes_below(m->random, m->open[thread])
                                                       : m->open[thread] - 1;
    /* Of a lock that was taken several times the latest comes first. */
    for (unsigned k = i + 1; k < m->open[thread]; k++)
        if (m->sections[thread][k].lock == m->sections[thread][i].lock)
            i = k;
    struct section section = m->sections[thread][i];
    memmove(&m->sections[thread][i], &m->sections[thread][i + 1],
            (--m->open[thread] - i) * sizeof section);
    add(m, thread, section.shared ? TR_OP_RELEASE_SHARED : TR_OP_RELEASE, section.lock);
    return true;
}

static bool fork_or_join(struct maker *m, unsigned thread, unsigned kind)
{
    unsigned other = shapes_below(m->random, m->threads);
    bool *becomes = kind == TR_OP_FORK ? &m->begun[other] : &m->ended[other];
    if (other == thread || *becomes || (kind == TR_OP_JOIN && !m->begun[other]))
        return false;
    *becomes = true;
    add(m, thread, kind, other);
    return true;
}

static bool post_or_wait(struct maker *m, unsigned thread, unsigned kind)
{
    uint32_t semaphore = shapes_below(m->random, m->shape->semaphores);
    if (kind == TR_OP_WAIT && !m->tokens[semaphore])
        return false;
    if (kind == TR_OP_POST && m->locking[semaphore] && m->holder[semaphore] != thread + 1)
        return false;
    m->holder[semaphore] = kind == TR_OP_WAIT ? thread + 1 : 0;
    m->tokens[semaphore] += kind == TR_OP_POST ? 1 : -1;
    add(m, thread, kind, semaphore);
    return true;
}

/* A channel is one of SEND and RECEIVE, or one of PUBLISH and OBSERVE. */
static void add_told(struct maker *m, unsigned thread, unsigned kind)
{
    uint32_t channel = shapes_below(m->random, m->shape->channels);
    add(m, thread, kind, channel * 2 + (kind == TR_OP_PUBLISH || kind == TR_OP_OBSERVE));
}

static bool try_kind(struct maker *m, unsigned thread, unsigned kind)
{
    if (tr_op_is_access(kind))
        add(m, thread, kind, shapes_below(m->random, m->shape->variables));
    else if (tr_op_acquires(kind))
        return acquire(m, thread, kind);
    else if (tr_op_releases(kind))
        return release(m, thread);
    else if (kind == TR_OP_FORK || kind == TR_OP_JOIN)
        return fork_or_join(m, thread, kind);
    else if (kind == TR_OP_POST || kind == TR_OP_WAIT)
        return post_or_wait(m, thread, kind);
    else
        add_told(m, thread, kind);
    return true;
}

static unsigned some_kind(struct maker *m)
{
    unsigned sum = 0, kind = 0;
    for (unsigned k = 0; k < TR_OP_KINDS; k++)
        sum += m->shape->tried[k];
    for (unsigned at = shapes_below(m->random, sum); at >= m->shape->tried[kind]; kind++)
        at -= m->shape->tried[kind];
    return kind;
}

static void begin(struct maker *m)
{
    m->threads = 2 + shapes_below(m->random, m->shape->threads - 1);
    for (unsigned t = 0; t < m->threads; t++)
        m->begun[t] = t == 0 || !percent(m->random, m->shape->forked);
    for (unsigned s = 0; s < m->shape->semaphores; s++) {
        m->locking[s] = percent(m->random, m->shape->locking);
        m->tokens[s] = m->locking[s] ? 1 : shapes_below(m->random, 3);
        *vec_push(&m->run->initial) = m->tokens[s];
    }
}

static void end(struct maker *m)
{
    if (percent(m->random, m->shape->open))
        return;
    for (unsigned t = 0; t < m->threads; t++)
        while (m->open[t] && !m->ended[t])
            (void)release(m, t);
}

void shapes_make(const struct shape *shape, struct shapes_random *random, struct an_run *run)
{
    struct maker m = {.shape = shape, .random = random, .run = run};
    begin(&m);
    unsigned most = 4 + shapes_below(random, shape->operations - 3);
    unsigned thread = 0, turn = 0;
    for (unsigned tries = 0; run->ops.count < most && tries < most * 8; tries++) {
        if (!turn) {
            thread = shapes_below(random, m.threads);
            turn = 1 + shapes_below(random, shape->burst);
        }
        turn--;
        if (m.begun[thread] && !m.ended[thread])
            (void)try_kind(&m, thread, some_kind(&m));
    }
    end(&m);
}

/* How deep THREAD is in sections of LOCK before operation END; ALONE: if it took it alone. */
static unsigned depth_at(const struct an_run *run, size_t end, uint32_t thread, uint32_t lock,
                         bool alone)
{
    unsigned depth = 0;
    bool shared = false;
    for (size_t i = 0; i < end; i++) {
        struct tr_op op = run->ops.at[i];
        if (op.thread != thread || op.target != lock)
            continue;
        if (tr_op_acquires(op.kind)) {
            shared = depth++ ? shared : tr_op_shared(op.kind);
        } else if (tr_op_releases(op.kind) && depth) {
            depth--;
        }
    }
    return alone && shared ? 0 : depth;
}

static bool could_acquire(const struct an_run *run, size_t i)
{
    struct tr_op op = run->ops.at[i];
    for (uint32_t t = 0; t < run->threads; t++)
        if (t != op.thread && depth_at(run, i, t, op.target, tr_op_shared(op.kind)))
            return false;
    return true;
}

static bool could_wait(const struct an_run *run, size_t i)
{
    uint32_t semaphore = run->ops.at[i].target, tokens = run->initial.at[semaphore];
    for (size_t k = 0; k < i; k++)
        if (run->ops.at[k].target == semaphore)
            tokens += (run->ops.at[k].kind == TR_OP_POST) - (run->ops.at[k].kind == TR_OP_WAIT);
    return tokens > 0;
}

/* Nobody forks a thread that has done something, or joins one that will. */
static bool in_its_time(const struct an_run *run, size_t i)
{
    struct tr_op op = run->ops.at[i];
    size_t from = op.kind == TR_OP_FORK ? 0 : i, to = op.kind == TR_OP_FORK ? i : run->ops.count;
    for (size_t k = from; k < to; k++)
        if (run->ops.at[k].thread == op.target)
            return false;
    return true;
}

bool shapes_possible(const struct an_run *run)
{
    for (size_t i = 0; i < run->ops.count; i++) {
        unsigned kind = run->ops.at[i].kind;
        if (tr_op_acquires(kind) && !could_acquire(run, i))
            return false;
        if (kind == TR_OP_WAIT && !could_wait(run, i))
            return false;
        if ((kind == TR_OP_FORK || kind == TR_OP_JOIN) && !in_its_time(run, i))
            return false;
    }
    return true;
}

void shapes_print(const struct an_run *run, FILE *out)
{
    static const struct {
        const char *word, *target;
    } words[TR_OP_KINDS] = {
        [TR_OP_READ] = {"r", "V"},
        [TR_OP_WRITE] = {"w", "V"},
        [TR_OP_ACQUIRE] = {"acq", "L"},
        [TR_OP_RELEASE] = {"rel", "L"},
        [TR_OP_FORK] = {"fork", "T"},
        [TR_OP_JOIN] = {"join", "T"},
        [TR_OP_NONE] = {"begin", "N"},
        [TR_OP_ATOMIC_READ] = {"atomic_r", "V"},
        [TR_OP_ATOMIC_WRITE] = {"atomic_w", "V"},
        [TR_OP_ATOMIC_UPDATE] = {"atomic_rw", "V"},
        [TR_OP_ACQUIRE_SHARED] = {"racq", "L"},
        [TR_OP_RELEASE_SHARED] = {"rrel", "L"},
        [TR_OP_TRY] = {"try", "L"},
        [TR_OP_TRY_SHARED] = {"rtry", "L"},
        [TR_OP_SEND] = {"send", "C"},
        [TR_OP_RECEIVE] = {"receive", "C"},
        [TR_OP_PUBLISH] = {"publish", "C"},
        [TR_OP_OBSERVE] = {"observe", "C"},
        [TR_OP_POST] = {"post", "S"},
        [TR_OP_WAIT] = {"wait", "S"},
        [TR_OP_UNKNOWN] = {"unknown", "U"},
    };
    for (size_t s = 0; s < run->initial.count; s++)
        fprintf(out, "        initial(S%zu) = %u\n", s, run->initial.at[s]);
    for (size_t i = 0; i < run->ops.count; i++) {
        struct tr_op op = run->ops.at[i];
        fprintf(out, "%3llu     T%u|%s(%s%u)|%zu\n", (unsigned long long)an_run_event(run, i),
                op.thread, words[op.kind].word, words[op.kind].target, op.target, i + 1);
    }
}
