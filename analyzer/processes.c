/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/processes.h"

#include "analyzer/circles.h"
#include "analyzer/compose.h"
#include "analyzer/joined.h"
#include "base/text.h"

enum { MOST = 64 }; /* findings: pairs of places */

struct race {
    struct an_access first, second; /* of the second's `past` it has a reference */
    uint64_t place;
    uint64_t count;
};

struct races {
    struct an_joined joined;
    struct an_context ctx; /* in the joined world */
    VEC(struct race) all;
    struct sn_map by_places; /* to its number */
};

bool an_processes_shares(const struct an_processes *processes, uint32_t process)
{
    vec_each (struct an_shared_use, own, &processes->uses)
        if (own->process == process)
            vec_each (struct an_shared_use, other, &processes->uses)
                if (other->process != process && other->identity == own->identity)
                    return true;
    return false;
}

void an_processes_release(struct an_processes *processes)
{
    vec_release(&processes->uses);
}

static const struct an_part *part_of(const struct races *races, const struct an_access *access)
{
    const struct an_thread *thread = races->joined.world.threads.all.at[access->thread];
    return an_joined_part(&races->joined, thread->number);
}

static uint64_t pc_of(const struct races *races, const struct an_access *access)
{
    struct tr_stack stack = an_joined_stack(&races->joined, access->stack);
    return stack.count ? stack.pcs[0] : 0;
}

/* Of children of one program that do the same, one pair stands for all. */
static void note(struct races *races, const struct an_conflict *conflict)
{
    const struct an_access *now = &races->joined.world.now.access;
    uint64_t x = pc_of(races, &conflict->old), y = pc_of(races, now);
    uint64_t *number =
        sn_map_at(&races->by_places, sn_mix(x < y ? x : y) * 3 + sn_mix(x < y ? y : x));
    if (!*number && races->all.count < MOST) {
        struct race *race = vec_push(&races->all);
        *race = (struct race){.first = conflict->old, .second = *now, .place = conflict->address};
        race->first.past = NULL;
        race->second.past =
            an_order_snapshot(&races->joined.world.order, races->joined.world.now.thread);
        *number = races->all.count;
    }
    if (*number)
        races->all.at[*number - 1].count++;
}

static void look(struct races *races)
{
    const struct an_now *now = &races->joined.world.now;
    const struct an_part *own = an_joined_part(&races->joined, now->thread->number);
    for (size_t i = 0; i < now->conflicts.of.count; i++) {
        const struct an_conflict *conflict = &now->conflicts.of.at[i];
        if (part_of(races, &conflict->old) != own && an_joined_shared(conflict->address))
            note(races, conflict);
    }
}

/* Races. ----------------------------------------------------------------------------------------
 */

static int pid_of(const struct sn_report *report, uint32_t process)
{
    vec_each (struct sn_process, known, &report->processes)
        if (known->id == process)
            return known->pid;
    return 0;
}

/* A lock of one process keeps no other one out. */
static const struct an_object *shared_lock(const struct races *races, uint32_t held)
{
    const struct an_object *lock = races->joined.world.objects.all.at[(held >> 1) - 1];
    return an_joined_shared(lock->address) ? lock : NULL;
}

/* Tells of ACCESS as a site, and gives a few words on it. */
static const char *add_site(const struct races *races, const struct an_context *ctx,
                            struct sn_finding *finding, const struct an_access *access)
{
    const struct an_world *world = &races->joined.world;
    const struct an_lockset *held = an_lockset(world, access->lockset);
    int pid = pid_of(ctx->report, part_of(races, access)->process);
    bool writes = access->flags & AN_WRITE;
    struct sn_site *site = an_site(ctx, finding, writes ? SN_ROLE_WRITE : SN_ROLE_READ,
                                   world->threads.all.at[access->thread], access->stack, 0, NULL);
    uint32_t *ids = SN_NEW_ARRAY(&ctx->report->arena, uint32_t, held->count + 1);
    struct sn_text text = {0};
    site->locks_held = ids;
    site->note = sn_sprintf(&ctx->report->arena, "process %d", pid);
    for (uint32_t i = 0; i < held->count; i++) {
        const struct an_object *lock = shared_lock(races, held->locks[i]);
        if (!lock)
            continue;
        an_name_lock(ctx, finding, lock);
        ids[site->locks_held_count++] = ctx->lock_base + lock->id;
        sn_text_printf(&text, "%s%s", text.length ? ", " : "", an_lock_text(ctx, lock));
    }
    const char *told =
        sn_sprintf(&ctx->report->arena, "process %d %s it (holding %s)", pid,
                   writes ? "writes" : "reads", text.length ? text.at : "no lock of both");
    sn_text_release(&text);
    return told;
}

/* What one side is known to use atomically is so for the other, too, whose moves do not tell; and
 * such moves may hand over what else the processes share. */
static bool is_doubtful(const struct races *races, const struct race *race)
{
    const struct an_access *a = &race->first, *b = &race->second;
    return an_joined_is_atomic(&races->joined, race->place) ||
           an_publication_may_order(races->ctx.publication, a->index < b->index ? a : b,
                                    a->index < b->index ? b : a, race->place);
}

