/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/world/semaphores.h"

#include "analyzer/world/waits.h"
#include "analyzer/world/world.h"

bool an_semaphore_may_be_lock(const struct an_object *semaphore)
{
    return semaphore->initial == 1 && !(semaphore->attributes & TR_ATTR_PROCESS_SHARED);
}

struct an_thread *an_semaphore_holder(const struct an_object *semaphore)
{
    return an_semaphore_may_be_lock(semaphore) && !semaphore->semaphore.otherwise
               ? semaphore->semaphore.holder
               : NULL;
}

static void take(struct an_semaphore *semaphore, struct an_thread *thread,
                 const struct tr_event *ev)
{
    semaphore->value--;
    semaphore->waits++;
    semaphore->otherwise |= semaphore->holder != NULL;
    semaphore->holder = thread;
    semaphore->hold_stack = ev->stack;
    semaphore->hold_index = ev->index;
}

static void post(struct an_semaphore *semaphore, const struct an_thread *thread,
                 const struct tr_event *ev)
{
    semaphore->value++;
    semaphore->posts++;
    semaphore->last_post_stack = ev->stack;
    semaphore->last_post_thread = ev->thread;
    semaphore->otherwise |= semaphore->holder != thread;
    semaphore->holder = NULL;
}

void an_semaphores_event(struct an_world *world, const struct tr_event *ev)
{
    struct an_object *object = ev->kind == TR_SEM_WAIT || ev->kind == TR_TRY_FAIL
                                   ? an_object_waited(world, ev, TR_TYPE_SEM)
                                   : an_object(world, ev, ev->object, TR_TYPE_SEM);
    struct an_semaphore *semaphore = &object->semaphore;
    struct an_thread *thread = world->now.thread;
    world->now.object = object;
    switch (ev->kind) {
    case TR_REQUEST:
        an_wait_begin(thread, AN_WAIT_SEM, ev);
        thread->wait.object = object;
        semaphore->waiting++;
        break;
    case TR_SEM_WAIT:
        an_wait_end(thread);
        take(semaphore, thread, ev);
        break;
    case TR_SEM_POST:
        post(semaphore, thread, ev);
        an_doers_note(&semaphore->posters, thread, ev);
        an_object_given(world, object);
        break;
    case TR_TRY_FAIL:
        an_wait_end(thread);
        break;
    case TR_OP_ERROR: /* the post that was told before it was tried */
        semaphore->value--;
        semaphore->posts--;
        break;
    default:
        break;
    }
}
