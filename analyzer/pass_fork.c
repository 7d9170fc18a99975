/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In a fork child: does it come for a lock that another thread of its parent held? The rest of the
 * story is in the parent's trace (forks.h). A lock that the child gets, makes anew, or gives back
 * for the other is settled.
 */
#include "analyzer/compose.h"
#include "analyzer/forks.h"
#include "analyzer/world/waits.h"
#include "base/map.h"

struct inherited {
    struct an_context *ctx;
    VEC(struct an_orphan) orphans;
    struct sn_map by_address; /* place + 1; 0: settled */
};

static bool wants(uint8_t kind)
{
    return kind == TR_INHERITED || kind == TR_REQUEST || kind == TR_ACQUIRE || kind == TR_RELEASE ||
           kind == TR_OBJECT_NEW;
}

static void *open_pass(struct an_context *ctx)
{
    struct inherited *self = sn_calloc(1, sizeof *self);
    self->ctx = ctx;
    return self;
}

static void inherits(struct inherited *self, const struct tr_event *ev)
{
    const struct tr_header *header = tr_reader_header(self->ctx->reader);
    *vec_push(&self->orphans) = (struct an_orphan){
        .parent_pid = header->parent_pid,
        .child_pid = header->pid,
        .child = self->ctx->process,
        .holder = (uint32_t)ev->a0,
        .address = ev->object,
        .version = ev->a1,
    };
    *sn_map_at(&self->by_address, ev->object) = self->orphans.count;
}

static void come_for(struct inherited *self, struct an_orphan *orphan, const struct tr_event *ev)
{
    const struct an_context *ctx = self->ctx;
    struct an_world *world = ctx->world;
    struct sn_finding *finding = an_finding(ctx, SN_LOCK_HELD_ACROSS_FORK, SN_OBSERVED);
    const char *lock = an_lock_text(ctx, world->now.object);
    an_site(ctx, finding, SN_ROLE_WAITS, world->now.thread, ev->stack, ev->index,
            world->now.object);
    finding->title = sn_sprintf(&ctx->report->arena,
                                "%s was held by another thread when the process forked", lock);
    finding->explanation = sn_sprintf(
        &ctx->report->arena,
        "Thread %u of process %u held %s while that process forked. The child has no such thread, "
        "so nobody gives the lock back there, and it waits for it.",
        orphan->holder, orphan->parent_pid, lock);
    orphan->finding = finding;
    orphan->stack = an_stack(ctx, ev->stack);
    orphan->thread = world->now.thread->number;
    orphan->event = ev->index;
}

static void event(void *data, const struct tr_event *ev)
{
    struct inherited *self = data;
    if (ev->kind == TR_INHERITED) {
        inherits(self, ev);
        return;
    }
    uint64_t *place = self->orphans.count ? sn_map_find(&self->by_address, ev->object) : NULL;
    const struct an_object *object = self->ctx->world->now.object;
    if (!place || !*place || !object || !an_type_is_lock(object->type) ||
        (ev->kind == TR_OBJECT_NEW && ev->a0 & TR_ATTR_STATIC))
        return;
    struct an_orphan *orphan = &self->orphans.at[*place - 1];
    if (ev->kind != TR_REQUEST) {
        orphan->told |= !orphan->finding; /* there is nothing to tell */
        *place = 0;
    } else if (!orphan->finding) {
        come_for(self, orphan, ev);
    }
}

static void finish(void *data)
{
    struct inherited *self = data;
    vec_each (struct an_thread *, thread, &self->ctx->world->threads.all) {
        const struct an_wait *wait = &(*thread)->wait;
        uint64_t *place = wait->kind == AN_WAIT_LOCK && wait->object
                              ? sn_map_find(&self->by_address, wait->object->address)
                              : NULL;
        if (!place || !*place || !self->orphans.at[*place - 1].finding || (*thread)->blamed)
            continue;
        (*thread)->blamed = self->orphans.at[*place - 1].finding;
        an_blame_waiters(self->ctx->world, (*thread)->blamed);
    }
    if (self->ctx->options->forks)
        vec_each (struct an_orphan, orphan, &self->orphans)
            *vec_push(&self->ctx->options->forks->orphans) = *orphan;
}

static void close_pass(void *data)
{
    struct inherited *self = data;
    vec_release(&self->orphans);
    sn_map_release(&self->by_address);
    free(self);
}

const struct an_analysis an_fork = {
    .name = "fork",
    .wants = wants,
    .open = open_pass,
    .event = event,
    .finish = finish,
    .close = close_pass,
};
