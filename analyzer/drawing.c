/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/drawing.h"

enum {
    LOCKS_DRAWN = 2000, /* more than anybody looks for */
    EDGES_DRAWN = 20000,
};

struct pen {
    struct an_drawing *drawing;
    const struct an_context *ctx;
    struct sn_activity *activity;
    VEC(uint32_t) locks;   /* index among the cast's, plus one, by the object's id */
    VEC(uint32_t) threads; /* the same by index; 0: not drawn */
    struct sn_map sites;   /* index plus one, by what they are: a hash */
};

/* Times -----------------------------------------------------------------------------------------
 */

/* The first process's beginning is 0, and processes use one clock. */
static uint64_t time_of(const struct pen *pen, uint64_t ticks)
{
    const struct tr_header *header = tr_reader_header(pen->ctx->reader);
    if (pen->activity->timeless)
        return ticks;
    uint64_t zero = pen->ctx->report->start_tsc;
    double since = (double)(int64_t)(ticks - zero) * 1e9 / (double)header->tsc_hz;
    return since > 0 ? (uint64_t)since : 0;
}

static uint64_t length_of(const struct pen *pen, uint64_t ticks)
{
    const struct tr_header *header = tr_reader_header(pen->ctx->reader);
    return pen->activity->timeless ? ticks
                                   : (uint64_t)((double)ticks * 1e9 / (double)header->tsc_hz);
}

/* Whom and what
 * -------------------------------------------------------------------------------------
 */

static int by_use(const void *a, const void *b)
{
    const struct sn_lock_use *const *x = a, *const *y = b;
    if ((*x)->waited != (*y)->waited)
        return (*x)->waited < (*y)->waited ? 1 : -1;
    if ((*x)->taken + (*x)->waits != (*y)->taken + (*y)->waits)
        return (*x)->taken + (*x)->waits < (*y)->taken + (*y)->waits ? 1 : -1;
    return *x < *y ? -1 : *x > *y;
}

/* Those that were waited for longest, then those used most. */
static void choose_locks(struct pen *pen)
{
    struct an_drawing *drawing = pen->drawing;
    VEC(const struct sn_lock_use *) used = {0};
    vec_each (struct sn_lock_use, use, &drawing->uses)
        if (use->taken + use->waits)
            *vec_push(&used) = use;
    if (used.count)
        qsort(used.at, used.count, sizeof *used.at, by_use);
    for (size_t i = 0; i < used.count && i < LOCKS_DRAWN; i++) {
        size_t id = (size_t)(used.at[i] - drawing->uses.at);
        const struct an_object *object = pen->ctx->world->objects.all.at[id - 1];
        an_name_lock(pen->ctx, &pen->activity->cast, object);
        vec_cover(&pen->locks, id);
        pen->locks.at[id] = (uint32_t)pen->activity->cast.locks.count;
        struct sn_lock_use *to = vec_push(&pen->activity->uses);
        *to = *used.at[i];
        to->waited = length_of(pen, to->waited);
        to->longest_wait = length_of(pen, to->longest_wait);
        to->held = length_of(pen, to->held);
        to->longest_hold = length_of(pen, to->longest_hold);
    }
    pen->activity->locks_left_out = used.count > LOCKS_DRAWN ? used.count - LOCKS_DRAWN : 0;
    vec_release(&used);
}

static void draw_threads(struct pen *pen)
{
    struct an_drawing *drawing = pen->drawing;
    for (size_t i = 0; i < drawing->threads.count; i++) {
        const struct an_thread_activity *thread = &drawing->threads.at[i];
        if (!thread->from)
            continue;
        an_name_thread(pen->ctx, &pen->activity->cast, pen->ctx->world->threads.all.at[i]);
        vec_cover(&pen->threads, i);
        pen->threads.at[i] = (uint32_t)pen->activity->cast.threads.count;
        *vec_push(&pen->activity->lives) = (struct sn_life){
            .from = time_of(pen, thread->from),
            .until = thread->until ? time_of(pen, thread->until) : pen->activity->until,
            .ended = thread->until != 0,
            .waits = thread->waits,
            .waited = length_of(pen, thread->waited),
            .held = length_of(pen, thread->held),
        };
    }
}

static bool is_drawn(const struct pen *pen, const struct an_object *object)
{
    return !object || (object->id < pen->locks.count && pen->locks.at[object->id]);
}

