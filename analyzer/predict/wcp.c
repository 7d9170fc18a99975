/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Weak causal precedence: Kini, Mathur, Viswanathan, "Dynamic race prediction in linear time", PLDI
 * 2017. WCP is the least order in which
 *
 *  a  the end of a section comes before an access in a later section of the same lock, if that
 *     conflicts with an access of the former section, of another thread;
 *  b  the end of a section comes before the end of a later section of the same lock, if anything
 *     of the former comes before anything of the latter;
 *  c  what is before something by happens-before is before all that the latter is before; and so
 *     after it.
 *
 * Two accesses race if neither WCP nor hard.h orders them. That is so for sections that overlap in
 * any way: nothing here supposes that the lock taken last is given back first. A section of a lock
 * ranges from the outermost acquisition to its release. Of two sections of readers neither (a) nor
 * (b) holds, nor happens-before. For (a) atomic accesses conflict like others, for they pass values
 * all the same. What atomics publish and tokens of semaphores are kept as hard order, since WCP
 * does not know what was read.
 *
 * Each thread has two vectors: H, what happened before, and P, what is before by WCP. Its time
 * advances wherever H becomes known to others, so that one comparison of (thread, time) tells if
 * another's H or P is known altogether, and most joins are left out.
 *
 * (a): exclusive sections of a lock are ordered by happens-before, and what happened before the end
 * of one is known at the end of the next. So for each lock and variable the last section that reads
 * (writes) it suffices, and the last of another thread than that one's. It is noted when the access
 * happens: nobody asks before the section has ended. Readers' sections are no such row; the last of
 * each thread is kept until a writer's section writes the variable.
 *
 * (b): for the same reason the sections which are before the end of the present one are a first
 * part of the lock's queue (spans.h), of which the last is joined. Each thread has a place in
 * the one queue, its own sections being nothing special. What all threads that are not yet joined
 * know is dropped; a thread that nobody forks and that appears later is taken to know it, too.
 */
#include "analyzer/predict/hard.h"
#include "analyzer/predict/held.h"
#include "analyzer/predict/relation.h"
#include "analyzer/predict/spans.h"

#include "base/map.h"

struct past {
    struct an_vector hb, wcp;
};

struct thread {
    struct past past;
    struct an_held_locks held; /* marks are sections */
    uint64_t version; /* changes with locks and whatever else orders; no two threads share one */
    bool joined;
};

struct reader {
    uint32_t thread;
    uint32_t read, written; /* its last sections that did so, or 0 */
};

struct reading {
    VEC(struct reader) of;
};

/* The last sections of a lock in which a variable was read, and written; [1] is the last of another
 * thread than [0] is of. */
struct touched {
    uint64_t key; /* 0: none */
    uint32_t read[2], written[2];
};

struct lock {
    uint32_t last;        /* the exclusive section that ended last */
    struct an_vector wcp; /* its P, then */
    struct past readers;  /* of sections of readers since */
    bool read;            /* is there any of those? */
    bool ever_read;
    struct an_queue exclusive;
    VEC(struct an_queue) shared; /* of each thread */
};

struct earlier { /* an access */
    uint64_t op;
    uint32_t thread;
    uint32_t time, hard; /* by H, and by hard.h */
    uint32_t kind;       /* TR_OP_READ, TR_OP_WRITE, TR_OP_ATOMIC_READ or TR_OP_ATOMIC_WRITE */
};

struct accesses {
    VEC(struct earlier) of;
};

/* Of what was done to it no more than decides whether a later access races with any: an access is
 * left out once another one is ordered after it that conflicts with at least as much. Whatever is
 * ordered after the latter is ordered after both. */
struct variable {
    struct accesses writes, reads;
    uint64_t version; /* of the thread of the last access, then */
    uint32_t kind;    /* of the last access */
    bool clean;       /* it raced with nothing */
};

