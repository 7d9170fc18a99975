/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report as a jansson tree, dumped in the order in which docs/REPORT.md describes it. Every
 * field is written, null or empty where it does not apply, so that a reader never has to ask
 * whether one is there.
 */
#include "finding/json.h"

#include "base/utf8.h"
#include "finding/diff.h"
#include "finding/json_parts.h"

#include <math.h>
#include <stdio.h>

json_t *sn_json_text(const char *text)
{
    if (!text)
        return json_null();
    json_t *string = json_string(text);
    if (string)
        return string;
    struct sn_text clean = {0};
    sn_utf8_clean(&clean, text);
    string = json_string(clean.at);
    sn_text_release(&clean);
    return string;
}

static json_t *number(uint64_t value)
{
    return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

static json_t *number_or_null(uint64_t value)
{
    return value ? number(value) : json_null();
}

static json_t *strings(const char *const *at, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, sn_json_text(at[i] ? at[i] : ""));
    return array;
}

#define SET(object, key, value) json_object_set_new((object), (key), (value))

static json_t *lines_object(const char *word, const char *text, uint32_t line, uint32_t end)
{
    if (!text)
        return json_null();
    json_t *object = json_object();
    SET(object, word, sn_json_text(text));
    SET(object, "line", number_or_null(line));
    SET(object, "end_line", number_or_null(end));
    return object;
}

static json_t *declaration_object(const struct sn_expression *expression)
{
    if (!expression->declaration.name)
        return json_null();
    json_t *object = json_object();
    SET(object, "kind", sn_json_text(expression->declaration.kind));
    SET(object, "name", sn_json_text(expression->declaration.name));
    SET(object, "type", sn_json_text(expression->declaration.type));
    SET(object, "file", sn_json_text(expression->declaration.file));
    SET(object, "line", number_or_null(expression->declaration.line));
    SET(object, "column", number_or_null(expression->declaration.column));
    return object;
}

static json_t *function_object(const struct sn_expression *expression)
{
    json_t *object = lines_object("name", expression->function.name, expression->function.line,
                                  expression->function.end_line);
    if (json_is_null(object))
        return object;
    json_t *locks = json_array();
    for (size_t i = 0; i < expression->function.lock_count; i++) {
        json_t *lock = json_object();
        SET(lock, "expression", sn_json_text(expression->function.locks[i]));
        SET(lock, "line", number_or_null(expression->function.lock_lines[i]));
        json_array_append_new(locks, lock);
    }
    SET(object, "locks", locks);
    return object;
}

static json_t *expression_object(const struct sn_expression *expression)
{
    json_t *object = json_object();
    SET(object, "expression", sn_json_text(expression->text));
    SET(object, "line", number_or_null(expression->line));
    SET(object, "column", number_or_null(expression->column));
    SET(object, "end_line", number_or_null(expression->end_line));
    SET(object, "end_column", number_or_null(expression->end_column));
    SET(object, "access", sn_json_text(expression->access));
    SET(object, "declaration", declaration_object(expression));
    SET(object, "function", function_object(expression));
    SET(object, "loop",
        lines_object("kind", expression->loop.kind, expression->loop.line,
                     expression->loop.end_line));
    return object;
}

json_t *sn_json_frame(const struct sn_frame *frame)
{
    char offset[24];
    snprintf(offset, sizeof offset, "0x%llx", (unsigned long long)frame->offset);
    json_t *object = json_object();
    SET(object, "function", sn_json_text(frame->function));
    SET(object, "file", sn_json_text(frame->file));
    SET(object, "line", number_or_null(frame->line));
    SET(object, "column", number_or_null(frame->column));
    SET(object, "module", sn_json_text(frame->module));
    SET(object, "offset", frame->module ? json_string(offset) : json_null());
    SET(object, "inlined", json_boolean(frame->inlined));
    if (frame->expression)
        SET(object, "source", expression_object(frame->expression));
    return object;
}

static json_t *frame_or_null(const struct sn_frame *frame)
{
    bool known = frame->function || frame->file || frame->module;
    return known ? sn_json_frame(frame) : json_null();
}

static json_t *stack_array(const struct sn_stack *stack)
{
    json_t *array = json_array();
    for (size_t i = 0; i < stack->count; i++)
        json_array_append_new(array, sn_json_frame(&stack->frames[i]));
    return array;
}

static json_t *thread_object(const struct sn_thread *thread)
{
    json_t *object = json_object();
    SET(object, "id", number(thread->id));
    SET(object, "process", number(thread->process));
    SET(object, "name", sn_json_text(thread->name));
    SET(object, "created_at", stack_array(&thread->created_at));
    return object;
}

