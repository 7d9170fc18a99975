/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/predict/awaits.h"

static struct an_awaited *object_of(struct an_awaits *awaits, const struct an_world *world)
{
    vec_cover(&awaits->of, world->now.object->id);
    return &awaits->of.at[world->now.object->id];
}

static struct an_awaits_thread *thread_of(struct an_awaits *awaits, const struct an_world *world)
{
    vec_cover(&awaits->threads, world->now.thread->index);
    return &awaits->threads.at[world->now.thread->index];
}

static bool ended_in_vain(const struct tr_event *ev)
{
    return ev->mode & (TR_LOCK_TIMEOUT | TR_LOCK_CANCELLED);
}

/* The first look. -------------------------------------------------------------------------------
 */

/* Counts the present thread once among COUNT. */
static void count_once(struct an_awaits *awaits, const struct an_world *world, bool gives,
                       uint32_t *last, uint32_t *count)
{
    uint32_t thread = world->now.thread->index;
    if (*last == thread + 1)
        return;
    *last = thread + 1;
    uint64_t key = (uint64_t)world->now.object->id << 32 | (uint64_t)thread << 1 | gives;
    *count += (*sn_map_at(&awaits->known, key))++ == 0;
}

static void give(struct an_awaits *awaits, const struct an_world *world)
{
    struct an_awaited *object = object_of(awaits, world);
    count_once(awaits, world, true, &object->last_giver, &object->givers);
}

static void take(struct an_awaits *awaits, const struct an_world *world, bool stuck)
{
    struct an_awaited *object = object_of(awaits, world);
    count_once(awaits, world, false, &object->last_taker, &object->takers);
    object->holding |= stuck;
}

void an_awaits_note(struct an_awaits *awaits, const struct an_world *world,
                    const struct tr_event *ev, uint32_t holds)
{
    switch (ev->kind) {
    case TR_COND_SIGNAL:
    case TR_SEM_POST:
    case TR_BARRIER_ENTER:
        give(awaits, world);
        break;
    case TR_COND_WAIT:
        thread_of(awaits, world)->stuck = holds > 1 && !(ev->mode & TR_LOCK_TIMED);
        break;
    case TR_COND_WAKE:
        take(awaits, world, thread_of(awaits, world)->stuck && !ended_in_vain(ev));
        break;
    case TR_SEM_WAIT:
        take(awaits, world, holds && !(ev->mode & (TR_LOCK_TRY | TR_LOCK_TIMED)));
        break;
    case TR_BARRIER_EXIT:
        take(awaits, world, holds);
        break;
    default:
        break;
    }
}

static bool is_told(const struct an_awaited *awaited, const struct an_object *object)
{
    if (!awaited->holding || object->attributes & TR_ATTR_PROCESS_SHARED)
        return false;
    if (object->type == TR_TYPE_BARRIER)
        return awaited->givers > 1 && awaited->givers == object->initial;
    return awaited->givers == 1 && (object->type == TR_TYPE_COND || awaited->takers == 1);
}

bool an_awaits_any(const struct an_awaits *awaits, const struct an_world *world)
{
    for (size_t id = 1; id < awaits->of.count && id <= world->objects.all.count; id++)
        if (is_told(&awaits->of.at[id], world->objects.all.at[id - 1]))
            return true;
    return false;
}

/* The second look. ------------------------------------------------------------------------------
 */

/* Operations come in order, but for those with which a mutex was taken again before the end of a
 * wait was told. */
static void insert(struct an_run *run, struct an_await await)
{
    (void)vec_push(&run->awaits);
    size_t at = run->awaits.count - 1;
    for (; at > 0 && run->awaits.at[at - 1].op > await.op; at--)
        run->awaits.at[at] = run->awaits.at[at - 1];
    run->awaits.at[at] = await;
}

