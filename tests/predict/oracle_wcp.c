/* SPDX-License-Identifier: Apache-2.0 */
/*
 * WCP by its rules, applied until nothing comes of them: Kini, Mathur, Viswanathan, "Dynamic race
 * prediction in linear time", PLDI 2017. Sections are those of their lock, not of a stack of locks,
 * so that it does not matter in which order locks are released; and the second rule asks nothing
 * about threads, as the paper's does not.
 */
#include "tests/predict/oracle.h"

struct wcp {
    const struct oracle *o;
    oracle_set hard[ORACLE_MOST];   /* here what is seen in order is kept in order */
    oracle_set before[ORACLE_MOST]; /* not reflexive */
};

static oracle_set section_of(const struct oracle *o, unsigned acquisition)
{
    int end = o->match[acquisition] == ORACLE_NONE ? (int)o->count - 1 : o->match[acquisition];
    oracle_set section = 0;
    for (int i = (int)acquisition; i <= end; i++)
        if (oracle_same_thread(o, (unsigned)i, acquisition))
            section |= oracle_bit((unsigned)i);
    return section;
}

/* Are these the acquisitions of two sections that exclude each other, the earlier one ended? */
static bool exclude(const struct oracle *o, unsigned a, unsigned b)
{
    return o->sections & oracle_bit(a) && o->sections & oracle_bit(b) &&
           o->match[a] != ORACLE_NONE && oracle_exclude(o, a, b);
}

/* What keeps two sections in order: atomics count as well. */
static bool dependent(const struct oracle *o, unsigned i, unsigned j)
{
    unsigned a = oracle_op(o, i).kind, b = oracle_op(o, j).kind;
    return tr_op_is_access(a) && tr_op_is_access(b) && (tr_op_writes(a) || tr_op_writes(b)) &&
           oracle_same_target(o, i, j) && !oracle_same_thread(o, i, j);
}

static void wcp_conflicts(struct wcp *w, unsigned a, unsigned b)
{
    const struct oracle *o = w->o;
    oracle_set earlier = section_of(o, a), later = section_of(o, b);
    for (unsigned j = 0; j < o->count; j++)
        for (unsigned i = 0; i < j; i++)
            if (earlier & oracle_bit(i) && later & oracle_bit(j) && dependent(o, i, j))
                w->before[j] |= oracle_bit((unsigned)o->match[a]);
}

/* Before what comes before by HB, and behind what comes behind by HB. */
static bool wcp_compose(struct wcp *w)
{
    bool grown = false;
    for (unsigned j = 0; j < w->o->count; j++) {
        oracle_set before = w->before[j];
        for (unsigned k = 0; k < j; k++)
            if (w->o->hb[j] & oracle_bit(k))
                before |= w->before[k];
        for (unsigned k = 0; k < j; k++)
            if (before & oracle_bit(k))
                before |= w->o->hb[k];
        grown |= before != w->before[j];
        w->before[j] = before;
    }
    return grown;
}

/* Sections in which something of the one comes before something of the other. */
static bool wcp_sections(struct wcp *w, unsigned a, unsigned b)
{
    const struct oracle *o = w->o;
    if (o->match[b] == ORACLE_NONE)
        return false;
    unsigned released = (unsigned)o->match[a], later_end = (unsigned)o->match[b];
    if (w->before[later_end] & oracle_bit(released))
        return false;
    oracle_set earlier = section_of(o, a), later = section_of(o, b);
    for (unsigned j = 0; j < o->count; j++)
        if (later & oracle_bit(j) && w->before[j] & earlier) {
            w->before[later_end] |= oracle_bit(released);
            return true;
        }
    return false;
}

void oracle_races_wcp(const struct oracle *o, struct oracle_races *races)
{
    struct wcp w = {.o = o};
    for (unsigned j = 0; j < o->count; j++) {
        w.hard[j] = oracle_bit(j);
        for (unsigned i = 0; i < j; i++) {
            if (oracle_is_hard(o, i, j) || oracle_is_soft(o, i, j))
                w.hard[j] |= w.hard[i];
            if (exclude(o, i, j))
                wcp_conflicts(&w, i, j);
        }
    }
    for (bool grown = true; grown;) {
        grown = wcp_compose(&w);
        for (unsigned b = 0; b < o->count; b++)
            for (unsigned a = 0; a < b; a++)
                if (exclude(o, a, b))
                    grown |= wcp_sections(&w, a, b);
    }
    for (unsigned j = 0; j < o->count; j++)
        for (unsigned i = 0; i < j; i++)
            if (oracle_conflict(o, i, j) && !((w.hard[j] | w.before[j]) & oracle_bit(i)))
                races->with[j] |= oracle_bit(i);
}