static json_t *lock_object(const struct sn_lock *lock)
{
    json_t *object = json_object();
    SET(object, "id", number(lock->id));
    SET(object, "name", sn_json_text(lock->name));
    SET(object, "type", sn_json_text(lock->type));
    SET(object, "created_at", stack_array(&lock->created_at));
    SET(object, "allocated_at", stack_array(&lock->allocated_at));
    return object;
}

static json_t *variable_object(const struct sn_variable *variable)
{
    if (!variable)
        return json_null();
    json_t *object = json_object();
    SET(object, "name", sn_json_text(variable->name));
    SET(object, "size", number(variable->size));
    SET(object, "place", sn_json_text(variable->place));
    SET(object, "declared_at", frame_or_null(&variable->declared_at));
    SET(object, "allocated_at", stack_array(&variable->allocated_at));
    return object;
}

static json_t *site_object(const struct sn_site *site)
{
    json_t *held = json_array();
    for (size_t i = 0; i < site->locks_held_count; i++)
        json_array_append_new(held, number(site->locks_held[i]));
    json_t *object = json_object();
    SET(object, "role", json_string(sn_role_name(site->role)));
    SET(object, "thread", number(site->thread));
    SET(object, "process", number(site->process));
    SET(object, "lock", number_or_null(site->lock));
    SET(object, "locks_held", held);
    SET(object, "note", sn_json_text(site->note));
    SET(object, "stack", stack_array(&site->stack));
    return object;
}

static json_t *step_object(const struct sn_step *step)
{
    json_t *object = json_object();
    SET(object, "thread", number(step->thread));
    SET(object, "what", sn_json_text(step->what));
    SET(object, "at", frame_or_null(&step->at));
    return object;
}

static json_t *suppressor_or_null(const struct sn_suppressor *by)
{
    if (!by)
        return json_null();
    json_t *object = json_object();
    SET(object, "file", sn_json_text(by->file));
    SET(object, "line", number_or_null(by->line));
    SET(object, "reason", sn_json_text(by->reason));
    return object;
}

static json_t *finding_object(const struct sn_finding *finding)
{
    json_t *threads = json_array(), *locks = json_array();
    json_t *sites = json_array(), *witness = json_array();
    vec_each (struct sn_thread *, thread, &finding->threads)
        json_array_append_new(threads, thread_object(*thread));
    vec_each (struct sn_lock *, lock, &finding->locks)
        json_array_append_new(locks, lock_object(*lock));
    vec_each (struct sn_site, site, &finding->sites)
        json_array_append_new(sites, site_object(site));
    vec_each (struct sn_step, step, &finding->witness)
        json_array_append_new(witness, step_object(step));

    json_t *object = json_object();
    SET(object, "id", sn_json_text(finding->id));
    SET(object, "kind", json_string(sn_hazards[finding->kind].id));
    SET(object, "level", json_string(sn_level_name(finding->level)));
    SET(object, "severity", json_string(sn_severity_name(finding->severity)));
    SET(object, "status", json_string(sn_status_name(finding->status)));
    SET(object, "gated", json_boolean(finding->gated));
    SET(object, "suppressed_by", suppressor_or_null(finding->suppressed_by));
    SET(object, "title", sn_json_text(finding->title));
    SET(object, "explanation", sn_json_text(finding->explanation));
    SET(object, "reason", sn_json_text(finding->reason));
    SET(object, "cause", sn_json_text(finding->cause));
    SET(object, "depends_on", sn_json_text(finding->depends_on));
    if (finding->seen_in_source)
        SET(object, "seen_in_source", json_true());
    SET(object, "count", number(finding->count));
    SET(object, "threads", threads);
    SET(object, "locks", locks);
    SET(object, "variable", variable_object(finding->variable));
    SET(object, "sites", sites);
    SET(object, "witness", witness);
    return object;
}

static json_t *program_object(const struct sn_report *report)
{
    bool exited = report->exit_status >= 0 && !report->signal;
    json_t *object = json_object();
    SET(object, "argv", strings(report->argv, report->argc));
    SET(object, "pid", json_integer(report->pid));
    SET(object, "exit_status", exited ? json_integer(report->exit_status) : json_null());
    SET(object, "signal", report->signal ? json_integer(report->signal) : json_null());
    SET(object, "timed_out", json_boolean(report->timed_out));
    SET(object, "hung", json_boolean(report->stood_still));
    SET(object, "still_for", report->still_for > 0 ? json_real(report->still_for) : json_null());
    return object;
}

