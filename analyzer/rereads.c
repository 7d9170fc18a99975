/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/rereads.h"

static bool is_of_interest(const struct an_now *now)
{
    const struct an_object *object = now->object;
    return object && object->type == TR_TYPE_RWLOCK && object->attributes & TR_ATTR_PREFER_WRITER &&
           !(object->attributes & TR_ATTR_PROCESS_SHARED) && now->thread->whole &&
           an_is_sure(now->thread, now->index);
}

void an_rereads_taken(struct an_rereads *rereads, const struct tr_event *ev)
{
    const struct an_now *now = &rereads->order->world->now;
    bool reads = ev->mode & TR_LOCK_SHARED;
    if (!is_of_interest(now) || reads == now->outermost)
        return;
    uint64_t key = (uint64_t)now->object->id << 32 | (uint64_t)now->thread->index << 1 | reads;
    uint64_t *number = sn_map_at(&rereads->by_key, key);
    if (!*number) {
        struct an_node *node = an_node_new(rereads->order, now->thread, now->object);
        node->shared = reads;
        node->stack = ev->stack;
        node->index = ev->index;
        if (reads)
            *vec_push(&rereads->readers) =
                (struct an_reread){node, *an_thread_holds(now->thread, now->object)};
        else
            *vec_push(&rereads->writers) = node;
        *number = reads ? rereads->readers.count : rereads->writers.count;
    }
    struct an_node *node =
        reads ? rereads->readers.at[*number - 1].node : rereads->writers.at[*number - 1];
    node->count++;
    an_node_again(rereads->order, node);
}

void an_rereads_tell(struct an_rereads *rereads,
                     void (*tell)(void *, const struct an_reread *reader,
                                  const struct an_node *writer),
                     void *data)
{
    struct sn_map told = {0};
    vec_each (struct an_reread, reader, &rereads->readers)
        vec_each (struct an_node *, writer, &rereads->writers)
            if ((*writer)->wanted == reader->node->wanted &&
                (*writer)->thread != reader->node->thread &&
                an_nodes_may_meet(*writer, reader->node) &&
                (*sn_map_at(&told, reader->node->wanted->id))++ == 0)
                tell(data, reader, *writer);
    sn_map_release(&told);
}

void an_rereads_release(struct an_rereads *rereads)
{
    vec_each (struct an_reread, reader, &rereads->readers)
        an_node_drop(reader->node);
    vec_each (struct an_node *, writer, &rereads->writers)
        an_node_drop(*writer);
    vec_release(&rereads->readers);
    vec_release(&rereads->writers);
    sn_map_release(&rereads->by_key);
}
