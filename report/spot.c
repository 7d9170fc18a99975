/* SPDX-License-Identifier: Apache-2.0 */
#include "report/spot.h"

#include "base/utf8.h"
#include "finding/stack.h"
#include "report/tell.h"

#include <limits.h>
#include <string.h>

/* Columns of debug information count bytes. A line that is not UTF-8 has one character a byte. */
static uint32_t characters(const char *from, const char *to)
{
    uint32_t count = 0;
    for (; from < to && *from; count++)
        from = sn_utf8_skip(from, 1);
    return count;
}

/* Where the source was looked at, the region is the very expression. */
static bool is_expression(const struct sn_frame *frame)
{
    const struct sn_expression *expression = frame->expression;
    return expression && expression->line == frame->line && expression->column &&
           (expression->end_line > expression->line ||
            (expression->end_line == expression->line &&
             expression->end_column > expression->column));
}

static void find_region(struct sn_spot *spot, const struct sn_frame *frame, const char *line)
{
    if (is_expression(frame)) {
        spot->column = frame->expression->column;
        spot->end_line = frame->expression->end_line;
        spot->end = frame->expression->end_column;
        return;
    }
    size_t length = line ? strlen(line) : 0;
    size_t bytes = frame->column ? frame->column - 1 : line ? strspn(line, " \t") : 0;
    bool known = bytes < length;
    spot->column = known ? characters(line, line + bytes) + 1 : frame->column ? frame->column : 1;
    spot->end = known ? characters(line, line + length) + 1 : spot->column;
}

/* The name alone of what PATH leads to, or NULL where that is no name of a file. */
static const char *file_name(const char *path)
{
    const char *name = sn_base_name(path);
    bool named = name && *name && strlen(name) <= NAME_MAX && strcmp(name, ".") != 0 &&
                 strcmp(name, "..") != 0;
    return named ? name : NULL;
}

struct sn_spot sn_spot_of_frame(struct sn_sources *sources, const struct sn_frame *frame)
{
    struct sn_spot spot = {.line = 1, .column = 1, .end_line = 1, .end = 1};
    const char *path = frame && frame->line ? sn_sources_within(sources, frame->file) : NULL;
    if (path) {
        spot.path = path;
        spot.is_source = true;
        spot.line = spot.end_line = frame->line;
        find_region(&spot, frame, sn_sources_line(sources, frame->file, frame->line));
    } else if (frame) {
        spot.path = file_name(frame->module);
    }
    return spot;
}

const struct sn_frame *sn_spot_frame(struct sn_sources *sources, const struct sn_stack *stack)
{
    struct sn_stack rest = sn_stack_trim(stack);
    for (size_t i = 0; i < rest.count; i++) {
        const struct sn_frame *frame = &rest.frames[i];
        if (frame->line && sn_frame_is_own(frame) && sn_sources_within(sources, frame->file))
            return frame;
    }
    return sn_stack_place(stack);
}

struct sn_spot sn_spot_of_stack(struct sn_sources *sources, const struct sn_stack *stack)
{
    return sn_spot_of_frame(sources, sn_spot_frame(sources, stack));
}

void sn_tell_spot(struct sn_text *out, struct sn_sources *sources, const struct sn_stack *stack)
{
    const struct sn_frame *frame = sn_spot_frame(sources, stack);
    struct sn_spot spot = sn_spot_of_frame(sources, frame);
    if (spot.is_source)
        sn_text_printf(out, "%s:%u", spot.path, spot.line);
    else if (frame)
        sn_tell_place(out, frame);
}

/* Fills SPOT in if that has no source yet, and STACK has one. */
static void try_stack(struct sn_spot *spot, struct sn_sources *sources,
                      const struct sn_stack *stack)
{
    if (spot->is_source)
        return;
    struct sn_spot found = sn_spot_of_stack(sources, stack);
    if (found.is_source || (!spot->path && found.path))
        *spot = found;
}

struct sn_spot sn_spot_of_finding(struct sn_sources *sources, const struct sn_report *report,
                                  const struct sn_finding *finding)
{
    struct sn_spot spot = {.line = 1, .column = 1, .end_line = 1, .end = 1};
    vec_each (const struct sn_site, site, &finding->sites)
        try_stack(&spot, sources, &site->stack);
    if (finding->variable) {
        struct sn_frame *declared_at = &finding->variable->declared_at;
        try_stack(&spot, sources, &(struct sn_stack){declared_at, 1});
        try_stack(&spot, sources, &finding->variable->allocated_at);
    }
    vec_each (struct sn_thread *, thread, &finding->threads)
        try_stack(&spot, sources, &(*thread)->created_at);
    vec_each (struct sn_lock *, lock, &finding->locks)
        try_stack(&spot, sources, &(*lock)->created_at);
    const char *program = file_name(report->argc ? report->argv[0] : NULL);
    if (!spot.path)
        spot.path = program ? program : "program";
    return spot;
}
