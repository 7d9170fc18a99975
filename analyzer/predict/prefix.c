/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/predict/prefix.h"

struct write {
    uint32_t thread, event;
    bool any;
};

struct building {
    struct an_prefixes *self;
    uint32_t *rows;     /* of each thread: what it knows now */
    uint32_t *channels; /* and of each channel, */
    uint32_t *semaphores;
    struct an_held_locks *held; /* marks are sections */
    uint32_t *set;              /* of what is held, or AN_NONE */
    struct write *written;
};

static const uint32_t *row_at(const struct an_prefixes *self, uint32_t thread, uint32_t events)
{
    const struct an_timeline *line = &self->of.at[thread];
    size_t low = 0, high = line->learned.count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (line->learned.at[middle].events <= events)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? &self->rows.at[(size_t)line->learned.at[low - 1].row * self->threads] : NULL;
}

static void join(uint32_t *into, const uint32_t *from, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        into[i] = from[i] > into[i] ? from[i] : into[i];
}

void an_prefix_add(const struct an_prefixes *self, uint32_t *prefix, uint32_t thread,
                   uint32_t events)
{
    const uint32_t *row = row_at(self, thread, events);
    if (row)
        join(prefix, row, self->threads);
    if (prefix[thread] < events)
        prefix[thread] = events;
}

const uint32_t *an_prefix_open(const struct an_prefixes *self, uint32_t thread, uint32_t events,
                               uint32_t *count)
{
    const struct an_timeline *line = &self->of.at[thread];
    size_t low = 0, high = line->holding.count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (line->holding.at[middle].events <= events)
            low = middle + 1;
        else
            high = middle;
    }
    *count = low ? line->holding.at[low - 1].count : 0;
    return low ? &self->open.at[line->holding.at[low - 1].start] : NULL;
}

uint32_t an_prefix_last(const struct an_prefixes *self, const uint32_t *prefix,
                        const struct an_user *user, bool exclusive)
{
    const uint32_t *own = &self->by_lock.at[user->start];
    uint32_t low = 0, high = user->count, limit = prefix[user->thread];
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (self->event[self->sections.at[own[middle]].acquired] < limit)
            low = middle + 1;
        else
            high = middle;
    }
    while (low && exclusive && self->sections.at[own[low - 1]].shared)
        low--;
    return low ? own[low - 1] : AN_NONE;
}

/* ---- Building. ---- */

/* From now on, EVENTS being done, THREAD knows what its row says. */
static void learned(struct building *b, uint32_t thread, uint32_t events)
{
    struct an_prefixes *self = b->self;
    struct an_timeline *line = &self->of.at[thread];
    if (!line->learned.count || vec_last(&line->learned)->events != events) {
        uint32_t row = (uint32_t)(self->rows.count / self->threads);
        vec_reserve(&self->rows, self->threads);
        self->rows.count += self->threads;
        *vec_push(&line->learned) = (struct an_learned){events, row};
    }
    memcpy(&self->rows.at[(size_t)vec_last(&line->learned)->row * self->threads],
           &b->rows[(size_t)thread * self->threads], self->threads * sizeof(uint32_t));
}

/* THREAD learns of the first COUNT events of OF. */
static void learn(struct building *b, uint32_t thread, uint32_t events, uint32_t of, uint32_t count)
{
    uint32_t *row = &b->rows[(size_t)thread * b->self->threads];
    /* Of a thread without events there is the fork to learn of. */
    if (thread == of || (row[of] >= count && count))
        return;
    an_prefix_add(b->self, row, of, count);
    learned(b, thread, events);
}

static void hand_over(struct building *b, struct tr_op op, uint32_t events)
{
    uint32_t threads = b->self->threads;
    bool semaphore = op.kind == TR_OP_POST || op.kind == TR_OP_WAIT;
    uint32_t *channel = (semaphore ? b->semaphores : b->channels) + (size_t)op.target * threads;
    uint32_t *row = &b->rows[(size_t)op.thread * threads];
    if (op.kind == TR_OP_SEND || op.kind == TR_OP_POST) {
        join(channel, row, threads);
        channel[op.thread] = events;
        return;
    }
    join(row, channel, threads);
    learned(b, op.thread, events);
}

