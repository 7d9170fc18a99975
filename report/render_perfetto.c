/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Trace Event Format, as ui.perfetto.dev and chrome://tracing open it: for each thread a track
 * of its waits, for each lock one of its holders, and arrows from whoever gave a waiter way to the
 * end of its wait.
 *
 * Slices of a track must nest, which the holds of a thread do not: hence the locks' tracks, below a
 * process of their own. Readers that hold a lock at once are asynchronous slices there.
 */
#include "base/map.h"
#include "report/markup.h"
#include "report/renderer.h"
#include "report/tell.h"
#include "report/tree.h"

#define SET(object, key, value) json_object_set_new((object), (key), (value))

enum {
    SPANS = 500000,
    LOCKS_PROCESS = 1000000, /* added to a process's number: above any pid of Linux's default */
    FRAMES = 16,             /* of a stack */
};

struct drawing {
    struct sn_text *out;
    const char *between; /* events */
    const struct sn_report *report;
    const struct sn_activity *activity;
    json_int_t process, locks; /* the two pids */
    json_int_t arrows;
    json_t **words, **stacks; /* by site, made when first used; or NULL */
    uint64_t *free_from;      /* by lock: the end of its latest hold */
    struct sn_map lock_of;    /* index among the cast's by id */
};

/* Microseconds, to the nanosecond; a timeless trace's lines are shown as such. */
static json_t *time_of(uint64_t ns)
{
    return json_real((double)ns / 1e3);
}

static json_t *event_at(const char *phase, uint64_t at)
{
    json_t *event = json_pack("{s:s}", "ph", phase);
    SET(event, "ts", time_of(at));
    return event;
}

/* One at a time: a document of a million events would take gigabytes. */
static void put(struct drawing *drawing, json_t *event)
{
    sn_text_puts(drawing->out, drawing->between);
    sn_tree_add(drawing->out, event);
    drawing->between = ",\n";
}

static void on_track(json_t *event, json_int_t process, json_int_t track)
{
    SET(event, "pid", json_integer(process));
    SET(event, "tid", json_integer(track));
}

/* Names -----------------------------------------------------------------------------------------
 */

static void name_track(struct drawing *drawing, const char *what, json_int_t process,
                       json_int_t track, json_t *name)
{
    json_t *event = json_pack("{s:s,s:s,s:{s:o}}", "ph", "M", "name", what, "args", "name", name);
    on_track(event, process, track);
    put(drawing, event);
}

static void sort_process(struct drawing *drawing, json_int_t process, json_int_t rank)
{
    json_t *event = json_pack("{s:s,s:s,s:{s:I}}", "ph", "M", "name", "process_sort_index", "args",
                              "sort_index", rank);
    on_track(event, process, 0);
    put(drawing, event);
}

static const struct sn_process *process_of(const struct drawing *drawing)
{
    vec_each (const struct sn_process, process, &drawing->report->processes)
        if (process->id == drawing->activity->cast.process)
            return process;
    return NULL;
}

static void name_processes(struct drawing *drawing)
{
    const struct sn_process *process = process_of(drawing);
    const char *program = process && process->argc ? process->argv[0] : "the program";
    json_int_t rank = drawing->activity->cast.process;
    struct sn_text threads = {0}, locks = {0};
    sn_text_printf(&threads, "%s: threads", program);
    sn_text_printf(&locks, "%s: locks and their holders", program);
    name_track(drawing, "process_name", drawing->process, 0, sn_tree_line(&threads));
    name_track(drawing, "process_name", drawing->locks, 0, sn_tree_line(&locks));
    sort_process(drawing, drawing->process, 2 * rank);
    sort_process(drawing, drawing->locks, 2 * rank + 1);
}

static json_t *thread_name(const struct drawing *drawing, uint32_t index)
{
    const struct sn_thread *thread = drawing->activity->cast.threads.at[index];
    struct sn_text text = {0};
    sn_tell_thread(&text, drawing->report, &drawing->activity->cast, thread->process, thread->id);
    return sn_tree_line(&text);
}

