/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/world/standstill.h"

#include "analyzer/world/waits.h"
#include "analyzer/world/world.h"

bool an_waits_for_anybody(const struct an_thread *thread)
{
    enum an_wait_kind kind = thread->wait.kind;
    return kind == AN_WAIT_COND || kind == AN_WAIT_SEM || kind == AN_WAIT_BARRIER ||
           (kind == AN_WAIT_OUTSIDE && thread->wait.inside);
}

/* Only semaphores and channels may be served by a signal handler. */
static bool may_handler_help(const struct an_thread *thread)
{
    return thread->wait.kind == AN_WAIT_SEM || thread->wait.kind == AN_WAIT_OUTSIDE;
}

/* Was it given already what it waits for, or may it have been? */
static bool may_be_served(const struct an_world *world, const struct an_thread *thread)
{
    const struct an_wait *wait = &thread->wait;
    const struct an_object *object = wait->object;
    if (wait->kind == AN_WAIT_OUTSIDE)
        return world->lost_until || !an_channel_is_quiet(world, thread);
    if (!object->known || object->attributes & TR_ATTR_PROCESS_SHARED)
        return true;
    switch (wait->kind) {
    case AN_WAIT_COND:
        return object->condition.last_signal > wait->index;
    case AN_WAIT_SEM:
        return object->attributes & TR_ATTR_STATIC || object->semaphore.value > 0;
    default:
        return an_barrier_lets_go(object);
    }
}

/* A robust mutex passes on when its owner ends. */
static bool stays_locked(const struct an_standstill *still, const struct an_object *object,
                         const struct an_thread *holder)
{
    return holder->exited ? !(object->attributes & TR_ATTR_ROBUST) : an_is_past_help(still, holder);
}

static bool is_kept(const struct an_standstill *still, const struct an_thread *thread,
                    struct an_thread_list *blockers)
{
    an_blockers(thread, blockers);
    for (size_t i = 0; i < blockers->of.count; i++)
        if (thread->wait.kind == AN_WAIT_LOCK
                ? stays_locked(still, thread->wait.object, blockers->of.at[i])
                : an_is_past_help(still, blockers->of.at[i]))
            return true;
    return false;
}

static bool anybody_lives(const struct an_world *world, const struct an_standstill *still)
{
    if (world->others_may_come)
        return true;
    vec_each (struct an_thread *, thread, &world->threads.all)
        if (an_thread_lives(*thread) && !an_is_past_help(still, *thread))
            return true;
    return false;
}

/* Takes out who may get on; says whether there was one. */
static bool let_go(const struct an_world *world, struct an_standstill *still,
                   struct an_thread_list *blockers)
{
    bool lives = anybody_lives(world, still), any = false;
    vec_each (struct an_thread *, thread, &world->threads.all) {
        if (!an_is_past_help(still, *thread))
            continue;
        bool stays = an_waits_for_anybody(*thread) ? !lives : is_kept(still, *thread, blockers);
        still->past_help[(*thread)->index] = stays;
        any |= !stays;
    }
    return any;
}

void an_standstill_find(const struct an_world *world, struct an_standstill *still)
{
    struct an_thread_list blockers = {0};
    *still = (struct an_standstill){.count = world->threads.all.count};
    still->past_help = sn_calloc(still->count + 1, sizeof *still->past_help);
    vec_each (struct an_thread *, thread, &world->threads.all)
        still->past_help[(*thread)->index] =
            an_waits_for_anybody(*thread) ? !(*thread)->wait.timed && an_thread_lives(*thread) &&
                                                !may_be_served(world, *thread)
                                          : an_waits_for_ever(*thread);
    while (let_go(world, still, &blockers))
        ;
    vec_each (struct an_thread *, thread, &world->threads.all)
        still->may_be_helped |=
            world->handles_signals && an_is_past_help(still, *thread) && may_handler_help(*thread);
    vec_release(&blockers.of);
}

void an_standstill_release(struct an_standstill *still)
{
    free(still->past_help);
    *still = (struct an_standstill){0};
}
