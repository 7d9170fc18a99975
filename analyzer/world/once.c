/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/world/once.h"

#include "analyzer/world/world.h"

enum { UNFINISHED = 1 }; /* mode of ONCE_END */

void an_once_event(struct an_world *world, const struct tr_event *ev)
{
    struct an_object *object = an_object(world, ev, ev->object, TR_TYPE_ONCE);
    world->now.object = object;
    object->once.by = ev->kind == TR_ONCE_BEGIN ? world->now.thread : NULL;
    object->once.done |=
        ev->kind == TR_ONCE_SEEN || (ev->kind == TR_ONCE_END && !(ev->mode & UNFINISHED));
}
