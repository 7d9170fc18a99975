/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/race_story.h"

#include "base/text.h"

bool an_both_write(const struct an_access *a, const struct an_access *b)
{
    return a->flags & b->flags & AN_WRITE;
}

static enum sn_role role_of(const struct an_access *access)
{
    if (access->flags & AN_FREE)
        return SN_ROLE_FREE;
    return access->flags & AN_WRITE ? SN_ROLE_WRITE : SN_ROLE_READ;
}

static const char *verb_of(const struct an_access *access)
{
    if (access->flags & AN_FREE)
        return "frees the memory of";
    if (access->flags & AN_ATOMIC)
        return access->flags & AN_WRITE ? "atomically writes" : "atomically reads";
    return access->flags & AN_WRITE ? "writes" : "reads";
}

static const char *locks_text(const struct an_context *ctx, struct sn_text *text, uint32_t lockset)
{
    const struct an_lockset *set = an_lockset(ctx->world, lockset);
    sn_text_clear(text);
    if (!set->count)
        return "no lock";
    for (uint32_t i = 0; i < set->count; i++) {
        const struct an_object *object = ctx->world->objects.all.at[(set->locks[i] >> 1) - 1];
        sn_text_printf(text, "%s%s%s", i ? i + 1 == set->count ? " and " : ", " : "",
                       an_lock_text(ctx, object), set->locks[i] & 1 ? " for reading" : "");
    }
    return text->at;
}

static const char *consequence(const struct an_access *a, const struct an_access *b)
{
    if ((a->flags | b->flags) & AN_FREE)
        return "The other access may come when the memory is freed, or already somebody else's.";
    if ((a->flags | b->flags) & AN_ATOMIC)
        return "Only one side is atomic, and that does not help: the compiler may tear, repeat or "
               "leave out the plain access.";
    if (an_both_write(a, b))
        return "Either write can undo the other: a value that one thread computed is lost.";
    return "The reader may see the old value, the new one, or keep an old one in a register for "
           "ever.";
}

/* The lock that one side holds and the other would have to take, or NULL. */
static const struct an_object *one_sided_lock(const struct an_context *ctx,
                                              const struct an_access *a, const struct an_access *b)
{
    if ((a->lockset != 0) == (b->lockset != 0))
        return NULL;
    const struct an_lockset *set = an_lockset(ctx->world, a->lockset ? a->lockset : b->lockset);
    return ctx->world->objects.all.at[(set->locks[0] >> 1) - 1];
}

/* A lock that both hold for reading only, or NULL. */
static const struct an_object *read_lock(const struct an_context *ctx, const struct an_access *a,
                                         const struct an_access *b)
{
    const struct an_lockset *x = an_lockset(ctx->world, a->lockset);
    const struct an_lockset *y = an_lockset(ctx->world, b->lockset);
    for (uint32_t i = 0; i < x->count; i++)
        for (uint32_t k = 0; k < y->count; k++)
            if (x->locks[i] == y->locks[k] && x->locks[i] & 1)
                return ctx->world->objects.all.at[(x->locks[i] >> 1) - 1];
    return NULL;
}

static const char *advice(const struct an_context *ctx, const struct an_access *a,
                          const struct an_access *b)
{
    struct sn_arena *arena = &ctx->report->arena;
    const struct an_object *lock = one_sided_lock(ctx, a, b);
    if ((a->flags | b->flags) & AN_FREE)
        return "Free it only after the last user is done: join the thread first, or count "
               "references.";
    const struct an_object *shared = read_lock(ctx, a, b);
    if (shared)
        return sn_sprintf(arena,
                          "Readers do not keep each other out: hold %s for writing to write.",
                          an_lock_text(ctx, shared));
    if (lock)
        return sn_sprintf(arena,
                          "Take %s on the other side too, around the whole of what must not be "
                          "interrupted.",
                          an_lock_text(ctx, lock));
    if ((a->flags | b->flags) & AN_ATOMIC)
        return "Make every access atomic.";
    return "Guard every access of it with one lock, or make it atomic.";
}

static const char *explain(const struct an_context *ctx, const struct an_access *a,
                           const struct an_access *b, const char *why)
{
    struct sn_arena *arena = &ctx->report->arena;
    struct sn_text first = {0}, second = {0};
    const struct an_thread *x = ctx->world->threads.all.at[a->thread];
    const struct an_thread *y = ctx->world->threads.all.at[b->thread];
    const char *text = sn_sprintf(
        arena,
        "%s %s %%VARIABLE%% (holding %s) and %s %s it (holding %s), and %s %s" AN_ADVICE "%s",
        an_thread_begins(ctx, x), verb_of(a), locks_text(ctx, &first, a->lockset),
        an_thread_text(ctx, y), verb_of(b), locks_text(ctx, &second, b->lockset), why,
        consequence(a, b), advice(ctx, a, b));
    sn_text_release(&first);
    sn_text_release(&second);
    return text;
}

static void add_site(const struct an_context *ctx, struct sn_finding *finding,
                     const struct an_access *access)
{
    struct sn_site *site =
        an_site(ctx, finding, role_of(access), ctx->world->threads.all.at[access->thread],
                access->stack, access->index, NULL);
    an_site_locks(ctx, finding, site, access->lockset);
    site->note = access->flags & AN_ATOMIC ? "atomic" : NULL;
}

const char *an_race_doubt(const struct an_context *ctx, const struct an_access *a,
                          const struct an_access *b, uint64_t address)
{
    enum { MAYBE = AN_MAY_BE_ATOMIC };
    const struct an_access *first = a->index < b->index ? a : b, *second = first == a ? b : a;
    /* What the source can settle (snarl-source explain) is told where there is no other doubt. */
    if (an_publication_may_order(ctx->publication, first, second, address))
        return "the threads exchange other data by moves that may be atomic in the source, and "
               "may be ordered by them: machine code does not tell";
    if (a->flags & b->flags & MAYBE)
        return "both accesses may be atomic in the source: machine code does not tell";
    if ((a->flags | b->flags) & MAYBE && (a->flags | b->flags) & AN_ATOMIC)
        return "all accesses may be atomic in the source: machine code does not tell";
    return NULL;
}

struct sn_finding *an_race_tell(const struct an_context *ctx, enum sn_level level,
                                const struct an_access *a, const struct an_access *b,
                                uint64_t address, struct sn_variable *variable, const char *why)
{
    if ((b->flags & (AN_WRITE | AN_FREE)) > (a->flags & (AN_WRITE | AN_FREE))) {
        const struct an_access *read = a; /* the write first, and a free before all */
        a = b;
        b = read;
    }
    const char *uncertain = an_race_doubt(ctx, a, b, address);
    struct sn_finding *finding = an_finding(ctx, SN_DATA_RACE, uncertain ? SN_POSSIBLE : level);
    finding->reason = uncertain;
    finding->variable = variable;
    finding->variable->size = a->flags & AN_FREE ? b->size : a->size;
    finding->title = "data race on %VARIABLE%";
    finding->explanation = explain(ctx, a, b, why);
    add_site(ctx, finding, a);
    add_site(ctx, finding, b);
    return finding;
}
