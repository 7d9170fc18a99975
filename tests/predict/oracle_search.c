/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All reorderings of a run, walked through by the states that they pass: which operations were
 * done, and which write each variable has its value of. What is held, and what tokens are left,
 * follows.
 */
#include "tests/predict/oracle.h"

struct state {
    oracle_set done;
    int8_t value[ORACLE_VARIABLES];
};

struct search {
    const struct oracle *o;
    oracle_set thread[ORACLE_MOST]; /* operations of each */
    VEC(struct state) states;       /* all that were seen; those from AT on are still to be left */
    uint32_t *table;                /* hash to a number of a state + 1 */
    size_t slots;
    struct oracle_races *races;
    struct oracle_cycles *deadlocks;
};

static uint64_t hash(const struct state *state)
{
    uint64_t parts[sizeof *state / sizeof(uint64_t)], sum = 0;
    memcpy(parts, state, sizeof parts);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        sum = (sum ^ parts[i] ^ sum >> 29) * 0x9e3779b97f4a7c15;
    return sum ^ sum >> 32;
}

static uint32_t *slot_of(const struct search *s, const struct state *state)
{
    size_t at = hash(state) % s->slots;
    while (s->table[at] && memcmp(&s->states.at[s->table[at] - 1], state, sizeof *state) != 0)
        at = (at + 1) % s->slots;
    return &s->table[at];
}

static void widen(struct search *s)
{
    free(s->table);
    s->slots = s->slots ? s->slots * 4 : 256;
    s->table = sn_calloc(s->slots, sizeof *s->table);
    for (size_t i = 0; i < s->states.count; i++)
        *slot_of(s, &s->states.at[i]) = (uint32_t)i + 1;
}

static void reach(struct search *s, const struct state *state)
{
    if (s->states.count * 2 >= s->slots)
        widen(s);
    uint32_t *slot = slot_of(s, state);
    if (*slot)
        return;
    *vec_push(&s->states) = *state;
    *slot = (uint32_t)s->states.count;
}

/* Acquisitions of other threads whose sections, now open, keep acquisition A waiting. */
static oracle_set in_the_way(const struct search *s, const struct state *state, unsigned a)
{
    const struct oracle *o = s->o;
    oracle_set found = 0;
    for (oracle_set left = o->sections & state->done; left; left &= left - 1) {
        unsigned h = (unsigned)__builtin_ctzll(left);
        bool open =
            o->match[h] == ORACLE_NONE || !(state->done & oracle_bit((unsigned)o->match[h]));
        if (open && !oracle_same_thread(o, a, h) && oracle_exclude(o, a, h))
            found |= oracle_bit(h);
    }
    return found;
}

static bool has_token(const struct search *s, const struct state *state, uint32_t semaphore)
{
    uint32_t posts = s->o->run->initial.at[semaphore], waits = 0;
    for (oracle_set left = state->done; left; left &= left - 1) {
        struct tr_op op = oracle_op(s->o, (unsigned)__builtin_ctzll(left));
        posts += op.kind == TR_OP_POST && op.target == semaphore;
        waits += op.kind == TR_OP_WAIT && op.target == semaphore;
    }
    return waits < posts;
}

static bool can_happen(const struct search *s, const struct state *state, unsigned i)
{
    struct tr_op op = oracle_op(s->o, i);
    if (tr_op_reads(op.kind) && state->value[op.target] != s->o->writer[i])
        return false;
    if (s->o->sections & oracle_bit(i) && in_the_way(s, state, i))
        return false;
    return op.kind != TR_OP_WAIT || has_token(s, state, op.target);
}

/* What each thread does next, as far as order allows it: at most one operation of each. */
static oracle_set next_of(const struct search *s, const struct state *state)
{
    oracle_set next = 0;
    for (unsigned t = 0; t < s->o->run->threads; t++) {
        oracle_set left = s->thread[t] & ~state->done;
        unsigned i = left ? (unsigned)__builtin_ctzll(left) : 0;
        if (left && !(s->o->hard[i] & ~oracle_bit(i) & ~state->done))
            next |= oracle_bit(i);
    }
    return next;
}

static void find_races(struct search *s, oracle_set next)
{
    for (unsigned j = 0; j < s->o->count; j++)
        for (unsigned i = 0; next & oracle_bit(j) && i < j; i++)
            if (next & oracle_bit(i) && oracle_conflict(s->o, i, j))
                s->races->with[j] |= oracle_bit(i);
}

/* Those of NEXT whose thread has a section of HOLDERS open. */
static oracle_set threads_of(const struct search *s, oracle_set holders, oracle_set next)
{
    oracle_set found = 0;
    for (; holders; holders &= holders - 1)
        found |= next & s->thread[oracle_op(s->o, (unsigned)__builtin_ctzll(holders)).thread];
    return found;
}

/* Follows waits from LAST within WAITING, to find those that lead back to FIRST, the least. */
static void follow_waits(struct search *s, const struct state *state, oracle_set waiting,
                         unsigned first, unsigned last, oracle_set chain)
{
    oracle_set next = threads_of(s, in_the_way(s, state, last), waiting);
    if (next & oracle_bit(first))
        oracle_cycles_add(s->deadlocks, chain);
    for (next &= ~chain; next; next &= next - 1) {
        unsigned i = (unsigned)__builtin_ctzll(next);
        if (i > first)
            follow_waits(s, state, waiting, first, i, chain | oracle_bit(i));
    }
}

static void find_deadlocks(struct search *s, const struct state *state, oracle_set next)
{
    oracle_set waiting = 0;
    for (oracle_set left = next & s->o->sections; left; left &= left - 1) {
        unsigned i = (unsigned)__builtin_ctzll(left), kind = oracle_op(s->o, i).kind;
        if ((kind == TR_OP_ACQUIRE || kind == TR_OP_ACQUIRE_SHARED) && in_the_way(s, state, i))
            waiting |= oracle_bit(i);
    }
    for (oracle_set left = waiting; left; left &= left - 1) {
        unsigned first = (unsigned)__builtin_ctzll(left);
        follow_waits(s, state, waiting, first, first, oracle_bit(first));
    }
}

static void leave(struct search *s, struct state state)
{
    oracle_set next = next_of(s, &state);
    find_races(s, next);
    find_deadlocks(s, &state, next);
    for (; next; next &= next - 1) {
        unsigned i = (unsigned)__builtin_ctzll(next);
        struct state after = state;
        if (!can_happen(s, &state, i))
            continue;
        after.done |= oracle_bit(i);
        if (tr_op_writes(oracle_op(s->o, i).kind))
            after.value[oracle_op(s->o, i).target] = (int8_t)i;
        reach(s, &after);
    }
}

bool oracle_search(const struct oracle *o, size_t limit, struct oracle_races *races,
                   struct oracle_cycles *deadlocks)
{
    struct search s = {.o = o, .races = races, .deadlocks = deadlocks};
    struct state start = {0};
    size_t at = 0;
    memset(races, 0, sizeof *races);
    memset(start.value, ORACLE_NONE, sizeof start.value);
    for (unsigned i = 0; i < o->count; i++)
        s.thread[oracle_op(o, i).thread] |= oracle_bit(i);
    reach(&s, &start);
    for (; at < s.states.count && s.states.count <= limit; at++)
        leave(&s, s.states.at[at]);
    bool whole = at == s.states.count;
    vec_release(&s.states);
    free(s.table);
    return whole;
}
