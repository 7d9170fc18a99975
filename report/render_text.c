/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report as a story, for people:
 *
 *     error: data race on garlic_count [data-race, observed]
 *
 *       Thread 1 (Olivia), created by main at garlic.c:31
 *         1. writes garlic_count, holding no lock
 *              #0 shopper  garlic.c:14
 *                     13 |     for (long i = 0; i < n; i++)
 *                  >  14 |         garlic_count++;
 *
 * A finding's sites come in its own order, under the thread they belong to; then the witness, why
 * it is wrong, what to do, and where locks and variable come from. No hazard is told apart here:
 * sites, roles and texts say it all.
 */
#include "report/renderer.h"

#include "base/map.h"
#include "base/utf8.h"
#include "finding/index.h"
#include "finding/stack.h"
#include "finding/suppress/suppress.h"
#include "report/page.h"
#include "report/sources.h"
#include "report/suppressions.h"
#include "report/tell.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { THREADS = 2, SITES = 4, STACKS = 9, FUNCTIONS = 32, STEPS = 40, STEP = 8, TABLE_WIDTH = 80 };

struct story {
    struct sn_page page;
    const struct sn_report *report;
    const struct sn_render_options *options;
    struct sn_sources sources;
    struct sn_text text; /* of the sentence at hand */
    size_t possible;     /* findings that are no more than that, so far */
    struct sn_map told;  /* causes of which a finding was told in full, by hash */
};

enum {
    POSSIBLE_STORIES = 3, /* of the others only the names are told */
    COUSINS = 8,          /* findings of the same cause that are named below the first */
};

typedef unsigned long long ull;

static struct sn_text *sentence(struct story *story)
{
    sn_text_clear(&story->text);
    sn_text_puts(&story->text, "");
    return &story->text;
}

static enum sn_style severity_style(enum sn_severity severity)
{
    return severity == SN_SEVERITY_ERROR     ? SN_RED
           : severity == SN_SEVERITY_WARNING ? SN_YELLOW
                                             : SN_CYAN;
}

/* A paragraph with a label: "Id: ...". */
static void paragraph(struct story *story, const char *label, const char *text)
{
    struct sn_page *page = &story->page;
    sn_page_indent(page, THREADS);
    sn_page_elided(page, SN_BOLD, label, page->width / 2);
    sn_page_put(page, SN_PLAIN, " ");
    sn_page_flow(page, SN_PLAIN, text, THREADS + 2);
    sn_page_newline(page);
}

/* The same of LENGTH bytes that may have several lines: the analyses' own words. */
static void paragraphs(struct story *story, const char *label, const char *text, size_t length)
{
    struct sn_text line = {0};
    for (const char *at = text, *end = text + length; at < end;) {
        const char *newline = memchr(at, '\n', (size_t)(end - at)), *stop = newline ? newline : end;
        sn_text_clear(&line);
        sn_text_add(&line, at, (size_t)(stop - at));
        at = stop + 1;
        if (!line.at[strspn(line.at, " ")])
            continue;
        if (label) {
            paragraph(story, label, line.at);
        } else {
            sn_page_indent(&story->page, THREADS + 2);
            sn_page_flow(&story->page, SN_PLAIN, line.at, THREADS + 2);
            sn_page_newline(&story->page);
        }
        label = NULL;
    }
    sn_text_release(&line);
}

static void header(struct story *story, const struct sn_finding *finding)
{
    struct sn_page *page = &story->page;
    struct sn_text *text = sentence(story);
    sn_page_put(page, severity_style(finding->severity), sn_severity_name(finding->severity));
    sn_page_put(page, severity_style(finding->severity), ": ");
    if (finding->title)
        sn_text_puts(text, finding->title);
    else
        sn_text_puts(text, sn_hazards[finding->kind].id);
    sn_text_printf(text, " [%s, %s%s%s]", sn_hazards[finding->kind].id,
                   sn_level_name(finding->level), finding->status == SN_NEW ? "" : ", ",
                   finding->status == SN_NEW ? "" : sn_status_name(finding->status));
    sn_page_flow(page, SN_BOLD, text->at, 4);
    sn_page_newline(page);
}

/* "created by main at garlic.c:31" */
static void tell_origin(struct sn_text *out, const char *verb, const struct sn_stack *stack)
{
    const struct sn_frame *place = sn_stack_place(stack);
    if (!place)
        return;
    sn_text_printf(out, ", %s by ", verb);
    sn_tell_function(out, place);
    sn_text_puts(out, " at ");
    sn_tell_place(out, place);
}

