/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/predict/witness.h"

#include "analyzer/predict/sync_index.h"

void an_witness_of_cut(struct an_witness *witness, const struct an_run *run, const uint32_t *places)
{
    struct an_places at;
    an_places_init(&at, run);
    vec_clear(&witness->order);
    for (size_t i = 0; i < run->ops.count; i++)
        if (an_places_next(&at, run, i) <= places[run->ops.at[i].thread])
            *vec_push(&witness->order) = i;
    an_places_release(&at);
}

void an_witness_release(struct an_witness *witness)
{
    vec_release(&witness->order);
    vec_release(&witness->goal);
}

/* The checker. ----------------------------------------------------------------------------------
 */

struct list {
    VEC(uint64_t) of;
};

struct lock {
    uint32_t owner; /* plus 1; 0: nobody holds it alone */
    uint32_t depth;
    VEC(uint32_t) readers; /* one entry for each time */
};

struct check {
    const struct an_run *run;
    struct sn_error *err;
    bool itself;              /* the run's own order: what it rests on is known to have come */
    bool *done;               /* of each operation */
    uint64_t *source;         /* of each read: the write that it saw, plus 1; or 0 */
    uint64_t *latest;         /* of each variable: its latest write, plus 1 */
    struct list *mine, *sent; /* operations of each thread; SENDs of each channel */
    uint64_t *taken;          /* of each thread: how many of its operations */
    uint64_t *forked;         /* of each thread: the operation that forks it, plus 1; or 0 */
    uint64_t *arrived; /* of each channel: so many of its SENDs, from the first on, are done */
    struct lock *locks;
    int64_t *tokens;
    uint64_t steps;    /* done so far */
    uint64_t *stepped; /* of each thread: the number of its latest one */
    uint64_t *sent_at; /* of each channel: that of its latest SEND */
};

static int refuse(struct check *check, uint64_t op, const char *why)
{
    return sn_fail(check->err, SN_E_FORMAT, NULL, an_run_event(check->run, op), "%s", why);
}

/* What the run says of reads, forks and channels. */
static void learn_run(struct check *check)
{
    const struct an_run *run = check->run;
    for (size_t i = 0; i < run->ops.count; i++) {
        struct tr_op op = run->ops.at[i];
        if (tr_op_is_access(op.kind)) {
            check->source[i] = an_run_reads(run, op.kind) ? check->latest[op.target] : 0;
            if (tr_op_writes(op.kind))
                check->latest[op.target] = i + 1;
        } else if (op.kind == TR_OP_FORK && op.target != op.thread) {
            if (!check->mine[op.target].of.count)
                check->forked[op.target] = i + 1;
        } else if (op.kind == TR_OP_SEND) {
            *vec_push(&check->sent[op.target].of) = i;
        }
        *vec_push(&check->mine[op.thread].of) = i;
    }
    memset(check->latest, 0, (run->variables + 1) * sizeof *check->latest);
    for (size_t s = 0; s < run->initial.count; s++)
        check->tokens[s] = run->initial.at[s];
}

static size_t times_read(const struct lock *lock, uint32_t thread)
{
    size_t times = 0;
    vec_each (uint32_t, reader, &lock->readers)
        times += *reader == thread;
    return times;
}

/* Does another thread than THREAD hold the lock in its way? */
static bool is_held(const struct lock *lock, uint32_t thread, bool shared)
{
    if (lock->owner && lock->owner != thread + 1)
        return true;
    return !shared && lock->readers.count > times_read(lock, thread);
}

static int acquire(struct check *check, uint64_t i, struct tr_op op)
{
    struct lock *lock = &check->locks[op.target];
    bool shared = tr_op_shared(op.kind);
    if (is_held(lock, op.thread, shared))
        return refuse(check, i, "a lock is taken that another thread holds");
    if (lock->owner == op.thread + 1u || (!shared && !lock->readers.count)) {
        lock->owner = op.thread + 1u;
        lock->depth++;
    } else {
        *vec_push(&lock->readers) = op.thread;
    }
    return 0;
}

static void release(struct check *check, struct tr_op op)
{
    struct lock *lock = &check->locks[op.target];
    if (lock->owner == op.thread + 1u) {
        if (!--lock->depth)
            lock->owner = 0;
        return;
    }
    for (size_t i = lock->readers.count; i-- > 0;)
        if (lock->readers.at[i] == op.thread) {
            vec_remove(&lock->readers, i);
            return;
        }
}

static int join(struct check *check, uint64_t i, struct tr_op op)
{
    const struct list *list = &check->mine[op.target];
    if (check->forked[op.target] && check->forked[op.target] <= i &&
        !check->done[check->forked[op.target] - 1])
        return refuse(check, i, "a thread is joined that was not made");
    uint64_t taken = check->taken[op.target];
    if (taken < list->of.count && list->of.at[taken] < i)
        return refuse(check, i, "a thread is joined that has not ended");
    return 0;
}