/* The present thread's operation AT waits for operation WAKE, if that is another thread's. */
static void tell(const struct an_world *world, struct an_run *run, uint64_t at, uint64_t wake,
                 bool all)
{
    struct tr_op op = run->ops.at[at];
    if (op.thread == world->now.thread->index && op.thread != run->ops.at[wake].thread &&
        (op.kind == TR_OP_RECEIVE || op.kind == TR_OP_WAIT || op.kind == TR_OP_ACQUIRE))
        insert(run, (struct an_await){at, wake, world->now.object->id, all});
}

/* Without a signal from its beginning on nobody knows what ended the wait. */
static void tell_condition(const struct an_awaited *awaited, const struct an_world *world,
                           struct an_run *run, const struct an_awaits_thread *thread)
{
    size_t before = vec_count_while(uint32_t, op, &awaited->given, *op < thread->begun);
    if (before < awaited->given.count)
        tell(world, run, thread->again ? thread->again - 1 : run->ops.count - 1,
             awaited->given.at[before], false);
}

static void tell_token(struct an_awaited *awaited, const struct an_world *world, struct an_run *run,
                       bool limited)
{
    uint64_t taken = awaited->taken++, initial = world->now.object->initial;
    if (!limited && taken >= initial && taken - initial < awaited->given.count)
        tell(world, run, run->ops.count - 1, awaited->given.at[taken - initial], false);
}

/* Each thread enters once in a round: this one's is that of its latest entry. */
static void tell_round(const struct an_awaited *awaited, const struct an_world *world,
                       struct an_run *run)
{
    size_t count = awaited->givers, at = awaited->given.count;
    uint32_t thread = world->now.thread->index;
    while (at > 0 && run->ops.at[awaited->given.at[at - 1]].thread != thread)
        at--;
    size_t first = at ? (at - 1) / count * count : 0;
    for (size_t i = first; at && i < first + count && i < awaited->given.count; i++)
        tell(world, run, run->ops.count - 1, awaited->given.at[i], true);
}

/* Where a thread is in a wait for a condition. */
static void follow_wait(struct an_awaits *awaits, const struct an_world *world,
                        const struct tr_event *ev, const struct an_run *run)
{
    struct an_awaits_thread *thread = thread_of(awaits, world);
    if (ev->kind == TR_COND_WAIT)
        *thread = (struct an_awaits_thread){.begun = run->ops.count,
                                            .stuck = !(ev->mode & TR_LOCK_TIMED)};
    else if (ev->kind == TR_ACQUIRE && world->now.outermost)
        thread->again = run->ops.count;
}

void an_awaits_tell(struct an_awaits *awaits, const struct an_world *world,
                    const struct tr_event *ev, struct an_run *run)
{
    const struct an_object *object = world->now.object;
    bool known = object && object->id < awaits->of.count;
    follow_wait(awaits, world, ev, run);
    if (!known || !is_told(&awaits->of.at[object->id], object))
        return;
    struct an_awaited *awaited = &awaits->of.at[object->id];
    const struct an_awaits_thread *thread = thread_of(awaits, world);
    if (ev->kind == TR_COND_SIGNAL || ev->kind == TR_SEM_POST || ev->kind == TR_BARRIER_ENTER)
        *vec_push(&awaited->given) = (uint32_t)run->ops.count - 1;
    else if (ev->kind == TR_COND_WAKE && thread->stuck && !ended_in_vain(ev))
        tell_condition(awaited, world, run, thread);
    else if (ev->kind == TR_SEM_WAIT)
        tell_token(awaited, world, run, ev->mode & (TR_LOCK_TRY | TR_LOCK_TIMED));
    else if (ev->kind == TR_BARRIER_EXIT)
        tell_round(awaited, world, run);
}

void an_awaits_release(struct an_awaits *awaits)
{
    vec_each (struct an_awaited, awaited, &awaits->of)
        vec_release(&awaited->given);
    vec_release(&awaits->of);
    vec_release(&awaits->threads);
    sn_map_release(&awaits->known);
}