struct wcp {
    struct an_pairs *found;
    struct an_hard hard;
    struct an_spans sections;
    VEC(struct thread) threads;
    VEC(struct lock) locks;
    VEC(struct variable) variables;
    VEC(struct past) channels, semaphores;
    struct touched *touched; /* open addressing */
    size_t touched_count, touched_room;
    struct sn_map readers; /* of the same keys, to places counted from 1 in: */
    VEC(struct reading) reading;
    uint64_t versions, op;
};

static void changed(struct wcp *self, struct thread *thread)
{
    thread->version = ++self->versions;
}

static struct thread *thread_of(struct wcp *self, uint32_t number)
{
    while (self->threads.count <= number) {
        struct thread *new = vec_push(&self->threads);
        an_vector_set(&new->past.hb, (uint32_t)self->threads.count - 1, 1);
        changed(self, new);
    }
    return &self->threads.at[number];
}

static struct lock *lock_of(struct wcp *self, uint32_t number)
{
    while (self->locks.count <= number)
        (void)vec_push(&self->locks);
    return &self->locks.at[number];
}

static uint32_t now(const struct thread *thread, uint32_t number)
{
    return thread->past.hb.at[number];
}

static void learn(struct past *into, const struct past *from)
{
    an_vector_join(&into->hb, &from->hb);
    an_vector_join(&into->wcp, &from->wcp);
}

/* All that happened before the end of SECTION is before what THREAD does now. */
static void order(struct wcp *self, struct thread *thread, uint32_t number)
{
    const struct an_span *section = &self->sections.of.at[number];
    if (section->ended && an_vector_get(&thread->past.wcp, section->thread) < section->ended)
        an_vector_join(&thread->past.wcp, &section->past);
}

/* ---- Sections. ---- */

static void acquire(struct wcp *self, struct tr_op op)
{
    struct thread *thread = &self->threads.at[op.thread];
    struct lock *lock = lock_of(self, op.target);
    bool shared = tr_op_shared(op.kind);
    struct an_held_lock *held = an_held_acquire(&thread->held, op.target, shared);
    if (held->exclusive + held->shared > 1)
        return;
    const struct an_span *last = &self->sections.of.at[lock->last];
    if (lock->last && an_vector_get(&thread->past.hb, last->thread) < last->ended) {
        an_vector_join(&thread->past.hb, &last->past);
        an_vector_join(&thread->past.wcp, &lock->wcp);
    }
    if (!shared && lock->read)
        learn(&thread->past, &lock->readers);
    lock->ever_read |= shared;
    held->mark = an_spans_begin(&self->sections, op.thread, now(thread, op.thread));
    changed(self, thread);
}

static void trim(struct wcp *self, struct an_queue *queue)
{
    size_t least = queue->of.count - queue->start;
    vec_each (struct thread, thread, &self->threads) {
        if (thread->joined || !least)
            continue;
        size_t known = an_queue_known(queue, &thread->past.wcp);
        if (known < least)
            least = known;
    }
    an_queue_trim(queue, &self->sections, least);
}

/* What of QUEUE has anything before the present end of a section, by (b). */
static void pass(struct wcp *self, struct an_queue *queue, struct thread *thread, uint32_t number)
{
    uint32_t last;
    while ((last = an_queue_pass(queue, number, &thread->past.wcp)))
        order(self, thread, last);
}

/* By (b) for the section that ends. A new order by one queue may let it pass more of another. */
static void pass_all(struct wcp *self, struct lock *lock, struct thread *thread, uint32_t number,
                     bool shared)
{
    pass(self, &lock->exclusive, thread, number);
    if (shared || !lock->shared.count)
        return;
    bool more = true;
    while (more) {
        more = false;
        vec_each (struct an_queue, queue, &lock->shared) {
            uint32_t last = an_queue_pass(queue, number, &thread->past.wcp);
            order(self, thread, last);
            more |= last != 0;
        }
        pass(self, &lock->exclusive, thread, number);
    }
}

static struct an_queue *queue_of(struct lock *lock, uint32_t thread, bool shared)
{
    if (!shared)
        return &lock->exclusive;
    while (lock->shared.count <= thread)
        (void)vec_push(&lock->shared);
    return &lock->shared.at[thread];
}

