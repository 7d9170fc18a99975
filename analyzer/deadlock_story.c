/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/deadlock_story.h"

#include "base/text.h"

static bool any_joins(const struct an_party *parties, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (parties[i].joins)
            return true;
    return false;
}

static uint32_t count_semaphores(const struct an_party *parties, uint32_t count)
{
    uint32_t semaphores = 0;
    for (uint32_t i = 0; i < count; i++)
        semaphores += parties[i].wants && parties[i].wants->type == TR_TYPE_SEM;
    return semaphores;
}

/* What the parties of a cycle without joins want. */
static const char *wanted_text(const struct an_party *parties, uint32_t count)
{
    uint32_t semaphores = count_semaphores(parties, count);
    return !semaphores ? "locks" : semaphores == count ? "semaphores" : "locks and semaphores";
}

static void party_text(const struct an_context *ctx, struct sn_text *text,
                       const struct an_party *party)
{
    if (text->length)
        sn_text_printf(text, ", %s", an_thread_text(ctx, party->thread));
    else
        sn_text_puts(text, an_thread_begins(ctx, party->thread));
    if (party->joins)
        sn_text_printf(text, " joins %s", an_thread_text(ctx, party->joins));
    else
        sn_text_printf(text, " takes %s", an_lock_text(ctx, party->wants));
    if (party->holds)
        sn_text_printf(text, " while holding %s", an_lock_text(ctx, party->holds));
}

static const char *pattern_text(const struct an_context *ctx, const struct an_party *parties,
                                uint32_t count, bool proved)
{
    struct sn_text text = {0};
    for (uint32_t i = 0; i < count; i++)
        party_text(ctx, &text, &parties[i]);
    bool joins = any_joins(parties, count);
    sn_text_puts(&text, ". This run came through, but ");
    if (joins)
        sn_text_puts(&text, "if the lock is taken before the joined thread has taken it");
    else
        sn_text_printf(&text, "if each of the %u has taken its first%s before any takes its second",
                       count, count_semaphores(parties, count) ? "" : " lock");
    sn_text_puts(&text, ", none can ever go on.");
    if (count_semaphores(parties, count))
        sn_text_puts(&text, " A semaphore with one token, given back by whoever took it, is a "
                            "lock.");
    if (proved)
        sn_text_puts(&text, " The witness shows how: nothing that the program did in this run "
                            "forbids it.");
    sn_text_puts(&text, AN_ADVICE);
    if (joins)
        sn_text_puts(&text, "Release the lock before joining the thread that needs it.");
    else
        sn_text_printf(&text,
                       "Take these %s in the same order in every thread, or take them all under "
                       "one further lock.",
                       wanted_text(parties, count));
    const char *copy = sn_strndup(&ctx->report->arena, text.at, text.length);
    sn_text_release(&text);
    return copy;
}

static void add_pattern_sites(const struct an_context *ctx, struct sn_finding *finding,
                              const struct an_party *party)
{
    if (party->holds)
        an_site(ctx, finding, SN_ROLE_HOLDS, party->thread, party->hold_stack, party->hold_index,
                party->holds);
    an_site(ctx, finding, party->joins ? SN_ROLE_JOINS : SN_ROLE_TAKES, party->thread,
            party->want_stack, party->want_index, party->wants);
}

struct sn_finding *an_deadlock_tell(const struct an_context *ctx, const struct an_party *parties,
                                       uint32_t count, enum sn_level level)
{
    struct an_party turned[AN_PARTIES_MOST];
    uint32_t lowest = 0;
    for (uint32_t i = 1; i < count; i++)
        if (parties[i].thread->number < parties[lowest].thread->number)
            lowest = i;
    struct sn_finding *finding = an_finding(ctx, SN_DEADLOCK, level);
    for (uint32_t i = 0; i < count; i++) {
        turned[i] = parties[(lowest + i) % count];
        add_pattern_sites(ctx, finding, &turned[i]);
    }
    const char *how = level == SN_PREDICTED ? "predicted" : "possible";
    finding->explanation = pattern_text(ctx, turned, count, level == SN_PREDICTED);
    finding->title =
        any_joins(parties, count)
            ? sn_sprintf(&ctx->report->arena, "%s deadlock: a thread is joined that needs a lock",
                         how)
            : sn_sprintf(&ctx->report->arena, "%s deadlock: %u threads take %u %s in a circle", how,
                         count, count, wanted_text(parties, count));
    return finding;
}
