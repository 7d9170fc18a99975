/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pass over the trace: each event goes to the world, then to the analyses; behind the last one
 * they draw their conclusions, in the order of analyses.def, since a thread that one has accounted
 * for is none of the next one's business (an_thread.blamed).
 */
#include "analyzer/compose.h"
#include "analyzer/engine.h"
#include "analyzer/prediction.h"
#include "finding/activity.h"
#include "finding/locking.h"

enum { PROGRESS_EVERY = 1 << 16 };

void an_options_default(struct an_options *options)
{
    *options = (struct an_options){
        /* Random back-off ends a streak within a few rounds; in step it goes on for ever. */
        .livelock_rounds = 100,
        /* A futex lock is not fair: whoever just gave it back takes it again many times while the
         * woken one is on its way. What that does evens out; a starved thread gets less than a
         * tenth of its part of all acquisitions, however long one looks. */
        .starvation_bypass = 1000,
        .starvation_share = 0.1,
        .starvation_wait_ms = 10,
        /* A few time slices: on a busy machine a thread may be kept from its processor for about
         * as long in any call, and whoever waits for it waits that long, too. */
        .blocked_ms = 20,
        /* Longer cycles are rare, and looking for them costs more with each thread. */
        .deadlock_length = 5,
    };
}

/* The report's number of the trace's process: of several with its pid (exec keeps it) the latest.
 */
static uint32_t process_of(const struct tr_reader *reader, const struct sn_report *report)
{
    for (size_t i = report->processes.count; i-- > 0;)
        if ((uint32_t)report->processes.at[i].pid == tr_reader_header(reader)->pid)
            return report->processes.at[i].id;
    return 0;
}