static void end_exclusive(struct wcp *self, struct lock *lock, const struct thread *thread,
                          uint32_t section)
{
    an_spans_drop(&self->sections, lock->last);
    lock->last = an_spans_keep(&self->sections, section);
    an_vector_copy(&lock->wcp, &thread->past.wcp);
    if (lock->read) {
        an_vector_clear(&lock->readers.hb);
        an_vector_clear(&lock->readers.wcp);
        lock->read = false;
    }
}

static void release(struct wcp *self, struct tr_op op)
{
    struct thread *thread = &self->threads.at[op.thread];
    struct an_held_lock was;
    if (!an_held_release(&thread->held, op.target, tr_op_shared(op.kind), &was))
        return;
    struct lock *lock = lock_of(self, op.target);
    bool shared = was.reader;
    pass_all(self, lock, thread, op.thread, shared);
    struct an_span *section = &self->sections.of.at[was.mark];
    section->ended = now(thread, op.thread);
    an_vector_copy(&section->past, &thread->past.hb);
    if (shared) {
        learn(&lock->readers, &thread->past);
        lock->read = true;
    } else {
        end_exclusive(self, lock, thread, was.mark);
    }
    struct an_queue *queue = queue_of(lock, op.thread, shared);
    an_queue_push(queue, &self->sections, was.mark);
    an_spans_drop(&self->sections, was.mark);
    if (an_queue_full(queue))
        trim(self, queue);
    thread->past.hb.at[op.thread]++;
    changed(self, thread);
}

/* ---- Other order. ---- */

static void fork_or_join(struct wcp *self, uint32_t from, uint32_t to)
{
    (void)thread_of(self, from > to ? from : to);
    struct thread *one = &self->threads.at[from], *other = &self->threads.at[to];
    learn(&other->past, &one->past);
    one->past.hb.at[from]++;
    changed(self, one);
    changed(self, other);
}

static struct past *past_of(struct wcp *self, struct tr_op op)
{
    bool semaphore = op.kind == TR_OP_POST || op.kind == TR_OP_WAIT;
    typeof(self->channels) *pasts = semaphore ? &self->semaphores : &self->channels;
    while (pasts->count <= op.target)
        (void)vec_push(pasts);
    return &pasts->at[op.target];
}

static void hand_over(struct wcp *self, struct tr_op op)
{
    struct thread *thread = &self->threads.at[op.thread];
    struct past *channel = past_of(self, op);
    if (op.kind == TR_OP_RECEIVE || op.kind == TR_OP_OBSERVE || op.kind == TR_OP_WAIT) {
        learn(&thread->past, channel);
    } else {
        learn(channel, &thread->past);
        thread->past.hb.at[op.thread]++;
    }
    changed(self, thread);
}

/* ---- Accesses. ---- */

static size_t slot_of(const struct wcp *self, uint64_t key)
{
    size_t at = sn_mix(key) & (self->touched_room - 1);
    while (self->touched[at].key && self->touched[at].key != key)
        at = (at + 1) & (self->touched_room - 1);
    return at;
}

static void make_room(struct wcp *self)
{
    struct touched *old = self->touched;
    size_t room = self->touched_room;
    self->touched_room = room ? room * 2 : 1024;
    self->touched = sn_calloc(self->touched_room, sizeof *self->touched);
    for (size_t i = 0; i < room; i++)
        if (old[i].key)
            self->touched[slot_of(self, old[i].key)] = old[i];
    free(old);
}

static struct touched *touched_of(struct wcp *self, uint64_t key)
{
    if (self->touched_count * 2 >= self->touched_room)
        make_room(self);
    struct touched *touched = &self->touched[slot_of(self, key)];
    if (!touched->key) {
        touched->key = key;
        self->touched_count++;
    }
    return touched;
}

/* The last of PAIR that is not THREAD's. */
static uint32_t of_another(const struct wcp *self, const uint32_t pair[2], uint32_t thread)
{
    return pair[self->sections.of.at[pair[0]].thread == thread];
}

