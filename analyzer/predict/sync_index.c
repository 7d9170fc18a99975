/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/predict/sync_index.h"

#include "analyzer/predict/held.h"

enum { DENSE_THREADS = 2048 }; /* for which pairs of threads fit into a table */

struct writer {
    uint32_t thread, place; /* place 0: nobody has written */
    uint32_t epoch;         /* of the thread, see `epochs` */
};

struct epochs { /* that a thread has ended: the place of the last event in each */
    VEC(uint32_t) last;
};

struct sends { /* of a channel: the latest of each thread */
    VEC(struct an_spot) of;
};

struct builder {
    struct an_sync_index *index;
    const struct an_run *run;
    struct an_places places;
    struct writer *writers;
    struct epochs *epochs; /* of filtered runs */
    struct sends *sends;
    struct an_held_locks *held; /* marks are steps */
    uint32_t *known;            /* of each pair of threads, or NULL: see `sparse` */
    struct sn_map sparse;
};

void an_places_init(struct an_places *places, const struct an_run *run)
{
    places->at = sn_malloc((run->threads + 1) * sizeof *places->at);
    for (uint32_t t = 0; t < run->threads; t++)
        places->at[t] = 1;
}

void an_places_release(struct an_places *places)
{
    free(places->at);
}

/* What THREAD is known to be behind already, of OTHER. */
static uint32_t *known(struct builder *builder, uint32_t thread, uint32_t other, uint64_t **sparse)
{
    if (builder->known)
        return &builder->known[(size_t)thread * builder->run->threads + other];
    *sparse = sn_map_at(&builder->sparse, (uint64_t)thread << 32 | other);
    return NULL;
}

/* THREAD may come to PLACE only behind OTHER's place AFTER. */
static void add_after(struct builder *builder, uint32_t thread, uint32_t place, uint32_t other,
                      uint32_t after)
{
    if (thread == other)
        return;
    uint64_t *sparse = NULL;
    uint32_t *dense = known(builder, thread, other, &sparse);
    if (after <= (dense ? *dense : *sparse))
        return;
    if (dense)
        *dense = after;
    else
        *sparse = after;
    *vec_push(&builder->index->thread[thread].steps) = (struct an_step){
        .place = place, .kind = AN_STEP_AFTER, .target = other & 0x1fffffff, .after = after};
}

/* Sections. -------------------------------------------------------------------------------------
 */

static void open_changed(struct an_index_thread *thread, uint32_t place, uint32_t innermost)
{
    if (thread->opens.count && vec_last(&thread->opens)->place == place)
        vec_last(&thread->opens)->innermost = innermost;
    else
        *vec_push(&thread->opens) = (struct an_open){place, innermost};
}

static uint32_t node_new(struct an_index_thread *thread, const struct an_step *step, uint32_t outer)
{
    if (!thread->nodes.count)
        (void)vec_push(&thread->nodes);
    *vec_push(&thread->nodes) =
        (struct an_open_node){step->target, step->number, AN_NEVER, outer, step->shared};
    return (uint32_t)thread->nodes.count - 1;
}

static void begin_section(struct builder *builder, struct tr_op op, uint32_t place)
{
    struct an_held_lock *hold =
        an_held_acquire(&builder->held[op.thread], op.target, tr_op_shared(op.kind));
    if (hold->exclusive + hold->shared > 1)
        return;
    struct an_index_thread *thread = &builder->index->thread[op.thread];
    struct an_index_lock *lock = &builder->index->lock[op.target];
    lock->readers |= hold->reader;
    *vec_push(&lock->sections) = (struct an_section){op.thread, place, AN_NEVER, hold->reader};
    hold->mark = (uint32_t)thread->steps.count;
    struct an_step *step = vec_push(&thread->steps);
    *step = (struct an_step){.place = place,
                             .kind = AN_STEP_SECTION,
                             .shared = hold->reader,
                             .target = op.target & 0x1fffffff,
                             .number = (uint32_t)lock->sections.count,
                             .end = AN_NEVER};
    uint32_t outer = thread->opens.count ? vec_last(&thread->opens)->innermost : 0;
    open_changed(thread, place, node_new(thread, step, outer));
}

/* The chain from NODE outwards, without the section of LOCK: nodes further in are made anew. */
static uint32_t without(struct an_index_thread *thread, uint32_t node, uint32_t lock)
{
    struct an_open_node old = thread->nodes.at[node];
    if (!node || old.lock == lock)
        return old.outer;
    uint32_t outer = without(thread, old.outer, lock);
    *vec_push(&thread->nodes) = old;
    vec_last(&thread->nodes)->outer = outer;
    return (uint32_t)thread->nodes.count - 1;
}

