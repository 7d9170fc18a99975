/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/compose.h"

#include "analyzer/joined.h"

struct sn_finding *an_finding(const struct an_context *ctx, enum sn_hazard kind,
                              enum sn_level level)
{
    struct sn_finding *finding = sn_report_add(ctx->report, kind, level);
    finding->process = ctx->process;
    return finding;
}

void an_doubt(const struct an_context *ctx, struct sn_finding *finding, const char *what)
{
    uint64_t lost = an_lost_events(ctx->reader);
    finding->level = SN_POSSIBLE;
    finding->reason =
        lost ? sn_sprintf(&ctx->report->arena, "events were lost (%llu), %s",
                          (unsigned long long)lost, what)
             : sn_sprintf(&ctx->report->arena, "a part of the trace is missing, %s", what);
}

bool an_stood_still(const struct an_context *ctx)
{
    return tr_reader_header(ctx->reader)->standstill_tsc != 0;
}

bool an_was_stopped(const struct an_context *ctx)
{
    const struct an_end *end = &ctx->world->end;
    return an_stood_still(ctx) || (!end->exit && (ctx->options->timed_out || end->timeout));
}

uint64_t an_lost_events(const struct tr_reader *reader)
{
    const struct tr_header *header = tr_reader_header(reader);
    uint64_t lost = 0;
    for (unsigned why = 0; why < TR_LOSSES; why++)
        lost += why == TR_LOSS_NO_STACK ? 0 : header->lost[why];
    return lost;
}

struct sn_stack an_stack(const struct an_context *ctx, uint32_t stack)
{
    struct tr_stack from =
        ctx->joined ? an_joined_stack(ctx->joined, stack) : tr_reader_stack(ctx->reader, stack);
    struct sn_stack to = {.count = from.count};
    if (from.count)
        to.frames = SN_NEW_ARRAY(&ctx->report->arena, struct sn_frame, from.count);
    for (uint32_t i = 0; i < from.count; i++)
        to.frames[i].pc = from.pcs[i];
    return to;
}

static uint32_t process_of(const struct an_context *ctx, const struct an_thread *thread)
{
    return ctx->joined ? an_joined_part(ctx->joined, thread->number)->process : ctx->process;
}

static uint32_t number_of(const struct an_context *ctx, const struct an_thread *thread)
{
    return ctx->joined ? an_joined_thread(thread->number) : thread->number;
}

/* Only in the process that the finding is of: names are looked up there. */
static struct sn_stack own_stack(const struct an_context *ctx, uint32_t stack)
{
    bool foreign = ctx->joined && an_joined_stack_part(ctx->joined, stack)->process != ctx->process;
    return foreign ? (struct sn_stack){0} : an_stack(ctx, stack);
}

void an_name_thread(const struct an_context *ctx, struct sn_finding *finding,
                    const struct an_thread *thread)
{
    uint32_t process = process_of(ctx, thread), number = number_of(ctx, thread);
    vec_each (struct sn_thread *, known, &finding->threads)
        if ((*known)->id == number && (*known)->process == process)
            return;
    struct sn_thread *named = SN_NEW(&ctx->report->arena, struct sn_thread);
    named->id = number;
    named->process = process;
    named->name = sn_strdup(&ctx->report->arena, thread->name);
    named->created_at = an_stack(ctx, thread->create_stack);
    *vec_push(&finding->threads) = named;
}

/* What PLACE is in of what the finding's process has mapped: who did, where in it, and its size. */
static struct sn_stack shared_block(const struct an_context *ctx, uint64_t place, uint64_t *offset,
                                    uint64_t *size)
{
    const struct an_part *owner =
        an_joined_shared(place) ? an_joined_owner(ctx->joined, place) : NULL;
    const struct an_mapping *mapping =
        owner && owner->process == ctx->process ? an_joined_mapping(owner, place) : NULL;
    if (!mapping || !mapping->stack)
        return (struct sn_stack){0};
    *offset = place - mapping->place;
    *size = mapping->high - mapping->low;
    return own_stack(ctx, mapping->stack);
}

static uint32_t lock_id(const struct an_context *ctx, const struct an_object *object)
{
    return ctx->lock_base + object->id;
}

static const char *type_name(enum tr_object_type type)
{
    static const char *const names[] = {"mutex", "rwlock",  "spin", "cond",
                                        "sem",   "barrier", "once", "lock"};
    return type < sizeof names / sizeof *names ? names[type] : "lock";
}

void an_name_lock(const struct an_context *ctx, struct sn_finding *finding,
                  const struct an_object *object)
{
    if (sn_finding_lock(finding, lock_id(ctx, object)))
        return;
    struct sn_lock *lock = SN_NEW(&ctx->report->arena, struct sn_lock);
    lock->id = lock_id(ctx, object);
    lock->type = type_name(object->type);
    lock->address = ctx->joined ? an_joined_address(ctx->joined, object->address) : object->place;
    lock->name = object->name ? sn_strdup(&ctx->report->arena, object->name) : NULL;
    lock->created_at = own_stack(ctx, object->create_stack);
    if (ctx->joined) {
        lock->allocated_at =
            shared_block(ctx, object->address, &lock->block_offset, &lock->block_size);
    } else if (object->block_size) {
        lock->allocated_at = an_stack(ctx, object->block_stack);
        lock->block_offset = object->block_offset;
        lock->block_size = object->block_size;
    } else {
        const struct an_thread *owner =
            an_stack_owner(ctx->world, object->address, object->create_index);
        lock->on_stack = owner != NULL;
        lock->stack_of = owner ? owner->number : 0;
    }
    *vec_push(&finding->locks) = lock;
}

