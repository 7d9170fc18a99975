/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/processes.h"

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
    struct sn_report *report;
    const struct an_options *options;
    uint32_t lock_base;
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

static const struct an_thread *thread_of(const struct races *races, const struct an_access *access)
{
    return races->joined.world.threads.all.at[access->thread];
}

static struct an_part *part_of(const struct races *races, const struct an_access *access)
{
    return an_joined_part(&races->joined, thread_of(races, access)->number);
}

static uint64_t pc_of(const struct races *races, const struct an_access *access)
{
    struct tr_stack stack = tr_reader_stack(part_of(races, access)->reader, access->stack);
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

/* Telling. --------------------------------------------------------------------------------------
 */

static struct an_context context_of(struct races *races, const struct an_part *part)
{
    struct an_context ctx =
        an_context(part->reader, races->report, races->options, &races->joined.world);
    ctx.process = part->process;
    ctx.lock_base = races->lock_base;
    return ctx;
}

static int pid_of(const struct sn_report *report, uint32_t process)
{
    vec_each (struct sn_process, known, &report->processes)
        if (known->id == process)
            return known->pid;
    return 0;
}

/* Who mapped the memory, or else who has it. */
static const struct an_part *owner_of(const struct races *races, uint64_t place)
{
    const struct an_part *owner = NULL;
    vec_each (struct an_part, part, &races->joined.parts) {
        const struct an_mapping *mapping = an_joined_mapping(part, place);
        if (mapping && (!owner || (mapping->stack && !an_joined_mapping(owner, place)->stack)))
            owner = part;
    }
    return owner;
}

/* By a name that all processes have for it: where in which memory it is. */
static struct sn_variable *variable(const struct an_context *ctx, const struct an_part *owner,
                                    const struct race *race)
{
    struct sn_variable *variable = SN_NEW(&ctx->report->arena, struct sn_variable);
    const struct an_mapping *mapping = owner ? an_joined_mapping(owner, race->place) : NULL;
    variable->size = race->second.size;
    if (!mapping)
        return variable;
    variable->address = mapping->low + (race->place - mapping->place);
    if (mapping->stack) {
        variable->place = "heap";
        variable->allocated_at = an_stack(ctx, mapping->stack);
        variable->block_offset = race->place - mapping->place;
        variable->block_size = mapping->high - mapping->low;
    }
    return variable;
}

/* A lock of one process keeps no other one out. */
static struct an_object *shared_lock(const struct races *races, const struct an_access *access,
                                     uint32_t i)
{
    const struct an_lockset *set = an_lockset(&races->joined.world, access->lockset);
    struct an_object *lock = races->joined.world.objects.all.at[(set->locks[i] >> 1) - 1];
    return an_joined_shared(lock->address) ? lock : NULL;
}

static void add_lock(const struct races *races, const struct an_context *ctx,
                     const struct an_part *owner, struct sn_finding *finding,
                     struct an_object *lock)
{
    const struct an_mapping *mapping = owner ? an_joined_mapping(owner, lock->address) : NULL;
    if (mapping)
        lock->place = mapping->low + (lock->address - mapping->place);
    const struct an_thread *creator = an_thread_find(&races->joined.world, lock->create_thread);
    if (!owner || !creator || an_joined_part(&races->joined, creator->number) != owner)
        lock->create_stack = 0;
    an_name_lock(ctx, finding, lock);
}

static const char *add_site(struct races *races, const struct an_context *ctx,
                            const struct an_part *owner, struct sn_finding *finding,
                            const struct an_access *access)
{
    const struct an_part *part = part_of(races, access);
    struct an_context own = context_of(races, part);
    struct an_thread thread = *thread_of(races, access);
    thread.number = an_joined_thread(thread.number);
    bool writes = access->flags & AN_WRITE;
    struct sn_site *site = an_site(&own, finding, writes ? SN_ROLE_WRITE : SN_ROLE_READ, &thread,
                                   access->stack, 0, NULL);
    site->note = sn_sprintf(&ctx->report->arena, "process %d", pid_of(ctx->report, part->process));
    uint32_t count = an_lockset(&races->joined.world, access->lockset)->count;
    uint32_t *ids = SN_NEW_ARRAY(&ctx->report->arena, uint32_t, count + 1);
    struct sn_text text = {0};
    for (uint32_t i = 0; i < count; i++) {
        struct an_object *lock = shared_lock(races, access, i);
        if (!lock)
            continue;
        add_lock(races, ctx, owner, finding, lock);
        ids[site->locks_held_count++] = ctx->lock_base + lock->id;
        sn_text_printf(&text, "%s%s", text.length ? ", " : "", an_lock_text(ctx, lock));
    }
    site->locks_held = ids;
    const char *told = sn_sprintf(
        &ctx->report->arena, "process %d %s%s it (holding %s)", pid_of(ctx->report, part->process),
        access->flags & AN_ATOMIC ? "atomically " : "", writes ? "writes" : "reads",
        text.length ? text.at : "no lock of both");
    sn_text_release(&text);
    return told;
}

/* What one side is known to use atomically is so for the other, too, whose moves do not tell; and
 * such moves may hand over what else the processes share. */
static bool is_doubtful(const struct races *races, const struct an_context *ctx,
                        const struct race *race)
{
    const struct an_access *a = &race->first, *b = &race->second;
    return an_joined_is_atomic(&races->joined, race->place) ||
           an_publication_may_order(ctx->publication, a->index < b->index ? a : b,
                                    a->index < b->index ? b : a, race->place);
}

static void tell(struct races *races, struct race *race)
{
    const struct an_part *owner = owner_of(races, race->place);
    struct an_context ctx = context_of(races, owner ? owner : part_of(races, &race->first));
    if (is_doubtful(races, &ctx, race))
        return;
    struct sn_finding *finding = an_finding(&ctx, SN_DATA_RACE, SN_POSSIBLE);
    finding->count = race->count;
    finding->variable = variable(&ctx, owner, race);
    finding->title = "data race of two processes on %VARIABLE%";
    const struct an_access *a = &race->first, *b = &race->second;
    if ((b->flags & AN_WRITE) > (a->flags & AN_WRITE)) {
        a = b;
        b = &race->first;
    }
    const char *first = add_site(races, &ctx, owner, finding, a);
    const char *second = add_site(races, &ctx, owner, finding, b);
    bool both = a->flags & b->flags & AN_WRITE;
    finding->explanation = sn_sprintf(
        &ctx.report->arena,
        "%%VARIABLE%% is memory that processes share: %s and %s, and nothing orders the two: no "
        "lock "
        "that lies in memory of both, no fork, no end of a child, no pipe, no atomic. %s" AN_ADVICE
        "Guard every access of it with one lock in the shared memory itself, made with "
        "PTHREAD_PROCESS_SHARED, or make it atomic.",
        first, second,
        both ? "Either write can undo the other: a value that one process computed is lost."
             : "The reader may see the old value, the new one, or a part of each.");
    finding->reason =
        "each process was recorded on its own: what passes between them by other ways "
        "may order these";
}

static void tell_all(struct races *races)
{
    vec_each (struct race, race, &races->all)
        tell(races, race);
}

int an_processes_tell(struct tr_reader *const *readers, const uint32_t *ids, size_t count,
                      struct sn_report *report, const struct an_options *options,
                      struct sn_error *err)
{
    struct races races = {.report = report, .options = options};
    an_joined_init(&races.joined);
    for (size_t i = 0; i < count; i++)
        an_joined_add(&races.joined, readers[i], ids[i]);
    races.lock_base = an_context(NULL, report, options, &races.joined.world).lock_base;
    struct tr_event ev;
    int more;
    while ((more = an_joined_next(&races.joined, &ev, err)) > 0)
        look(&races);
    tell_all(&races);
    vec_each (struct race, race, &races.all)
        an_snapshot_drop(race->second.past);
    vec_release(&races.all);
    sn_map_release(&races.by_places);
    an_joined_release(&races.joined);
    return more;
}
