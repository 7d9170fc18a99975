/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a file of suppressions, and what follows the first 0 as the names in a finding: a
 * complaint has a place, what is accepted can be applied, and what is generated for the finding
 * matches it, whatever its names are, and not its neighbour.
 */
#include "finding/suppress/suppress.h"
#include "report/renderer.h"

#include <stdlib.h>
#include <string.h>

enum { NAMES = 8, TODAY = 20261130 };

static void check(bool holds)
{
    if (!holds)
        abort();
}

/* The next string of INPUT, or NULL for an empty one: names that are missing. */
static const char *next_name(struct sn_arena *arena, const char **input, const char *end)
{
    const char *zero = memchr(*input, 0, (size_t)(end - *input)), *stop = zero ? zero : end;
    const char *name = stop > *input ? sn_strndup(arena, *input, (size_t)(stop - *input)) : NULL;
    *input = zero ? zero + 1 : end;
    return name;
}

static void add_finding(struct sn_report *report, const char *const names[NAMES], const char *id)
{
    struct sn_arena *arena = &report->arena;
    struct sn_finding *finding = sn_report_add(report, SN_DATA_RACE, SN_OBSERVED);
    finding->id = id;
    finding->title = names[0];
    finding->variable = SN_NEW(arena, struct sn_variable);
    finding->variable->name = names[1];
    finding->variable->place = "global";
    struct sn_lock *lock = SN_NEW(arena, struct sn_lock);
    *lock = (struct sn_lock){.id = 1, .name = names[2]};
    *vec_push(&finding->locks) = lock;
    for (uint32_t thread = 1; thread <= 2; thread++) {
        struct sn_frame *frames = SN_NEW_ARRAY(arena, struct sn_frame, 3);
        struct sn_site *site = sn_finding_site(finding, SN_ROLE_WRITE, thread);
        site->lock = 1;
        site->stack = (struct sn_stack){frames, 3};
        for (size_t i = 0; i < 3; i++)
            frames[i] = (struct sn_frame){.function = names[3 + (thread + i) % 3],
                                          .file = names[6],
                                          .module = names[7],
                                          .offset = i};
    }
}

static void check_generated(const struct sn_report *report, const struct sn_finding *finding)
{
    struct sn_suppressions read = {0};
    struct sn_text text = {0};
    sn_suppression_write(&text, report, finding);
    for (size_t i = 0; i < text.length; i++)
        check(text.at[i] == '\n' || (text.at[i] >= ' ' && text.at[i] <= '~'));
    char *comment = strstr(text.at, "\n  # reason=\n"); /* a line: a title may hold the words */
    check(comment++);
    check(sn_suppressions_parse(&read, NULL, text.at, text.length, NULL) == SN_E_FORMAT);
    memcpy(comment, "  reason=x", 10);
    comment[10] = ' ';
    check(sn_suppressions_parse(&read, NULL, text.at, text.length, NULL) == 0);
    vec_each (struct sn_finding *, other, &report->findings)
        check((sn_suppression_match(read.of.at[0], *other) == SN_MATCH_YES) == (*other == finding));
    sn_suppressions_release(&read);
    sn_text_release(&text);
}

static void check_applied(struct sn_report *report, const struct sn_suppressions *read)
{
    struct sn_text text = {0};
    sn_report_suppress(report, read, TODAY);
    check(report->suppressions.count <= read->of.count);
    const struct sn_render_options options = {.gen_suppressions = true};
    sn_renderer_by_name("text")->render(&text, report, &options);
    for (size_t i = 0; i < text.length; i++)
        check((unsigned char)text.at[i] >= ' ' || text.at[i] == '\n');
    sn_text_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const char *input = (const char *)bytes, *end = input + size, *names[NAMES];
    const char *zero = memchr(input, 0, size), *rest = zero ? zero + 1 : end;
    size_t length = zero ? (size_t)(zero - input) : size;
    struct sn_report report;
    struct sn_suppressions read = {0};
    struct sn_error err = {0};
    sn_report_init(&report);
    for (size_t i = 0; i < NAMES; i++)
        names[i] = next_name(&report.arena, &rest, end);
    add_finding(&report, names, "1:a");
    names[1] = "another";
    add_finding(&report, names, "1:b");
    vec_each (struct sn_finding *, finding, &report.findings)
        check_generated(&report, *finding);

    if (sn_suppressions_parse(&read, "a", input, length, &err) == 0)
        check_applied(&report, &read);
    else
        check(err.code < 0 && err.text[0] && err.offset <= length && !read.of.count);
    vec_each (struct sn_suppression *, one, &read.of)
        check((*one)->kinds && (*one)->by.reason && (*one)->by.line);
    sn_suppressions_release(&read);
    sn_report_release(&report);
    return 0;
}
