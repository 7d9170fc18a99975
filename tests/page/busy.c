/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A report of a program that was busy: COUNT waits and holds of eight threads and forty locks, and
 * a second process with a few. Lock 1 to 3 are taken in a circle.
 *
 *     busy COUNT FORMAT     on stdout
 */
#include "finding/activity.h"
#include "report/renderer.h"

#include <stdio.h>
#include <stdlib.h>

enum { THREADS = 8, LOCKS = 40, HOLDS = LOCKS, WAITS = 2 * LOCKS };

static uint32_t draw(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33);
}

static struct sn_stack stack(struct sn_arena *arena, uint32_t line)
{
    struct sn_frame *frame = SN_NEW(arena, struct sn_frame);
    *frame =
        (struct sn_frame){.function = "work", .file = "busy.c", .line = line, .module = "busy"};
    return (struct sn_stack){frame, 1};
}

static void add_parties(struct sn_arena *arena, struct sn_activity *activity)
{
    struct sn_finding *cast = &activity->cast;
    for (uint32_t i = 0; i < THREADS; i++) {
        struct sn_thread *thread = SN_NEW(arena, struct sn_thread);
        *thread = (struct sn_thread){
            .id = i, .process = cast->process, .name = sn_sprintf(arena, "worker %u", i)};
        *vec_push(&cast->threads) = thread;
    }
    for (uint32_t i = 0; i < LOCKS; i++) {
        struct sn_lock *lock = SN_NEW(arena, struct sn_lock);
        *lock = (struct sn_lock){.id = i + 1 + 100 * (cast->process - 1),
                                 .name = sn_sprintf(arena, "lock_%u", i),
                                 .type = "mutex"};
        *vec_push(&cast->locks) = lock;
    }
    for (uint32_t i = 0; i < WAITS; i++) {
        struct sn_site *site =
            sn_finding_site(cast, i < HOLDS ? SN_ROLE_HOLDS : SN_ROLE_WAITS, i % THREADS);
        site->lock = cast->locks.at[i % LOCKS]->id;
        site->stack = stack(arena, i + 1);
    }
}

static void add_spans(struct sn_activity *activity, uint64_t count)
{
    uint64_t now[THREADS] = {0}, state = 1, start = 0;
    for (uint64_t i = 0; i < count; i++) {
        uint32_t thread = (uint32_t)(i % THREADS), lock = draw(&state) % LOCKS;
        bool waits = draw(&state) % 3 == 0;
        uint64_t length = 20 + draw(&state) % 2000;
        struct sn_span *span = vec_push(&activity->spans);
        *span = (struct sn_span){.from = start,
                                 .until = start + length,
                                 .thread = thread,
                                 .site = waits ? HOLDS + lock : lock,
                                 .by = SN_NOBODY};
        if (waits) {
            span->by = (thread + 1) % THREADS;
            span->handed = span->until - 5;
        }
        start += draw(&state) % 500;
        now[thread] = span->until;
        struct sn_lock_use *use = &activity->uses.at[lock];
        use->taken += !waits;
        use->held += waits ? 0 : length;
        use->waits += waits;
        use->waited += waits ? length : 0;
        activity->until = span->until > activity->until ? span->until : activity->until;
    }
    for (uint32_t i = 0; i < THREADS; i++)
        activity->lives.at[i].until = now[i];
}

static void add_activity(struct sn_report *report, uint32_t process, uint64_t count)
{
    struct sn_activity *activity = SN_NEW(&report->arena, struct sn_activity);
    *vec_push(&report->activities) = activity;
    activity->cast.process = process;
    add_parties(&report->arena, activity);
    for (uint32_t i = 0; i < THREADS; i++)
        vec_push(&activity->lives)->ended = true;
    for (uint32_t i = 0; i < LOCKS; i++)
        (void)vec_push(&activity->uses);
    add_spans(activity, count);
    for (uint32_t i = 0; i + 1 < LOCKS; i++)
        *vec_push(&activity->order) =
            (struct sn_lock_edge){.holds = i, .takes = i == 2 ? 0 : i + 1, .count = i + 1};
}

int main(int argc, char **argv)
{
    struct sn_render_options options = {0};
    const struct sn_renderer *renderer = argc == 3 ? sn_renderer_by_name(argv[2]) : NULL;
    struct sn_text out = {0};
    struct sn_report report;
    if (!renderer)
        return 2;
    sn_report_init(&report);
    report.complete = true;
    *vec_push(&report.processes) = (struct sn_process){.id = 1, .pid = 1000};
    *vec_push(&report.processes) = (struct sn_process){.id = 2, .pid = 1001};
    add_activity(&report, 1, strtoull(argv[1], NULL, 10));
    add_activity(&report, 2, 100);
    renderer->render(&out, &report, &options);
    bool written = fwrite(out.at, 1, out.length, stdout) == out.length && fflush(stdout) == 0;
    sn_text_release(&out);
    sn_report_release(&report);
    return written ? 0 : 3;
}
