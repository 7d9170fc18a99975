/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thread reads a variable in one critical section and writes it in the next one of the same lock
 * without reading it again: what it writes may rest on a value that another thread has changed in
 * between. Told where that has happened, or could have, since neither create nor join nor their
 * like keep the other thread's write apart.
 *
 * That the written value comes from the read one cannot be seen; so the two must be one activity:
 * by the same stack but for the innermost two frames, and most writes from there must come behind a
 * read of the same variable in the section before, which those of a list's neighbours do not.
 * Single bytes are flags. A section that writes the variable as well had done what it wanted to.
 *
 * ThreadSanitizer's instrumentation by clang may leave out a read in front of a write: of such code
 * nothing is told, unless it says which writes have read.
 */
#include "analyzer/compose.h"
#include "base/map.h"

struct suspect {
    const struct an_thread *thread;
    const struct an_object *lock;
    struct an_touch read, write;
    uint32_t slot;
    uint64_t clock;                /* of the thread, behind the write */
    uint64_t next;                 /* place + 1 of the suspect before it on the same word */
    struct an_foreign_write other; /* by another thread, that comes or could come between */
    bool between;                  /* it has come between */
};

struct place {                    /* from where somebody writes what the section has not read */
    uint64_t writes, read_before; /* read_before: of them, what the section before had read */
};

struct atomicity {
    struct an_context *ctx;
    VEC(struct place) places; /* by stack */
    VEC(struct suspect) suspects;
    struct sn_map by_key;  /* both stacks and the word: place + 1 in suspects */
    struct sn_map by_word; /* place + 1 of the latest one on the word */
    struct sn_map modules; /* by base: 1 tells all reads, 2 does not */
    bool compound;         /* writes say whether they have read */
};

static bool wants(uint8_t kind)
{
    return kind == TR_RELEASE || kind == TR_WRITE || kind == TR_ATOMIC_STORE ||
           kind == TR_ATOMIC_RMW;
}

static void *open_pass(struct an_context *ctx)
{
    struct atomicity *self = sn_calloc(1, sizeof *self);
    self->ctx = ctx;
    return self;
}

/* Suspects. -------------------------------------------------------------------------------------
 */

enum { INNERMOST = 2, MOST_SUSPECTS = 1 << 16 };

static bool is_one_activity(const struct an_context *ctx, uint32_t read, uint32_t write)
{
    struct tr_stack a = tr_reader_stack(ctx->reader, read);
    struct tr_stack b = tr_reader_stack(ctx->reader, write);
    if (a.count != b.count)
        return false;
    for (uint32_t i = INNERMOST; i < a.count; i++)
        if (a.pcs[i] != b.pcs[i])
            return false;
    return true;
}

/* Would a read in front of the write at STACK be in the trace? */
static bool tells_reads(struct atomicity *self, uint32_t stack)
{
    const struct an_context *ctx = self->ctx;
    struct tr_stack frames = tr_reader_stack(ctx->reader, stack);
    const struct tr_module *module =
        frames.count ? tr_reader_module_at(ctx->reader, frames.pcs[0] - 1) : NULL;
    if (!module || module->access_source != TR_SOURCE_TSAN || self->compound)
        return module && module->access_source != TR_SOURCE_NONE;
    uint64_t *known = sn_map_at(&self->modules, module->base);
    if (!*known)
        *known =
            ctx->options->hides_reads && !ctx->options->hides_reads(ctx->options, module) ? 1 : 2;
    return *known == 1;
}

/* Has another thread written the word under the lock between the read and the write? */
static bool came_between(struct an_world *world, const struct suspect *suspect)
{
    const struct an_touch *write = &suspect->write;
    return write->replaced.thread && write->replaced.index > suspect->read.read_index &&
           an_lockset_has(world, write->replaced.lockset, suspect->lock);
}

