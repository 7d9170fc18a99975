/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Optimistic sync-reversal races: Shi, Mathur, Pavlogiannis, "Optimistic prediction of
 * synchronization-reversal data races", ICSE 2024.
 *
 * Two accesses that no lock protects race if some prefix of the run (prefix.h) ends before both and
 * can be put in an order in which sections of a lock do not overlap and each read reads what it
 * read. The least prefix that holds together is extended by the rest of sections that others left
 * open where they are in the way: what the two accesses stand in can't be closed, so such a section
 * comes after all others of its lock, whatever the run did. That is the reversal; other sections,
 * and accesses of which one writes, keep the order of the run. If all this together has no cycle,
 * any order that respects it is the witness.
 *
 * In the way is a section that is not the last of its lock in the prefix (sync-preserving), or,
 * reversing more, one that stands beside another open one; and if neither way succeeds, every one.
 * Whichever way succeeds has its witness, so that none can tell of a race that is none.
 *
 * Orders of the run that are turned around lie between the first open section that has later ones
 * of its lock, and the last of those. Only there a cycle must be looked for, and without such a
 * section nowhere.
 */
#include "analyzer/predict/osr.h"

#include "analyzer/predict/prefix.h"
#include "analyzer/predict/workers.h"

enum closing { CLOSE_EARLIER, CLOSE_BESIDE, CLOSE_ALL, CLOSINGS };

struct edge {
    uint32_t from, to;
};

struct passed { /* the end of a section in the window */
    uint32_t node, lock;
    bool shared;
};

struct open { /* a section without an end in the prefix */
    uint32_t section, node;
};

/* Where the order of the run stands while it is walked. Nodes; AN_NONE: none in the window. */
struct variable_state {
    uint32_t walk;         /* what follows is of that walk, or nothing */
    uint32_t write, reads; /* the latter begins a list in `links` */
};

struct lock_state {
    uint32_t walk;
    uint32_t exclusive, shared; /* the last end; a list of ends since */
    bool open;                  /* some section of it is */
};

struct link {
    uint32_t node, next;
};

struct search {
    const struct an_prefixes *prefixes;
    uint32_t *prefix;
    uint32_t first, second; /* operations */
    enum closing closing;
    VEC(struct open) open;
    uint32_t from, to; /* the window: operations, the latter included; empty if from > to */
    uint32_t walk;
    struct variable_state *variables;
    struct lock_state *locks;
    uint32_t *last;                  /* node of each thread */
    uint32_t *channels, *semaphores; /* and of each of those */
    VEC(struct link) links;
    VEC(uint32_t) nodes; /* their operations */
    VEC(struct edge) edges;
    VEC(struct passed) passed;
    VEC(uint32_t) starts, targets, before, order;
    const bool *contested; /* variables of several threads, with a write */
    bool whole;            /* nodes for all operations, not only for those that order others */
};

static const struct an_cs *section_at(const struct search *s, uint32_t number)
{
    return &s->prefixes->sections.at[number];
}

static struct tr_op op_at(const struct search *s, uint32_t op)
{
    return s->prefixes->run->ops.at[op];
}

/* ---- The prefix. ---- */

/* Is there a section of the same lock that excludes this one, open around one of the accesses? */
static bool around(const struct search *s, const struct an_cs *section, uint32_t access)
{
    uint32_t count, thread = op_at(s, access).thread;
    const uint32_t *open = an_prefix_open(s->prefixes, thread, s->prefixes->event[access], &count);
    for (uint32_t i = 0; i < count; i++) {
        const struct an_cs *other = section_at(s, open[i]);
        if (other->lock == section->lock && other != section && !(other->shared && section->shared))
            return true;
    }
    return false;
}

/* The last section of the prefix that USER has of the lock of SECTION, that began after it and
 * excludes it; or NULL. */
static const struct an_cs *later(const struct search *s, const struct an_cs *section,
                                 const struct an_user *user)
{
    if (user->thread == section->thread)
        return NULL;
    uint32_t number = an_prefix_last(s->prefixes, s->prefix, user, section->shared);
    if (number == AN_NONE || section_at(s, number)->acquired < section->acquired)
        return NULL;
    return section_at(s, number);
}