/* Number 0 is taken for no thread at all. */
static json_int_t track_of(uint32_t index)
{
    return (json_int_t)index + 1;
}

static void name_tracks(struct drawing *drawing)
{
    const struct sn_finding *cast = &drawing->activity->cast;
    for (uint32_t i = 0; i < cast->threads.count; i++)
        name_track(drawing, "thread_name", drawing->process, track_of(i), thread_name(drawing, i));
    for (uint32_t i = 0; i < cast->locks.count; i++) {
        struct sn_text name = {0};
        sn_tell_lock(&name, cast, cast->locks.at[i]->id);
        name_track(drawing, "thread_name", drawing->locks, track_of(i), sn_tree_line(&name));
    }
}

/* Slices ----------------------------------------------------------------------------------------
 */

static const struct sn_site *site_of(const struct drawing *drawing, const struct sn_span *span)
{
    return &drawing->activity->cast.sites.at[span->site];
}

static json_t *words_of(struct drawing *drawing, const struct sn_span *span)
{
    json_t **words = &drawing->words[span->site];
    if (!*words) {
        struct sn_text text = {0};
        sn_tell_doing(&text, drawing->activity, site_of(drawing, span));
        *words = sn_tree_line(&text);
    }
    return *words;
}

/* "philosopher testcases/philosophers.c:31", innermost first. */
static json_t *stack_of(struct drawing *drawing, const struct sn_span *span)
{
    json_t **stack = &drawing->stacks[span->site];
    if (*stack)
        return *stack;
    const struct sn_stack *from = &site_of(drawing, span)->stack;
    *stack = json_array();
    for (size_t i = 0; i < from->count && i < FRAMES; i++) {
        struct sn_text text = {0};
        sn_tell_function(&text, &from->frames[i]);
        sn_text_puts(&text, " ");
        sn_tell_place(&text, &from->frames[i]);
        json_array_append_new(*stack, sn_tree_line(&text));
    }
    return *stack;
}

static json_t *details(struct drawing *drawing, const struct sn_span *span)
{
    json_t *args = json_object();
    json_object_set(args, "stack", stack_of(drawing, span));
    if (span->flags & SN_SPAN_SHARED)
        SET(args, "as", json_string("reader"));
    if (span->flags & SN_SPAN_OPEN)
        SET(args, "end", json_string("never: it was so when the trace ended"));
    if (span->flags & SN_SPAN_GAVE_UP)
        SET(args, "end", json_string("gave up"));
    return args;
}

static json_t *slice(uint64_t from, uint64_t until, json_t *name)
{
    json_t *event = event_at("X", from);
    SET(event, "dur", time_of(until - from));
    SET(event, "name", name);
    return event;
}

static void arrow(struct drawing *drawing, const char *phase, uint64_t at, uint32_t thread)
{
    json_t *event = event_at(phase, at);
    on_track(event, drawing->process, track_of(thread));
    SET(event, "id", json_integer(drawing->arrows));
    SET(event, "name", json_string("gives way"));
    SET(event, "cat", json_string("handover"));
    if (*phase == 'f')
        SET(event, "bp", json_string("e"));
    put(drawing, event);
}

static void draw_wait(struct drawing *drawing, const struct sn_span *span)
{
    json_t *event = slice(span->from, span->until, json_incref(words_of(drawing, span)));
    on_track(event, drawing->process, track_of(span->thread));
    SET(event, "cat", json_string("wait"));
    SET(event, "args", details(drawing, span));
    put(drawing, event);
    if (span->by == SN_NOBODY)
        return;
    /* An arrow begins and ends at a slice: at one of no length, and within the wait. */
    uint64_t end = span->until > span->from ? span->until - 1 : span->from;
    uint64_t start = span->handed < end ? span->handed : end;
    event = slice(start, start, json_string("gives way"));
    on_track(event, drawing->process, track_of(span->by));
    put(drawing, event);
    drawing->arrows++;
    arrow(drawing, "s", start, span->by);
    arrow(drawing, "f", end, span->thread);
}

