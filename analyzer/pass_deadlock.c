/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deadlocks. Observed: after the last event, threads that wait for each other in a circle. Every
 * wait for a lock is a wait for all who hold it in the way, and a join for one thread, so that any
 * circle is closed for good. Possible: a cycle in the order in which locks were taken
 * (lock_order.h), on other locks than those of an observed one.
 */
#include "analyzer/compose.h"
#include "analyzer/lock_order.h"
#include "analyzer/world/waits.h"
#include "base/text.h"

struct deadlocks {
    struct an_context *ctx;
    struct an_lock_order order;
    struct sn_map observed; /* sets of locks, as set_key */
};

static bool wants(uint8_t kind)
{
    return kind == TR_ACQUIRE;
}

static void *open_pass(struct an_context *ctx)
{
    struct deadlocks *deadlocks = sn_calloc(1, sizeof *deadlocks);
    deadlocks->ctx = ctx;
    deadlocks->order.world = ctx->world;
    return deadlocks;
}

static void event(void *self, const struct tr_event *ev)
{
    struct deadlocks *deadlocks = self;
    if (deadlocks->ctx->world->now.outermost && !(ev->mode & (TR_LOCK_TRY | TR_LOCK_TIMED)))
        an_lock_order_taken(&deadlocks->order);
}

/* Observed. -------------------------------------------------------------------------------------
 */

struct circle { /* each waits for the next one, the last for the first */
    VEC(struct an_thread *) of;
};

enum color { UNSEEN, ON_PATH, DONE };

/* Goes on from the end of PATH; leaves a circle in PATH, and says so, if it comes round. */
static bool search(struct circle *path, uint8_t *color, const struct an_thread *thread)
{
    struct an_thread_list blockers = {0};
    an_blockers(thread, &blockers);
    for (size_t i = 0; i < blockers.of.count; i++) {
        struct an_thread *next = blockers.of.at[i];
        if (next == thread || next->blamed || !an_waits_for_ever(next) ||
            color[next->index] == DONE)
            continue;
        bool round = color[next->index] == ON_PATH;
        if (round)
            while (path->of.at[0] != next)
                vec_remove(&path->of, 0);
        else
            *vec_push(&path->of) = next;
        color[next->index] = ON_PATH;
        if (round || search(path, color, next)) {
            vec_release(&blockers.of);
            return true;
        }
    }
    vec_release(&blockers.of);
    color[thread->index] = DONE;
    (void)vec_pop(&path->of);
    return false;
}

/* The circle begins with its lowest number, so that every run tells it alike. */
static void turn(struct circle *circle)
{
    size_t lowest = 0;
    for (size_t i = 1; i < circle->of.count; i++)
        if (circle->of.at[i]->number < circle->of.at[lowest]->number)
            lowest = i;
    for (; lowest > 0; lowest--) {
        struct an_thread *first = circle->of.at[0];
        vec_remove(&circle->of, 0);
        *vec_push(&circle->of) = first;
    }
}

static void add_party(const struct an_context *ctx, struct sn_finding *finding,
                      const struct an_thread *thread, const struct an_thread *before)
{
    const struct an_held *held =
        before->wait.kind == AN_WAIT_LOCK ? an_thread_holds(thread, before->wait.object) : NULL;
    if (held)
        an_site(ctx, finding, SN_ROLE_HOLDS, thread, held->stack, held->index, held->object);
    struct sn_site *site =
        an_site(ctx, finding, thread->wait.kind == AN_WAIT_JOIN ? SN_ROLE_JOINS : SN_ROLE_WAITS,
                thread, thread->wait.stack, thread->wait.index, thread->wait.object);
    an_site_locks(ctx, finding, site, an_thread_lockset(ctx->world, (struct an_thread *)thread));
}

static void tell_wait(const struct an_context *ctx, struct sn_text *text,
                      const struct an_thread *thread, const struct an_thread *before,
                      const struct an_thread *next)
{
    const struct an_object *held = before->wait.kind == AN_WAIT_LOCK ? before->wait.object : NULL;
    if (text->length)
        sn_text_printf(text, ", %s", an_thread_text(ctx, thread));
    else
        sn_text_puts(text, an_thread_begins(ctx, thread));
    if (held && an_thread_holds(thread, held))
        sn_text_printf(text, " holds %s and", an_lock_text(ctx, held));
    if (thread->wait.kind == AN_WAIT_JOIN)
        sn_text_printf(text, " waits for %s to end", an_thread_text(ctx, next));
    else
        sn_text_printf(text, " waits for %s%s", an_lock_text(ctx, thread->wait.object),
                       thread->wait.shared ? " to read" : "");
}

static const char *advice(const struct circle *circle)
{
    for (size_t i = 0; i < circle->of.count; i++)
        if (circle->of.at[i]->wait.kind == AN_WAIT_JOIN)
            return "Release the lock before joining the thread that needs it.";
    if (circle->of.at[0]->wait.object == circle->of.at[1]->wait.object)
        return "Give the read lock back before asking for the write lock.";
    return "Take these locks in the same order in every thread, or take them all under one further "
           "lock.";
}