static void end_section(struct builder *builder, struct tr_op op, uint32_t place)
{
    struct an_held_lock was;
    if (!an_held_release(&builder->held[op.thread], op.target, tr_op_shared(op.kind), &was))
        return;
    struct an_index_thread *thread = &builder->index->thread[op.thread];
    struct an_step *step = &thread->steps.at[was.mark];
    step->end = place;
    builder->index->lock[op.target].sections.at[step->number - 1].end = place;
    open_changed(thread, place, without(thread, vec_last(&thread->opens)->innermost, op.target));
}

/* Others. ---------------------------------------------------------------------------------------
 */

/* How far a thread has surely come whose write was read: where equal accesses are left out, it may
 * have written again at the end of that epoch. */
static uint32_t written_by(const struct builder *builder, const struct writer *writer)
{
    if (!builder->run->filtered)
        return writer->place;
    const struct epochs *epochs = &builder->epochs[writer->thread];
    uint32_t last = writer->epoch < epochs->last.count ? epochs->last.at[writer->epoch]
                                                       : builder->places.at[writer->thread];
    return last > writer->place ? last : writer->place;
}

static void access(struct builder *builder, struct tr_op op, uint32_t place, bool doubt)
{
    struct writer *writer = &builder->writers[op.target];
    if (an_run_reads(builder->run, op.kind) && writer->place)
        add_after(builder, op.thread, place, writer->thread, written_by(builder, writer));
    if (doubt)
        *vec_push(&builder->index->thread[op.thread].steps) =
            (struct an_step){.place = place, .kind = AN_STEP_UNKNOWN};
    if (tr_op_writes(op.kind))
        *writer = (struct writer){
            op.thread, place,
            builder->run->filtered ? (uint32_t)builder->epochs[op.thread].last.count : 0};
}

/* A thread begins behind its fork, if that came first. */
static void fork_thread(struct builder *builder, struct tr_op op, uint32_t place)
{
    if (builder->places.at[op.target] > 1 || op.target == op.thread)
        return;
    vec_clear(&builder->index->thread[op.target].steps); /* forked twice: the later one counts */
    *vec_push(&builder->index->thread[op.target].steps) = (struct an_step){
        .place = 1, .kind = AN_STEP_AFTER, .target = op.thread & 0x1fffffff, .after = place};
}

static void send(struct builder *builder, struct tr_op op, uint32_t place)
{
    struct sends *sends = &builder->sends[op.target];
    vec_each (struct an_spot, spot, &sends->of)
        if (spot->thread == op.thread) {
            spot->place = place;
            return;
        }
    *vec_push(&sends->of) = (struct an_spot){op.thread, place};
}

static void take_token(struct builder *builder, struct tr_op op, uint32_t place)
{
    struct an_index_semaphore *semaphore = &builder->index->semaphore[op.target];
    struct an_waiter *waiter = NULL;
    vec_each (struct an_waiter, known, &semaphore->waiters)
        if (known->thread == op.thread)
            waiter = known;
    if (!waiter) {
        waiter = vec_push(&semaphore->waiters);
        waiter->thread = op.thread;
    }
    *vec_push(&waiter->places) = place;
    *vec_push(&builder->index->thread[op.thread].steps) =
        (struct an_step){.place = place, .kind = AN_STEP_WAIT, .target = op.target & 0x1fffffff};
}

static void follow(struct builder *builder, size_t i, uint32_t place)
{
    struct an_sync_index *index = builder->index;
    struct tr_op op = builder->run->ops.at[i];
    if (tr_op_is_access(op.kind)) {
        access(builder, op, place, builder->run->doubts.count && builder->run->doubts.at[i]);
        return;
    }
    if (builder->run->filtered)
        *vec_push(&builder->epochs[op.thread].last) = place - 1;
    if (tr_op_acquires(op.kind)) {
        begin_section(builder, op, place);
    } else if (tr_op_releases(op.kind)) {
        end_section(builder, op, place);
    } else if (op.kind == TR_OP_FORK) {
        fork_thread(builder, op, place);
    } else if (op.kind == TR_OP_JOIN) {
        add_after(builder, op.thread, place, op.target, builder->places.at[op.target]);
    } else if (op.kind == TR_OP_SEND) {
        send(builder, op, place);
    } else if (op.kind == TR_OP_RECEIVE) {
        vec_each (struct an_spot, spot, &builder->sends[op.target].of)
            add_after(builder, op.thread, place, spot->thread, spot->place);
    } else if (op.kind == TR_OP_POST) {
        *vec_push(&index->semaphore[op.target].posts) = (struct an_spot){op.thread, place};
    } else if (op.kind == TR_OP_WAIT) {
        take_token(builder, op, place);
    } else if (op.kind == TR_OP_UNKNOWN) {
        *vec_push(&index->thread[op.thread].steps) =
            (struct an_step){.place = place, .kind = AN_STEP_UNKNOWN};
    }
}