/* Columns that the first COUNT characters of TEXT take on the page. */
static size_t width_of(const char *text, uint32_t count)
{
    struct sn_text head = {0}, safe = {0};
    sn_text_puts(&head, "");
    sn_text_add(&head, text, (size_t)(sn_utf8_skip(text, count) - text));
    size_t columns = sn_escape(&safe, head.at);
    sn_text_release(&head);
    sn_text_release(&safe);
    return columns;
}

/* Below the line SOURCE, whose text begins at column START: the expression, and what it is. */
static void underline(struct story *story, const struct sn_expression *expression,
                      const char *source, size_t start)
{
    struct sn_page *page = &story->page;
    bool one_line = expression->end_line == expression->line;
    size_t from = width_of(source, expression->column - 1);
    size_t to = width_of(source, one_line ? expression->end_column - 1 : UINT32_MAX);
    if (start + to > page->width || to <= from)
        return;
    sn_page_indent(page, start - 2);
    sn_page_put(page, SN_DIM, "|");
    sn_page_indent(page, start + from);
    struct sn_text *text = sentence(story);
    sn_text_puts(text, "^");
    for (size_t i = from + 1; i < to; i++)
        sn_text_puts(text, "~");
    sn_page_put(page, SN_GREEN, text->at);
    const char *name = expression->declaration.name, *type = expression->declaration.type;
    if (name && type && page->column + 20 < page->width) {
        text = sentence(story);
        bool same = expression->text && strcmp(name, expression->text) == 0;
        sn_text_printf(text, " %s%s%s", same ? "" : name, same ? "" : ": ", type);
        sn_page_elided(page, SN_DIM, text->at, page->width - page->column);
    }
    sn_page_newline(page);
}

static void source_line(struct story *story, const struct sn_frame *frame, uint32_t line,
                        size_t column)
{
    struct sn_page *page = &story->page;
    const char *source = sn_sources_line(&story->sources, frame->file, line);
    bool marked = line == frame->line;
    if (!source || (!marked && !source[strspn(source, " \t")]))
        return;
    char number[32];
    snprintf(number, sizeof number, "%s%5u | ", marked ? ">" : " ", line);
    sn_page_indent(page, column);
    sn_page_put(page, marked ? SN_GREEN : SN_DIM, number);
    size_t rest = page->width > page->column + 20 ? page->width - page->column : 20;
    size_t start = page->column;
    sn_page_elided(page, marked ? SN_PLAIN : SN_DIM, source, rest);
    sn_page_newline(page);
    const struct sn_expression *expression = marked ? frame->expression : NULL;
    if (expression && expression->line == line && expression->column &&
        start + width_of(source, UINT32_MAX) <= page->width)
        underline(story, expression, source, start);
}

static void excerpt(struct story *story, const struct sn_frame *frame, size_t column)
{
    if (!frame->line || !sn_sources_line(&story->sources, frame->file, frame->line))
        return;
    for (uint32_t line = frame->line > 1 ? frame->line - 1 : 1; line <= frame->line + 1; line++)
        source_line(story, frame, line, column);
}

static void frame_line(struct story *story, const struct sn_frame *frame, size_t number,
                       size_t column, size_t functions)
{
    struct sn_page *page = &story->page;
    char label[24];
    snprintf(label, sizeof label, "#%zu ", number);
    sn_page_indent(page, column);
    sn_page_put(page, SN_DIM, label);
    size_t start = page->column, room = page->width > start + 24 ? page->width - start : 24;
    if (story->options->verbose)
        room = SIZE_MAX;

    struct sn_text *text = sentence(story);
    sn_tell_function(text, frame);
    sn_page_elided(page, SN_BOLD, text->at, room == SIZE_MAX ? room : room / 2);
    sn_page_indent(page, start + functions);
    sn_page_put(page, SN_PLAIN, "  ");
    text = sentence(story);
    sn_tell_place(text, frame);
    if (frame->inlined)
        sn_text_puts(text, " (inlined)");
    size_t used = page->column - start;
    sn_page_elided(page, SN_PLAIN, text->at, room > used + 8 ? room - used : 8);
    sn_page_newline(page);
}

