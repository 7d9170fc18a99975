/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/input.h"

#include "finding/activity.h"
#include "trace/std.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOOKED_AT = 64 << 10 };

static enum sn_input form_of_bytes(const char *bytes, size_t size)
{
    if (!tr_std_looks_like(bytes, size))
        return SN_INPUT_SNARL;
    return tr_xstd_looks_like(bytes, size) ? SN_INPUT_XSTD : SN_INPUT_STD;
}

enum sn_input sn_input_form(const char *path, enum sn_input said)
{
    size_t length = strlen(path);
    if (said != SN_INPUT_AUTO)
        return said;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat status;
    enum sn_input form = SN_INPUT_SNARL;
    if (fd >= 0 && fstat(fd, &status) == 0) {
        char *bytes = sn_malloc(LOOKED_AT);
        ssize_t size = S_ISREG(status.st_mode) ? pread(fd, bytes, LOOKED_AT, 0) : 0;
        if (S_ISFIFO(status.st_mode))
            form = SN_INPUT_STD;
        else if (size > 0)
            form = form_of_bytes(bytes, (size_t)size);
        free(bytes);
    }
    if (fd >= 0)
        close(fd);
    /* Its extended words may stand far behind. */
    if (form == SN_INPUT_STD && length > 5 && strcmp(path + length - 5, ".xstd") == 0)
        form = SN_INPUT_XSTD;
    return form;
}

int sn_trace_open(struct sn_trace *trace, const char *path, enum sn_input said,
                  struct sn_error *err)
{
    *trace = (struct sn_trace){0};
    if (sn_input_form(path, said) == SN_INPUT_SNARL)
        return tr_reader_open(&trace->reader, path, err);
    int code = tr_xstd_open(&trace->xstd, path, err);
    if (code == 0)
        trace->reader = tr_xstd_reader(trace->xstd);
    return code;
}

void sn_trace_close(struct sn_trace *trace)
{
    if (trace->xstd)
        tr_xstd_close(trace->xstd);
    else
        tr_reader_close(trace->reader);
    *trace = (struct sn_trace){0};
}

static void name_locks(const struct sn_trace *trace, struct sn_report *report,
                       struct sn_finding *finding)
{
    vec_each (struct sn_lock *, lock, &finding->locks)
        if (!(*lock)->name)
            (*lock)->name = sn_strdup(&report->arena, tr_xstd_name(trace->xstd, (*lock)->address));
}

void sn_trace_name_objects(const struct sn_trace *trace, struct sn_report *report, size_t first)
{
    if (!trace->xstd)
        return;
    vec_each (struct sn_activity *, activity, &report->activities)
        name_locks(trace, report, &(*activity)->cast);
    for (size_t i = first; i < report->findings.count; i++) {
        struct sn_finding *finding = report->findings.at[i];
        name_locks(trace, report, finding);
        struct sn_variable *variable = finding->variable;
        if (variable && !variable->name)
            variable->name =
                sn_strdup(&report->arena, tr_xstd_name(trace->xstd, variable->address));
    }
}

static void name_places(struct sn_report *report, struct sn_stack *stack)
{
    for (size_t i = 0; i < stack->count; i++) {
        struct sn_frame *frame = &stack->frames[i];
        if (!frame->function && frame->pc)
            frame->function =
                sn_sprintf(&report->arena, "location %d", (int)(int32_t)(frame->pc - 1));
    }
}

static void name_all_places(struct sn_report *report, struct sn_finding *finding)
{
    vec_each (struct sn_thread *, thread, &finding->threads)
        name_places(report, &(*thread)->created_at);
    vec_each (struct sn_lock *, lock, &finding->locks)
        name_places(report, &(*lock)->created_at);
    vec_each (struct sn_site, site, &finding->sites)
        name_places(report, &site->stack);
    vec_each (struct sn_step, step, &finding->witness)
        name_places(report, &(struct sn_stack){&step->at, 1});
    if (finding->variable)
        name_places(report, &finding->variable->allocated_at);
}

void sn_trace_name_places(const struct sn_trace *trace, struct sn_report *report, size_t first)
{
    if (!trace->xstd)
        return;
    vec_each (struct sn_activity *, activity, &report->activities)
        name_all_places(report, &(*activity)->cast);
    for (size_t i = first; i < report->findings.count; i++)
        name_all_places(report, report->findings.at[i]);
}