/* Could the write that was read have come behind the read as well? */
static bool could_come_later(struct an_world *world, const struct suspect *suspect)
{
    const struct an_touch *read = &suspect->read;
    const struct an_foreign_write *author = &read->author;
    return author->thread && an_lockset_has(world, author->lockset, suspect->lock) &&
           !an_order_before(&world->hard, world->now.thread, author->thread->slot, read->authored);
}

static void find_other(struct an_world *world, struct suspect *suspect)
{
    suspect->between = came_between(world, suspect);
    if (suspect->between)
        suspect->other = suspect->write.replaced;
    else if (could_come_later(world, suspect))
        suspect->other = suspect->read.author;
}

/* The one with these places and this word; a new one only where it can be told of. NULL: none. */
static struct suspect *suspect_of(struct atomicity *self, const struct an_touch *read,
                                  const struct an_touch *write)
{
    uint64_t places = (uint64_t)read->read_stack << 32 | write->write_stack;
    uint64_t *known = sn_map_at(&self->by_key, sn_mix(places) ^ write->word);
    if (*known)
        return &self->suspects.at[*known - 1];
    if (self->suspects.count >= MOST_SUSPECTS || !tells_reads(self, write->write_stack) ||
        !is_one_activity(self->ctx, read->read_stack, write->write_stack))
        return NULL;
    struct suspect *new = vec_push(&self->suspects);
    *known = self->suspects.count;
    uint64_t *latest = sn_map_at(&self->by_word, write->word);
    new->next = *latest;
    *latest = self->suspects.count;
    return new;
}

static void suspect_it(struct atomicity *self, const struct an_lock_use *use,
                       const struct an_touch *read, const struct an_touch *write)
{
    struct an_world *world = self->ctx->world;
    struct suspect *suspect = suspect_of(self, read, write);
    if (!suspect || suspect->between)
        return;
    struct suspect fresh = {
        .thread = world->now.thread,
        .lock = use->lock,
        .read = *read,
        .write = *write,
        .slot = world->now.thread->slot,
        .clock = world->now.thread->clock,
        .next = suspect->next,
    };
    find_other(world, &fresh);
    if (!suspect->other.thread || fresh.between)
        *suspect = fresh;
}

static void left_section(struct atomicity *self)
{
    struct an_world *world = self->ctx->world;
    const struct an_now *now = &world->now;
    const struct an_lock_use *use =
        now->object && now->outermost ? an_lock_use(now->thread, now->object) : NULL;
    if (!use || use->present.end != now->index || use->present.crowded || use->last.crowded)
        return;
    vec_each (struct an_touch, write, &use->present.touches) {
        if (!write->write_index || write->read_index || write->size < 2)
            continue;
        const struct an_touch *read = an_touched(&use->last, write->word);
        vec_cover(&self->places, write->write_stack);
        self->places.at[write->write_stack].writes++;
        if (!read || !read->read_index || read->write_index || read->address != write->address)
            continue;
        self->places.at[write->write_stack].read_before++;
        suspect_it(self, use, read, write);
    }
}

/* Another thread writes under the same lock what somebody has written so. */
static void other_write(struct atomicity *self, const struct tr_event *ev)
{
    struct an_world *world = self->ctx->world;
    const struct an_thread *thread = world->now.thread;
    self->compound |= tr_is_access(ev->kind) && ev->mode & TR_ACC_COMPOUND;
    if (!self->suspects.count || !thread->held.count)
        return;
    const uint64_t *latest = sn_map_find(&self->by_word, ev->object >> 2);
    for (uint64_t at = latest ? *latest : 0; at; at = self->suspects.at[at - 1].next) {
        struct suspect *suspect = &self->suspects.at[at - 1];
        if (suspect->other.thread || suspect->thread == thread ||
            !an_thread_holds(thread, suspect->lock) ||
            an_order_before(&world->hard, thread, suspect->slot, suspect->clock))
            continue;
        suspect->other =
            (struct an_foreign_write){thread, ev->index, ev->stack, world->now.access.lockset};
    }
}