static void note(struct wcp *self, uint32_t pair[2], uint32_t section)
{
    if (pair[0] == section)
        return;
    uint32_t gone = pair[0];
    if (pair[0] && self->sections.of.at[pair[0]].thread != self->sections.of.at[section].thread) {
        gone = pair[1];
        pair[1] = pair[0];
    }
    pair[0] = an_spans_keep(&self->sections, section);
    an_spans_drop(&self->sections, gone);
}

static void note_reader(struct wcp *self, uint64_t key, uint32_t number, uint32_t section,
                        bool writes)
{
    uint64_t *place = sn_map_at(&self->readers, key);
    if (!*place) {
        (void)vec_push(&self->reading);
        *place = self->reading.count;
    }
    struct reader *reader = NULL;
    vec_each (struct reader, at, &self->reading.at[*place - 1].of)
        if (at->thread == number)
            reader = at;
    if (!reader) {
        reader = vec_push(&self->reading.at[*place - 1].of);
        reader->thread = number;
    }
    uint32_t *noted = writes ? &reader->written : &reader->read;
    if (*noted == section)
        return;
    an_spans_drop(&self->sections, *noted);
    *noted = an_spans_keep(&self->sections, section);
}

/* By (a) for an access in an exclusive section, of a lock that readers take as well. */
static void order_readers(struct wcp *self, struct thread *thread, uint32_t number, uint64_t key,
                          bool writes)
{
    const uint64_t *place = sn_map_find(&self->readers, key);
    if (!place)
        return;
    vec_each (struct reader, reader, &self->reading.at[*place - 1].of) {
        if (reader->thread != number) {
            order(self, thread, reader->written);
            if (writes)
                order(self, thread, reader->read);
        }
        if (writes) {
            an_spans_drop(&self->sections, reader->read);
            an_spans_drop(&self->sections, reader->written);
        }
    }
    if (writes)
        vec_clear(&self->reading.at[*place - 1].of);
}

/* By (a) for an access within a section. */
static void order_within(struct wcp *self, struct thread *thread, struct tr_op op,
                         const struct an_held_lock *held)
{
    uint64_t key = ((uint64_t)held->lock << 32 | op.target) + 1;
    bool writes = tr_op_writes(op.kind);
    struct touched *touched = touched_of(self, key);
    if (touched->written[0] == held->mark || (!writes && touched->read[0] == held->mark))
        return;
    order(self, thread, of_another(self, touched->written, op.thread));
    if (writes)
        order(self, thread, of_another(self, touched->read, op.thread));
    if (held->reader) {
        note_reader(self, key, op.thread, held->mark, writes);
        return;
    }
    if (self->locks.at[held->lock].ever_read)
        order_readers(self, thread, op.thread, key, writes);
    note(self, writes ? touched->written : touched->read, held->mark);
}

/* Does A conflict with whatever B conflicts with? */
static bool covers(unsigned a, unsigned b)
{
    if (!tr_op_is_atomic(a))
        return tr_op_writes(a) || !tr_op_writes(b);
    return tr_op_is_atomic(b) && (tr_op_writes(a) || !tr_op_writes(b));
}

static bool ordered(const struct wcp *self, const struct thread *thread, uint32_t number,
                    const struct earlier *old)
{
    return old->thread == number || an_vector_get(&thread->past.wcp, old->thread) >= old->time ||
           an_hard_before(&self->hard, old->thread, old->hard, number);
}

/* Takes from EARLIER what the access NOW covers. Does it race with any? Then FIRST is one. */
static bool meet(const struct wcp *self, const struct thread *thread, const struct earlier *now,
                 struct accesses *earlier, uint64_t *first)
{
    bool races = false;
    for (size_t i = 0; i < earlier->of.count;) {
        const struct earlier *old = &earlier->of.at[i];
        if (!ordered(self, thread, now->thread, old)) {
            if (!races && tr_op_conflict(old->kind, now->kind)) {
                *first = old->op;
                races = true;
            }
        } else if (covers(now->kind, old->kind)) {
            earlier->of.at[i] = *vec_pop(&earlier->of);
            continue;
        }
        i++;
    }
    return races;
}