static uint32_t thread_index(const struct pen *pen, const struct an_thread *thread)
{
    bool drawn = thread && thread->index < pen->threads.count && pen->threads.at[thread->index];
    return drawn ? pen->threads.at[thread->index] - 1 : SN_NOBODY;
}

/* The cast's site where a thread, any of them, does so. */
static uint32_t site(struct pen *pen, enum sn_role role, const struct an_thread *thread,
                     const struct an_object *object, uint32_t stack, const char *what)
{
    struct sn_finding *cast = &pen->activity->cast;
    uint64_t key = sn_mix((uint64_t)stack << 8 | role);
    key = sn_mix(key ^ (object ? object->id : 0));
    for (const char *at = what; at && *at; at++)
        key = sn_mix(key ^ (unsigned char)*at);
    uint64_t *index = sn_map_at(&pen->sites, key);
    if (*index)
        return (uint32_t)(*index - 1);
    struct sn_site *made = sn_finding_site(cast, role, thread->number);
    made->process = pen->ctx->process;
    made->lock = object ? cast->locks.at[pen->locks.at[object->id] - 1]->id : 0;
    made->stack = an_stack(pen->ctx, stack);
    made->note = what;
    *index = cast->sites.count;
    return (uint32_t)(*index - 1);
}

/* What they do ----------------------------------------------------------------------------------
 */

static int by_time(const void *a, const void *b)
{
    const struct sn_span *x = a, *y = b;
    if (x->from != y->from)
        return x->from < y->from ? -1 : 1;
    return x->until > y->until ? -1 : x->until < y->until;
}

static void draw_spans(struct pen *pen)
{
    struct sn_activity *activity = pen->activity;
    activity->spans_left_out = pen->drawing->left_out;
    vec_each (struct an_span, span, &pen->drawing->spans) {
        uint32_t thread = thread_index(pen, span->thread);
        if (!is_drawn(pen, span->object) || thread == SN_NOBODY) {
            activity->spans_left_out++;
            continue;
        }
        uint32_t by = thread_index(pen, span->by);
        *vec_push(&activity->spans) = (struct sn_span){
            .from = time_of(pen, span->from),
            .until = time_of(pen, span->until),
            .thread = thread,
            .site = site(pen, span->role, span->thread, span->object, span->stack, span->what),
            .by = by,
            .flags = span->flags,
            .handed = by == SN_NOBODY ? 0 : time_of(pen, span->handed),
        };
    }
    if (activity->spans.count)
        qsort(activity->spans.at, activity->spans.count, sizeof *activity->spans.at, by_time);
}

static void draw_order(struct pen *pen)
{
    vec_each (struct an_edge, edge, &pen->drawing->edges) {
        uint32_t thread = thread_index(pen, edge->thread);
        if (!is_drawn(pen, edge->held) || !is_drawn(pen, edge->taken) || thread == SN_NOBODY ||
            pen->activity->order.count == EDGES_DRAWN)
            continue;
        uint32_t holds = site(pen, SN_ROLE_HOLDS, edge->thread, edge->held, edge->held_stack, NULL);
        *vec_push(&pen->activity->order) = (struct sn_lock_edge){
            .holds = holds,
            .takes = site(pen, SN_ROLE_TAKES, edge->thread, edge->taken, edge->taken_stack, NULL),
            .thread = thread,
            .count = edge->count,
        };
    }
}

void an_draw(struct an_drawing *drawing)
{
    struct sn_report *report = drawing->ctx->report;
    struct sn_activity *activity = SN_NEW(&report->arena, struct sn_activity);
    struct pen pen = {.drawing = drawing, .ctx = drawing->ctx, .activity = activity};
    const struct tr_header *header = tr_reader_header(drawing->ctx->reader);
    if (!report->activities.count)
        report->start_tsc = header->start_tsc;
    *vec_push(&report->activities) = activity;
    activity->cast.process = drawing->ctx->process;
    activity->timeless = !header->tsc_hz;
    activity->until = time_of(&pen, drawing->until);
    choose_locks(&pen);
    draw_threads(&pen);
    draw_spans(&pen);
    draw_order(&pen);
    vec_release(&pen.locks);
    vec_release(&pen.threads);
    sn_map_release(&pen.sites);
}

void an_drawing_release(struct an_drawing *drawing)
{
    vec_release(&drawing->spans);
    vec_release(&drawing->threads);
    vec_release(&drawing->uses);
    vec_release(&drawing->edges);
}