static int receive(struct check *check, uint64_t i, struct tr_op op)
{
    const struct list *list = &check->sent[op.target];
    uint64_t *arrived = &check->arrived[op.target];
    while (*arrived < list->of.count && check->done[list->of.at[*arrived]])
        ++*arrived;
    if (*arrived < list->of.count && list->of.at[*arrived] < i)
        return refuse(check, i, "something is received before it was sent");
    return 0;
}

static int access(struct check *check, uint64_t i, struct tr_op op)
{
    if (!check->itself && check->run->doubts.count && check->run->doubts.at[i])
        return refuse(check, i, "nobody knows what a read has read");
    if (an_run_reads(check->run, op.kind) && check->source[i] != check->latest[op.target])
        return refuse(check, i, "a read would see another write");
    if (tr_op_writes(op.kind))
        check->latest[op.target] = i + 1;
    return 0;
}

/* Does operation I, of which nobody has said yet that its turn has come. */
static int perform(struct check *check, uint64_t i, struct tr_op op)
{
    if (tr_op_is_access(op.kind))
        return access(check, i, op);
    if (tr_op_acquires(op.kind))
        return acquire(check, i, op);
    if (tr_op_releases(op.kind))
        release(check, op);
    else if (op.kind == TR_OP_JOIN && op.target != op.thread)
        return join(check, i, op);
    else if (op.kind == TR_OP_RECEIVE)
        return receive(check, i, op);
    else if (op.kind == TR_OP_POST)
        check->tokens[op.target]++;
    else if (op.kind == TR_OP_WAIT && --check->tokens[op.target] < 0)
        return refuse(check, i, "a token is taken that is not there");
    else if (!check->itself && op.kind == TR_OP_UNKNOWN)
        return refuse(check, i, "it rests on what was not recorded");
    return 0;
}

/* Is I what its thread does next? */
static int is_next(struct check *check, uint64_t i)
{
    if (i >= check->run->ops.count)
        return refuse(check, i, "it names an operation that there is not");
    uint32_t thread = check->run->ops.at[i].thread;
    const struct list *list = &check->mine[thread];
    uint64_t taken = check->taken[thread];
    if (!taken && check->forked[thread] && !check->done[check->forked[thread] - 1])
        return refuse(check, i, "a thread runs before it was made");
    if (taken >= list->of.count || list->of.at[taken] != i)
        return refuse(check, i, "a thread's own order is not kept");
    return 0;
}

static int replay(struct check *check, const struct an_witness *witness)
{
    vec_each (const uint64_t, at, &witness->order) {
        int code = is_next(check, *at);
        if (code == 0)
            code = perform(check, *at, check->run->ops.at[*at]);
        if (code < 0)
            return code;
        struct tr_op op = check->run->ops.at[*at];
        check->done[*at] = true;
        check->taken[op.thread]++;
        check->stepped[op.thread] = ++check->steps;
        if (op.kind == TR_OP_SEND)
            check->sent_at[op.target] = check->steps;
    }
    return 0;
}

/* Is event of operation I what its thread does next? Its own operations happen at once. */
static int event_is_next(struct check *check, uint64_t i)
{
    if (i >= check->run->ops.count)
        return refuse(check, i, "it names an operation that there is not");
    while (an_run_same_event(check->run, i))
        i--;
    return is_next(check, i);
}

static int check_race(struct check *check, const struct an_witness *witness)
{
    if (witness->goal.count != 2)
        return refuse(check, 0, "a race has two accesses");
    int code = event_is_next(check, witness->goal.at[0]);
    if (code == 0)
        code = event_is_next(check, witness->goal.at[1]);
    if (code < 0)
        return code;
    struct tr_op a = check->run->ops.at[witness->goal.at[0]];
    struct tr_op b = check->run->ops.at[witness->goal.at[1]];
    if (!tr_op_is_access(a.kind) || !tr_op_is_access(b.kind) || a.target != b.target ||
        a.thread == b.thread || !tr_op_conflict(a.kind, b.kind))
        return refuse(check, witness->goal.at[1], "the two accesses do not conflict");
    return 0;
}

/* What KIND gives on TARGET: has THREAD still to give some, and unless OTHERS may, nobody else? */
static bool has_to_give(const struct check *check, unsigned kind, uint32_t target, uint32_t thread,
                        bool others)
{
    bool missing = false;
    for (size_t i = 0; i < check->run->ops.count; i++) {
        struct tr_op op = check->run->ops.at[i];
        if (op.kind != kind || op.target != target)
            continue;
        if (op.thread == thread)
            missing |= !check->done[i];
        else if (!others)
            return false;
    }
    return missing;
}

static const struct an_await *await_of(const struct an_run *run, uint64_t op)
{
    size_t i = an_run_await(run, op);
    return i < run->awaits.count && run->awaits.at[i].op == op ? &run->awaits.at[i] : NULL;
}

