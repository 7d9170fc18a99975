/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the analyzer finds in small traces: each tests/golden/analyzer/NAME.txt is a trace as text,
 * a line "== findings", and the findings, byte for byte. A line "#! OPTION VALUE" of the trace sets
 * an option. SNARL_BLESS=1 writes the findings anew.
 */
#include "analyzer/analysis.h"
#include "base/text.h"
#include "trace/text.h"

#include <dirent.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define GOLDEN    SOURCE_DIR "/tests/golden/analyzer/"
#define SEPARATOR "== findings\n"

static char *read_all(const char *path)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    struct sn_text text = {0};
    char buffer[4096];
    for (size_t got; (got = fread(buffer, 1, sizeof buffer, file)) > 0;)
        sn_text_add(&text, buffer, got);
    fclose(file);
    sn_text_puts(&text, "");
    return text.at;
}

static void set_options(struct an_options *options, const char *trace)
{
    for (const char *line = trace; (line = strstr(line, "#! ")); line++) {
        char name[64];
        double value;
        assert_int_equal(sscanf(line, "#! %63s %lf", name, &value), 2);
        if (strcmp(name, "timed_out") == 0)
            options->timed_out = value != 0;
        else if (strcmp(name, "livelock_rounds") == 0)
            options->livelock_rounds = (uint32_t)value;
        else if (strcmp(name, "starvation_bypass") == 0)
            options->starvation_bypass = (uint32_t)value;
        else if (strcmp(name, "blocked_ms") == 0)
            options->blocked_ms = (uint32_t)value;
        else if (strcmp(name, "deadlock_length") == 0)
            options->deadlock_length = (uint32_t)value;
        else
            fail_msg("no option %s", name);
    }
}

static void put_stack(struct sn_text *out, const struct sn_stack *stack)
{
    sn_text_puts(out, "[");
    for (size_t i = 0; i < stack->count; i++)
        sn_text_printf(out, "%s0x%" PRIx64, i ? " " : "", stack->frames[i].pc);
    sn_text_puts(out, "]");
}

static void put_site(struct sn_text *out, const struct sn_site *site)
{
    sn_text_printf(out, "  T%u %s", site->thread, sn_role_name(site->role));
    if (site->lock)
        sn_text_printf(out, " L%u", site->lock);
    for (size_t i = 0; i < site->locks_held_count; i++)
        sn_text_printf(out, "%sL%u", i ? "," : " holding ", site->locks_held[i]);
    if (site->event)
        sn_text_printf(out, " at %" PRIu64, site->event);
    sn_text_puts(out, " ");
    put_stack(out, &site->stack);
    sn_text_printf(out, "%s%s\n", site->note ? " " : "", site->note ? site->note : "");
}

static size_t number_of(const struct sn_report *report, const struct sn_finding *finding)
{
    size_t number = 0;
    while (report->findings.at[number] != finding)
        number++;
    return number + 1;
}

static void put_finding(struct sn_text *out, const struct sn_report *report,
                        const struct sn_finding *finding)
{
    sn_text_printf(out, "%zu %s %s %s x%" PRIu64 "\n", number_of(report, finding),
                   sn_hazards[finding->kind].id, sn_level_name(finding->level),
                   sn_severity_name(finding->severity), finding->count);
    sn_text_printf(out, "  %s\n  %s\n", finding->title, finding->explanation);
    if (finding->reason)
        sn_text_printf(out, "  because %s\n", finding->reason);
    if (finding->depends_on_finding)
        sn_text_printf(out, "  depends on %zu\n", number_of(report, finding->depends_on_finding));
    const struct sn_variable *variable = finding->variable;
    if (variable)
        sn_text_printf(out, "  variable 0x%" PRIx64 " size %u %s +%" PRIu64 "\n", variable->address,
                       variable->size, variable->place ? variable->place : "-",
                       variable->block_offset);
    vec_each (struct sn_lock *, lock, &finding->locks)
        sn_text_printf(out, "  L%u %s 0x%" PRIx64 "\n", (*lock)->id, (*lock)->type,
                       (*lock)->address);
    vec_each (struct sn_site, site, &finding->sites)
        put_site(out, site);
    vec_each (struct sn_step, step, &finding->witness)
        sn_text_printf(out, "  step T%u %s [0x%" PRIx64 "]\n", step->thread, step->what,
                       step->at.pc);
}

/* The findings of TRACE, as the golden files have them. */
static void analyze(const char *name, const char *trace, size_t length, struct sn_text *out)
{
    struct sn_error err;
    char message[1024];
    uint8_t *bytes;
    size_t size;
    struct tr_reader *reader = NULL;
    struct sn_report report;
    struct an_options options;
    if (tr_text_parse(trace, length, &bytes, &size, &err) < 0 ||
        tr_reader_open_memory(&reader, bytes, size, &err) < 0)
        fail_msg("%s: %s", name, sn_error_format(&err, message, sizeof message));
    sn_report_init(&report);
    an_options_default(&options);
    set_options(&options, trace);
    if (an_analyze(reader, &report, &options, NULL, NULL, &err) < 0)
        fail_msg("%s: %s", name, sn_error_format(&err, message, sizeof message));
    sn_text_printf(
        out,
        "%" PRIu64 " events, %" PRIu64 " accesses, %" PRIu64 " threads, %" PRIu64 " locks%s%s\n",
        report.events, report.accesses, report.threads, report.locks,
        report.complete ? "" : ", incomplete: ", report.complete ? "" : report.incomplete_reason);
    vec_each (const char *, note, &report.notes)
        sn_text_printf(out, "note: %s\n", *note);
    vec_each (struct sn_finding *, finding, &report.findings)
        put_finding(out, &report, *finding);
    sn_report_release(&report);
    tr_reader_close(reader);
    free(bytes);
}

static void check(const char *name)
{
    char path[512];
    snprintf(path, sizeof path, GOLDEN "%s", name);
    char *text = read_all(path);
    char *found = strstr(text, SEPARATOR);
    size_t length = found ? (size_t)(found - text) : strlen(text);
    char *trace = strndup(text, length);
    struct sn_text out = {0};
    analyze(name, trace, length, &out);
    if (getenv("SNARL_BLESS")) {
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        fprintf(file, "%s%s%s", trace, SEPARATOR, out.at);
        assert_int_equal(fclose(file), 0);
    } else {
        if (!found)
            fail_msg("%s has no findings: look at them, then bless", name);
        if (strcmp(found + strlen(SEPARATOR), out.at) != 0)
            fail_msg("%s: found\n%s", name, out.at);
    }
    sn_text_release(&out);
    free(trace);
    free(text);
}

static void all_goldens(void **state)
{
    (void)state;
    struct dirent **names;
    int count = scandir(GOLDEN, &names, NULL, alphasort), seen = 0;
    assert_true(count > 0);
    for (int i = 0; i < count; i++) {
        size_t length = strlen(names[i]->d_name);
        if (length > 4 && strcmp(names[i]->d_name + length - 4, ".txt") == 0) {
            check(names[i]->d_name);
            seen++;
        }
        free(names[i]);
    }
    free(names);
    assert_true(seen > 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_goldens)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
