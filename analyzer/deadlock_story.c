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

/* The first party that has to be woken, or COUNT. */
static uint32_t first_woken(const struct an_party *parties, uint32_t count)
{
    uint32_t i = 0;
    while (i < count && !parties[i].woken_by)
        i++;
    return i;
}

static const char *wake_verb(const struct an_party *party)
{
    return party->woken_by == TR_COND_SIGNAL ? "signals"
           : party->woken_by == TR_SEM_POST  ? "posts"
                                             : "comes to";
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
                       const struct an_party *party, const struct an_party *next)
{
    if (text->length)
        sn_text_printf(text, ", %s", an_thread_text(ctx, party->thread));
    else
        sn_text_puts(text, an_thread_begins(ctx, party->thread));
    if (party->joins)
        sn_text_printf(text, " joins %s", an_thread_text(ctx, party->joins));
    else if (party->woken_by)
        sn_text_puts(text, " waits");
    else
        sn_text_printf(text, " takes %s", an_lock_text(ctx, party->wants));
    if (party->holds)
        sn_text_printf(text, " while holding %s", an_lock_text(ctx, party->holds));
    if (party->woken_by)
        sn_text_printf(text, " until %s %s %s", an_thread_text(ctx, next->thread), wake_verb(party),
                       an_lock_text(ctx, party->wants));
}

static void condition_text(struct sn_text *text, const struct an_party *parties, uint32_t count)
{
    if (first_woken(parties, count) < count)
        sn_text_printf(text, "if each of the %u has come this far before any goes on", count);
    else if (any_joins(parties, count))
        sn_text_puts(text, "if the lock is taken before the joined thread has taken it");
    else
        sn_text_printf(text, "if each of the %u has taken its first%s before any takes its second",
                       count, count_semaphores(parties, count) ? "" : " lock");
}

static void advice_text(struct sn_text *text, const struct an_party *parties, uint32_t count)
{
    sn_text_puts(text, AN_ADVICE);
    if (first_woken(parties, count) < count)
        sn_text_puts(text, "Do not wait while holding a further lock that the other thread needs: "
                           "give it back before.");
    else if (any_joins(parties, count))
        sn_text_puts(text, "Release the lock before joining the thread that needs it.");
    else
        sn_text_printf(text,
                       "Take these %s in the same order in every thread, or take them all under "
                       "one further lock.",
                       wanted_text(parties, count));
}

static const char *pattern_text(const struct an_context *ctx, const struct an_party *parties,
                                uint32_t count, bool proved)
{
    struct sn_text text = {0};
    for (uint32_t i = 0; i < count; i++)
        party_text(ctx, &text, &parties[i], &parties[(i + 1) % count]);
    sn_text_puts(&text, ". This run came through, but ");
    condition_text(&text, parties, count);
    sn_text_puts(&text, ", none can ever go on.");
    if (count_semaphores(parties, count))
        sn_text_puts(&text, " A semaphore with one token, given back by whoever took it, is a "
                            "lock.");
    if (proved)
        sn_text_puts(&text, " The witness shows how: nothing that the program did in this run "
                            "forbids it.");
    advice_text(&text, parties, count);
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
    enum sn_role role = party->joins      ? SN_ROLE_JOINS
                        : party->woken_by ? SN_ROLE_WAITS
                                          : SN_ROLE_TAKES;
    an_site(ctx, finding, role, party->thread, party->want_stack, party->want_index, party->wants);
}

/* Where the next party did in the run what would end PARTY's wait. */
static void add_wake_site(const struct an_context *ctx, struct sn_finding *finding,
                          const struct an_party *party, const struct an_party *next)
{
    if (party->woken_by == TR_COND_SIGNAL || party->woken_by == TR_SEM_POST)
        an_site(ctx, finding, party->woken_by == TR_SEM_POST ? SN_ROLE_POSTS : SN_ROLE_SIGNALS,
                next->thread, party->wake_stack, party->wake_index, party->wants);
}