/* Does what AWAIT's party waits for have to come from THREAD? */
static bool is_given_by(const struct check *check, const struct an_await *await, uint32_t thread)
{
    uint32_t waiting = check->run->ops.at[await->op].thread;
    struct tr_op wake = check->run->ops.at[await->wake];
    if (wake.kind == TR_OP_POST && check->tokens[wake.target] > 0)
        return false;
    if (wake.kind == TR_OP_SEND && !await->all &&
        check->sent_at[wake.target] > check->stepped[waiting])
        return false;
    return thread != waiting && has_to_give(check, wake.kind, wake.target, thread, await->all);
}

/* Does party A, whose next operation is AT, wait for party B? */
static bool waits_for(const struct check *check, uint64_t at, struct tr_op a, struct tr_op b)
{
    if (a.kind == TR_OP_JOIN)
        return a.target == b.thread;
    const struct an_await *await = await_of(check->run, at);
    if (await && is_given_by(check, await, b.thread))
        return true;
    if (!tr_op_acquires(a.kind))
        return false;
    const struct lock *lock = &check->locks[a.target];
    if (lock->owner)
        return lock->owner == b.thread + 1u;
    return !tr_op_shared(a.kind) && times_read(lock, b.thread);
}

static bool may_wait(const struct check *check, uint64_t at)
{
    unsigned kind = check->run->ops.at[at].kind;
    return kind == TR_OP_ACQUIRE || kind == TR_OP_ACQUIRE_SHARED ||
           (kind == TR_OP_JOIN && an_run_joins_for_ever(check->run, at)) ||
           await_of(check->run, at);
}

/* Each waits for another of them, so that none can go on. */
static int check_deadlock(struct check *check, const struct an_witness *witness)
{
    if (witness->goal.count < 2)
        return refuse(check, 0, "a deadlock has two parties");
    vec_each (const uint64_t, at, &witness->goal) {
        int code = event_is_next(check, *at);
        if (code < 0)
            return code;
        struct tr_op op = check->run->ops.at[*at];
        if (!may_wait(check, *at))
            return refuse(check, *at, "a party does not wait");
        bool waits = false;
        vec_each (const uint64_t, other, &witness->goal)
            waits |= other != at && waits_for(check, *at, op, check->run->ops.at[*other]);
        if (!waits)
            return refuse(check, *at, "a party waits for none of the others");
    }
    return 0;
}

static void check_open(struct check *check, const struct an_run *run, struct sn_error *err)
{
    size_t ops = run->ops.count + 1, threads = run->threads + 1, channels = run->channels + 1;
    *check = (struct check){
        .run = run,
        .err = err,
        .done = sn_calloc(ops, sizeof *check->done),
        .source = sn_calloc(ops, sizeof *check->source),
        .latest = sn_calloc(run->variables + 1, sizeof *check->latest),
        .mine = sn_calloc(threads, sizeof *check->mine),
        .sent = sn_calloc(channels, sizeof *check->sent),
        .taken = sn_calloc(threads, sizeof *check->taken),
        .forked = sn_calloc(threads, sizeof *check->forked),
        .arrived = sn_calloc(channels, sizeof *check->arrived),
        .locks = sn_calloc(run->locks + 1, sizeof *check->locks),
        .tokens = sn_calloc(run->initial.count + 1, sizeof *check->tokens),
        .stepped = sn_calloc(threads, sizeof *check->stepped),
        .sent_at = sn_calloc(channels, sizeof *check->sent_at),
    };
    learn_run(check);
}

static void check_close(struct check *check)
{
    for (uint32_t t = 0; t < check->run->threads; t++)
        vec_release(&check->mine[t].of);
    for (uint32_t c = 0; c < check->run->channels; c++)
        vec_release(&check->sent[c].of);
    for (uint32_t l = 0; l < check->run->locks; l++)
        vec_release(&check->locks[l].readers);
    free(check->done);
    free(check->source);
    free(check->latest);
    free(check->mine);
    free(check->sent);
    free(check->taken);
    free(check->forked);
    free(check->arrived);
    free(check->locks);
    free(check->tokens);
    free(check->stepped);
    free(check->sent_at);
}

int an_witness_check(const struct an_witness *witness, const struct an_run *run,
                     struct sn_error *err)
{
    struct check check;
    check_open(&check, run, err);
    int code = replay(&check, witness);
    if (code == 0)
        code = witness->deadlock ? check_deadlock(&check, witness) : check_race(&check, witness);
    check_close(&check);
    return code;
}

int an_witness_check_run(const struct an_witness *witness, const struct an_run *run,
                         struct sn_error *err)
{
    struct an_witness itself = {0};
    struct check check;
    uint64_t end = 0;
    vec_each (const uint64_t, op, &witness->order)
        end = *op + 1 > end ? *op + 1 : end;
    for (uint64_t op = 0; op < end; op++)
        *vec_push(&itself.order) = op;
    check_open(&check, run, err);
    check.itself = true;
    int code = replay(&check, &itself);
    check_close(&check);
    an_witness_release(&itself);
    return code;
}