/* The sections of each lock, by who was in them. `of` is scratch, a number for each thread. */
static void index_users(struct an_index_lock *lock, uint32_t *of)
{
    for (size_t i = 0; i < lock->sections.count; i++) {
        uint32_t thread = lock->sections.at[i].thread;
        if (of[thread] >= lock->users.count || lock->users.at[of[thread]].thread != thread) {
            of[thread] = (uint32_t)lock->users.count;
            vec_push(&lock->users)->thread = thread;
        }
        *vec_push(&lock->users.at[of[thread]].numbers) = (uint32_t)i + 1;
    }
}

/* Sections that are open at places that were noted before their end was known. */
static void fill_ends(struct an_sync_index *index)
{
    for (uint32_t t = 0; t < index->threads; t++)
        vec_each (struct an_open_node, node, &index->thread[t].nodes)
            if (node->number)
                node->end = index->lock[node->lock].sections.at[node->number - 1].end;
}

void an_sync_index_build(struct an_sync_index *index, const struct an_run *run)
{
    uint32_t threads = run->threads;
    *index = (struct an_sync_index){
        .threads = threads,
        .locks = run->locks,
        .semaphores = (uint32_t)run->initial.count,
        .thread = sn_calloc(threads + 1, sizeof *index->thread),
        .lock = sn_calloc(run->locks + 1, sizeof *index->lock),
        .semaphore = sn_calloc(run->initial.count + 1, sizeof *index->semaphore),
    };
    struct builder builder = {
        .index = index,
        .run = run,
        .writers = sn_calloc(run->variables + 1, sizeof(struct writer)),
        .epochs = sn_calloc(threads + 1, sizeof(struct epochs)),
        .sends = sn_calloc(run->channels + 1, sizeof(struct sends)),
        .held = sn_calloc(threads + 1, sizeof(struct an_held_locks)),
        .known = threads <= DENSE_THREADS
                     ? sn_calloc((size_t)threads * threads + 1, sizeof(uint32_t))
                     : NULL,
    };
    for (uint32_t s = 0; s < index->semaphores; s++)
        index->semaphore[s].initial = run->initial.at[s];
    an_places_init(&builder.places, run);
    for (size_t i = 0; i < run->ops.count; i++)
        follow(&builder, i, an_places_next(&builder.places, run, i));
    for (uint32_t t = 0; t < threads; t++)
        index->thread[t].places = builder.places.at[t];
    fill_ends(index);
    for (uint32_t l = 0; l < index->locks; l++)
        index_users(&index->lock[l], builder.places.at);
    for (uint32_t t = 0; t < threads; t++) {
        vec_release(&builder.held[t].of);
        vec_release(&builder.epochs[t].last);
    }
    for (uint32_t c = 0; c < run->channels; c++)
        vec_release(&builder.sends[c].of);
    an_places_release(&builder.places);
    sn_map_release(&builder.sparse);
    free(builder.writers);
    free(builder.epochs);
    free(builder.sends);
    free(builder.held);
    free(builder.known);
}

size_t an_steps_behind(const struct an_index_thread *thread, uint32_t place)
{
    return vec_count_while(struct an_step, step, &thread->steps, step->place <= place);
}

uint32_t an_open_at(const struct an_index_thread *thread, uint32_t place)
{
    size_t begun = vec_count_while(struct an_open, open, &thread->opens, open->place <= place);
    return begun ? thread->opens.at[begun - 1].innermost : 0;
}

void an_sync_index_release(struct an_sync_index *index)
{
    for (uint32_t t = 0; t < index->threads; t++) {
        vec_release(&index->thread[t].steps);
        vec_release(&index->thread[t].opens);
        vec_release(&index->thread[t].nodes);
    }
    for (uint32_t l = 0; l < index->locks; l++) {
        vec_each (struct an_lock_user, user, &index->lock[l].users)
            vec_release(&user->numbers);
        vec_release(&index->lock[l].users);
        vec_release(&index->lock[l].sections);
    }
    for (uint32_t s = 0; s < index->semaphores; s++) {
        vec_each (struct an_waiter, waiter, &index->semaphore[s].waiters)
            vec_release(&waiter->places);
        vec_release(&index->semaphore[s].waiters);
        vec_release(&index->semaphore[s].posts);
    }
    free(index->thread);
    free(index->lock);
    free(index->semaphore);
    *index = (struct an_sync_index){0};
}
