/* SPDX-License-Identifier: Apache-2.0 */
/* Facts of a run, and the relations that are an order over its operations. */
#include "tests/predict/oracle.h"

static bool kinds(const struct oracle *o, unsigned i, unsigned first, unsigned j, unsigned second)
{
    return oracle_op(o, i).kind == first && oracle_op(o, j).kind == second;
}

bool oracle_is_hard(const struct oracle *o, unsigned i, unsigned j)
{
    struct tr_op a = oracle_op(o, i), b = oracle_op(o, j);
    return a.thread == b.thread || (a.kind == TR_OP_FORK && a.target == b.thread) ||
           (b.kind == TR_OP_JOIN && b.target == a.thread) ||
           (a.target == b.target && ((a.kind == TR_OP_FORK && b.kind == TR_OP_JOIN) ||
                                     (a.kind == TR_OP_SEND && b.kind == TR_OP_RECEIVE)));
}

/* A release tells the acquisitions up to the next release by a writer, which tells it on. */
static bool told_on(const struct oracle *o, unsigned i, unsigned j)
{
    for (unsigned k = i + 1; k < j; k++)
        if (oracle_op(o, k).kind == TR_OP_RELEASE && oracle_same_target(o, i, k))
            return true;
    return false;
}

static bool is_lock_order(const struct oracle *o, unsigned i, unsigned j)
{
    unsigned release = oracle_op(o, i).kind, acquisition = oracle_op(o, j).kind;
    return tr_op_releases(release) && tr_op_acquires(acquisition) && oracle_same_target(o, i, j) &&
           !(tr_op_shared(release) && tr_op_shared(acquisition)) && !told_on(o, i, j);
}

bool oracle_is_soft(const struct oracle *o, unsigned i, unsigned j)
{
    return oracle_same_target(o, i, j) &&
           (kinds(o, i, TR_OP_PUBLISH, j, TR_OP_OBSERVE) || kinds(o, i, TR_OP_POST, j, TR_OP_WAIT));
}

static void find_sections(struct oracle *o)
{
    for (unsigned i = 0; i < o->count; i++) {
        struct tr_op op = oracle_op(o, i);
        oracle_set open = 0;
        int depth = 0, outermost = ORACLE_NONE;
        for (unsigned k = 0; k < i; k++) {
            if (!oracle_same_thread(o, k, i))
                continue;
            if (o->sections & oracle_bit(k) && o->match[k] == ORACLE_NONE)
                open |= oracle_bit(k);
            if (!oracle_same_target(o, k, i) ||
                !(tr_op_acquires(oracle_op(o, k).kind) || tr_op_releases(oracle_op(o, k).kind)))
                continue;
            if (tr_op_acquires(oracle_op(o, k).kind)) {
                outermost = depth++ ? outermost : (int)k;
            } else if (depth) {
                depth--;
            }
        }
        o->held[i] = open;
        o->match[i] = ORACLE_NONE;
        if (tr_op_acquires(op.kind) && depth == 0)
            o->sections |= oracle_bit(i);
        if (tr_op_releases(op.kind) && depth == 0)
            o->unmatched |= oracle_bit(i);
        if (tr_op_releases(op.kind) && depth == 1) {
            o->match[i] = (int8_t)outermost;
            o->match[outermost] = (int8_t)i;
        }
    }
}

static int writer_of(const struct oracle *o, unsigned i)
{
    if (tr_op_reads(oracle_op(o, i).kind))
        for (unsigned k = i; k-- > 0;)
            if (tr_op_writes(oracle_op(o, k).kind) && oracle_same_target(o, k, i))
                return (int)k;
    return ORACLE_NONE;
}

void oracle_init(struct oracle *o, const struct an_run *run)
{
    memset(o, 0, sizeof *o);
    o->run = run;
    o->count = (unsigned)run->ops.count;
    find_sections(o);
    for (unsigned j = 0; j < o->count; j++) {
        o->hard[j] = o->hb[j] = oracle_bit(j);
        o->writer[j] = (int8_t)writer_of(o, j);
        for (unsigned i = 0; i < o->count; i++)
            if (an_run_event(run, i) == an_run_event(run, j))
                o->event[j] |= oracle_bit(i);
        for (unsigned i = 0; i < j; i++) {
            if (oracle_is_hard(o, i, j))
                o->hard[j] |= o->hard[i];
            if (oracle_is_hard(o, i, j) || is_lock_order(o, i, j) || oracle_is_soft(o, i, j))
                o->hb[j] |= o->hb[i];
        }
    }
}

static void races_hb(const struct oracle *o, struct oracle_races *races)
{
    for (unsigned j = 0; j < o->count; j++)
        for (unsigned i = 0; i < j; i++)
            if (oracle_conflict(o, i, j) && !(o->hb[j] & oracle_bit(i)))
                races->with[j] |= oracle_bit(i);
}

/* SHB: what a read has read comes before what follows the read; the read itself is judged without
 * it. Mathur, Kini, Viswanathan, "What happens-after the first race?", OOPSLA 2018. */
