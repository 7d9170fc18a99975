/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two accesses race if no lock protects both and nothing keeps their order: neither the thread, nor
 * fork and join, nor a channel. Eraser's idea (Savage and others, 1997) without its states: pairs
 * are compared, not a variable's candidates, and so nothing is lost to "first owned, then shared".
 *
 * A class is what one thread did to one variable by one kind of access under one lock set. If any
 * access of a class may change places with the present one, then the last of them may: it comes
 * after the others in its thread. So the last is all that is kept, and state is bounded by the
 * number of classes.
 *
 * A variable of one thread, or one that some lock has protected ever since, needs no comparison: of
 * the latter kind is each lock that all hold, and all writers exclusively. Neither needs an access
 * that repeats the variable's last one, if that raced with nothing.
 */
#include "analyzer/predict/guards.h"
#include "analyzer/predict/hard.h"
#include "analyzer/predict/relation.h"

#include "base/map.h"

struct class
{
    uint64_t op; /* the last of it */
    uint32_t thread, set;
    uint32_t time; /* hard.h */
    uint8_t kind;
};

struct variable {
    VEC(struct class) classes;
    uint32_t common;  /* the locks that protect all accesses so far */
    bool shared;      /* by threads */
    bool clean;       /* the last access raced with nothing */
    uint32_t last;    /* its class */
    uint32_t version; /* of its thread's past, then */
};

struct lockset {
    struct an_pairs *found;
    struct an_hard hard;
    struct an_guards sets;
    VEC(struct an_guarded) threads;
    VEC(struct variable) variables;
    struct sn_map places;  /* (variable, class) to its place, of variables with many */
    struct sn_map classes; /* numbers of (thread, kind, set) */
    uint64_t op;
};

enum { CLASSES_FEW = 12 };

static uint64_t class_number(struct lockset *self, const struct class *class)
{
    uint64_t key = (uint64_t) class->set << 32 | class->thread << 2 |
                   (uint32_t)tr_op_is_atomic(class->kind) << 1 | tr_op_writes(class->kind);
    uint64_t *number = sn_map_at(&self->classes, key);
    if (!*number)
        *number = self->classes.count;
    return *number;
}

static uint64_t *place_of(struct lockset *self, uint32_t number, const struct class *class)
{
    return sn_map_at(&self->places, (uint64_t)number << 32 | class_number(self, class));
}

static bool same_class(const struct class *a, const struct class *b)
{
    return a->thread == b->thread && a->set == b->set && a->kind == b->kind;
}

static void join_class(struct lockset *self, uint32_t number, const struct class *class)
{
    struct variable *variable = &self->variables.at[number];
    bool exclusive = tr_op_writes(class->kind);
    if (!variable->classes.count) {
        uint32_t all = class->set;
        variable->common = an_guards_common(&self->sets, all, all, exclusive);
    } else {
        variable->shared |= variable->classes.at[0].thread != class->thread;
        variable->common = an_guards_common(&self->sets, variable->common, class->set, exclusive);
    }
    *vec_push(&variable->classes) = *class;
    size_t count = variable->classes.count;
    if (count <= CLASSES_FEW)
        return;
    for (size_t i = count == CLASSES_FEW + 1 ? 0 : count - 1; i < count; i++)
        *place_of(self, number, &variable->classes.at[i]) = i + 1;
}

/* The place of CLASS among those of the variable, new or not. */
static uint32_t find_class(struct lockset *self, uint32_t number, const struct class *class)
{
    struct variable *variable = &self->variables.at[number];
    uint32_t count = (uint32_t)variable->classes.count;
    if (count && same_class(&variable->classes.at[variable->last], class))
        return variable->last;
    if (count > CLASSES_FEW) {
        uint64_t place = *place_of(self, number, class);
        if (place)
            return (uint32_t)place - 1;
    } else {
        for (uint32_t i = 0; i < count; i++)
            if (same_class(&variable->classes.at[i], class))
                return i;
    }
    join_class(self, number, class);
    return count;
}

/* The earlier accesses that race with this one: one of them, or NULL. */
static const struct class *find_race(struct lockset *self, const struct variable *variable,
                                     const struct class *now)
{
    if (!variable->shared || variable->common)
        return NULL;
    vec_each (const struct class, old, &variable->classes)
        if (old->thread != now->thread && tr_op_conflict(old->kind, now->kind) &&
            !an_guards_protect(&self->sets, old->set, now->set) &&
            !an_hard_before(&self->hard, old->thread, old->time, now->thread))
            return old;
    return NULL;
}

static void access(struct lockset *self, struct an_guarded *thread, struct tr_op op)
{
    while (self->variables.count <= op.target)
        (void)vec_push(&self->variables);
    struct class now = {self->op, op.thread, an_guarded_set(thread, &self->sets),
                        an_hard_now(&self->hard, op.thread),
                        op.kind == TR_OP_ATOMIC_UPDATE ? TR_OP_ATOMIC_WRITE : op.kind};
    uint32_t place = find_class(self, op.target, &now);
    struct variable *variable = &self->variables.at[op.target];
    uint32_t version = self->hard.threads.at[op.thread].version;
    variable->classes.at[place] = now;
    if (variable->last == place && variable->clean && variable->version == version)
        return;
    const struct class *old = find_race(self, variable, &now);
    if (old)
        *vec_push(&self->found->of) = (struct an_pair){old->op, self->op, op.target};
    variable->clean = !old;
    variable->last = place;
    variable->version = version;
}

static void *begin(struct an_pairs *found)
{
    struct lockset *self = sn_calloc(1, sizeof *self);
    self->found = found;
    an_guards_init(&self->sets);
    return self;
}

static void follow(struct lockset *self, struct tr_op op)
{
    an_hard_op(&self->hard, op);
    while (self->threads.count <= op.thread)
        (void)vec_push(&self->threads);
    struct an_guarded *thread = &self->threads.at[op.thread];
    if (tr_op_is_access(op.kind))
        access(self, thread, op);
    else
        an_guarded_op(thread, op);
    self->op++;
}

static void ops(void *self, const struct tr_op *ops, size_t count)
{
    for (size_t i = 0; i < count; i++)
        follow(self, ops[i]);
}

static void end(void *all)
{
    struct lockset *self = all;
    vec_each (struct an_guarded, thread, &self->threads)
        vec_release(&thread->held.of);
    vec_each (struct variable, variable, &self->variables)
        vec_release(&variable->classes);
    vec_release(&self->threads);
    vec_release(&self->variables);
    sn_map_release(&self->places);
    sn_map_release(&self->classes);
    an_guards_release(&self->sets);
    an_hard_release(&self->hard);
    free(self);
}

const struct an_relation an_relation_lockset = {
    .name = "lockset",
    .meaning = "no common lock, and no order by thread, fork and join",
    .open = begin,
    .ops = ops,
    .close = end,
};