static void tell_race(const struct races *races, const struct race *race)
{
    const struct an_part *owner = an_joined_owner(&races->joined, race->place);
    struct an_context ctx = races->ctx;
    ctx.process = (owner ? owner : part_of(races, &race->first))->process;
    struct sn_finding *finding = an_finding(&ctx, SN_DATA_RACE, SN_POSSIBLE);
    finding->count = race->count;
    finding->variable = an_variable(&ctx, race->place, race->second.size);
    finding->title = "data race of two processes on %VARIABLE%";
    bool turned = (race->second.flags & AN_WRITE) > (race->first.flags & AN_WRITE);
    const struct an_access *a = turned ? &race->second : &race->first;
    const struct an_access *b = turned ? &race->first : &race->second;
    const char *first = add_site(races, &ctx, finding, a);
    const char *second = add_site(races, &ctx, finding, b);
    finding->explanation = sn_sprintf(
        &ctx.report->arena,
        "%%VARIABLE%% is memory that processes share: %s and %s, and nothing orders the two: no "
        "lock "
        "that lies in memory of both, no fork, no end of a child, no pipe, no atomic. %s" AN_ADVICE
        "Guard every access of it with one lock in the shared memory itself, made with "
        "PTHREAD_PROCESS_SHARED, or make it atomic.",
        first, second,
        a->flags & b->flags & AN_WRITE
            ? "Either write can undo the other: a value that one process computed is lost."
            : "The reader may see the old value, the new one, or a part of each.");
    finding->reason =
        "each process was recorded on its own: what passes between them by other ways "
        "may order these";
}

/* Deadlocks. ------------------------------------------------------------------------------------
 */

static bool is_of_several(const struct sn_finding *finding)
{
    vec_each (struct sn_site, site, &finding->sites)
        if (site->process != finding->sites.at[0].process)
            return true;
    return false;
}

static bool has_site_of(const struct sn_finding *finding, const struct sn_site *wanted)
{
    vec_each (struct sn_site, site, &finding->sites)
        if (site->process == wanted->process && site->thread == wanted->thread)
            return true;
    return false;
}

/* Of what each process could say alone, the circle is the cause: how many of these were taken out.
 */
static size_t replace(struct sn_report *report, size_t before, const struct sn_finding *circle)
{
    size_t count = 0;
    for (size_t i = before; i-- > 0;) {
        struct sn_finding *alone = report->findings.at[i];
        if (alone->kind != SN_STUCK_THREAD || !alone->sites.count ||
            !has_site_of(circle, &alone->sites.at[0]))
            continue;
        sn_report_withdraw(report, alone);
        count++;
    }
    return count;
}

static bool was_stopped(const struct races *races)
{
    vec_each (struct an_part, part, &races->joined.parts) {
        const struct tr_header *header = tr_reader_header(part->reader);
        if (races->ctx.options->timed_out || header->standstill_tsc || header->flags & TR_HAS_HUNG)
            return true;
    }
    return false;
}

/* Threads of several processes that wait for each other; those of one its own trace has told. Gives
 * how many findings of one process were taken out for them. */
static size_t tell_circles(struct races *races)
{
    struct sn_report *report = races->ctx.report;
    struct sn_map observed = {0};
    size_t before = report->findings.count, replaced = 0;
    if (!was_stopped(races))
        return 0;
    an_circles_tell(&races->ctx, &observed);
    for (size_t i = report->findings.count; i-- > before - replaced;) {
        struct sn_finding *circle = report->findings.at[i];
        size_t fewer = is_of_several(circle) ? replace(report, before - replaced, circle) : 0;
        if (!is_of_several(circle))
            sn_report_withdraw(report, circle);
        replaced += fewer;
        i -= fewer;
    }
    sn_map_release(&observed);
    return replaced;
}

/* The whole. ------------------------------------------------------------------------------------
 */

static void release(struct races *races)
{
    vec_each (struct race, race, &races->all)
        an_snapshot_drop(race->second.past);
    vec_release(&races->all);
    sn_map_release(&races->by_places);
    an_joined_release(&races->joined);
}

int an_processes_tell(struct tr_reader *const *readers, const uint32_t *ids, size_t count,
                      struct sn_report *report, const struct an_options *options, size_t *first,
                      struct sn_error *err)
{
    struct races races = {0};
    struct tr_event ev;
    int more;
    size_t others = report->findings.count;
    an_joined_init(&races.joined);
    for (size_t i = 0; i < count; i++)
        if (!an_joined_add(&races.joined, readers[i], ids[i]))
            break;
    races.ctx = an_context(readers[0], report, options, &races.joined.world);
    races.ctx.joined = &races.joined;
    races.ctx.process = ids[0];
    while ((more = an_joined_next(&races.joined, &ev, err)) > 0)
        look(&races);
    vec_each (const struct race, race, &races.all)
        if (!is_doubtful(&races, race))
            tell_race(&races, race);
    *first = others - tell_circles(&races);
    release(&races);
    return more;
}