static void races_shb(const struct oracle *o, struct oracle_races *races)
{
    oracle_set shb[ORACLE_MOST];
    for (unsigned j = 0; j < o->count; j++) {
        shb[j] = oracle_bit(j);
        for (unsigned i = 0; i < j; i++)
            if (oracle_is_hard(o, i, j) || is_lock_order(o, i, j) || oracle_is_soft(o, i, j))
                shb[j] |= shb[i];
        for (unsigned i = 0; i < j; i++)
            if (oracle_conflict(o, i, j) && !(shb[j] & oracle_bit(i)))
                races->with[j] |= oracle_bit(i);
        if (o->writer[j] != ORACLE_NONE && oracle_conflict(o, (unsigned)o->writer[j], j))
            shb[j] |= shb[o->writer[j]];
    }
}

static bool share_lock(const struct oracle *o, oracle_set one, oracle_set other)
{
    for (unsigned a = 0; a < o->count; a++)
        for (unsigned b = 0; b < o->count; b++)
            if (one & oracle_bit(a) && other & oracle_bit(b) && oracle_exclude(o, a, b))
                return true;
    return false;
}

static void races_lockset(const struct oracle *o, struct oracle_races *races)
{
    for (unsigned j = 0; j < o->count; j++)
        for (unsigned i = 0; i < j; i++)
            if (oracle_conflict(o, i, j) && !(o->hard[j] & oracle_bit(i)) &&
                !share_lock(o, o->held[i], o->held[j]))
                races->with[j] |= oracle_bit(i);
}

/* FastTrack: of each variable the last write, and either the last read or the last one of each
 * thread. Flanagan, Freund, "FastTrack", PLDI 2009; and what RAPID's HBEpoch makes of it after a
 * race: a read that races is not remembered, and a write takes the place of what it races with. */

struct shadow {
    int write;       /* or ORACLE_NONE */
    oracle_set read; /* one, unless SPREAD */
    bool spread;
};

static bool tells(unsigned kind)
{
    return tr_op_releases(kind) || kind == TR_OP_FORK || kind == TR_OP_SEND ||
           kind == TR_OP_PUBLISH || kind == TR_OP_POST;
}

/* Nobody can have learned of i without learning of what its thread did up to j. */
static bool same_epoch(const struct oracle *o, int i, unsigned j)
{
    if (i == ORACLE_NONE || !oracle_same_thread(o, (unsigned)i, j))
        return false;
    for (unsigned k = (unsigned)i; k < j; k++)
        if (oracle_same_thread(o, k, j) && tells(oracle_op(o, k).kind))
            return false;
    return true;
}

static void track_read(const struct oracle *o, unsigned j, struct shadow *s, oracle_set *with)
{
    if (s->write != ORACLE_NONE)
        *with = oracle_bit((unsigned)s->write) & ~o->hb[j];
    if (*with)
        return;
    if (s->spread) {
        for (unsigned i = 0; i < j; i++)
            if (oracle_same_thread(o, i, j))
                s->read &= ~oracle_bit(i);
        s->read |= oracle_bit(j);
    } else {
        s->spread = s->read & ~o->hb[j];
        s->read = oracle_bit(j) | (s->spread ? s->read : 0);
    }
}

static void track_write(const struct oracle *o, unsigned j, struct shadow *s, oracle_set *with)
{
    oracle_set known = s->read | (s->write != ORACLE_NONE ? oracle_bit((unsigned)s->write) : 0);
    *with = known & ~o->hb[j];
    if (same_epoch(o, s->write, j))
        return;
    s->write = (int)j;
    if (s->spread) {
        s->spread = false;
        s->read = 0;
    }
}

static void races_fasttrack(const struct oracle *o, struct oracle_races *races)
{
    struct shadow *shadows = sn_calloc(o->run->variables + 1, sizeof *shadows);
    for (uint32_t v = 0; v < o->run->variables; v++)
        shadows[v].write = ORACLE_NONE;
    for (unsigned j = 0; j < o->count; j++) {
        struct tr_op op = oracle_op(o, j);
        if (op.kind == TR_OP_READ)
            track_read(o, j, &shadows[op.target], &races->with[j]);
        else if (op.kind == TR_OP_WRITE)
            track_write(o, j, &shadows[op.target], &races->with[j]);
    }
    free(shadows);
}

void oracle_races(const struct oracle *o, enum oracle_relation relation, struct oracle_races *races)
{
    static void (*const by[])(const struct oracle *, struct oracle_races *) = {
        [ORACLE_HB] = races_hb,
        [ORACLE_FASTTRACK] = races_fasttrack,
        [ORACLE_SHB] = races_shb,
        [ORACLE_WCP] = oracle_races_wcp,
        [ORACLE_SYNCP] = oracle_races_syncp,
        [ORACLE_LOCKSET] = races_lockset,
    };
    memset(races, 0, sizeof *races);
    by[relation](o, races);
}
