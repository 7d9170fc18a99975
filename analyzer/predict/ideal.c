/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Growing: steps that a thread comes to are looked at once. Of each lock it is enough to remember
 * the latest section: an earlier one must end as soon as a later one is there.
 *
 * Joining: the union of closed cuts is closed but for locks and semaphores. A section that lies
 * across the cut, begun and not ended, stands at some thread's frontier, and there are few; it must
 * end if the union holds a later section of its lock. Ends move frontiers, until none moves.
 */
#include "analyzer/predict/ideal.h"

struct reader {
    uint32_t number, thread, end;
};

struct an_ideal_lock {
    uint32_t number, thread, end; /* the latest section of a writer; number 0: none */
    uint32_t latest_reader;       /* number of the latest one; 0: none */
    VEC(struct reader) readers;   /* that a later writer would have to wait for */
};

void an_ideal_init(struct an_ideal *ideal, const struct an_sync_index *index)
{
    size_t threads = index->threads + 1;
    *ideal = (struct an_ideal){
        .index = index,
        .place = sn_calloc(threads, sizeof *ideal->place),
        .passed = sn_calloc(threads, sizeof *ideal->passed),
        .pending = sn_calloc(threads, sizeof *ideal->pending),
        .is_pending = sn_calloc(threads, 1),
        .locks = sn_calloc(index->locks + 1, sizeof *ideal->locks),
        .waits = sn_calloc(index->semaphores + 1, sizeof *ideal->waits),
        .posts = sn_calloc(index->semaphores + 1, sizeof *ideal->posts),
        .self = UINT32_MAX,
    };
}

void an_ideal_clear(struct an_ideal *ideal)
{
    const struct an_sync_index *index = ideal->index;
    memset(ideal->place, 0, index->threads * sizeof *ideal->place);
    memset(ideal->passed, 0, index->threads * sizeof *ideal->passed);
    memset(ideal->is_pending, 0, index->threads);
    memset(ideal->waits, 0, index->semaphores * sizeof *ideal->waits);
    memset(ideal->posts, 0, index->semaphores * sizeof *ideal->posts);
    for (uint32_t l = 0; l < index->locks; l++) {
        struct an_ideal_lock *lock = &ideal->locks[l];
        lock->number = lock->latest_reader = 0;
        vec_clear(&lock->readers);
    }
    ideal->pendings = 0;
    ideal->impossible = ideal->unknown = false;
    ideal->self = UINT32_MAX;
}

static void advance(struct an_ideal *ideal, uint32_t thread, uint32_t place)
{
    if (place <= ideal->place[thread])
        return;
    if (place == AN_NEVER) {
        ideal->impossible = true;
        return;
    }
    ideal->place[thread] = place;
    ideal->growth += thread != ideal->self;
    if (!ideal->is_pending[thread]) {
        ideal->is_pending[thread] = 1;
        ideal->pending[ideal->pendings++] = thread;
    }
}

static void end_readers(struct an_ideal *ideal, struct an_ideal_lock *lock, uint32_t before)
{
    for (size_t i = 0; i < lock->readers.count;) {
        struct reader reader = lock->readers.at[i];
        if (reader.number > before) {
            i++;
            continue;
        }
        lock->readers.at[i] = *vec_pop(&lock->readers);
        advance(ideal, reader.thread, reader.end);
    }
}

static void write_section(struct an_ideal *ideal, uint32_t thread, const struct an_step *step)
{
    struct an_ideal_lock *lock = &ideal->locks[step->target];
    bool latest = step->number > lock->number;
    if (latest && lock->number)
        advance(ideal, lock->thread, lock->end);
    if (!latest || step->number < lock->latest_reader)
        advance(ideal, thread, step->end);
    if (latest) {
        lock->number = step->number;
        lock->thread = thread;
        lock->end = step->end;
    }
    if (lock->readers.count)
        end_readers(ideal, lock, step->number);
}

static void read_section(struct an_ideal *ideal, uint32_t thread, const struct an_step *step)
{
    struct an_ideal_lock *lock = &ideal->locks[step->target];
    if (step->number > lock->latest_reader)
        lock->latest_reader = step->number;
    if (step->number < lock->number) {
        advance(ideal, thread, step->end);
        return;
    }
    if (lock->number)
        advance(ideal, lock->thread, lock->end);
    if (lock->readers.count == lock->readers.room) /* those that have ended need not be kept */
        for (size_t i = lock->readers.count; i-- > 0;)
            if (lock->readers.at[i].end <= ideal->place[lock->readers.at[i].thread])
                lock->readers.at[i] = *vec_pop(&lock->readers);
    *vec_push(&lock->readers) = (struct reader){step->number, thread, step->end};
}

static void take_token(struct an_ideal *ideal, uint32_t number)
{
    const struct an_index_semaphore *semaphore = &ideal->index->semaphore[number];
    uint32_t waits = ++ideal->waits[number];
    if (waits <= semaphore->initial)
        return;
    if (waits - semaphore->initial > semaphore->posts.count) {
        ideal->impossible = true;
        return;
    }
    for (uint32_t *posts = &ideal->posts[number]; *posts < waits - semaphore->initial; ++*posts)
        advance(ideal, semaphore->posts.at[*posts].thread, semaphore->posts.at[*posts].place);
}

static void pass_steps(struct an_ideal *ideal, uint32_t thread)
{
    const struct an_index_thread *of = &ideal->index->thread[thread];
    while (ideal->passed[thread] < of->steps.count) {
        const struct an_step *step = &of->steps.at[ideal->passed[thread]];
        if (step->place > ideal->place[thread])
            break;
        ideal->passed[thread]++;
        if (step->kind == AN_STEP_AFTER)
            advance(ideal, step->target, step->after);
        else if (step->kind == AN_STEP_WAIT)
            take_token(ideal, step->target);
        else if (step->kind == AN_STEP_UNKNOWN)
            ideal->unknown = true;
        else if (step->shared)
            read_section(ideal, thread, step);
        else
            write_section(ideal, thread, step);
    }
}