static json_t *process_array(const struct sn_report *report)
{
    json_t *array = json_array();
    vec_each (struct sn_process, process, &report->processes) {
        json_t *object = json_object();
        SET(object, "id", number(process->id));
        SET(object, "pid", json_integer(process->pid));
        SET(object, "parent", number_or_null(process->parent));
        SET(object, "argv", strings(process->argv, process->argc));
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *coverage_array(const struct sn_report *report)
{
    json_t *array = json_array();
    vec_each (struct sn_coverage, coverage, &report->coverage) {
        json_t *object = json_object();
        SET(object, "module", sn_json_text(coverage->module));
        SET(object, "accesses", sn_json_text(coverage->accesses));
        SET(object, "sites", number(coverage->sites));
        SET(object, "covered", number(coverage->covered));
        SET(object, "reason", sn_json_text(coverage->reason));
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *recording_object(const struct sn_report *report)
{
    json_t *object = json_object();
    SET(object, "traces", strings(report->traces.at, report->traces.count));
    SET(object, "complete", json_boolean(report->complete));
    SET(object, "incomplete_reason", sn_json_text(report->incomplete_reason));
    SET(object, "events", number(report->events));
    SET(object, "accesses", number(report->accesses));
    SET(object, "threads", number(report->threads));
    SET(object, "locks", number(report->locks));
    SET(object, "access_source", sn_json_text(report->access_source));
    SET(object, "seconds", json_real(isfinite(report->seconds) ? report->seconds : 0));
    SET(object, "lost_events", number(report->lost_events));
    SET(object, "coverage", coverage_array(report));
    return object;
}

static json_t *suppression_array(const struct sn_report *report)
{
    json_t *array = json_array();
    vec_each (struct sn_suppression_use, use, &report->suppressions) {
        json_t *object = suppressor_or_null(&use->by);
        SET(object, "until", sn_json_text(use->until));
        SET(object, "expired", json_boolean(use->expired));
        SET(object, "untried", sn_json_text(use->untried));
        SET(object, "findings", number(use->findings));
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *summary_object(const struct sn_report *report)
{
    json_t *object = json_object();
    SET(object, "observed", number(report->observed));
    SET(object, "predicted", number(report->predicted));
    SET(object, "possible", number(report->possible));
    SET(object, "suppressed", number(report->suppressed));
    SET(object, "gated", number(report->gated));
    return object;
}

static int append(const char *bytes, size_t length, void *out)
{
    sn_text_add(out, bytes, length);
    return 0;
}

static void dump(struct sn_text *out, json_t *document)
{
    json_dump_callback(document, append, out, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
    sn_text_puts(out, "\n");
    json_decref(document);
}

void sn_json_write(struct sn_text *out, const struct sn_report *report)
{
    json_t *findings = json_array();
    vec_each (struct sn_finding *, finding, &report->findings)
        json_array_append_new(findings, finding_object(*finding));
    json_t *document = json_object();
    SET(document, "schema", json_string("snarl-report/1"));
    SET(document, "snarl", json_string(SNARL_VERSION));
    SET(document, "program", program_object(report));
    SET(document, "processes", process_array(report));
    SET(document, "recording", recording_object(report));
    SET(document, "notes", strings(report->notes.at, report->notes.count));
    SET(document, "suppressions", suppression_array(report));
    SET(document, "findings", findings);
    SET(document, "summary", summary_object(report));
    dump(out, document);
}

void sn_json_write_finding(struct sn_text *out, const struct sn_finding *finding)
{
    dump(out, finding_object(finding));
}

void sn_json_write_diff(struct sn_text *out, const struct sn_diff *diff)
{
    json_t *added = json_array(), *fixed = json_array(), *unchanged = json_array();
    json_t *suppressed = json_array();
    vec_each (const struct sn_finding *, finding, &diff->added)
        json_array_append_new(added, finding_object(*finding));
    vec_each (const struct sn_finding *, finding, &diff->fixed)
        json_array_append_new(fixed, finding_object(*finding));
    vec_each (const struct sn_finding *, finding, &diff->unchanged)
        json_array_append_new(unchanged, finding_object(*finding));
    vec_each (const struct sn_finding *, finding, &diff->suppressed)
        json_array_append_new(suppressed, finding_object(*finding));
    json_t *document = json_object();
    SET(document, "schema", json_string("snarl-diff/1"));
    SET(document, "snarl", json_string(SNARL_VERSION));
    SET(document, "new", added);
    SET(document, "fixed", fixed);
    SET(document, "unchanged", unchanged);
    SET(document, "suppressed", suppressed);
    dump(out, document);
}
