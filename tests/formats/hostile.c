/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A report in which every name, path, thread name, argument and text is one of a few hostile
 * strings, rendered: what came from JSON is UTF-8, and this need not be.
 *
 *     hostile NUMBER FORMAT [summary]     on stdout; 1 if there is no string of that number
 */
#include "finding/activity.h"
#include "finding/gate.h"
#include "finding/locking.h"
#include "report/renderer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const strings[] = {
    "<script>alert('&quot;')</script> ]]> <!-- --> <?xml?> &amp; &#0; </pre></details>",
    "\x01\x02\x1b[2J\x1b]0;title\x07\x7f\b\r\n\t::error file=x::owned\n##[group]",
    "\xff\xfe\xc3(\xe2\x82\xed\xa0\x80\xf4\x90\x80\x80 "
    "\xef\xbf\xbe\xef\xbf\xbf\xc2\x85\xe2\x80\xae",
    "[link](1) [x](javascript:alert\\(1\\)) \\](2) | a | `code` **bold** @user #1 :smile: "
    "http://x.y",
    "::stop-commands::x%0A%0D%25,:title=y::z",
    "/../../../etc/passwd",
    "../../outside.c",
    "https://example.org/a.c?b=c#d",
    "C:\\dir\\a.c",
    "%SRCROOT% %s%n %(x)s ${{ secrets.X }} $(id) `id`",
    "",
    " ",
    "\n",
};

enum { COUNT = sizeof strings / sizeof *strings, MEGABYTE = 1 << 20 };

/* The string of that number: behind the list a megabyte of one letter, and one of what is escaped
 * at its longest. */
static const char *string(size_t number)
{
    if (number < COUNT)
        return strings[number];
    static char text[MEGABYTE + 1];
    if (number > COUNT + 1)
        exit(1);
    memset(text, number == COUNT ? 'x' : '\x1b', MEGABYTE);
    return text;
}

static struct sn_stack stack_of(struct sn_arena *arena, const char *text)
{
    struct sn_frame *frames = SN_NEW_ARRAY(arena, struct sn_frame, 2);
    frames[0] = (struct sn_frame){
        .function = text, .file = text, .line = 7, .column = 3, .module = text, .offset = 16};
    frames[1] = (struct sn_frame){.function = text, .module = text, .offset = UINT64_MAX};
    return (struct sn_stack){frames, 2};
}

static void add_parties(struct sn_report *report, struct sn_finding *finding, const char *text)
{
    struct sn_arena *arena = &report->arena;
    struct sn_stack stack = stack_of(arena, text);
    for (uint32_t id = 1; id <= 2; id++) {
        struct sn_thread *thread = SN_NEW(arena, struct sn_thread);
        struct sn_lock *lock = SN_NEW(arena, struct sn_lock);
        *thread = (struct sn_thread){.id = id, .process = 1, .name = text, .created_at = stack};
        *lock = (struct sn_lock){
            .id = id, .name = text, .type = text, .created_at = stack, .allocated_at = stack};
        *vec_push(&finding->threads) = thread;
        *vec_push(&finding->locks) = lock;
    }
    finding->variable = SN_NEW(arena, struct sn_variable);
    *finding->variable = (struct sn_variable){.name = text,
                                              .size = 4,
                                              .place = text,
                                              .declared_at = stack.frames[0],
                                              .allocated_at = stack};
}

static void add_finding(struct sn_report *report, enum sn_hazard kind, const char *text)
{
    static const uint32_t held[] = {1, 2};
    struct sn_finding *finding = sn_report_add(report, kind, SN_OBSERVED);
    struct sn_stack stack = stack_of(&report->arena, text);
    finding->process = 1;
    finding->title = finding->explanation = finding->reason = text;
    add_parties(report, finding, text);
    for (int role = 0; role < SN_ROLES; role++) {
        struct sn_site *site = sn_finding_site(finding, role, (uint32_t)role % 2 + 1);
        site->lock = 1;
        site->locks_held = held;
        site->locks_held_count = 2;
        site->stack = stack;
        site->note = text;
    }
    for (uint32_t i = 0; i < 3; i++)
        *vec_push(&finding->witness) = (struct sn_step){i % 2 + 1, text, stack.frames[0]};
}

