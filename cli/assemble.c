/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/assemble.h"

#include "cli/input.h"
#include "cli/progress.h"
#include "cli/suppress.h"
#include "cli/trouble.h"
#include "finding/activity.h"
#include "finding/json.h"
#include "finding/locking.h"
#include "symbols/compiler.h"
#include "trace/live.h"

#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int sn_assembly_init(struct sn_assembly *assembly, const struct sn_settings *settings,
                     struct sn_error *err)
{
    *assembly = (struct sn_assembly){.settings = settings, .analysis = settings->analysis};
    sn_report_init(&assembly->report);
    assembly->report.complete = true;
    assembly->report.exit_status = -1;
    sn_report_init(&assembly->baseline);
    int code = sn_suppress_read(&assembly->suppressions, settings, err);
    if (code < 0 || !settings->baseline)
        return code;
    return sn_json_read(&assembly->baseline, settings->baseline, err);
}

void sn_assembly_release(struct sn_assembly *assembly)
{
    sn_report_release(&assembly->report);
    sn_report_release(&assembly->baseline);
    sn_suppressions_release(&assembly->suppressions);
}

void sn_assembly_warn(struct sn_assembly *assembly, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    struct sn_report *report = &assembly->report;
    const char *kept = sn_strdup(&report->arena, text);
    report->complete = false;
    if (!report->incomplete_reason)
        report->incomplete_reason = kept;
    else
        *vec_push(&report->notes) = kept;
    if (!assembly->told_in_text)
        sn_say("warning: %s", text);
}

/* The report's number of the process with this pid; of several (exec keeps the pid) the last. */
static uint32_t process_by_pid(const struct sn_report *report, uint32_t pid)
{
    for (size_t i = report->processes.count; i-- > 0;)
        if (report->processes.at[i].pid == (int)pid)
            return report->processes.at[i].id;
    return 0;
}

static void add_process(struct sn_report *report, const struct tr_reader *reader)
{
    const struct tr_header *header = tr_reader_header(reader);
    uint32_t parent = process_by_pid(report, header->parent_pid);
    struct sn_process *process = vec_push(&report->processes);
    process->id = (uint32_t)report->processes.count;
    process->pid = (int)header->pid;
    process->parent = parent;
    char *const *arguments = tr_reader_arguments(reader, &process->argc);
    process->argv = SN_NEW_ARRAY(&report->arena, const char *, process->argc + 1);
    for (size_t i = 0; i < process->argc; i++)
        process->argv[i] = sn_strdup(&report->arena, arguments[i]);
    if (report->processes.count > 1 || report->argc)
        return;
    report->argv = process->argv;
    report->argc = process->argc;
    report->pid = process->pid;
}

/* The recorder was ready to hear of accesses; was there any code that tells them? */
static unsigned access_source(const struct sn_trace *trace)
{
    const struct tr_reader *reader = trace->reader;
    if (trace->xstd)
        return tr_reader_header(reader)->access_source;
    size_t count;
    const struct tr_module *modules = tr_reader_modules(reader, &count);
    for (size_t i = 0; i < count; i++)
        if (modules[i].access_source != TR_SOURCE_NONE)
            return tr_reader_header(reader)->access_source;
    return TR_SOURCE_NONE;
}

/* That the report is incomplete, and why, the analyzer has noted in it. */
static void tell_damage(struct sn_assembly *assembly, const struct tr_reader *reader,
                        uint64_t events)
{
    const struct tr_damage *damage = tr_reader_damage(reader);
    if (!damage->places)
        return;
    if (!damage->cut || !events)
        assembly->damaged++;
    sn_say("warning: %s: byte %" PRIu64 ": %s; %s", tr_reader_path(reader), damage->first_offset,
           damage->first_reason,
           damage->places > 1 ? "there are more such places, the rest was analyzed"
           : damage->cut      ? "what precedes it was analyzed"
                              : "the rest was analyzed");
}

static bool unnamed(const struct sn_report *report)
{
    return (report->activities.count && !(*vec_last(&report->activities))->named) ||
           (report->lockings.count && !(*vec_last(&report->lockings))->named);
}

/* PROCESS as in sn_symbols_report. */
static void name_findings(struct sn_assembly *assembly, const struct sn_trace *trace, size_t first,
                          uint32_t process)
{
    struct sn_report *report = &assembly->report;
    if (report->findings.count <= first && !unnamed(report))
        return;
    struct sn_symbols *symbols = sn_symbols_open(trace->reader, &assembly->settings->symbols);
    sn_trace_name_objects(trace, report, first);
    sn_symbols_report(symbols, report, first, process);
    sn_trace_name_places(trace, report, first);
    sn_symbols_close(symbols);
}

static bool hides_reads(const struct an_options *options, const struct tr_module *module)
{
    return sn_hides_reads(module, options->sysroot);
}

static int analyze(struct sn_assembly *assembly, const struct sn_trace *trace, struct sn_error *err)
{
    struct tr_reader *reader = trace->reader;
    struct sn_report *report = &assembly->report;
    size_t first = report->findings.count;
    struct sn_progress progress;
    assembly->analysis.hides_reads = hides_reads;
    assembly->analysis.forks = &assembly->forks;
    assembly->analysis.processes = &assembly->processes;
    assembly->analysis.sysroot = assembly->settings->symbols.sysroot;
    sn_progress_start(&progress, "snarl: analyzing", tr_reader_path(reader));
    int ret = an_analyze(reader, report, &assembly->analysis, sn_progress_show, &progress, err);
    sn_progress_end(&progress);
    name_findings(assembly, trace, first, 0);
    return ret;
}