/* Columns for the functions' names, so that the places stand below each other. */
static size_t function_columns(const struct sn_stack *stack)
{
    struct sn_text name = {0}, safe = {0};
    size_t columns = 0;
    for (size_t i = 0; i < stack->count; i++) {
        sn_text_clear(&name);
        sn_text_clear(&safe);
        sn_tell_function(&name, &stack->frames[i]);
        if (name.length > 4 * FUNCTIONS) /* bytes of a character */
            continue;
        size_t width = sn_escape(&safe, name.at);
        if (width > columns && width <= FUNCTIONS)
            columns = width;
    }
    sn_text_release(&name);
    sn_text_release(&safe);
    return columns;
}

static void tell_stack(struct story *story, const struct sn_stack *whole, size_t column)
{
    struct sn_stack stack = story->options->verbose ? *whole : sn_stack_trim(whole);
    const struct sn_frame *place = sn_stack_place(whole);
    size_t functions = function_columns(&stack);
    for (size_t i = 0; i < stack.count; i++) {
        frame_line(story, &stack.frames[i], i, column, functions);
        /* What a wrapper was handed is named where it is called. */
        if (&stack.frames[i] == place || stack.frames[i].expression)
            excerpt(story, &stack.frames[i], column + 3);
    }
    if (stack.count == 0) {
        sn_page_indent(&story->page, column);
        sn_page_put(&story->page, SN_DIM, "(no stack was recorded)");
        sn_page_newline(&story->page);
    }
}

static void thread_heading(struct story *story, const struct sn_finding *finding,
                           const struct sn_site *site)
{
    struct sn_text *text = sentence(story);
    const struct sn_thread *thread = sn_finding_thread(finding, site->process, site->thread);
    sn_tell_thread(text, story->report, finding, site->process, site->thread);
    text->at[0] = (char)toupper((unsigned char)text->at[0]);
    if (thread)
        tell_origin(text, "created", &thread->created_at);
    sn_page_indent(&story->page, THREADS);
    sn_page_flow(&story->page, SN_BOLD, text->at, THREADS + 2);
    sn_page_newline(&story->page);
}

static void tell_sites(struct story *story, const struct sn_finding *finding)
{
    const struct sn_site *last = NULL;
    size_t number = 0;
    vec_each (const struct sn_site, site, &finding->sites) {
        char label[24];
        snprintf(label, sizeof label, "%zu. ", ++number);
        if (!last || last->thread != site->thread || last->process != site->process)
            thread_heading(story, finding, site);
        last = site;
        struct sn_text *text = sentence(story);
        sn_tell_site(text, story->report, finding, site);
        sn_page_indent(&story->page, SITES);
        sn_page_put(&story->page, SN_PLAIN, label);
        sn_page_flow(&story->page, SN_PLAIN, text->at, SITES + 3);
        sn_page_newline(&story->page);
        tell_stack(story, &site->stack, STACKS);
    }
}

static void tell_step(struct story *story, const struct sn_finding *finding, size_t index)
{
    struct sn_page *page = &story->page;
    const struct sn_step *step = &finding->witness.at[index];
    struct sn_text *text = sentence(story);
    sn_tell_thread(text, story->report, finding, finding->process, step->thread);
    sn_page_elided(page, SN_PLAIN, text->at, 24);
    sn_page_indent(page, 34);
    sn_page_elided(page, SN_BOLD, step->what ? step->what : "", 34);
    sn_page_indent(page, 70);
    text = sentence(story);
    if (step->at.file || step->at.module)
        sn_tell_place(text, &step->at);
    sn_page_elided(page, SN_PLAIN, text->at, page->width > 80 ? page->width - 70 : 10);
    sn_page_newline(page);
}

/* The two threads of a witness, which stand side by side; false: there are others. */
static bool are_two(const struct sn_finding *finding, uint32_t threads[2])
{
    size_t count = 0;
    vec_each (const struct sn_step, step, &finding->witness) {
        if ((count > 0 && step->thread == threads[0]) || (count > 1 && step->thread == threads[1]))
            continue;
        if (count == 2)
            return false;
        threads[count++] = step->thread;
    }
    return count == 2;
}

static size_t column_of(const struct story *story, size_t which)
{
    return STEP + which * (story->page.width - STEP) / 2;
}

static void tell_column(struct story *story, size_t which, enum sn_style style, const char *text)
{
    sn_page_indent(&story->page, column_of(story, which));
    sn_page_elided(&story->page, style, text, column_of(story, 1) - STEP - 2);
}