static void add_activity(struct sn_report *report, const char *text)
{
    static const enum sn_role roles[] = {SN_ROLE_HOLDS, SN_ROLE_WAITS, SN_ROLE_SLEEPS};
    struct sn_activity *activity = SN_NEW(&report->arena, struct sn_activity);
    activity->cast.process = 1;
    add_parties(report, &activity->cast, text);
    activity->until = UINT64_MAX;
    for (uint32_t i = 0; i < 3; i++) {
        struct sn_site *site = sn_finding_site(&activity->cast, roles[i], i % 2 + 1);
        site->lock = i < 2 ? i + 1 : 0;
        site->stack = stack_of(&report->arena, text);
        site->note = i == 1 ? text : NULL;
        *vec_push(&activity->spans) = (struct sn_span){.from = i * 1000,
                                                       .until = i ? i * 1000 + 1 : UINT64_MAX,
                                                       .site = i,
                                                       .by = i ? 1 : SN_NOBODY,
                                                       .flags = i ? 0 : SN_SPAN_OPEN};
    }
    for (uint32_t i = 0; i < 2; i++) {
        *vec_push(&activity->lives) = (struct sn_life){.until = UINT64_MAX, .waited = UINT64_MAX};
        *vec_push(&activity->uses) = (struct sn_lock_use){.taken = UINT64_MAX, .waited = 1};
    }
    *vec_push(&activity->order) = (struct sn_lock_edge){.takes = 1, .count = UINT64_MAX};
    *vec_push(&report->activities) = activity;
}

static void add_locking(struct sn_report *report, const char *text)
{
    static struct sn_use_lock held = {.from = INT64_MIN, .to = INT64_MAX};
    struct sn_locking *locking = SN_NEW(&report->arena, struct sn_locking);
    locking->cast.process = 1;
    add_parties(report, &locking->cast, text);
    for (uint32_t i = 0; i < 2; i++)
        *vec_push(&locking->objects) = UINT32_MAX;
    *vec_push(&locking->stacks) = stack_of(&report->arena, text);
    *vec_push(&locking->variables) = locking->cast.variable;
    for (int kind = 0; kind < SN_USE_KINDS; kind++)
        *vec_push(&locking->uses) = (struct sn_use){.kind = kind,
                                                    .size = UINT32_MAX,
                                                    .variable = kind < SN_USE_ACQUIRE,
                                                    .lock = kind < SN_USE_ACQUIRE ? 0 : 2,
                                                    .held = &held,
                                                    .held_count = 1,
                                                    .count = UINT64_MAX,
                                                    .users = UINT64_MAX};
    *vec_push(&report->lockings) = locking;
}

static void fill(struct sn_report *report, const char *text)
{
    static const char *argv[2];
    argv[0] = argv[1] = text;
    report->argv = argv;
    report->argc = 2;
    report->exit_status = -1;
    report->signal = 11;
    report->incomplete_reason = text;
    report->access_source = text;
    *vec_push(&report->traces) = text;
    *vec_push(&report->notes) = text;
    *vec_push(&report->coverage) = (struct sn_coverage){text, text, text, 2, 1};
    add_finding(report, SN_DATA_RACE, text);
    add_finding(report, SN_DEADLOCK, text);
    add_finding(report, SN_THREAD_LEAK, text);
    add_activity(report, text);
    add_locking(report, text);
}

int main(int argc, char **argv)
{
    const struct sn_renderer *renderer = argc > 2 ? sn_renderer_by_name(argv[2]) : NULL;
    if (!renderer)
        return 2;
    struct sn_report report;
    struct sn_gate gate;
    struct sn_text out = {0};
    struct sn_render_options options = {.source_root = "."};
    sn_report_init(&report);
    fill(&report, string((size_t)strtoul(argv[1], NULL, 10)));
    sn_report_fingerprint(&report);
    sn_gate_default(&gate);
    sn_report_summarize(&report, &gate);
    (argc > 3 ? renderer->summary : renderer->render)(&out, &report, &options);
    bool written = fwrite(out.at, 1, out.length, stdout) == out.length && fflush(stdout) == 0;
    sn_text_release(&out);
    sn_report_release(&report);
    return written ? 0 : 3;
}