static bool is_open(const struct search *s, const struct an_cs *section)
{
    return section->released == AN_NONE ||
           !an_prefix_has(s->prefixes, s->prefix, section->released);
}

#define each_user(user, s, lock_)                                                                  \
    (const struct an_user *user = &(s)->prefixes->users.at[(s)->prefixes->users_of.at[lock_]],     \
     *user##_end = &(s)->prefixes->users.at[(s)->prefixes->users_of.at[(lock_) + 1]];              \
     user < user##_end; user++)

static bool in_the_way(const struct search *s, const struct an_cs *section)
{
    if (s->closing == CLOSE_ALL)
        return section->released != AN_NONE;
    if (around(s, section, s->first) || around(s, section, s->second))
        return true;
    for
        each_user(user, s, section->lock)
        {
            const struct an_cs *other = later(s, section, user);
            if (other && (s->closing == CLOSE_EARLIER || is_open(s, other)))
                return true;
        }
    return false;
}

/* Is the prefix still before both accesses? */
static bool apart(const struct search *s)
{
    uint32_t one = op_at(s, s->first).thread, other = op_at(s, s->second).thread;
    return s->prefix[one] <= s->prefixes->event[s->first] &&
           s->prefix[other] <= s->prefixes->event[s->second];
}

/* Closes what is in the way among the sections that THREAD has open: 1 if any, -1 if one has no
 * end. */
static int close_sections(struct search *s, uint32_t thread)
{
    uint32_t count, events = s->prefix[thread];
    const uint32_t *open = an_prefix_open(s->prefixes, thread, events, &count);
    for (uint32_t i = 0; events && i < count; i++) {
        const struct an_cs *section = section_at(s, open[i]);
        if (!in_the_way(s, section))
            continue;
        if (section->released == AN_NONE)
            return -1;
        uint32_t end = s->prefixes->event[section->released] + 1;
        if (end > events) {
            an_prefix_add(s->prefixes, s->prefix, thread, end);
            return 1;
        }
    }
    return 0;
}

static bool make_prefix(struct search *s)
{
    const struct an_prefixes *prefixes = s->prefixes;
    uint32_t one = op_at(s, s->first).thread, other = op_at(s, s->second).thread;
    memset(s->prefix, 0, prefixes->threads * sizeof *s->prefix);
    an_prefix_add(prefixes, s->prefix, one, prefixes->event[s->first]);
    an_prefix_add(prefixes, s->prefix, other, prefixes->event[s->second]);
    bool more = true;
    while (more && apart(s)) {
        more = false;
        for (uint32_t t = 0; t < prefixes->threads; t++) {
            int closed;
            if (t == one || t == other || !s->prefix[t])
                continue;
            while ((closed = close_sections(s, t)) > 0)
                more = true;
            if (closed < 0)
                return false;
        }
    }
    return !more && apart(s);
}

/* ---- The window. ---- */

static bool add_open(struct search *s, uint32_t number)
{
    const struct an_cs *section = section_at(s, number);
    *vec_push(&s->open) = (struct open){number, AN_NONE};
    for
        each_user(user, s, section->lock)
        {
            const struct an_cs *other = later(s, section, user);
            if (!other)
                continue;
            if (is_open(s, other))
                return false;
            if (section->acquired < s->from)
                s->from = section->acquired;
            if (other->released > s->to)
                s->to = other->released;
        }
    return true;
}

/* Finds open sections, and where the run's order can't be kept. False if two exclude each other. */
static bool make_window(struct search *s)
{
    vec_clear(&s->open);
    s->from = AN_NONE;
    s->to = 0;
    for (uint32_t t = 0; t < s->prefixes->threads; t++) {
        uint32_t count;
        const uint32_t *open = an_prefix_open(s->prefixes, t, s->prefix[t], &count);
        for (uint32_t i = 0; s->prefix[t] && i < count; i++)
            if (!add_open(s, open[i]))
                return false;
    }
    return true;
}

/* ---- The order. ---- */

static void add_edge(struct search *s, uint32_t from, uint32_t to)
{
    if (from != AN_NONE && from != to)
        *vec_push(&s->edges) = (struct edge){from, to};
}

static void add_link(struct search *s, uint32_t *list, uint32_t node)
{
    *vec_push(&s->links) = (struct link){node, *list};
    *list = (uint32_t)s->links.count - 1;
}

static void add_edges(struct search *s, uint32_t list, uint32_t to)
{
    for (; list != AN_NONE; list = s->links.at[list].next)
        add_edge(s, s->links.at[list].node, to);
}

static void order_access(struct search *s, struct tr_op op, uint32_t node)
{
    struct variable_state *variable = &s->variables[op.target];
    if (variable->walk != s->walk)
        *variable = (struct variable_state){s->walk, AN_NONE, AN_NONE};
    add_edge(s, variable->write, node);
    if (!tr_op_writes(op.kind)) {
        add_link(s, &variable->reads, node);
        return;
    }
    add_edges(s, variable->reads, node);
    variable->reads = AN_NONE;
    variable->write = node;
}

static struct lock_state *lock_at(struct search *s, uint32_t number)
{
    struct lock_state *lock = &s->locks[number];
    if (lock->walk != s->walk)
        *lock = (struct lock_state){s->walk, AN_NONE, AN_NONE, false};
    return lock;
}

static void order_lock(struct search *s, struct tr_op op, uint32_t mark, uint32_t node)
{
    const struct an_cs *section = section_at(s, mark);
    struct lock_state *lock = lock_at(s, op.target);
    if (tr_op_acquires(op.kind)) {
        if (is_open(s, section)) {
            vec_each (struct open, open, &s->open)
                if (open->section == mark)
                    open->node = node;
            return;
        }
        add_edge(s, lock->exclusive, node);
        if (!section->shared)
            add_edges(s, lock->shared, node);
        return;
    }
    if (section->shared) {
        add_link(s, &lock->shared, node);
    } else {
        lock->exclusive = node;
        lock->shared = AN_NONE;
    }
    if (lock->open)
        *vec_push(&s->passed) = (struct passed){node, op.target, section->shared};
}

static void order_after(struct search *s, uint32_t *last, uint32_t node)
{
    add_edge(s, *last, node);
    *last = node;
}

static void order_op(struct search *s, uint32_t op_number, uint32_t node)
{
    struct tr_op op = op_at(s, op_number);
    if (tr_op_is_access(op.kind)) {
        order_access(s, op, node);
    } else if (tr_op_acquires(op.kind) || tr_op_releases(op.kind)) {
        if (s->prefixes->mark[op_number] != AN_NONE)
            order_lock(s, op, s->prefixes->mark[op_number], node);
    } else if (op.kind == TR_OP_FORK) {
        order_after(s, &s->last[op.target], node);
    } else if (op.kind == TR_OP_JOIN) {
        add_edge(s, s->last[op.target], node);
    } else if (op.kind == TR_OP_SEND || op.kind == TR_OP_RECEIVE) {
        order_after(s, &s->channels[op.target], node);
    } else if (op.kind == TR_OP_POST || op.kind == TR_OP_WAIT) {
        order_after(s, &s->semaphores[op.target], node);
    } else if (op.kind == TR_OP_UNKNOWN) {
        for (uint32_t t = 0; t < s->prefixes->threads; t++)
            add_edge(s, s->last[t], node);
    }
}

/* Does an operation of that kind on that variable ever order others? */
static bool matters(const struct search *s, struct tr_op op)
{
    return s->whole || !tr_op_is_access(op.kind) || s->contested[op.target];
}

/* The node of an operation: that of its event. */
static uint32_t node_of(struct search *s, uint32_t op)
{
    uint32_t thread = op_at(s, op).thread, node = (uint32_t)s->nodes.count, last = s->last[thread];
    if (last != AN_NONE && last == node - 1 &&
        s->prefixes->event[s->nodes.at[last]] == s->prefixes->event[op] &&
        op_at(s, s->nodes.at[last]).thread == thread)
        return last;
    *vec_push(&s->nodes) = op;
    order_after(s, &s->last[thread], node);
    return node;
}

/* What is open comes after all that it excludes. */
static void order_open(struct search *s)
{
    vec_each (struct open, open, &s->open) {
        const struct an_cs *section = section_at(s, open->section);
        vec_each (struct passed, passed, &s->passed)
            if (open->node != AN_NONE && passed->lock == section->lock &&
                !(passed->shared && section->shared))
                add_edge(s, passed->node, open->node);
    }
}

static void walk_window(struct search *s)
{
    const struct an_run *run = s->prefixes->run;
    s->walk++;
    memset(s->last, 0xff, s->prefixes->threads * sizeof *s->last);
    memset(s->channels, 0xff, run->channels * sizeof *s->channels);
    memset(s->semaphores, 0xff, s->prefixes->semaphores * sizeof *s->semaphores);
    vec_clear(&s->links);
    vec_clear(&s->nodes);
    vec_clear(&s->edges);
    vec_clear(&s->passed);
    vec_each (struct open, open, &s->open)
        lock_at(s, section_at(s, open->section)->lock)->open = true;
    for (uint32_t op = s->from; op <= s->to; op++)
        if (an_prefix_has(s->prefixes, s->prefix, op) && matters(s, op_at(s, op)))
            order_op(s, op, node_of(s, op));
    order_open(s);
}

/* Puts the nodes in order. False if there is a cycle. */
static bool sort_nodes(struct search *s)
{
    uint32_t count = (uint32_t)s->nodes.count;
    vec_clear(&s->starts);
    vec_clear(&s->before);
    vec_clear(&s->order);
    vec_clear(&s->targets);
    vec_reserve(&s->starts, count + 2);
    vec_reserve(&s->before, count);
    vec_reserve(&s->targets, s->edges.count);
    memset(s->starts.at, 0, (count + 2) * sizeof *s->starts.at);
    if (count)
        memset(s->before.at, 0, count * sizeof *s->before.at);
    vec_each (const struct edge, edge, &s->edges) {
        s->starts.at[edge->from + 2]++;
        s->before.at[edge->to]++;
    }
    for (uint32_t i = 2; i < count + 2; i++)
        s->starts.at[i] += s->starts.at[i - 1];
    vec_each (const struct edge, edge, &s->edges)
        s->targets.at[s->starts.at[edge->from + 1]++] = edge->to;
    for (uint32_t i = 0; i < count; i++)
        if (!s->before.at[i])
            *vec_push(&s->order) = i;
    for (size_t i = 0; i < s->order.count; i++) {
        uint32_t node = s->order.at[i];
        for (uint32_t e = s->starts.at[node]; e < s->starts.at[node + 1]; e++)
            if (--s->before.at[s->targets.at[e]] == 0)
                *vec_push(&s->order) = s->targets.at[e];
    }
    return s->order.count == count;
}

static bool find_order(struct search *s)
{
    if (s->from > s->to)
        return true;
    /* Events are not cut. */
    while (an_run_same_event(s->prefixes->run, s->from))
        s->from--;
    while (s->to + 1 < s->prefixes->run->ops.count &&
           an_run_same_event(s->prefixes->run, s->to + 1))
        s->to++;
    walk_window(s);
    return sort_nodes(s);
}

static bool search_pair(struct search *s, uint32_t first, uint32_t second)
{
    s->first = first;
    s->second = second;
    for (s->closing = 0; s->closing < CLOSINGS; s->closing++)
        if (make_prefix(s) && make_window(s) && find_order(s))
            return true;
    return false;
}

/* ---- The witness. ---- */

static void tell_trace(const struct search *s, struct an_reordering *order, uint32_t from,
                       uint32_t to)
{
    for (uint32_t op = from; op < to; op++)
        if (an_prefix_has(s->prefixes, s->prefix, op))
            *vec_push(&order->ops) = op;
}

static void tell_order(struct search *s, struct an_reordering *order)
{
    const struct an_run *run = s->prefixes->run;
    uint32_t count = (uint32_t)run->ops.count;
    vec_clear(&order->ops);
    if (s->from > s->to) {
        tell_trace(s, order, 0, count);
        return;
    }
    s->whole = true;
    (void)find_order(s);
    s->whole = false;
    tell_trace(s, order, 0, s->from);
    vec_each (const uint32_t, node, &s->order) {
        uint32_t op = s->nodes.at[*node];
        do
            *vec_push(&order->ops) = op++;
        while (op < count && an_run_same_event(run, op));
    }
    tell_trace(s, order, s->to + 1, count);
}

/* ---- All pairs. ---- */

struct class
{ /* accesses of one variable by one thread, of one kind, under one lock set */
    uint32_t thread, set, kind;
    VEC(uint32_t) ops;
};

struct accesses { /* of one variable */
    VEC(uint32_t) ops;
    uint32_t common; /* locks that protect all of them */
    bool shared, written;
};

struct an_osr {
    struct an_prefixes prefixes;
    VEC(struct accesses) variables;
    bool *contested;
    struct search search; /* for single pairs */
};

static void search_init(struct search *s, const struct an_osr *osr)
{
    const struct an_prefixes *prefixes = &osr->prefixes;
    const struct an_run *run = prefixes->run;
    *s = (struct search){.prefixes = prefixes, .contested = osr->contested};
    s->prefix = sn_calloc(prefixes->threads + 1, sizeof *s->prefix);
    s->last = sn_calloc(prefixes->threads + 1, sizeof *s->last);
    s->variables = sn_calloc((size_t)run->variables + 1, sizeof *s->variables);
    s->locks = sn_calloc((size_t)run->locks + 1, sizeof *s->locks);
    s->channels = sn_calloc((size_t)run->channels + 1, sizeof *s->channels);
    s->semaphores = sn_calloc((size_t)prefixes->semaphores + 1, sizeof *s->semaphores);
}

static void search_release(struct search *s)
{
    free(s->prefix);
    free(s->last);
    free(s->variables);
    free(s->locks);
    free(s->channels);
    free(s->semaphores);
    vec_release(&s->open);
    vec_release(&s->links);
    vec_release(&s->nodes);
    vec_release(&s->edges);
    vec_release(&s->passed);
    vec_release(&s->starts);
    vec_release(&s->targets);
    vec_release(&s->before);
    vec_release(&s->order);
}

static void add_access(struct an_osr *osr, uint32_t number)
{
    struct tr_op op = osr->prefixes.run->ops.at[number];
    struct accesses *variable = &osr->variables.at[op.target];
    struct an_guards *sets = &osr->prefixes.sets;
    uint32_t set = osr->prefixes.mark[number];
    bool writes = tr_op_writes(op.kind);
    if (!variable->ops.count)
        variable->common = an_guards_common(sets, set, set, writes);
    else if (variable->common)
        variable->common = an_guards_common(sets, variable->common, set, writes);
    if (variable->ops.count)
        variable->shared |= osr->prefixes.run->ops.at[variable->ops.at[0]].thread != op.thread;
    variable->written |= writes;
    *vec_push(&variable->ops) = number;
}

struct an_osr *an_osr_open(const struct an_run *run)
{
    struct an_osr *osr = sn_calloc(1, sizeof *osr);
    an_prefixes_init(&osr->prefixes, run);
    for (uint32_t i = 0; i < run->variables; i++)
        (void)vec_push(&osr->variables);
    for (uint32_t i = 0; i < run->ops.count; i++)
        if (tr_op_is_access(run->ops.at[i].kind))
            add_access(osr, i);
    osr->contested = sn_calloc((size_t)run->variables + 1, sizeof *osr->contested);
    for (uint32_t i = 0; i < run->variables; i++)
        osr->contested[i] = osr->variables.at[i].shared && osr->variables.at[i].written;
    search_init(&osr->search, osr);
    return osr;
}

void an_osr_close(struct an_osr *osr)
{
    search_release(&osr->search);
    vec_each (struct accesses, variable, &osr->variables)
        vec_release(&variable->ops);
    vec_release(&osr->variables);
    free(osr->contested);
    an_prefixes_release(&osr->prefixes);
    free(osr);
}

bool an_osr_pair(struct an_osr *osr, uint64_t first, uint64_t second, struct an_reordering *order)
{
    const uint32_t *mark = osr->prefixes.mark;
    if (an_guards_protect(&osr->prefixes.sets, mark[first], mark[second]) ||
        !search_pair(&osr->search, (uint32_t)first, (uint32_t)second))
        return false;
    if (order)
        tell_order(&osr->search, order);
    return true;
}

struct worker {
    const struct an_osr *osr;
    struct search search;
    struct an_pairs found;
    uint32_t *past; /* of the second access */
    VEC(struct class) classes;
};

/* An access of CLASS that races with SECOND, or AN_NONE. */
static uint32_t race_with(struct worker *w, const struct class *class, uint32_t second)
{
    const struct an_prefixes *prefixes = &w->osr->prefixes;
    struct tr_op op = prefixes->run->ops.at[second];
    if (class->thread == op.thread || !tr_op_conflict(class->kind, op.kind) ||
        an_guards_protect(&prefixes->sets, class->set, prefixes->mark[second]))
        return AN_NONE;
    for (size_t i = class->ops.count; i-- > 0;) {
        uint32_t first = class->ops.at[i];
        if (prefixes->event[first] < w->past[class->thread])
            break; /* and so is what the thread did before */
        if (search_pair(&w->search, first, second))
            return first;
    }
    return AN_NONE;
}

static void add_to_class(struct worker *w, uint32_t number)
{
    struct tr_op op = w->osr->prefixes.run->ops.at[number];
    uint32_t set = w->osr->prefixes.mark[number];
    struct class *class = w->classes.at, *end = class + w->classes.count;
    while (class < end &&
           !(class->thread == op.thread && class->set == set && class->kind == op.kind))
        class ++;
    if (class == end) {
        class = vec_push(&w->classes);
        class->thread = op.thread;
        class->set = set;
        class->kind = op.kind;
    }
    *vec_push(&class->ops) = number;
}

static void search_variable(struct worker *w, uint32_t number)
{
    const struct an_prefixes *prefixes = &w->osr->prefixes;
    const struct accesses *variable = &w->osr->variables.at[number];
    vec_each (const uint32_t, second, &variable->ops) {
        uint32_t thread = prefixes->run->ops.at[*second].thread, first = AN_NONE;
        memset(w->past, 0, prefixes->threads * sizeof *w->past);
        an_prefix_add(prefixes, w->past, thread, prefixes->event[*second]);
        for (size_t i = 0; i < w->classes.count && first == AN_NONE; i++)
            first = race_with(w, &w->classes.at[i], *second);
        if (first != AN_NONE)
            *vec_push(&w->found.of) = (struct an_pair){first, *second, number};
        add_to_class(w, *second);
    }
    vec_each (struct class, class, &w->classes)
        vec_release(&class->ops);
    vec_clear(&w->classes);
}

static void work(void *data, unsigned number, size_t variable)
{
    struct worker *w = &((struct worker *)data)[number];
    if (w->osr->contested[variable] && !w->osr->variables.at[variable].common)
        search_variable(w, (uint32_t)variable);
}

static void whole(const struct an_run *run, unsigned workers, struct an_pairs *found)
{
    struct an_osr *osr = an_osr_open(run);
    workers = workers ? workers : 1;
    struct worker *all = sn_calloc(workers, sizeof *all);
    for (unsigned i = 0; i < workers; i++) {
        all[i].osr = osr;
        search_init(&all[i].search, osr);
        all[i].past = sn_calloc(osr->prefixes.threads + 1, sizeof *all[i].past);
    }
    an_workers_run(workers, osr->variables.count, work, all);
    for (unsigned i = 0; i < workers; i++) {
        vec_each (const struct an_pair, pair, &all[i].found.of)
            *vec_push(&found->of) = *pair;
        search_release(&all[i].search);
        free(all[i].past);
        vec_release(&all[i].classes);
        vec_release(&all[i].found.of);
    }
    free(all);
    an_osr_close(osr);
}

const struct an_relation an_relation_osr = {
    .name = "osr",
    .meaning = "optimistic reversal of critical sections; every race is real",
    .whole = whole,
};
