/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/world/conditions.h"

#include "analyzer/world/waits.h"
#include "analyzer/world/world.h"

static void add(struct an_world *world, struct an_condition *condition, struct an_thread *thread)
{
    if (condition->waiting == condition->room) {
        uint32_t room = condition->room ? 2 * condition->room : 4;
        struct an_thread **waiters = SN_NEW_ARRAY(&world->arena, struct an_thread *, room);
        for (uint32_t i = 0; i < condition->waiting; i++)
            waiters[i] = condition->waiters[i];
        condition->waiters = waiters;
        condition->room = room;
    }
    condition->waiters[condition->waiting++] = thread;
}

static void drop(struct an_condition *condition, const struct an_thread *thread)
{
    for (uint32_t i = condition->waiting; i-- > 0;)
        if (condition->waiters[i] == thread)
            condition->waiters[i] = condition->waiters[--condition->waiting];
    if (condition->woken > condition->waiting)
        condition->woken = condition->waiting;
}

static bool is_waiting(const struct an_condition *condition, const struct an_thread *thread)
{
    for (uint32_t i = 0; i < condition->waiting; i++)
        if (condition->waiters[i] == thread)
            return true;
    return false;
}

uint32_t an_condition_blocks(const struct an_object *object)
{
    const struct an_condition *condition = &object->condition;
    uint32_t count = 0;
    for (uint32_t i = 0; i < condition->waiting; i++)
        count += condition->waiters[i]->wait.object == object;
    return count > condition->woken ? count - condition->woken : 0;
}

static void wake_all(struct an_object *object, struct an_object *mutex)
{
    struct an_condition *condition = &object->condition;
    for (uint32_t i = 0; i < condition->waiting; i++) {
        struct an_thread *thread = condition->waiters[i];
        if (thread->wait.kind != AN_WAIT_COND || thread->wait.object != object)
            continue; /* the end of its wait was lost */
        thread->wait.kind = AN_WAIT_LOCK;
        thread->wait.object = mutex;
        thread->wait.timed = false;
        *vec_push(&mutex->lock.waiters) = thread;
    }
    condition->waiting = condition->woken = 0;
}

static void signalled(struct an_world *world, struct an_object *object, const struct tr_event *ev)
{
    struct an_condition *condition = &object->condition;
    condition->signals++;
    an_doers_note(&condition->signallers, world->now.thread, ev);
    an_object_given(world, object);
    if (!condition->waiting) {
        condition->signals_unheard++;
        condition->last_unheard = ev->index;
    }
    condition->last_signal = ev->index;
    condition->last_signal_stack = ev->stack;
    condition->last_signal_thread = ev->thread;
    if (ev->mode & TR_LOCK_BROADCAST)
        condition->woken = condition->waiting;
    else
        condition->woken += condition->woken < condition->waiting;
    if (!condition->waiting || (condition->waiting > 1 && !(ev->mode & TR_LOCK_BROADCAST)))
        return;
    struct an_object *mutex = an_thread_locked(world->now.thread, condition->mutex);
    if (mutex)
        wake_all(object, mutex);
}

void an_conditions_event(struct an_world *world, const struct tr_event *ev)
{
    struct an_object *object = ev->kind == TR_COND_WAKE
                                   ? an_object_waited(world, ev, TR_TYPE_COND)
                                   : an_object(world, ev, ev->object, TR_TYPE_COND);
    struct an_condition *condition = &object->condition;
    struct an_thread *thread = world->now.thread;
    world->now.object = object;
    switch (ev->kind) {
    case TR_COND_WAIT:
        condition->mutex = ev->a0;
        drop(condition, thread);
        add(world, condition, thread);
        an_wait_begin(thread, AN_WAIT_COND, ev);
        thread->wait.object = object;
        break;
    case TR_COND_WAKE:
        if (condition->woken && !(ev->mode & (TR_LOCK_TIMEOUT | TR_LOCK_CANCELLED)))
            condition->woken -= is_waiting(condition, thread);
        drop(condition, thread);
        an_wait_end(thread);
        break;
    default:
        signalled(world, object, ev);
        break;
    }
}