bool an_ideal_reach(struct an_ideal *ideal, uint32_t thread, uint32_t place)
{
    advance(ideal, thread, place);
    while (ideal->pendings && !ideal->impossible) {
        uint32_t next = ideal->pending[--ideal->pendings];
        ideal->is_pending[next] = 0;
        pass_steps(ideal, next);
    }
    return !ideal->impossible;
}

void an_ideal_release(struct an_ideal *ideal)
{
    for (uint32_t l = 0; l < ideal->index->locks; l++)
        vec_release(&ideal->locks[l].readers);
    free(ideal->place);
    free(ideal->passed);
    free(ideal->pending);
    free(ideal->is_pending);
    free(ideal->locks);
    free(ideal->waits);
    free(ideal->posts);
}

/* Joining. --------------------------------------------------------------------------------------
 */

void an_closer_init(struct an_closer *closer, const struct an_sync_index *index)
{
    size_t threads = index->threads + 1;
    *closer = (struct an_closer){
        .index = index,
        .place = sn_calloc(threads, sizeof *closer->place),
        .pending = sn_calloc(threads, sizeof *closer->pending),
        .from = sn_calloc(threads, sizeof *closer->from),
    };
}

static void raise_to(struct an_closer *closer, uint32_t thread, uint32_t place)
{
    if (place <= closer->place[thread])
        return;
    if (!closer->from[thread]) {
        closer->from[thread] = closer->place[thread] + 1; /* 0 means none */
        closer->pending[closer->pendings++] = thread;
    }
    closer->place[thread] = place;
}

void an_closer_add(struct an_closer *closer, uint32_t thread, uint32_t place)
{
    raise_to(closer, thread, place);
    while (closer->pendings) {
        uint32_t next = closer->pending[--closer->pendings];
        const struct an_index_thread *of = &closer->index->thread[next];
        uint32_t to = closer->place[next];
        size_t i = an_steps_behind(of, closer->from[next] - 1);
        closer->from[next] = 0;
        for (; i < of->steps.count && of->steps.at[i].place <= to; i++)
            if (of->steps.at[i].kind == AN_STEP_AFTER)
                raise_to(closer, of->steps.at[i].target, of->steps.at[i].after);
    }
}

/* Is one of USER's first COUNT sections later than NODE's, and excludes it? */
static bool excludes(const struct an_index_lock *lock, const struct an_lock_user *user,
                     size_t count, const struct an_open_node *node)
{
    for (size_t i = count; i-- > 0 && user->numbers.at[i] > node->number;)
        if (!node->shared || !lock->sections.at[user->numbers.at[i] - 1].shared)
            return true;
    return false;
}

/* Does the cut hold a section that comes after NODE's, and that NODE's must have ended for? */
static bool must_end(const struct an_closer *closer, const struct an_open_node *node)
{
    const struct an_index_lock *lock = &closer->index->lock[node->lock];
    if (node->number == lock->sections.count)
        return false;
    vec_each (struct an_lock_user, user, &lock->users) {
        uint32_t place = closer->place[user->thread];
        if (*vec_last(&user->numbers) <= node->number || !place)
            continue;
        size_t taken = vec_count_while(uint32_t, number, &user->numbers,
                                       lock->sections.at[*number - 1].place <= place);
        if (excludes(lock, user, taken, node))
            return true;
    }
    return false;
}

/* Ends one section of THREAD that must end: 1; 0 if there is none; -1 if it has no end. */
static int end_one(struct an_closer *closer, uint32_t thread)
{
    const struct an_index_thread *of = &closer->index->thread[thread];
    uint32_t innermost = an_open_at(of, closer->place[thread]);
    for (uint32_t i = innermost; i; i = of->nodes.at[i].outer) {
        if (!must_end(closer, &of->nodes.at[i]))
            continue;
        if (of->nodes.at[i].end == AN_NEVER)
            return -1;
        an_closer_add(closer, thread, of->nodes.at[i].end);
        return 1;
    }
    return 0;
}

/* Sees that the cut holds enough posts of a semaphore, as end_one says it. */
static int add_posts(struct an_closer *closer, uint32_t number)
{
    const struct an_index_semaphore *semaphore = &closer->index->semaphore[number];
    uint32_t waits = 0;
    vec_each (struct an_waiter, waiter, &semaphore->waiters)
        waits += (uint32_t)vec_count_while(uint32_t, place, &waiter->places,
                                           *place <= closer->place[waiter->thread]);
    int moved = 0;
    for (uint32_t i = 0; i + semaphore->initial < waits; i++) {
        if (i == semaphore->posts.count)
            return -1;
        struct an_spot post = semaphore->posts.at[i];
        moved |= post.place > closer->place[post.thread];
        an_closer_add(closer, post.thread, post.place);
    }
    return moved;
}

bool an_closer_close(struct an_closer *closer)
{
    for (bool moved = true; moved;) {
        moved = false;
        for (uint32_t t = 0; t < closer->index->threads; t++) {
            int ended;
            while (closer->place[t] > 1 && (ended = end_one(closer, t)) != 0) {
                if (ended < 0)
                    return false;
                moved = true;
            }
        }
        for (uint32_t s = 0; s < closer->index->semaphores; s++) {
            int added = add_posts(closer, s);
            if (added < 0)
                return false;
            moved |= added;
        }
    }
    return true;
}

void an_closer_release(struct an_closer *closer)
{
    free(closer->place);
    free(closer->pending);
    free(closer->from);
}
