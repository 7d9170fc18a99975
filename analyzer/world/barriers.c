/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/world/barriers.h"

#include "analyzer/world/waits.h"
#include "analyzer/world/world.h"

void an_barriers_event(struct an_world *world, const struct tr_event *ev)
{
    struct an_object *object = ev->kind == TR_BARRIER_EXIT
                                   ? an_object_waited(world, ev, TR_TYPE_BARRIER)
                                   : an_object(world, ev, ev->object, TR_TYPE_BARRIER);
    struct an_barrier *barrier = &object->barrier;
    struct an_thread *thread = world->now.thread;
    world->now.object = object;
    if (ev->kind == TR_BARRIER_EXIT) {
        an_wait_end(thread);
        return;
    }
    barrier->entered++;
    an_doers_note(&barrier->comers, thread, ev);
    world->now.fills_round =
        object->known && object->initial && barrier->entered % object->initial == 0;
    barrier->rounds += world->now.fills_round;
    if (world->now.fills_round)
        barrier->filled = ev->index;
    an_object_given(world, object);
    an_wait_begin(thread, AN_WAIT_BARRIER, ev);
    thread->wait.object = object;
}
