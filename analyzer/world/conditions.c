/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/world/conditions.h"

#include "analyzer/world/waits.h"
#include "analyzer/world/world.h"

void an_conditions_event(struct an_world *world, const struct tr_event *ev)
{
    struct an_object *object = an_object(world, ev, ev->object, TR_TYPE_COND);
    struct an_condition *condition = &object->condition;
    struct an_thread *thread = world->now.thread;
    world->now.object = object;
    switch (ev->kind) {
    case TR_COND_WAIT:
        condition->mutex = ev->a0;
        condition->waiting++;
        an_wait_begin(thread, AN_WAIT_COND, ev);
        thread->wait.object = object;
        break;
    case TR_COND_WAKE:
        condition->waiting -= condition->waiting > 0;
        an_wait_end(thread);
        break;
    default:
        condition->signals++;
        condition->signals_unheard += !condition->waiting;
        condition->last_signal = ev->index;
        condition->last_signal_stack = ev->stack;
        condition->last_signal_thread = ev->thread;
        break;
    }
}