/* What lasts hides reads. */
static void forget(struct atomicity *self, const struct tr_event *ev)
{
    const uint64_t *latest = sn_map_find(&self->by_word, ev->object >> 2);
    for (uint64_t at = latest ? *latest : 0; at; at = self->suspects.at[at - 1].next)
        if (self->suspects.at[at - 1].thread == self->ctx->world->now.thread)
            self->suspects.at[at - 1].thread = NULL;
}

static void event(void *data, const struct tr_event *ev)
{
    struct atomicity *self = data;
    if (ev->kind == TR_RELEASE)
        left_section(self);
    else if (ev->kind == TR_WRITE && ev->mode & TR_ACC_PERHAPS)
        forget(self, ev);
    else
        other_write(self, ev);
}

/* Findings. -------------------------------------------------------------------------------------
 */

static struct sn_finding *tell(const struct an_context *ctx, const struct suspect *suspect)
{
    struct sn_arena *arena = &ctx->report->arena;
    struct sn_finding *finding = an_finding(ctx, SN_ATOMICITY_VIOLATION, SN_POSSIBLE);
    const char *lock = an_lock_text(ctx, suspect->lock);
    finding->variable = an_variable(ctx, suspect->write.address, suspect->write.size);
    an_site_locks(ctx, finding,
                  an_site(ctx, finding, SN_ROLE_READ, suspect->thread, suspect->read.read_stack,
                          suspect->read.read_index, NULL),
                  suspect->read.lockset);
    struct sn_site *other = an_site(ctx, finding, SN_ROLE_WRITE, suspect->other.thread,
                                    suspect->other.stack, suspect->other.index, NULL);
    an_site_locks(ctx, finding, other, suspect->other.lockset);
    other->note = suspect->between ? "came between" : "could come between";
    an_site_locks(ctx, finding,
                  an_site(ctx, finding, SN_ROLE_WRITE, suspect->thread, suspect->write.write_stack,
                          suspect->write.write_index, NULL),
                  suspect->write.lockset);
    finding->reason =
        "whether the value that is written comes from the one that was read is not known";
    finding->title = sn_sprintf(arena, "%%VARIABLE%% is read and written in two critical sections");
    finding->explanation = sn_sprintf(
        arena,
        "%s read %%VARIABLE%% under %s, gave the lock back, took it again and wrote the variable "
        "without reading it once more; %s wrote it %s. If what is written rests on what was read, "
        "the other thread's update is lost, although every access is under the lock." AN_ADVICE
        "Make it one critical section, or read the variable again in the second one and decide "
        "anew.",
        an_thread_begins(ctx, suspect->thread), lock, an_thread_text(ctx, suspect->other.thread),
        suspect->between ? "in between" : "too, and could have done so in between");
    return finding;
}

static void finish(void *data)
{
    struct atomicity *self = data;
    if (an_lost_events(self->ctx->reader))
        return;               /* a read may be among them */
    struct sn_map told = {0}; /* by both stacks: the finding */
    vec_each (struct suspect, suspect, &self->suspects) {
        const struct place *place = &self->places.at[suspect->write.write_stack];
        if (!suspect->other.thread || !suspect->thread || 2 * place->read_before < place->writes)
            continue;
        uint64_t *known =
            sn_map_at(&told, (uint64_t)suspect->read.read_stack << 32 | suspect->write.write_stack);
        if (*known)
            ((struct sn_finding *)(uintptr_t)*known)->count++;
        else
            *known = (uintptr_t)tell(self->ctx, suspect);
    }
    sn_map_release(&told);
}

static void close_pass(void *data)
{
    struct atomicity *self = data;
    vec_release(&self->suspects);
    vec_release(&self->places);
    sn_map_release(&self->by_key);
    sn_map_release(&self->by_word);
    sn_map_release(&self->modules);
    free(self);
}

const struct an_analysis an_atomicity = {
    .name = "atomicity",
    .wants = wants,
    .open = open_pass,
    .event = event,
    .finish = finish,
    .close = close_pass,
};