static void explain(const struct an_context *ctx, struct sn_finding *finding,
                    const struct circle *circle, size_t behind)
{
    struct sn_text text = {0};
    size_t count = circle->of.count;
    for (size_t i = 0; i < count; i++)
        tell_wait(ctx, &text, circle->of.at[i], circle->of.at[(i + count - 1) % count],
                  circle->of.at[(i + 1) % count]);
    sn_text_printf(&text,
                   ": each waits for the next one and the last for the first, so that none "
                   "of the %zu can ever go on.",
                   count);
    if (behind)
        sn_text_printf(&text, " %zu further thread%s only because of them.", behind,
                       behind == 1 ? " waits" : "s wait");
    sn_text_printf(&text, AN_ADVICE "%s", advice(circle));
    finding->explanation = sn_strndup(&ctx->report->arena, text.at, text.length);
    sn_text_release(&text);
}

/* Any order of the same locks. */
static uint64_t set_key(uint64_t key, const struct an_object *object)
{
    return key + sn_mix(object->id);
}

static void tell_circle(struct deadlocks *deadlocks, struct circle *circle)
{
    const struct an_context *ctx = deadlocks->ctx;
    turn(circle);
    size_t count = circle->of.count;
    uint64_t key = 0;
    bool sure = true;
    struct sn_finding *finding = an_finding(ctx, SN_DEADLOCK, SN_OBSERVED);
    finding->title =
        sn_sprintf(&ctx->report->arena, "deadlock: %zu threads wait for each other", count);
    for (size_t i = 0; i < count; i++) {
        struct an_thread *thread = circle->of.at[i];
        add_party(ctx, finding, thread, circle->of.at[(i + count - 1) % count]);
        thread->blamed = finding;
        sure &= an_waits_surely(thread);
        if (thread->wait.object)
            key = set_key(key, thread->wait.object);
    }
    if (!sure)
        an_doubt(ctx, finding, "which may have ended one of these waits");
    *sn_map_at(&deadlocks->observed, key) = 1;
    explain(ctx, finding, circle, an_blame_waiters(ctx->world, finding));
}

static void find_circles(struct deadlocks *deadlocks)
{
    struct an_world *world = deadlocks->ctx->world;
    uint8_t *color = sn_calloc(world->threads.all.count + 1, 1);
    struct circle path = {0};
    vec_each (struct an_thread *, thread, &world->threads.all) {
        if (color[(*thread)->index] != UNSEEN || (*thread)->blamed || !an_waits_for_ever(*thread))
            continue;
        vec_clear(&path.of);
        *vec_push(&path.of) = *thread;
        color[(*thread)->index] = ON_PATH;
        if (!search(&path, color, *thread))
            continue;
        tell_circle(deadlocks, &path);
        memset(color, UNSEEN, world->threads.all.count); /* those on the way to it are blamed */
    }
    vec_release(&path.of);
    free(color);
}

/* Possible. -------------------------------------------------------------------------------------
 */

static void tell_pattern(void *self, const struct an_node *const *nodes, uint32_t count)
{
    struct deadlocks *deadlocks = self;
    const struct an_context *ctx = deadlocks->ctx;
    uint64_t key = 0;
    for (uint32_t i = 0; i < count; i++)
        key = set_key(key, nodes[i]->wanted);
    if (sn_map_find(&deadlocks->observed, key))
        return;
    struct sn_finding *finding = an_finding(ctx, SN_DEADLOCK, SN_POSSIBLE);
    struct sn_text text = {0};
    uint32_t lowest = 0;
    for (uint32_t i = 1; i < count; i++)
        if (nodes[i]->thread->number < nodes[lowest]->thread->number)
            lowest = i;
    for (uint32_t i = 0; i < count; i++) {
        const struct an_node *node = nodes[(lowest + i) % count];
        const struct an_node *before = nodes[(lowest + i + count - 1) % count];
        const struct an_held *held = an_node_holds(node, before->wanted);
        an_site(ctx, finding, SN_ROLE_HOLDS, node->thread, held->stack, held->index, held->object);
        an_site(ctx, finding, SN_ROLE_TAKES, node->thread, node->stack, node->index, node->wanted);
        sn_text_printf(&text, "%s%s takes %s while holding %s", i ? ", " : "",
                       i ? an_thread_text(ctx, node->thread) : an_thread_begins(ctx, node->thread),
                       an_lock_text(ctx, node->wanted), an_lock_text(ctx, held->object));
    }
    sn_text_printf(
        &text,
        ". This run came through, but if each of the %u has taken its first lock "
        "before any takes its second, none can ever go on." AN_ADVICE
        "Take these locks in the same order in every thread, or take them all under one further "
        "lock.",
        count);
    finding->explanation = sn_strndup(&ctx->report->arena, text.at, text.length);
    finding->title =
        sn_sprintf(&ctx->report->arena, "possible deadlock: %u threads take %u locks in a circle",
                   count, count);
    finding->reason = "the order of the locks is a pattern of a deadlock; it is not proved that a "
                      "run can reach it";
    sn_text_release(&text);
}

static void finish(void *self)
{
    struct deadlocks *deadlocks = self;
    const struct an_context *ctx = deadlocks->ctx;
    find_circles(deadlocks);
    an_lock_order_waiting(&deadlocks->order);
    an_lock_order_cycles(&deadlocks->order, ctx->options->deadlock_length, tell_pattern, deadlocks);
    if (deadlocks->order.exhausted)
        *vec_push(&ctx->report->notes) =
            "the order of locks has too many cycles to look at all of them";
}

static void close_pass(void *self)
{
    struct deadlocks *deadlocks = self;
    an_lock_order_release(&deadlocks->order);
    sn_map_release(&deadlocks->observed);
    free(deadlocks);
}

const struct an_analysis an_deadlock = {
    .name = "deadlock",
    .wants = wants,
    .open = open_pass,
    .event = event,
    .finish = finish,
    .close = close_pass,
};