static void draw_reader(struct drawing *drawing, const struct sn_span *span, uint32_t lock)
{
    static const char *const phases[] = {"b", "e"};
    drawing->arrows++;
    for (int i = 0; i < 2; i++) {
        json_t *event = event_at(phases[i], i ? span->until : span->from);
        on_track(event, drawing->locks, track_of(lock));
        SET(event, "cat", json_string("reader"));
        SET(event, "id", json_integer(drawing->arrows));
        SET(event, "name", thread_name(drawing, span->thread));
        if (i == 0)
            SET(event, "args", details(drawing, span));
        put(drawing, event);
    }
}

static void draw_hold(struct drawing *drawing, const struct sn_span *span)
{
    const uint64_t *index = sn_map_find(&drawing->lock_of, site_of(drawing, span)->lock);
    if (!index)
        return;
    uint32_t lock = (uint32_t)*index;
    if (span->flags & SN_SPAN_SHARED) {
        draw_reader(drawing, span, lock);
        return;
    }
    uint64_t *free_from = &drawing->free_from[lock];
    uint64_t from = span->from > *free_from ? span->from : *free_from;
    uint64_t until = span->until > from ? span->until : from;
    *free_from = until;
    json_t *event = slice(from, until, thread_name(drawing, span->thread));
    on_track(event, drawing->locks, track_of(lock));
    SET(event, "cat", json_string("hold"));
    SET(event, "args", details(drawing, span));
    put(drawing, event);
}

static void draw(struct drawing *drawing)
{
    const struct sn_activity *activity = drawing->activity;
    size_t sites = activity->cast.sites.count;
    drawing->words = sn_calloc(sites + 1, sizeof(json_t *));
    drawing->stacks = sn_calloc(sites + 1, sizeof(json_t *));
    drawing->free_from = sn_calloc(activity->cast.locks.count + 1, sizeof(uint64_t));
    for (size_t i = 0; i < activity->cast.locks.count; i++)
        *sn_map_at(&drawing->lock_of, activity->cast.locks.at[i]->id) = i;
    name_processes(drawing);
    name_tracks(drawing);
    vec_each (const struct sn_span, span, &activity->spans)
        if (site_of(drawing, span)->role == SN_ROLE_HOLDS)
            draw_hold(drawing, span);
        else
            draw_wait(drawing, span);
    for (size_t i = 0; i < sites; i++) {
        json_decref(drawing->words[i]);
        json_decref(drawing->stacks[i]);
    }
    free(drawing->words);
    free(drawing->stacks);
    free(drawing->free_from);
    sn_map_release(&drawing->lock_of);
}

/* The findings, as marks through all tracks at the end: what to look for. */
static void mark_findings(struct drawing *drawing, uint64_t end)
{
    vec_each (struct sn_finding *, finding, &drawing->report->findings) {
        if ((*finding)->status == SN_SUPPRESSED)
            continue;
        json_t *event = event_at("i", end);
        on_track(event, drawing->process, 0);
        SET(event, "s", json_string("g"));
        SET(event, "cat", json_string(sn_hazards[(*finding)->kind].id));
        SET(event, "name", sn_tree_plain((*finding)->title ? (*finding)->title : "", SN_LONGEST));
        put(drawing, event);
    }
}

static void render(struct sn_text *out, const struct sn_report *report,
                   const struct sn_render_options *options)
{
    (void)options;
    struct drawing drawing = {.out = out, .between = "", .report = report};
    uint64_t end = 0;
    sn_text_puts(out, "{\"displayTimeUnit\": \"ns\", \"traceEvents\": [\n");
    vec_each (struct sn_activity *, activity, &report->activities) {
        drawing.activity = *activity;
        const struct sn_process *process = process_of(&drawing);
        drawing.process = process ? process->pid : (json_int_t)(*activity)->cast.process;
        drawing.locks = drawing.process + LOCKS_PROCESS;
        draw(&drawing);
        end = (*activity)->until > end ? (*activity)->until : end;
    }
    mark_findings(&drawing, end);
    sn_text_puts(out, "\n]}\n");
}

const struct sn_renderer sn_render_perfetto = {
    .name = "perfetto", .render = render, .spans = SPANS, .only_draws = true};