static void tell_heads(struct story *story, const struct sn_finding *finding,
                       const uint32_t threads[2])
{
    for (size_t i = 0; i < 2; i++) {
        struct sn_text *text = sentence(story);
        sn_tell_thread(text, story->report, finding, finding->process, threads[i]);
        tell_column(story, i, SN_BOLD, text->at);
    }
    sn_page_newline(&story->page);
}

/* "lock chopstick_a  philosophers.c:10", in its thread's column. */
static void tell_step_of_two(struct story *story, const struct sn_step *step, size_t which)
{
    struct sn_frame place = step->at;
    struct sn_text *text = sentence(story);
    place.file = sn_base_name(place.file);
    sn_text_puts(text, step->what ? step->what : "");
    if (place.file || place.module) {
        sn_text_puts(text, "  ");
        sn_tell_place(text, &place);
    }
    tell_column(story, which, SN_PLAIN, text->at);
    sn_page_newline(&story->page);
}

static void tell_number(struct story *story, size_t number)
{
    struct sn_text *text = sentence(story);
    sn_text_printf(text, "%4zu  ", number);
    sn_page_indent(&story->page, THREADS);
    sn_page_put(&story->page, SN_DIM, text->at);
}

static void tell_witness(struct story *story, const struct sn_finding *finding)
{
    uint32_t threads[2];
    bool two = are_two(finding, threads) && story->page.width >= TABLE_WIDTH;
    size_t count = finding->witness.count;
    size_t shown = story->options->verbose || count <= STEPS ? count : STEPS;
    if (count == 0)
        return;
    sn_page_newline(&story->page);
    paragraph(story, "How it can happen:",
              "this order of the recorded steps keeps every rule of the locks, and leads there.");
    if (two)
        tell_heads(story, finding, threads);
    for (size_t i = 0; i < count; i++) {
        if (i == shown / 2 && shown < count) {
            struct sn_text *text = sentence(story);
            sn_text_printf(text, "      (%zu steps left out; -v shows them)", count - shown);
            sn_page_put(&story->page, SN_DIM, text->at);
            sn_page_newline(&story->page);
            i += count - shown;
        }
        tell_number(story, i + 1);
        if (two)
            tell_step_of_two(story, &finding->witness.at[i],
                             finding->witness.at[i].thread == threads[1]);
        else
            tell_step(story, finding, i);
    }
}

static void tell_dependence(struct story *story, const struct sn_finding *finding)
{
    const struct sn_finding *earlier = finding->depends_on_finding;
    struct sn_text *text = sentence(story);
    if (earlier && earlier->title)
        sn_text_printf(text, "the earlier \"%s\" (%s)", earlier->title, finding->depends_on);
    else
        sn_text_printf(text, "an earlier race (%s)", finding->depends_on);
    sn_text_puts(text, ". Mend that one first: this one may go with it.");
    paragraph(story, "Depends on:", text->at);
}

static void tell_reasons(struct story *story, const struct sn_finding *finding)
{
    const char *why, *advice;
    size_t length = sn_tell_why(finding, &why, &advice);
    paragraphs(story, "Why:", why, length);
    if (finding->reason)
        paragraph(story, "Only possible:", finding->reason);
    if (finding->depends_on)
        tell_dependence(story, finding);
    paragraphs(story, "What to do:", advice, strlen(advice));
}

static void tell_lock(struct story *story, const struct sn_finding *finding,
                      const struct sn_lock *lock)
{
    if (!sn_stack_place(&lock->created_at) && !sn_stack_place(&lock->allocated_at))
        return;
    struct sn_text *text = sentence(story), label = {0};
    sn_tell_lock(&label, finding, lock->id);
    sn_text_puts(&label, ":");
    sn_text_puts(text, lock->type ? lock->type : "lock");
    tell_origin(text, "allocated", &lock->allocated_at);
    tell_origin(text, "initialised or first used", &lock->created_at);
    paragraph(story, label.at, text->at);
    sn_text_release(&label);
}

static void tell_variable(struct story *story, const struct sn_finding *finding)
{
    const struct sn_variable *variable = finding->variable;
    if (!variable)
        return;
    struct sn_text *text = sentence(story), label = {0};
    sn_tell_variable(&label, finding);
    sn_text_puts(&label, ":");
    sn_tell_count(text, variable->size, "byte");
    if (variable->place)
        sn_text_printf(text, ", %s", variable->place);
    if (variable->declared_at.file) {
        sn_text_puts(text, ", declared at ");
        sn_tell_place(text, &variable->declared_at);
    }
    tell_origin(text, "allocated", &variable->allocated_at);
    paragraph(story, label.at, text->at);
    sn_text_release(&label);
}

