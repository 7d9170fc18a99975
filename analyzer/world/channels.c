/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/world/channels.h"

#include "analyzer/world/world.h"

static bool is_channel(uint32_t carrier)
{
    return carrier == TR_BY_PIPE || carrier == TR_BY_SOCKET || carrier == TR_BY_EVENT_FD;
}

/* Memory that no other process has, or has a copy of. */
static bool is_private(const struct an_world *world, uint64_t address)
{
    const struct an_block *block = an_heap_block(&world->heap, address);
    if (an_stack_owner(world, address, world->now.index))
        return true;
    return block ? !block->mapped
                 : tr_reader_module_at(world->reader, tr_reader_place(world->reader, address)) !=
                       NULL;
}

static struct an_object *known_at(const struct sn_map *map, uint64_t key)
{
    const uint64_t *known = sn_map_find(map, key);
    return known ? (struct an_object *)(uintptr_t)*known : NULL;
}

static void block_begins(struct an_world *world, const struct tr_event *ev)
{
    const struct an_thread *thread = world->now.thread;
    struct an_wait *wait = &world->now.thread->wait;
    if (wait->kind != AN_WAIT_OUTSIDE)
        return;
    if (wait->what == TR_BLOCK_FUTEX) {
        wait->object = known_at(&world->objects.by_address, ev->a0 ^ 1ull << 63);
        wait->inside = is_private(world, ev->a0);
    } else if (ev->mode & TR_BLOCK_OWN) {
        wait->object = wait->what == TR_BLOCK_OUTPUT
                           ? thread->gives
                           : known_at(&world->channels.by_descriptor, wait->on);
        wait->inside = true;
    }
}

static void block_ends(struct an_world *world, const struct tr_event *ev)
{
    struct an_thread *thread = world->now.thread;
    if ((ev->mode & (TR_BLOCK_TIMED - 1)) == TR_BLOCK_INPUT)
        thread->took_from = thread->wait.on + 1;
    if (thread->gives)
        world->channels.last_given = ev->index;
    thread->gives = NULL;
}

static void got(struct an_world *world, const struct tr_event *ev)
{
    struct an_thread *thread = world->now.thread;
    world->now.object->last_taken = ev->index;
    if (is_channel(ev->mode) && thread->took_from)
        *sn_map_at(&world->channels.by_descriptor, thread->took_from - 1) =
            (uintptr_t)world->now.object;
    thread->took_from = 0;
}

void an_channels_event(struct an_world *world, const struct tr_event *ev)
{
    switch (ev->kind) {
    case TR_HB_BEFORE:
        an_doers_note(&world->now.object->channel.givers, world->now.thread, ev);
        if (is_channel(ev->mode) || ev->mode == TR_BY_FUTEX)
            an_object_given(world, world->now.object);
        if (is_channel(ev->mode))
            world->now.thread->gives = world->now.object;
        break;
    case TR_HB_AFTER:
        an_doers_note(&world->now.object->channel.takers, world->now.thread, ev);
        got(world, ev);
        break;
    case TR_BLOCK_BEGIN:
        block_begins(world, ev);
        break;
    case TR_BLOCK_END:
        block_ends(world, ev);
        break;
    case TR_FORK:
        world->channels.forked = true;
        break;
    default:
        break;
    }
}

/* Has anything been put into any channel since, or is it just being put there? */
static bool any_given_since(const struct an_world *world, uint64_t index)
{
    vec_each (struct an_thread *, thread, &world->threads.all)
        if ((*thread)->gives && (*thread)->gives->last_given > index)
            return true;
    return world->channels.last_given > index;
}

const struct an_object *an_channel_find(const struct an_world *world, uint64_t key)
{
    const struct an_object *object = known_at(&world->objects.by_address, key ^ 1ull << 63);
    return object && object->type == TR_TYPE_MASK ? object : NULL;
}

bool an_channel_is_quiet(const struct an_world *world, const struct an_thread *thread)
{
    const struct an_wait *wait = &thread->wait;
    const struct an_object *object = wait->object;
    if (wait->what == TR_BLOCK_FUTEX)
        return !object || object->last_given < wait->index;
    if (world->channels.forked)
        return false;
    if (!object)
        return !any_given_since(world, wait->index);
    return wait->what == TR_BLOCK_OUTPUT ? object->last_taken < wait->index
                                         : object->last_given < wait->index;
}

void an_channels_release(struct an_channels *channels)
{
    sn_map_release(&channels->by_descriptor);
}