static void access(struct wcp *self, struct thread *thread, struct tr_op op)
{
    while (self->variables.count <= op.target)
        (void)vec_push(&self->variables);
    struct variable *variable = &self->variables.at[op.target];
    uint32_t kind = op.kind == TR_OP_ATOMIC_UPDATE ? TR_OP_ATOMIC_WRITE : op.kind;
    if (variable->version == thread->version && variable->clean && covers(variable->kind, kind))
        return;
    vec_each (const struct an_held_lock, held, &thread->held.of)
        order_within(self, thread, op, held);
    struct earlier access = {self->op, op.thread, now(thread, op.thread),
                             an_hard_now(&self->hard, op.thread), kind};
    uint64_t first = 0;
    bool races = meet(self, thread, &access, &variable->writes, &first);
    races |= meet(self, thread, &access, &variable->reads, &first);
    if (races)
        *vec_push(&self->found->of) = (struct an_pair){first, self->op, op.target};
    if (tr_op_writes(kind))
        *vec_push(&variable->writes.of) = access;
    else
        *vec_push(&variable->reads.of) = access;
    variable->version = thread->version;
    variable->kind = kind;
    variable->clean = !races;
}

/* ---- The relation. ---- */

static void *begin(struct an_pairs *found)
{
    struct wcp *self = sn_calloc(1, sizeof *self);
    self->found = found;
    self->hard.wide = true;
    an_spans_init(&self->sections);
    return self;
}

static void follow(struct wcp *self, struct tr_op op)
{
    struct thread *thread = thread_of(self, op.thread);
    thread->joined = false;
    an_hard_op(&self->hard, op);
    if (tr_op_is_access(op.kind))
        access(self, thread, op);
    else if (tr_op_acquires(op.kind))
        acquire(self, op);
    else if (tr_op_releases(op.kind))
        release(self, op);
    else if (op.kind == TR_OP_FORK)
        fork_or_join(self, op.thread, op.target);
    else if (op.kind == TR_OP_JOIN)
        fork_or_join(self, op.target, op.thread);
    else if (op.kind >= TR_OP_SEND && op.kind <= TR_OP_WAIT)
        hand_over(self, op);
    if (op.kind == TR_OP_JOIN)
        self->threads.at[op.target].joined = true;
    self->op++;
}

static void ops(void *self, const struct tr_op *ops, size_t count)
{
    for (size_t i = 0; i < count; i++)
        follow(self, ops[i]);
}

static void past_release(struct past *past)
{
    an_vector_release(&past->hb);
    an_vector_release(&past->wcp);
}

static void lock_release(struct lock *lock)
{
    an_vector_release(&lock->wcp);
    past_release(&lock->readers);
    an_queue_release(&lock->exclusive);
    vec_each (struct an_queue, queue, &lock->shared)
        an_queue_release(queue);
    vec_release(&lock->shared);
}

static void end(void *all)
{
    struct wcp *self = all;
    vec_each (struct thread, thread, &self->threads) {
        past_release(&thread->past);
        vec_release(&thread->held.of);
    }
    vec_each (struct lock, lock, &self->locks)
        lock_release(lock);
    vec_each (struct variable, variable, &self->variables) {
        vec_release(&variable->writes.of);
        vec_release(&variable->reads.of);
    }
    vec_each (struct past, channel, &self->channels)
        past_release(channel);
    vec_each (struct past, semaphore, &self->semaphores)
        past_release(semaphore);
    vec_each (struct reading, reading, &self->reading)
        vec_release(&reading->of);
    vec_release(&self->threads);
    vec_release(&self->locks);
    vec_release(&self->variables);
    vec_release(&self->channels);
    vec_release(&self->semaphores);
    vec_release(&self->reading);
    sn_map_release(&self->readers);
    free(self->touched);
    an_spans_release(&self->sections);
    an_hard_release(&self->hard);
    free(self);
}

const struct an_relation an_relation_wcp = {
    .name = "wcp",
    .meaning = "weak causal precedence: the first race, or a deadlock, is real",
    .open = begin,
    .ops = ops,
    .close = end,
};
