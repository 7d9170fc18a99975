/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A relation that follows a run gets STD text as it is read, so that memory holds what the relation
 * keeps, whatever the length of the trace. All else is done on the run as a whole.
 */
#include "cli/raw.h"

#include "analyzer/predict/collect.h"
#include "analyzer/predict/patterns.h"
#include "analyzer/predict/sync_order.h"
#include "analyzer/world/locks.h"
#include "cli/input.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/trouble.h"
#include "trace/std.h"

#include <unistd.h>

enum { OPS = 4096, BATCH = 1 << 16 };

struct raw {
    const struct sn_settings *settings;
    const struct an_relation *relation; /* or NULL */
    enum sn_deadlocks deadlocks;
    struct tr_std *std; /* one of the two */
    struct sn_trace trace;
    struct sn_progress progress;
    struct sn_text out;
    struct an_run run; /* empty if the text is followed */
    struct an_pairs found;
    VEC(bool) racy; /* by variable */
    uint64_t events, racy_events, racy_variables, deadlock_count;
};

/* Lines. -------------------------------------------------------------------------------------- */

static int flush(struct raw *raw, struct sn_error *err)
{
    int code = sn_write_all(STDOUT_FILENO, raw->out.at, raw->out.length, "stdout", err);
    sn_text_clear(&raw->out);
    return code;
}

static void put_number(struct sn_text *out, uint64_t number)
{
    char digits[24], *at = digits + sizeof digits;
    do
        *--at = (char)('0' + number % 10);
    while (number /= 10);
    *--at = ' ';
    sn_text_add(out, at, (size_t)(digits + sizeof digits - at));
}

static void put_event(struct raw *raw, uint64_t operation)
{
    uint64_t event = an_run_event(&raw->run, operation);
    put_number(&raw->out, event);
}

static void put_variable(struct raw *raw, uint32_t variable)
{
    uint64_t address = variable < raw->run.addresses.count ? raw->run.addresses.at[variable] : 0;
    const char *name = raw->std          ? tr_std_name(raw->std, TR_STD_VARIABLE, variable)
                       : raw->trace.xstd ? tr_xstd_name(raw->trace.xstd, address)
                                         : NULL;
    sn_text_add(&raw->out, " ", 1);
    if (name)
        sn_text_puts(&raw->out, name);
    else if (raw->trace.xstd)
        sn_text_printf(&raw->out, "%llu", (unsigned long long)address);
    else
        sn_text_printf(&raw->out, "0x%llx", (unsigned long long)address);
}

static void count_race(struct raw *raw, uint32_t variable)
{
    while (raw->racy.count <= variable)
        (void)vec_push(&raw->racy);
    raw->racy_variables += !raw->racy.at[variable];
    raw->racy.at[variable] = true;
    raw->racy_events++;
}

/* Tells the races found so far, and forgets them. */
static int tell_races(struct raw *raw, struct sn_error *err)
{
    vec_each (struct an_pair, pair, &raw->found.of) {
        count_race(raw, pair->variable);
        sn_text_puts(&raw->out, "race");
        put_event(raw, pair->first);
        put_event(raw, pair->second);
        put_variable(raw, pair->variable);
        sn_text_add(&raw->out, "\n", 1);
        if (raw->out.length >= BATCH && flush(raw, err) < 0)
            return err->code;
    }
    vec_clear(&raw->found.of);
    return 0;
}

static int tell_deadlocks(struct raw *raw, const struct an_patterns *patterns, struct sn_error *err)
{
    vec_each (struct an_pattern, pattern, &patterns->of) {
        sn_text_puts(&raw->out, "deadlock");
        for (uint32_t i = 0; i < pattern->length; i++)
            put_event(raw, pattern->ops[i]);
        sn_text_add(&raw->out, "\n", 1);
        if (raw->out.length >= BATCH && flush(raw, err) < 0)
            return err->code;
    }
    raw->deadlock_count = patterns->of.count;
    if (patterns->exhausted)
        sn_say("warning: there are more cycles of locks than were looked at");
    return 0;
}

static int tell_summary(struct raw *raw, struct sn_error *err)
{
    const uint64_t numbers[] = {raw->events,        raw->run.threads, raw->run.locks,
                                raw->run.variables, raw->racy_events, raw->racy_variables,
                                raw->deadlock_count};
    sn_text_puts(&raw->out, "summary");
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        put_number(&raw->out, numbers[i]);
    sn_text_puts(&raw->out, "\n");
    return flush(raw, err);
}

/* STD. ---------------------------------------------------------------------------------------- */

static void count_names(struct raw *raw)
{
    raw->run.threads = tr_std_count(raw->std, TR_STD_THREAD);
    raw->run.locks = tr_std_count(raw->std, TR_STD_LOCK);
    raw->run.variables = tr_std_count(raw->std, TR_STD_VARIABLE);
}

/* Hands the text on as it comes. */
static int follow(struct raw *raw, struct sn_error *err)
{
    struct tr_op ops[OPS];
    int64_t count;
    int code = 0;
    void *self = raw->relation->open(&raw->found);
    while (code == 0 && (count = tr_std_next(raw->std, ops, OPS, err)) != 0) {
        if (count > 0) {
            raw->relation->ops(self, ops, (size_t)count);
            raw->events += (uint64_t)count;
        }
        code = count < 0 ? (int)count : tell_races(raw, err);
        if (raw->events > AN_NUMBERS)
            code = sn_fail(err, SN_E_LIMIT, NULL, SN_NO_OFFSET, "there are more than %u events",
                           AN_NUMBERS);
        sn_progress_show(&raw->progress, tr_std_progress(raw->std));
    }
    raw->relation->close(self);
    count_names(raw);
    return code;
}