static const char *title_text(const struct an_context *ctx, const struct an_party *parties,
                              uint32_t count, const char *level)
{
    struct sn_arena *arena = &ctx->report->arena;
    if (first_woken(parties, count) < count)
        return sn_sprintf(arena, "%s deadlock: a thread waits for one that needs what it holds",
                          level);
    if (any_joins(parties, count))
        return sn_sprintf(arena, "%s deadlock: a thread is joined that needs a lock", level);
    return sn_sprintf(arena, "%s deadlock: %u threads take %u %s in a circle", level, count, count,
                      wanted_text(parties, count));
}

struct sn_finding *an_deadlock_tell(const struct an_context *ctx, const struct an_party *parties,
                                    uint32_t count, bool proved)
{
    bool predicted = proved && first_woken(parties, count) == count;
    struct an_party turned[AN_PARTIES_MOST];
    uint32_t lowest = 0;
    for (uint32_t i = 1; i < count; i++)
        if (parties[i].thread->number < parties[lowest].thread->number)
            lowest = i;
    struct sn_finding *finding =
        an_finding(ctx, SN_DEADLOCK, predicted ? SN_PREDICTED : SN_POSSIBLE);
    for (uint32_t i = 0; i < count; i++) {
        turned[i] = parties[(lowest + i) % count];
        add_pattern_sites(ctx, finding, &turned[i]);
    }
    for (uint32_t i = 0; i < count; i++)
        add_wake_site(ctx, finding, &turned[i], &turned[(i + 1) % count]);
    finding->explanation = pattern_text(ctx, turned, count, proved);
    finding->title = title_text(ctx, turned, count, predicted ? "predicted" : "possible");
    return finding;
}

const char *an_deadlock_reason(const struct an_context *ctx, const struct an_party *parties,
                               uint32_t count)
{
    uint32_t i = first_woken(parties, count);
    if (i == count)
        return NULL;
    const struct an_party *party = &parties[i], *next = &parties[(i + 1) % count];
    if (party->woken_by == TR_BARRIER_ENTER)
        return sn_sprintf(&ctx->report->arena,
                          "in this run nobody came to %s instead of %s; whether another thread "
                          "could is not known",
                          an_lock_text(ctx, party->wants), an_thread_text(ctx, next->thread));
    return sn_sprintf(
        &ctx->report->arena, "in this run only %s %s %s; whether another thread could is not known",
        an_thread_text(ctx, next->thread), wake_verb(party), an_lock_text(ctx, party->wants));
}

void an_deadlock_tell_reread(const struct an_context *ctx, const struct an_reread *reader,
                             const struct an_node *writer)
{
    struct sn_arena *arena = &ctx->report->arena;
    const struct an_node *again = reader->node;
    struct sn_finding *finding = an_finding(ctx, SN_DEADLOCK, SN_POSSIBLE);
    const char *lock = an_lock_text(ctx, again->wanted);
    an_site(ctx, finding, SN_ROLE_HOLDS, again->thread, reader->held.stack, reader->held.index,
            again->wanted);
    an_site(ctx, finding, SN_ROLE_TAKES, again->thread, again->stack, again->index, again->wanted);
    an_site(ctx, finding, SN_ROLE_TAKES, writer->thread, writer->stack, writer->index,
            writer->wanted);
    finding->title = "possible deadlock: a thread reads again while a writer may wait";
    finding->reason = "it is not proved that the writer can come between the two";
    finding->explanation = sn_sprintf(
        arena,
        "%s takes %s for reading while holding it for reading, and %s takes it for writing. On "
        "this lock writers go first (PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP). This run came "
        "through, but if the writer comes between the two, the reader waits behind it, the writer "
        "for the reader's first hold, and neither can ever go on." AN_ADVICE
        "Read once: hand on to the inner function that the lock is held, or split off a variant "
        "of it that expects that.",
        an_thread_begins(ctx, again->thread), lock, an_thread_text(ctx, writer->thread));
}