static void tell_suppressor(struct story *story, const struct sn_finding *finding)
{
    struct sn_text *text = sentence(story);
    if (!finding->suppressed_by)
        return;
    sn_tell_suppressor(text, finding->suppressed_by);
    paragraph(story, "Suppressed by:", text->at);
}

static void tell_id(struct story *story, const struct sn_finding *finding)
{
    struct sn_text *text = sentence(story);
    sn_text_puts(text, finding->id ? finding->id : "none");
    if (finding->count > 1)
        sn_text_printf(text, ", seen %llu times", (ull)finding->count);
    paragraph(story, "Id:", text->at);
}

/* In full, or by its name alone? */
static bool is_told(struct story *story, const struct sn_finding *finding)
{
    if (story->options->verbose)
        return true;
    if (finding->status != SN_NEW)
        return false;
    return finding->level != SN_POSSIBLE || ++story->possible <= POSSIBLE_STORIES;
}

static void tell_whole(struct story *story, const struct sn_finding *finding)
{
    sn_page_newline(&story->page);
    tell_sites(story, finding);
    tell_witness(story, finding);
    sn_page_newline(&story->page);
    tell_reasons(story, finding);
    tell_variable(story, finding);
    vec_each (struct sn_lock *, lock, &finding->locks)
        tell_lock(story, finding, *lock);
}

/* Is OTHER behind a finding that was told, as one of the same cause? */
static bool is_cousin(const struct sn_finding *finding, const struct sn_finding *other)
{
    return other != finding && other->status == SN_NEW && other->cause && finding->cause &&
           strcmp(other->cause, finding->cause) == 0;
}

/* "data race on counter_2 (possible): shopper at garlic.c:11, cook at garlic.c:30" */
static void tell_cousin(struct story *story, const struct sn_finding *finding)
{
    struct sn_text *text = sentence(story);
    sn_text_printf(text, "%s (%s)", finding->title ? finding->title : sn_hazards[finding->kind].id,
                   sn_level_name(finding->level));
    const char *between = ": ";
    for (size_t i = 0; i < finding->sites.count && i < 2; i++) {
        const struct sn_frame *place = sn_stack_place(&finding->sites.at[i].stack);
        if (!place)
            continue;
        sn_text_puts(text, between);
        sn_tell_function(text, place);
        sn_text_puts(text, " at ");
        sn_tell_place(text, place);
        between = ", ";
    }
    sn_page_indent(&story->page, THREADS + 2);
    sn_page_elided(&story->page, SN_PLAIN, text->at, story->page.width - THREADS - 2);
    sn_page_newline(&story->page);
}

/* Those that need no story of their own. */
static void tell_cousins(struct story *story, const struct sn_finding *finding)
{
    size_t count = 0, shown = 0;
    vec_each (struct sn_finding *, other, &story->report->findings)
        count += is_cousin(finding, *other);
    if (!count || story->options->verbose)
        return;
    *sn_map_at(&story->told, sn_hash(finding->cause, strlen(finding->cause))) = 1;
    struct sn_text *text = sentence(story);
    sn_text_printf(text, "%zu more, told in full by -v", count);
    paragraph(story, "Likely of the same cause:", text->at);
    vec_each (struct sn_finding *, other, &story->report->findings)
        if (is_cousin(finding, *other) && shown++ < COUSINS)
            tell_cousin(story, *other);
    if (count <= COUSINS)
        return;
    sn_page_indent(&story->page, THREADS + 2);
    sn_page_put(&story->page, SN_DIM, "...");
    sn_page_newline(&story->page);
}

/* Was it named below another one? */
static bool is_named(const struct story *story, const struct sn_finding *finding)
{
    return finding->status == SN_NEW && finding->cause &&
           sn_map_find(&story->told, sn_hash(finding->cause, strlen(finding->cause)));
}

static void tell_finding(struct story *story, const struct sn_finding *finding)
{
    if (is_named(story, finding))
        return;
    header(story, finding);
    bool whole = is_told(story, finding);
    if (whole)
        tell_whole(story, finding);
    tell_suppressor(story, finding);
    tell_id(story, finding);
    if (whole)
        tell_cousins(story, finding);
    sn_page_newline(&story->page);
}

