/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/world/handlers.h"

#include "analyzer/world/waits.h"
#include "analyzer/world/world.h"

bool an_handler_was_let_in(const struct an_handler *handler)
{
    const struct an_wait *wait = &handler->interrupted;
    return handler->let_in ||
           (wait->kind == AN_WAIT_OUTSIDE && (wait->masked || wait->what == TR_BLOCK_SIGNAL));
}

/* What it interrupted was ended by a wait of its own, and goes on. */
static void resume(struct an_thread *thread, const struct an_wait *wait)
{
    if (thread->wait.kind != AN_WAIT_NONE || wait->kind == AN_WAIT_NONE)
        return;
    thread->wait = *wait;
    if (wait->kind == AN_WAIT_LOCK)
        *vec_push(&wait->object->lock.waiters) = thread;
}

bool an_is_unsafe(uint8_t kind)
{
    switch (kind) {
    case TR_ACQUIRE:
    case TR_COND_WAIT:
    case TR_COND_SIGNAL:
    case TR_SEM_WAIT:
    case TR_BARRIER_ENTER:
    case TR_ONCE_BEGIN:
    case TR_THREAD_CREATE:
    case TR_JOIN_REQUEST:
    case TR_ALLOC:
    case TR_FREE:
        return true;
    default:
        return false;
    }
}

void an_handlers_note(struct an_world *world, const struct tr_event *ev)
{
    struct an_thread *thread = world->now.thread;
    if ((an_is_unsafe(ev->kind) || ev->kind == TR_RELEASE) && !thread->handlers.count)
        thread->unsafe = ev->index;
}

/* What it waits in is async-signal-safe, and so was all since signals were unblocked. */
static bool is_let_into_wait(const struct an_thread *thread)
{
    return thread->wait.kind == AN_WAIT_OUTSIDE && thread->unblocks > thread->unsafe;
}

/* A fork child is in it from the start: what it interrupted is in the parent's trace. */
static bool is_inherited(const struct tr_event *ev)
{
    return !ev->stack;
}

void an_handlers_event(struct an_world *world, const struct tr_event *ev)
{
    struct an_thread *thread = world->now.thread;
    if (ev->kind == TR_UNBLOCKS) {
        thread->unblocks = ev->index;
        return;
    }
    if (ev->kind == TR_HANDLER_BEGIN) {
        *vec_push(&thread->handlers) = (struct an_handler){
            .signal = (uint32_t)ev->a0,
            .stack = ev->stack,
            .index = ev->index,
            .let_in = ev->mode & TR_HANDLER_LET_IN || is_inherited(ev) || is_let_into_wait(thread),
            .interrupted = thread->wait,
        };
        return;
    }
    if (!thread->handlers.count)
        return; /* a ring has its beginning no more */
    struct an_handler handler = *vec_last(&thread->handlers);
    (void)vec_pop(&thread->handlers);
    if (!(ev->mode & TR_HANDLER_LEFT))
        resume(thread, &handler.interrupted);
}
