/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/world/waits.h"

#include "analyzer/world/world.h"

void an_wait_begin(struct an_thread *thread, enum an_wait_kind kind, const struct tr_event *ev)
{
    an_wait_end(thread);
    thread->wait = (struct an_wait){
        .kind = kind,
        .index = ev->index,
        .time = ev->time,
        .stack = ev->stack,
        .shared = (ev->mode & TR_LOCK_SHARED) != 0,
        .timed = (ev->mode & TR_LOCK_TIMED) != 0,
    };
    if (kind != AN_WAIT_OUTSIDE)
        return;
    thread->wait.what = (enum tr_block)(ev->mode & (TR_BLOCK_TIMED - 1));
    bool transfers = thread->wait.what == TR_BLOCK_INPUT || thread->wait.what == TR_BLOCK_OUTPUT;
    thread->wait.on = transfers ? tr_block_descriptor(ev->a0) : ev->a0;
    thread->wait.channel = transfers                             ? tr_block_channel(ev->a0)
                           : thread->wait.what == TR_BLOCK_FUTEX ? ev->a0
                                                                 : 0;
    thread->wait.shared = false;
    thread->wait.timed = (ev->mode & TR_BLOCK_TIMED) != 0;
    thread->wait.masked = (ev->mode & TR_BLOCK_MASKED) != 0;
}

void an_wait_end(struct an_thread *thread)
{
    if (thread->wait.kind == AN_WAIT_LOCK) {
        struct an_lock *lock = &thread->wait.object->lock;
        for (size_t i = lock->waiters.count; i-- > 0;)
            if (lock->waiters.at[i] == thread)
                vec_remove(&lock->waiters, i);
    }
    if (thread->wait.kind == AN_WAIT_SEM)
        thread->wait.object->semaphore.waiting--;
    thread->wait = (struct an_wait){0};
}

bool an_waits_surely(const struct an_thread *thread)
{
    return thread->locked_up || an_is_sure(thread, thread->wait.index);
}

bool an_waits_for_ever(const struct an_thread *thread)
{
    return thread->wait.kind != AN_WAIT_NONE && thread->wait.kind != AN_WAIT_OUTSIDE &&
           !thread->wait.timed && an_thread_lives(thread);
}

/* A reader that no writer keeps out is kept out by the writers that queue before it. */
static void add_queued_writers(const struct an_lock *lock, const struct an_thread *reader,
                               struct an_thread_list *list)
{
    vec_each (struct an_thread *, waiter, &lock->waiters)
        if (*waiter != reader && !(*waiter)->wait.shared)
            *vec_push(&list->of) = *waiter;
}

void an_blockers(const struct an_thread *thread, struct an_thread_list *list)
{
    vec_clear(&list->of);
    if (thread->wait.kind == AN_WAIT_JOIN && thread->wait.thread)
        *vec_push(&list->of) = thread->wait.thread;
    if (thread->wait.kind == AN_WAIT_ONCE && thread->wait.object->once.by)
        *vec_push(&list->of) = thread->wait.object->once.by;
    if (thread->wait.kind != AN_WAIT_LOCK)
        return;
    const struct an_lock *lock = &thread->wait.object->lock;
    if (lock->owner)
        *vec_push(&list->of) = lock->owner;
    if (!thread->wait.shared)
        for (size_t i = 0; i < lock->readers.count; i++)
            *vec_push(&list->of) = lock->readers.at[i];
    else if (!lock->owner && lock->readers.count)
        add_queued_writers(lock, thread, list);
}

const struct an_doers *an_wakers(const struct an_world *world, const struct an_wait *wait)
{
    const struct an_object *channel;
    switch (wait->kind) {
    case AN_WAIT_COND:
        return &wait->object->condition.signallers;
    case AN_WAIT_SEM:
        return &wait->object->semaphore.posters;
    case AN_WAIT_BARRIER:
        return &wait->object->barrier.comers;
    case AN_WAIT_OUTSIDE:
        channel = wait->channel ? an_channel_find(world, wait->channel) : wait->object;
        return !channel                        ? NULL
               : wait->what == TR_BLOCK_OUTPUT ? &channel->channel.takers
                                               : &channel->channel.givers;
    default:
        return NULL;
    }
}

size_t an_blame_waiters(struct an_world *world, struct sn_finding *finding)
{
    struct an_thread_list blockers = {0};
    size_t blamed = 0, before;
    do {
        before = blamed;
        vec_each (struct an_thread *, thread, &world->threads.all) {
            if ((*thread)->blamed || !an_waits_for_ever(*thread))
                continue;
            an_blockers(*thread, &blockers);
            for (size_t i = 0; i < blockers.of.count && !(*thread)->blamed; i++)
                if (blockers.of.at[i]->blamed == finding)
                    (*thread)->blamed = finding;
            blamed += (*thread)->blamed != NULL;
        }
    } while (blamed != before);
    vec_release(&blockers.of);
    return blamed;
}

void an_blame_those_left(struct an_world *world)
{
    vec_each (struct an_thread *, thread, &world->threads.all) {
        const struct an_object *object = (*thread)->wait.object;
        if ((*thread)->blamed || !object || !object->blamed || !an_waits_for_ever(*thread))
            continue;
        (*thread)->blamed = object->blamed;
        an_blame_waiters(world, object->blamed);
    }
}