struct sn_site *an_site(const struct an_context *ctx, struct sn_finding *finding, enum sn_role role,
                        const struct an_thread *thread, uint32_t stack, uint64_t event,
                        const struct an_object *object)
{
    an_name_thread(ctx, finding, thread);
    if (object)
        an_name_lock(ctx, finding, object);
    struct sn_site *site = sn_finding_site(finding, role, number_of(ctx, thread));
    site->process = process_of(ctx, thread);
    site->lock = object ? lock_id(ctx, object) : 0;
    site->stack = an_stack(ctx, stack);
    site->event = event;
    return site;
}

void an_site_locks(const struct an_context *ctx, struct sn_finding *finding, struct sn_site *site,
                   uint32_t lockset)
{
    const struct an_lockset *set = an_lockset(ctx->world, lockset);
    if (!set->count)
        return;
    uint32_t *ids = SN_NEW_ARRAY(&ctx->report->arena, uint32_t, set->count);
    for (uint32_t i = 0; i < set->count; i++) {
        const struct an_object *object = ctx->world->objects.all.at[(set->locks[i] >> 1) - 1];
        an_name_lock(ctx, finding, object);
        ids[i] = lock_id(ctx, object);
    }
    site->locks_held = ids;
    site->locks_held_count = set->count;
}

enum { THREAD_LOCALS = 1 << 20 }; /* bytes that a program hardly has more of */

static void place_in_thread(struct sn_variable *variable, const struct an_thread *thread,
                            uint64_t address)
{
    variable->stack_of = thread->number;
    variable->from_thread = thread->handle ? (int64_t)(address - thread->handle) : 0;
}

struct sn_variable *an_variable(const struct an_context *ctx, uint64_t address, uint32_t size)
{
    struct sn_variable *variable = SN_NEW(&ctx->report->arena, struct sn_variable);
    variable->address = address;
    variable->size = size;
    if (ctx->joined) {
        variable->address = an_joined_address(ctx->joined, address);
        variable->allocated_at =
            shared_block(ctx, address, &variable->block_offset, &variable->block_size);
        variable->place = variable->block_size ? "heap" : NULL;
        return variable;
    }
    const struct an_block *block = an_heap_block(&ctx->world->heap, address);
    const struct an_thread *owner =
        block && !block->mapped ? NULL : an_stack_owner(ctx->world, address, ctx->world->now.index);
    if (block && !owner) {
        variable->place = "heap";
        variable->allocated_at = an_stack(ctx, block->stack);
        variable->block_offset = address - block->start;
        variable->block_size = block->size;
    } else if (owner) {
        variable->place = "stack";
        place_in_thread(variable, owner, address);
    } else {
        /* The main thread's descriptor lies elsewhere than its stack. */
        const struct an_thread *first = an_thread_find(ctx->world, 0);
        if (first && address < first->handle && first->handle - address < THREAD_LOCALS)
            place_in_thread(variable, first, address);
        variable->address = tr_reader_place(ctx->reader, address);
    }
    return variable;
}

static const char *thread_text(const struct an_context *ctx, const struct an_thread *thread,
                               char initial)
{
    struct sn_arena *arena = &ctx->report->arena;
    uint32_t number = number_of(ctx, thread);
    const char *text = number == 0 ? sn_sprintf(arena, "%che main thread", initial)
                       : thread->name
                           ? sn_sprintf(arena, "%chread %u (%s)", initial, number, thread->name)
                           : sn_sprintf(arena, "%chread %u", initial, number);
    return ctx->joined ? sn_sprintf(arena, "%s of process %u", text, process_of(ctx, thread))
                       : text;
}

const char *an_thread_text(const struct an_context *ctx, const struct an_thread *thread)
{
    return thread_text(ctx, thread, 't');
}

const char *an_thread_begins(const struct an_context *ctx, const struct an_thread *thread)
{
    return thread_text(ctx, thread, 'T');
}

const char *an_ending_text(const struct an_thread *thread)
{
    switch (thread->exit_mode) {
    case TR_EXIT_CALL:
        return "ended itself by pthread_exit";
    case TR_EXIT_CANCEL:
        return "was cancelled";
    default:
        return "returned from its start routine";
    }
}

const char *an_lock_text(const struct an_context *ctx, const struct an_object *object)
{
    return sn_sprintf(&ctx->report->arena, "%%LOCK %u%%", lock_id(ctx, object));
}

double an_milliseconds(const struct an_context *ctx, uint64_t from, uint64_t to)
{
    const struct tr_header *header = tr_reader_header(ctx->reader);
    if (!header->tsc_hz || !from || to < from)
        return -1;
    return (double)(to - from) * 1e3 / (double)header->tsc_hz;
}