static void own_line(struct story *story, const char *label, enum sn_style style, const char *text)
{
    sn_page_own_line(&story->page, label, style, text);
}

static void tell_remark(void *data, enum sn_severity severity, const char *text)
{
    bool warning = severity == SN_SEVERITY_WARNING;
    own_line(data, warning ? "warning: " : "note: ", severity_style(severity), text);
}

static void tell_coverage(struct story *story)
{
    vec_each (const struct sn_coverage, coverage, &story->report->coverage) {
        struct sn_text *text = sentence(story);
        sn_text_printf(text, "%s: accesses %s", coverage->module ? coverage->module : "?",
                       coverage->accesses ? coverage->accesses : "none");
        if (coverage->sites)
            sn_text_printf(text, ", %llu of %llu sites", (ull)coverage->covered,
                           (ull)coverage->sites);
        if (coverage->reason)
            sn_text_printf(text, " (%s)", coverage->reason);
        own_line(story, "coverage: ", SN_CYAN, text->at);
    }
}

/* Behind everything else, so that it can be cut off and pasted. */
static void generate_suppressions(struct story *story)
{
    vec_each (struct sn_finding *, finding, &story->report->findings) {
        if ((*finding)->status == SN_SUPPRESSED)
            continue;
        sn_page_newline(&story->page);
        sn_suppression_write(story->page.out, story->report, *finding);
    }
}

static void add_part(struct sn_text *text, uint64_t count, const char *what, size_t *parts)
{
    if (count)
        sn_text_printf(text, "%s%llu %s", (*parts)++ ? ", " : ": ", (ull)count, what);
}

static void tell_summary(struct story *story)
{
    const struct sn_report *report = story->report;
    struct sn_text *text = sentence(story);
    uint64_t known = 0, shown = report->findings.count - report->suppressed;
    size_t parts = 0;
    vec_each (struct sn_finding *, finding, &report->findings)
        known += (*finding)->status == SN_KNOWN;
    if (shown)
        sn_tell_count(text, shown, "finding");
    else
        sn_text_puts(text, "no findings");
    add_part(text, report->observed, "observed", &parts);
    add_part(text, report->predicted, "predicted", &parts);
    add_part(text, report->possible, "possible", &parts);
    add_part(text, known, "of them known", &parts);
    add_part(text, report->suppressed, "suppressed", &parts);
    if (report->gated)
        sn_text_printf(text, " (%llu gated)", (ull)report->gated);
    else if (shown)
        sn_text_puts(text, " (none gated)");
    size_t processes = report->processes.count > 1 ? report->processes.count : 1;
    if (!report->findings.count && report->threads <= processes && !report->locks)
        sn_text_puts(text, ": no threads or locks seen");
    own_line(story, "", SN_PLAIN, text->at);
}

static void begin(struct story *story, struct sn_text *out, const struct sn_report *report,
                  const struct sn_render_options *options)
{
    *story = (struct story){
        .page = {out, options->color, options->width ? options->width : 100, 0},
        .report = report,
        .options = options,
        .sources = {.root = options->source_root},
    };
}

static void end(struct story *story)
{
    sn_sources_release(&story->sources);
    sn_map_release(&story->told);
    sn_text_release(&story->text);
}

void sn_render_finding(struct sn_text *out, const struct sn_report *report,
                       const struct sn_finding *finding, const struct sn_render_options *options)
{
    struct story story;
    begin(&story, out, report, options);
    header(&story, finding);
    tell_whole(&story, finding);
    tell_suppressor(&story, finding);
    tell_id(&story, finding);
    end(&story);
}

static void render(struct sn_text *out, const struct sn_report *report,
                   const struct sn_render_options *options)
{
    struct story story;
    begin(&story, out, report, options);
    vec_each (struct sn_finding *, finding, &report->findings)
        if ((*finding)->status != SN_SUPPRESSED || options->verbose)
            tell_finding(&story, *finding);
    if (story.possible > POSSIBLE_STORIES)
        own_line(&story, "note: ", SN_CYAN,
                 "most findings that are only possible are named alone: -v tells all of them");
    sn_tell_remarks(report, tell_remark, &story);
    if (options->verbose)
        tell_coverage(&story);
    sn_page_suppressions(&story.page, report, options->verbose);
    tell_summary(&story);
    if (options->gen_suppressions)
        generate_suppressions(&story);
    end(&story);
}

const struct sn_renderer sn_render_text = {.name = "text", .render = render};