static void hold(struct building *b, uint32_t thread, uint32_t events)
{
    struct an_prefixes *self = b->self;
    struct an_timeline *line = &self->of.at[thread];
    if (!line->holding.count || vec_last(&line->holding)->events != events)
        vec_push(&line->holding)->events = events;
    struct an_holding *holding = vec_last(&line->holding);
    holding->start = (uint32_t)self->open.count;
    holding->count = (uint32_t)b->held[thread].of.count;
    vec_each (struct an_held_lock, held, &b->held[thread].of)
        *vec_push(&self->open) = held->mark;
}

static void lock_op(struct building *b, struct tr_op op, uint32_t index, uint32_t events)
{
    struct an_prefixes *self = b->self;
    struct an_held_locks *held = &b->held[op.thread];
    bool shared = tr_op_shared(op.kind);
    if (tr_op_acquires(op.kind)) {
        struct an_held_lock *entry = an_held_acquire(held, op.target, shared);
        b->set[op.thread] = AN_NONE;
        if (entry->shared + entry->exclusive > 1)
            return;
        self->mark[index] = entry->mark = (uint32_t)self->sections.count;
        *vec_push(&self->sections) = (struct an_cs){op.target, op.thread, index, AN_NONE, shared};
    } else {
        struct an_held_lock was;
        b->set[op.thread] = AN_NONE;
        if (!an_held_release(held, op.target, shared, &was))
            return;
        self->mark[index] = was.mark;
        self->sections.at[was.mark].released = index;
    }
    hold(b, op.thread, events);
}

static void access(struct building *b, struct tr_op op, uint32_t index, uint32_t events)
{
    if (b->set[op.thread] == AN_NONE)
        b->set[op.thread] = an_guards_held(&b->self->sets, &b->held[op.thread]);
    b->self->mark[index] = b->set[op.thread];
    struct write *written = &b->written[op.target];
    if (tr_op_reads(op.kind) && written->any)
        learn(b, op.thread, events, written->thread, written->event + 1);
    if (tr_op_writes(op.kind))
        *written = (struct write){op.thread, events - 1, true};
}

static void add(struct building *b, struct tr_op op, uint32_t index)
{
    struct an_prefixes *self = b->self;
    uint32_t events = self->of.at[op.thread].events; /* this one counted */
    if (tr_op_is_access(op.kind))
        access(b, op, index, events);
    else if (tr_op_acquires(op.kind) || tr_op_releases(op.kind))
        lock_op(b, op, index, events);
    else if (op.kind == TR_OP_FORK)
        learn(b, op.target, self->of.at[op.target].events, op.thread, events);
    else if (op.kind == TR_OP_JOIN)
        learn(b, op.thread, events, op.target, self->of.at[op.target].events);
    else if (op.kind == TR_OP_SEND || op.kind == TR_OP_RECEIVE || op.kind == TR_OP_POST ||
             op.kind == TR_OP_WAIT)
        hand_over(b, op, events);
    else if (op.kind == TR_OP_UNKNOWN)
        for (uint32_t u = 0; u < self->threads; u++)
            learn(b, op.thread, events, u, self->of.at[u].events);
}