static const char *source_name(uint32_t source)
{
    return source == TR_SOURCE_TSAN ? "tsan" : source == TR_SOURCE_REWRITE ? "rewrite" : "none";
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* The executable, and whatever else had its accesses recorded or should have had. */
static void add_coverage(struct tr_reader *reader, struct sn_report *report)
{
    size_t count;
    const struct tr_module *modules = tr_reader_modules(reader, &count);
    const char *program = base_name(tr_reader_header(reader)->program);
    bool alone = tr_reader_header(reader)->threads <= 1;
    for (size_t i = 0; i < count; i++) {
        const struct tr_module *module = &modules[i];
        if (!module->path || (module->access_source == TR_SOURCE_NONE && !module->reason &&
                              strcmp(base_name(module->path), program)))
            continue;
        bool idle = alone && module->access_source == TR_SOURCE_NONE && !module->reason;
        const char *reason = idle ? "one thread alone" : module->reason;
        *vec_push(&report->coverage) = (struct sn_coverage){
            .module = sn_strdup(&report->arena, base_name(module->path)),
            .accesses = source_name(module->access_source),
            .reason = sn_strdup(&report->arena, reason),
            .sites = module->sites,
            .covered = module->covered,
        };
    }
}

static void incomplete(struct sn_report *report, const char *reason)
{
    report->complete = false;
    if (!report->incomplete_reason)
        report->incomplete_reason = reason;
}

/* What is missing by intention. */
static void note_ring(struct tr_reader *reader, struct sn_report *report)
{
    const struct tr_header *header = tr_reader_header(reader);
    uint64_t ns = tr_reader_nanoseconds(reader, header->ring_time);
    if (header->ring_lost)
        *vec_push(&report->notes) = sn_sprintf(
            &report->arena,
            "of process %u the newest events were kept (--ring): what happened in its first %.1f s "
            "was not looked at",
            header->pid, (double)ns / 1e9);
    if (header->flags & TR_IS_SNAPSHOT)
        *vec_push(&report->notes) = sn_sprintf(
            &report->arena, "this is a snapshot of process %u, which went on", header->pid);
}

static void judge_completeness(struct tr_reader *reader, struct sn_report *report, uint64_t lost)
{
    const struct tr_header *header = tr_reader_header(reader);
    const struct tr_damage *damage = tr_reader_damage(reader);
    struct sn_arena *arena = &report->arena;
    if (damage->places)
        incomplete(report,
                   sn_sprintf(arena,
                              "the trace is damaged or cut in %llu place%s, first at byte "
                              "%llu: %s",
                              (unsigned long long)damage->places, damage->places == 1 ? "" : "s",
                              (unsigned long long)damage->first_offset, damage->first_reason));
    if (header->state == TR_STATE_OFF)
        incomplete(report, sn_sprintf(arena, "the recorder switched itself off: %s",
                                      header->off_reason ? strerror((int)header->off_reason)
                                                         : "no reason given"));
    if (header->lost[TR_LOSS_SANDBOX])
        incomplete(report,
                   sn_sprintf(arena,
                              "the program forbade itself system calls (seccomp): %llu events came "
                              "after what the recorder had put aside was used up",
                              (unsigned long long)header->lost[TR_LOSS_SANDBOX]));
    if (lost)
        incomplete(report,
                   sn_sprintf(arena, "the recorder lost %llu events", (unsigned long long)lost));
}

static void add_counts(struct an_context *ctx)
{
    const struct an_world *world = ctx->world;
    struct sn_report *report = ctx->report;
    const struct tr_header *header = tr_reader_header(ctx->reader);
    uint64_t lost = an_lost_events(ctx->reader), locks = 0;
    vec_each (struct an_object *, object, &world->objects.all)
        locks += an_type_is_lock((*object)->type);
    report->events += world->events;
    report->accesses += world->accesses;
    report->threads += world->threads.all.count;
    report->locks += locks;
    report->lost_events += lost;
    if (header->access_source != TR_SOURCE_NONE)
        report->access_source = source_name(header->access_source);
    double ms = an_milliseconds(ctx, world->first_time, world->last_time);
    if (ms / 1e3 > report->seconds) /* processes run side by side */
        report->seconds = ms / 1e3;
    double still = an_milliseconds(ctx, world->last_time, header->standstill_tsc) / 1e3;
    if (header->standstill_tsc && still > 0 && (still < report->still_for || !report->still_for))
        report->still_for = still;
    judge_completeness(ctx->reader, report, lost);
    note_ring(ctx->reader, report);
}

static uint32_t above(uint32_t base, const struct sn_finding *finding)
{
    vec_each (struct sn_lock *, lock, &finding->locks)
        base = (*lock)->id > base ? (*lock)->id : base;
    return base;
}

/* Above all that the report has used so far. */
static uint32_t lock_base(const struct sn_report *report)
{
    uint32_t base = 0;
    vec_each (struct sn_finding *, finding, &report->findings)
        base = above(base, *finding);
    vec_each (struct sn_activity *, activity, &report->activities)
        base = above(base, &(*activity)->cast);
    vec_each (struct sn_locking *, locking, &report->lockings)
        base = above(base, &(*locking)->cast);
    return base;
}

struct an_context an_context(struct tr_reader *reader, struct sn_report *report,
                             const struct an_options *options, struct an_world *world)
{
    return (struct an_context){
        .reader = reader,
        .world = world,
        .publication = &world->publication,
        .report = report,
        .options = options,
        .process = reader ? process_of(reader, report) : 0,
        .lock_base = lock_base(report),
    };
}

int an_analyze(struct tr_reader *reader, struct sn_report *report, const struct an_options *options,
               void (*progress)(void *, double), void *progress_data, struct sn_error *err)
{
    struct an_world world;
    an_world_init(&world, reader);
    struct an_context ctx = an_context(reader, report, options, &world);
    struct an_engine *engine = an_engine_open(&ctx);
    struct tr_event ev;
    int more;
    while ((more = tr_reader_next(reader, &ev, err)) > 0) {
        an_world_event(&world, &ev);
        an_engine_event(engine, &ev);
        if (progress && world.events % PROGRESS_EVERY == 0)
            progress(progress_data, tr_reader_progress(reader));
    }
    if (more == 0) {
        an_engine_finish(engine);
        add_coverage(reader, report);
        add_counts(&ctx);
    }
    an_engine_close(engine);
    an_prediction_free(ctx.prediction);
    an_world_release(&world);
    return more;
}
