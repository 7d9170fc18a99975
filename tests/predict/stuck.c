/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/predict/stuck.h"

enum { THREADS = 8 };

/* Which waits there are. ------------------------------------------------------------------------
 */

static unsigned count_of(const struct an_run *run, unsigned kind, uint32_t target, uint32_t thread)
{
    unsigned count = 0;
    vec_each (const struct tr_op, op, &run->ops)
        count += op->kind == kind && op->target == target && op->thread == thread;
    return count;
}

/* How many threads do that to TARGET; ONCE: each once. */
static unsigned threads_of(const struct an_run *run, unsigned kind, uint32_t target, bool *once)
{
    unsigned threads = 0;
    *once = true;
    for (uint32_t t = 0; t < run->threads; t++) {
        unsigned count = count_of(run, kind, target, t);
        threads += count > 0;
        *once &= count <= 1;
    }
    return threads;
}

static void add(struct an_run *run, uint64_t op, uint64_t wake, bool all)
{
    struct tr_op waits = run->ops.at[op];
    if (waits.thread != run->ops.at[wake].thread)
        *vec_push(&run->awaits) =
            (struct an_await){op, wake, waits.target * 2 + (waits.kind == TR_OP_WAIT), all};
}

/* Behind what its thread did before, the first SEND; or each, before or behind that. */
static void add_receive(struct an_run *run, uint64_t at)
{
    struct tr_op op = run->ops.at[at];
    bool once, all;
    unsigned senders = threads_of(run, TR_OP_SEND, op.target, &once);
    uint64_t from = at;
    while (from > 0 && run->ops.at[from - 1].thread != op.thread)
        from--;
    all = senders > 1;
    if (all && !(once && count_of(run, TR_OP_SEND, op.target, op.thread)))
        return;
    for (uint64_t i = all ? 0 : from; i < at; i++) {
        struct tr_op send = run->ops.at[i];
        if (send.kind != TR_OP_SEND || send.target != op.target)
            continue;
        add(run, at, i, all);
        if (!all)
            return;
    }
}

static void add_wait(struct an_run *run, uint64_t at)
{
    struct tr_op op = run->ops.at[at];
    bool once;
    uint32_t taken = 0, given = 0, initial = run->initial.at[op.target];
    if (threads_of(run, TR_OP_POST, op.target, &once) != 1 ||
        threads_of(run, TR_OP_WAIT, op.target, &once) != 1)
        return;
    for (uint64_t i = 0; i < at; i++)
        taken += run->ops.at[i].kind == TR_OP_WAIT && run->ops.at[i].target == op.target;
    for (uint64_t i = 0; taken >= initial && i < at; i++)
        if (run->ops.at[i].kind == TR_OP_POST && run->ops.at[i].target == op.target &&
            given++ == taken - initial)
            add(run, at, i, false);
}

void stuck_find_awaits(struct an_run *run)
{
    vec_clear(&run->awaits);
    for (uint64_t i = 0; i < run->ops.count; i++) {
        if (run->ops.at[i].kind == TR_OP_RECEIVE)
            add_receive(run, i);
        else if (run->ops.at[i].kind == TR_OP_WAIT)
            add_wait(run, i);
    }
}

/* All that can still happen. --------------------------------------------------------------------
 */

struct state {
    uint32_t at[THREADS]; /* of each thread: how many of its operations are done */
};

struct walk {
    const struct an_run *run;
    const struct an_witness *witness;
    struct {
        VEC(uint64_t) of;
    } mine[THREADS];
    VEC(struct state) states;
};

static bool is_done(const struct walk *walk, const struct state *state, uint64_t op)
{
    uint32_t thread = walk->run->ops.at[op].thread, done = state->at[thread];
    return done > 0 && walk->mine[thread].of.at[done - 1] >= op;
}

static bool is_goal(const struct walk *walk, uint64_t op)
{
    vec_each (const uint64_t, goal, &walk->witness->goal)
        if (*goal == op)
            return true;
    return false;
}