/* Sections by lock and then by thread: both by counting, which keeps their order. */
static void sort_sections(struct an_prefixes *self)
{
    uint32_t count = (uint32_t)self->sections.count, locks = self->run->locks;
    uint32_t *by_thread = sn_calloc(count + 1, sizeof *by_thread);
    uint32_t *starts =
        sn_calloc((size_t)(self->threads > locks ? self->threads : locks) + 1, sizeof *starts);
    for (uint32_t i = 0; i < count; i++)
        starts[self->sections.at[i].thread + 1]++;
    for (uint32_t t = 0; t < self->threads; t++)
        starts[t + 1] += starts[t];
    for (uint32_t i = 0; i < count; i++)
        by_thread[starts[self->sections.at[i].thread]++] = i;
    memset(starts, 0, (locks + 1) * sizeof *starts);
    for (uint32_t i = 0; i < count; i++)
        starts[self->sections.at[i].lock + 1]++;
    for (uint32_t l = 0; l < locks; l++)
        starts[l + 1] += starts[l];
    vec_reserve(&self->by_lock, count);
    self->by_lock.count = count;
    for (uint32_t i = 0; i < count; i++)
        self->by_lock.at[starts[self->sections.at[by_thread[i]].lock]++] = by_thread[i];
    free(by_thread);
    free(starts);
}

static void list_users(struct an_prefixes *self)
{
    for (uint32_t i = 0; i < self->by_lock.count; i++) {
        const struct an_cs *section = &self->sections.at[self->by_lock.at[i]];
        const struct an_cs *before = i ? &self->sections.at[self->by_lock.at[i - 1]] : NULL;
        while (self->users_of.count <= section->lock)
            *vec_push(&self->users_of) = (uint32_t)self->users.count;
        if (!before || before->lock != section->lock || before->thread != section->thread)
            *vec_push(&self->users) = (struct an_user){section->thread, i, 0};
        vec_last(&self->users)->count++;
    }
    while (self->users_of.count <= self->run->locks)
        *vec_push(&self->users_of) = (uint32_t)self->users.count;
}

static uint32_t semaphores_of(const struct an_run *run)
{
    uint32_t count = (uint32_t)run->initial.count;
    vec_each (const struct tr_op, op, &run->ops)
        if ((op->kind == TR_OP_POST || op->kind == TR_OP_WAIT) && op->target >= count)
            count = op->target + 1;
    return count;
}

void an_prefixes_init(struct an_prefixes *self, const struct an_run *run)
{
    *self =
        (struct an_prefixes){.run = run, .threads = run->threads, .semaphores = semaphores_of(run)};
    size_t threads = run->threads;
    struct building b = {
        .self = self,
        .rows = sn_calloc(threads * threads + 1, sizeof(uint32_t)),
        .channels = sn_calloc(threads * run->channels + 1, sizeof(uint32_t)),
        .semaphores = sn_calloc(threads * self->semaphores + 1, sizeof(uint32_t)),
        .held = sn_calloc(threads + 1, sizeof *b.held),
        .set = sn_calloc(threads + 1, sizeof(uint32_t)),
        .written = sn_calloc((size_t)run->variables + 1, sizeof *b.written),
    };
    an_guards_init(&self->sets);
    self->event = sn_calloc(run->ops.count + 1, sizeof *self->event);
    self->mark = sn_malloc((run->ops.count + 1) * sizeof *self->mark);
    memset(self->mark, 0xff, (run->ops.count + 1) * sizeof *self->mark);
    for (uint32_t t = 0; t < threads; t++)
        (void)vec_push(&self->of);
    for (uint32_t i = 0; i < run->ops.count; i++) {
        struct tr_op op = run->ops.at[i];
        self->event[i] = an_run_same_event(run, i) ? self->of.at[op.thread].events - 1
                                                   : self->of.at[op.thread].events++;
        add(&b, op, i);
    }
    sort_sections(self);
    list_users(self);
    for (uint32_t t = 0; t < threads; t++)
        vec_release(&b.held[t].of);
    free(b.rows);
    free(b.channels);
    free(b.semaphores);
    free(b.held);
    free(b.set);
    free(b.written);
}

void an_prefixes_release(struct an_prefixes *self)
{
    vec_each (struct an_timeline, line, &self->of) {
        vec_release(&line->learned);
        vec_release(&line->holding);
    }
    vec_release(&self->of);
    vec_release(&self->rows);
    vec_release(&self->sections);
    vec_release(&self->open);
    vec_release(&self->by_lock);
    vec_release(&self->users);
    vec_release(&self->users_of);
    an_guards_release(&self->sets);
    free(self->event);
    free(self->mark);
}