static int collect(struct raw *raw, struct sn_error *err)
{
    int64_t count;
    do {
        vec_reserve(&raw->run.ops, OPS);
        count = tr_std_next(raw->std, raw->run.ops.at + raw->run.ops.count, OPS, err);
        raw->run.ops.count += count > 0 ? (size_t)count : 0;
        sn_progress_show(&raw->progress, tr_std_progress(raw->std));
    } while (count > 0);
    raw->events = raw->run.ops.count;
    if (count == 0 && raw->events > AN_NUMBERS)
        return sn_fail(err, SN_E_LIMIT, NULL, SN_NO_OFFSET, "there are more than %u events",
                       AN_NUMBERS);
    count_names(raw);
    return (int)count;
}

static unsigned workers(const struct sn_settings *settings)
{
    long online = settings->jobs ? (long)settings->jobs : sysconf(_SC_NPROCESSORS_ONLN);
    return online > 1 ? (unsigned)online : 1;
}

static int look_at_whole(struct raw *raw, struct sn_error *err)
{
    int code = 0;
    if (raw->relation) {
        an_relation_apply(raw->relation, &raw->run, workers(raw->settings), &raw->found);
        code = tell_races(raw, err);
    }
    if (raw->deadlocks && code == 0) {
        struct an_patterns patterns = {0};
        an_patterns_find(&raw->run, raw->settings->analysis.deadlock_length,
                         raw->deadlocks == SN_DEADLOCKS_SPD ? AN_PATTERNS_PROVED : 0,
                         workers(raw->settings), &patterns);
        code = tell_deadlocks(raw, &patterns, err);
        an_patterns_release(&patterns);
    }
    return code;
}

static int list_std(struct raw *raw, const char *path, struct sn_error *err)
{
    if (tr_std_open(&raw->std, path, err) < 0)
        return err->code;
    if (raw->relation && raw->relation->ops && !raw->deadlocks)
        return follow(raw, err);
    int code = collect(raw, err);
    return code < 0 ? code : look_at_whole(raw, err);
}

/* Recorded traces, and extended STD. ------------------------------------------------------------
 */

/* To the end, where the damage is known. */
static int read_through(struct raw *raw, const char *path, struct sn_error *err)
{
    struct tr_event ev;
    int more;
    while ((more = tr_reader_next(raw->trace.reader, &ev, err)) > 0)
        continue;
    const struct tr_damage *damage = tr_reader_damage(raw->trace.reader);
    if (more == 0 && damage->places)
        sn_say("warning: %s: byte %llu: %s; the rest is looked at", path,
               (unsigned long long)damage->first_offset, damage->first_reason);
    return more;
}

static void count_objects(struct raw *raw, const struct an_world *world)
{
    const struct tr_xstd *xstd = raw->trace.xstd;
    raw->events = xstd ? tr_xstd_lines(xstd) : world->events;
    if (xstd) {
        raw->run.threads = tr_xstd_threads(xstd);
        raw->run.locks = tr_xstd_locks(xstd);
        raw->run.variables = tr_xstd_variables(xstd);
        return;
    }
    raw->run.locks = 0;
    vec_each (struct an_object *, object, &world->objects.all)
        raw->run.locks += an_type_is_lock((*object)->type);
}

static int list_trace(struct raw *raw, const char *path, struct sn_error *err)
{
    struct an_world world;
    const struct an_collect_options options = {.bounded = true};
    if (sn_trace_open(&raw->trace, path, raw->settings->input, err) < 0)
        return err->code;
    int code = read_through(raw, path, err);
    if (code < 0)
        return code;
    code = an_collect(raw->trace.reader, &options, &world, &raw->run, err);
    if (code == 0 && raw->run.cut)
        code = sn_fail(err, SN_E_LIMIT, path, SN_NO_OFFSET,
                       "memory does for the first %llu events alone",
                       (unsigned long long)raw->run.cut);
    if (code == 0)
        code = look_at_whole(raw, err);
    count_objects(raw, &world);
    an_world_release(&world);
    return code;
}

int sn_raw_list(const struct sn_settings *settings, const char *path, struct sn_error *err)
{
    struct raw raw = {
        .settings = settings, .relation = settings->relation, .deadlocks = settings->deadlocks};
    if (!raw.relation && !raw.deadlocks) {
        raw.relation = an_relation_find("shb");
        raw.deadlocks = SN_DEADLOCKS_SPD;
    }
    sn_progress_start(&raw.progress, "snarl: analyzing", path);
    bool plain = sn_input_form(path, settings->input) == SN_INPUT_STD;
    int code = plain ? list_std(&raw, path, err) : list_trace(&raw, path, err);
    sn_progress_end(&raw.progress);
    struct sn_error later; /* what came before the trouble is told all the same */
    if (code < 0)
        flush(&raw, &later);
    else
        code = tell_summary(&raw, err);
    tr_std_close(raw.std);
    sn_trace_close(&raw.trace);
    sn_text_release(&raw.out);
    an_run_release(&raw.run);
    vec_release(&raw.found.of);
    vec_release(&raw.racy);
    return code;
}
