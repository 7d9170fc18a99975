/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/world/barriers.h"

#include "analyzer/world/waits.h"
#include "analyzer/world/world.h"

const struct an_barrier_user *an_barrier_user(const struct an_barrier *barrier,
                                              const struct an_thread *thread)
{
    const uint64_t *place = sn_map_find(&barrier->user_of, thread->index);
    return place ? &barrier->users.at[*place - 1] : NULL;
}

uint64_t an_barrier_came(const struct an_object *object)
{
    return object->initial ? object->barrier.entered % object->initial : object->barrier.entered;
}

bool an_barrier_is_crowded(const struct an_object *object)
{
    return object->initial && object->barrier.users.count > object->initial;
}

bool an_barrier_lets_go(const struct an_object *object)
{
    return !object->initial || object->barrier.left < object->barrier.rounds * object->initial;
}

bool an_waits_in_barrier(const struct an_thread *thread, const struct an_object *barrier)
{
    return thread->wait.kind == AN_WAIT_BARRIER && thread->wait.object == barrier &&
           barrier->barrier.destroying != thread && an_thread_lives(thread);
}

static void came(struct an_barrier *barrier, struct an_thread *thread, const struct tr_event *ev)
{
    uint64_t *place = sn_map_at(&barrier->user_of, thread->index);
    if (!*place) {
        vec_push(&barrier->users)->thread = thread;
        *place = barrier->users.count;
    }
    struct an_barrier_user *user = &barrier->users.at[*place - 1];
    user->times++;
    user->index = ev->index;
    user->stack = ev->stack;
}

void an_barriers_event(struct an_world *world, const struct tr_event *ev)
{
    struct an_object *object = ev->kind == TR_BARRIER_EXIT
                                   ? an_object_waited(world, ev, TR_TYPE_BARRIER)
                                   : an_object(world, ev, ev->object, TR_TYPE_BARRIER);
    struct an_barrier *barrier = &object->barrier;
    struct an_thread *thread = world->now.thread;
    world->now.object = object;
    if (ev->kind == TR_BARRIER_EXIT || ev->kind == TR_TRY_FAIL) {
        barrier->left += ev->kind == TR_BARRIER_EXIT;
        an_wait_end(thread);
        return;
    }
    an_wait_begin(thread, AN_WAIT_BARRIER, ev);
    thread->wait.object = object;
    if (ev->kind == TR_REQUEST) {
        barrier->destroying = thread;
        return;
    }
    barrier->entered++;
    an_doers_note(&barrier->comers, thread, ev);
    world->now.fills_round =
        object->known && object->initial && barrier->entered % object->initial == 0;
    barrier->rounds += world->now.fills_round;
    an_object_given(world, object);
    came(barrier, thread, ev);
}

void an_barrier_release(struct an_barrier *barrier)
{
    vec_release(&barrier->users);
    sn_map_release(&barrier->user_of);
}
