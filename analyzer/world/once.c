/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/world/once.h"

#include "analyzer/world/waits.h"
#include "analyzer/world/world.h"

enum { UNFINISHED = 1 }; /* mode of ONCE_END */

void an_once_event(struct an_world *world, const struct tr_event *ev)
{
    struct an_object *object = an_object(world, ev, ev->object, TR_TYPE_ONCE);
    struct an_thread *thread = world->now.thread;
    world->now.object = object;
    if (thread->wait.kind == AN_WAIT_ONCE)
        an_wait_end(thread);
    switch (ev->kind) {
    case TR_REQUEST:
        an_wait_begin(thread, AN_WAIT_ONCE, ev);
        thread->wait.object = object;
        break;
    case TR_ONCE_BEGIN:
        object->once.by = thread;
        object->once.stack = ev->stack;
        object->once.index = ev->index;
        break;
    case TR_ONCE_END:
        object->once.by = NULL;
        object->once.done |= !(ev->mode & UNFINISHED);
        break;
    case TR_ONCE_SEEN:
        object->once.by = NULL;
        object->once.done = true;
        break;
    default:
        break;
    }
}