/* Does HOLDER hold LOCK in the way? Nested acquisitions are one, in the way of the first. */
static bool holds(const struct walk *walk, const struct state *state, uint32_t lock,
                  uint32_t holder, bool shared)
{
    unsigned depth = 0;
    bool reading = false;
    for (uint32_t i = 0; i < state->at[holder]; i++) {
        struct tr_op op = walk->run->ops.at[walk->mine[holder].of.at[i]];
        if (op.target != lock)
            continue;
        if (tr_op_acquires(op.kind))
            reading = depth++ ? reading : tr_op_shared(op.kind);
        else if (tr_op_releases(op.kind) && depth)
            depth--;
    }
    return depth && !(reading && shared);
}

static bool is_held(const struct walk *walk, const struct state *state, uint32_t lock,
                    uint32_t thread, bool shared)
{
    for (uint32_t t = 0; t < walk->run->threads; t++)
        if (t != thread && holds(walk, state, lock, t, shared))
            return true;
    return false;
}

static bool has_token(const struct walk *walk, const struct state *state, uint32_t semaphore)
{
    int64_t tokens = walk->run->initial.at[semaphore];
    for (size_t i = 0; i < walk->run->ops.count; i++) {
        struct tr_op op = walk->run->ops.at[i];
        if (op.target == semaphore && (op.kind == TR_OP_POST || op.kind == TR_OP_WAIT) &&
            is_done(walk, state, i))
            tokens += op.kind == TR_OP_POST ? 1 : -1;
    }
    return tokens > 0;
}

/* A party that awaits is woken by any SEND that the witness does not have; at a barrier by all. */
static bool is_sent(const struct walk *walk, const struct state *state, uint64_t at, bool all)
{
    uint32_t channel = walk->run->ops.at[at].target;
    for (size_t i = 0; i < walk->run->ops.count; i++) {
        struct tr_op op = walk->run->ops.at[i];
        if (op.kind != TR_OP_SEND || op.target != channel)
            continue;
        if (all && i < at && !is_done(walk, state, i))
            return false;
        if (!all && is_done(walk, state, i) && !is_done(walk, &walk->states.at[0], i))
            return true;
    }
    return all;
}

static bool can_happen(const struct walk *walk, const struct state *state, uint64_t at)
{
    struct tr_op op = walk->run->ops.at[at];
    size_t await = an_run_await(walk->run, at);
    if (tr_op_acquires(op.kind))
        return !is_held(walk, state, op.target, op.thread, tr_op_shared(op.kind));
    if (op.kind == TR_OP_WAIT)
        return has_token(walk, state, op.target);
    if (op.kind == TR_OP_RECEIVE)
        return is_sent(walk, state, at, !is_goal(walk, at) || walk->run->awaits.at[await].all);
    if (op.kind != TR_OP_JOIN)
        return true;
    return op.target >= walk->run->threads ||
           state->at[op.target] == walk->mine[op.target].of.count;
}

static void reach(struct walk *walk, const struct state *state)
{
    vec_each (struct state, known, &walk->states)
        if (memcmp(known, state, sizeof *state) == 0)
            return;
    *vec_push(&walk->states) = *state;
}

/* Goes on from state NUMBER; false if a party does. */
static bool leave(struct walk *walk, size_t number)
{
    for (uint32_t t = 0; t < walk->run->threads; t++) {
        struct state next = walk->states.at[number];
        if (next.at[t] == walk->mine[t].of.count)
            continue;
        uint64_t op = walk->mine[t].of.at[next.at[t]];
        if (!can_happen(walk, &walk->states.at[number], op))
            continue;
        if (is_goal(walk, op))
            return false;
        next.at[t]++;
        reach(walk, &next);
    }
    return true;
}

int stuck_for_good(const struct an_run *run, const struct an_witness *witness, size_t limit)
{
    struct walk walk = {.run = run, .witness = witness};
    struct state start = {0};
    int result = 1;
    for (uint64_t i = 0; i < run->ops.count; i++)
        *vec_push(&walk.mine[run->ops.at[i].thread].of) = i;
    vec_each (const uint64_t, op, &witness->order)
        start.at[run->ops.at[*op].thread]++;
    reach(&walk, &start);
    for (size_t i = 0; result == 1 && i < walk.states.count; i++)
        result = walk.states.count > limit ? -1 : leave(&walk, i);
    for (uint32_t t = 0; t < run->threads; t++)
        vec_release(&walk.mine[t].of);
    vec_release(&walk.states);
    return result;
}