/* What the threads wrote while the trace is read would be there in part. */
static int open_copy(struct tr_reader **reader, const char *path, struct sn_error *err)
{
    static unsigned number;
    char copy[PATH_MAX];
    const char *directory = getenv("TMPDIR");
    struct stat status;
    if (!directory || stat(directory, &status) < 0)
        directory = "/tmp";
    snprintf(copy, sizeof copy, "%s/snarl-copy.%d.%u", directory, getpid(), ++number);
    if (tr_live_copy(path, copy, 0, err) < 0)
        return err->code;
    int code = tr_reader_open(reader, copy, err);
    unlink(copy);
    return code;
}

int sn_assembly_add(struct sn_assembly *assembly, const char *path, bool living,
                    struct sn_error *err)
{
    struct sn_report *report = &assembly->report;
    struct sn_trace trace = {0};
    if ((living ? open_copy(&trace.reader, path, err)
                : sn_trace_open(&trace, path, assembly->settings->input, err)) < 0)
        return err->code;
    struct tr_reader *reader = trace.reader;
    *vec_push(&report->traces) = sn_strdup(&report->arena, path);
    add_process(report, reader);
    unsigned source = access_source(&trace);
    assembly->access_source = source > assembly->access_source ? source : assembly->access_source;
    assembly->threaded |= tr_reader_header(reader)->threads > 1;
    uint64_t before = report->events;
    struct sn_error trouble;
    if (analyze(assembly, &trace, &trouble) < 0) {
        char text[1024];
        assembly->damaged++;
        sn_assembly_warn(assembly, "%s", sn_error_format(&trouble, text, sizeof text));
    }
    tell_damage(assembly, reader, report->events - before);
    assembly->traces++;
    sn_trace_close(&trace);
    return 0;
}

static void note_accesses(struct sn_assembly *assembly)
{
    static const char *const names[] = {"none", "tsan", "rewrite"};
    struct sn_report *report = &assembly->report;
    report->access_source = names[assembly->access_source < 3 ? assembly->access_source : 0];
    if (assembly->access_source != TR_SOURCE_NONE || !assembly->threaded)
        return;
    *vec_push(&report->notes) = sn_sprintf(
        &report->arena, "shared accesses were not recorded%s%s%s: data races cannot be seen",
        assembly->no_accesses ? " (" : "", assembly->no_accesses ? assembly->no_accesses : "",
        assembly->no_accesses ? ")" : "");
}

/* Opens the trace of the process PID, if it is one of those that were added. */
static bool open_process(struct sn_assembly *assembly, struct sn_trace *trace, uint32_t pid)
{
    struct sn_error err;
    vec_each (const char *, path, &assembly->report.traces) {
        if (sn_trace_open(trace, *path, assembly->settings->input, &err) < 0)
            continue;
        if (tr_reader_header(trace->reader)->pid == pid)
            return true;
        sn_trace_close(trace);
    }
    return false;
}

/* What is known only once parents and children were looked at. */
static void tell_forks(struct sn_assembly *assembly)
{
    struct sn_report *report = &assembly->report;
    uint32_t parent;
    while ((parent = an_forks_parent(&assembly->forks))) {
        struct sn_trace trace = {0};
        struct sn_error err;
        size_t first = report->findings.count;
        bool open = open_process(assembly, &trace, parent);
        (void)an_forks_tell(&assembly->forks, parent, open ? trace.reader : NULL, report,
                            &assembly->analysis, &err);
        if (open) {
            name_findings(assembly, &trace, first, 0);
            sn_trace_close(&trace);
        }
    }
    an_forks_release(&assembly->forks, report);
}

/* What processes do to each other in memory that they share. */
static void tell_processes(struct sn_assembly *assembly)
{
    struct sn_report *report = &assembly->report;
    VEC(struct sn_trace) traces = {0};
    VEC(struct tr_reader *) readers = {0};
    VEC(uint32_t) ids = {0};
    struct sn_error err;
    size_t first = report->findings.count;
    for (size_t i = 0; i < report->processes.count; i++) {
        struct sn_trace trace = {0};
        uint32_t id = report->processes.at[i].id;
        if (!an_processes_shares(&assembly->processes, id) ||
            sn_trace_open(&trace, report->traces.at[i], assembly->settings->input, &err) < 0)
            continue;
        *vec_push(&traces) = trace;
        *vec_push(&readers) = trace.reader;
        *vec_push(&ids) = id;
    }
    if (readers.count > 1 && an_processes_tell(readers.at, ids.at, readers.count, report,
                                               &assembly->analysis, &first, &err) < 0)
        sn_assembly_warn(assembly, "%s", err.text);
    for (size_t i = 0; i < traces.count; i++) {
        name_findings(assembly, &traces.at[i], first, ids.at[i]);
        sn_trace_close(&traces.at[i]);
    }
    vec_release(&traces);
    vec_release(&readers);
    vec_release(&ids);
    an_processes_release(&assembly->processes);
}

void sn_assembly_finish(struct sn_assembly *assembly)
{
    tell_forks(assembly);
    tell_processes(assembly);
    note_accesses(assembly);
    sn_report_fingerprint(&assembly->report);
    sn_suppress_apply(&assembly->suppressions, &assembly->report);
    sn_report_apply_baseline(&assembly->report, &assembly->baseline);
    sn_report_summarize(&assembly->report, &assembly->settings->gate);
}
