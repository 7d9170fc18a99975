/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two events that are one word, a wake and the mutex's acquisition, are so written if nothing
 * stands between them: a wake is held back until the next event is known. So is a thread's exit,
 * which a join behind it implies.
 *
 * A trace has no values: an atomic's is the number of stores to the location so far.
 */
#include "trace/export.h"

/* What of a mode tells words apart. */
#define LOCK_BITS                                                                                  \
    (TR_LOCK_SHARED | TR_LOCK_TRY | TR_LOCK_TIMED | TR_LOCK_TIMEOUT | TR_LOCK_CANCELLED |          \
     TR_LOCK_IN_WAIT | TR_LOCK_BROADCAST)
#define ATOMIC_BITS (TR_ACC_SIZE_MASK | TR_ATOMIC_ORDER_MASK | TR_ATOMIC_FAILED)

void tr_export_init(struct tr_export *export, const struct tr_reader *reader, bool extended)
{
    *export = (struct tr_export){.reader = reader, .extended = extended};
    tr_xwords_init(&export->words);
}

void tr_export_release(struct tr_export *export)
{
    tr_xwords_release(&export->words);
    sn_map_release(&export->stores);
}

uint64_t tr_export_left_out(const struct tr_export *export)
{
    uint64_t sum = 0;
    for (unsigned kind = 0; kind < TR_KINDS; kind++)
        sum += export->left_out[kind];
    return sum;
}

/* Lines. -------------------------------------------------------------------------------------- */

static void put_digits(struct sn_text *out, const char *before, uint64_t number, unsigned base)
{
    char digits[72], *at = digits + sizeof digits;
    do
        *--at = "0123456789abcdef"[number % base];
    while (number /= base);
    sn_text_puts(out, before);
    sn_text_add(out, at, (size_t)(digits + sizeof digits - at));
}

static void put_operand(struct sn_text *out, const char *before, unsigned what, uint64_t value)
{
    if (before[0])
        sn_text_puts(out, before);
    if (what == TR_X_THREAD)
        put_digits(out, "T", value, 10);
    else if (what == TR_X_NUMBER || what == TR_X_VALUE)
        put_digits(out, "", value, 10);
    else if (what == TR_X_BLOCK)
        sn_text_puts(out, tr_xblocks[value]);
    else
        put_digits(out, "0x", value, 16);
}

static int32_t location(const struct tr_export *export, const struct tr_event *ev)
{
    struct tr_stack stack = tr_reader_stack(export->reader, ev->stack);
    if (!ev->stack || !stack.count)
        return 0;
    uint64_t pc = stack.pcs[0] - 1;
    const struct tr_module *module = tr_reader_module_at(export->reader, pc);
    if (module)
        pc -= module->base;
    return module || pc > UINT32_MAX ? (int32_t)(pc & INT32_MAX) : (int32_t)pc;
}

static void begin_line(const struct tr_event *ev, const char *word, struct sn_text *out)
{
    put_digits(out, "T", ev->thread, 10);
    sn_text_puts(out, "|");
    sn_text_puts(out, word);
    sn_text_puts(out, "(");
}

static void end_line(const struct tr_export *export, const struct tr_event *ev, struct sn_text *out)
{
    int32_t place = location(export, ev);
    put_digits(out, place < 0 ? ")|-" : ")|", place < 0 ? 0 - (uint64_t)place : (uint64_t)place,
               10);
    sn_text_puts(out, "\n");
}

/* A line of at most two operands, if there is a word for the event with these bits of its mode. */
static bool put_line(struct tr_export *export, const struct tr_event *ev, unsigned operand,
                     uint32_t mode, uint64_t first, uint64_t second, struct sn_text *out)
{
    const struct tr_xword *word = tr_xwords_for(&export->words, ev->kind, operand, mode);
    if (!word || (!export->extended && !word->plain))
        return false;
    begin_line(ev, word->name, out);
    if (word->operands[0])
        put_operand(out, "", word->operands[0], first);
    if (word->operands[1])
        put_operand(out, ",", word->operands[1], second);
    end_line(export, ev, out);
    return true;
}

/* By kind. ------------------------------------------------------------------------------------ */

static bool put_access(struct tr_export *export, struct tr_event ev, struct sn_text *out)
{
    bool range = ev.kind == TR_READ_RANGE || ev.kind == TR_WRITE_RANGE;
    uint32_t size = range || !export->extended ? 0 : ev.mode & TR_ACC_SIZE_MASK;
    if (range && !export->extended)
        ev.kind = ev.kind == TR_READ_RANGE ? TR_READ : TR_WRITE;
    return put_line(export, &ev, TR_X_VARIABLE, size, ev.object, ev.a0, out);
}

static unsigned lock_operand(const struct tr_event *ev)
{
    switch (tr_type(ev->mode)) {
    case TR_TYPE_COND:
        return TR_X_COND;
    case TR_TYPE_SEM:
        return TR_X_SEM;
    case TR_TYPE_BARRIER:
        return TR_X_BARRIER;
    case TR_TYPE_ONCE:
        return TR_X_ONCE;
    default:
        return TR_X_LOCK;
    }
}

static bool put_lock(struct tr_export *export, const struct tr_event *ev, struct sn_text *out)
{
    uint32_t mode = ev->mode & LOCK_BITS, shared = mode & TR_LOCK_SHARED;
    if (!export->extended)
        return !(ev->mode & TR_LOCK_NESTED) && !shared &&
               (ev->kind == TR_ACQUIRE || ev->kind == TR_RELEASE) &&
               put_line(export, ev, TR_X_LOCK, 0, ev->object, 0, out);
    if (ev->kind == TR_TRY_FAIL)
        mode = shared | (mode & TR_LOCK_TRY ? TR_LOCK_TRY : TR_LOCK_TIMED | TR_LOCK_TIMEOUT);
    if (ev->kind == TR_ACQUIRE && (mode & TR_LOCK_TRY))
        mode = shared | TR_LOCK_TRY;
    if (ev->kind == TR_OP_ERROR)
        return put_line(export, ev, lock_operand(ev), 0, ev->object, ev->a0, out);
    return put_line(export, ev, lock_operand(ev), mode, ev->object, 0, out);
}

static bool put_object(struct tr_export *export, const struct tr_event *ev, struct sn_text *out)
{
    unsigned operand = lock_operand(ev);
    bool valued = operand == TR_X_SEM || operand == TR_X_BARRIER;
    if (!export->extended)
        return false;
    if (ev->kind == TR_OBJECT_NEW && (ev->a0 & TR_ATTR_STATIC) && !valued)
        return true; /* no call made it */
    if (ev->kind == TR_OBJECT_NEW && operand == TR_X_LOCK && ev->a0) {
        begin_line(ev, "init_as", out);
        put_operand(out, "", operand, ev->object);
        put_operand(out, ",", TR_X_NUMBER, ev->a0);
        end_line(export, ev, out);
        return true;
    }
    return put_line(export, ev, operand, 0, ev->object, ev->a1, out);
}

static void put_value(struct sn_text *out, bool known, uint64_t value)
{
    if (known)
        put_operand(out, ",", TR_X_VALUE, value);
    else
        sn_text_puts(out, ",?");
}

static bool put_atomic(struct tr_export *export, const struct tr_event *ev, struct sn_text *out)
{
    const struct tr_xword *word =
        tr_xwords_for(&export->words, ev->kind, TR_X_VARIABLE, ev->mode & ATOMIC_BITS);
    if (!export->extended || !word)
        return false;
    /* Twice the number of stores, plus 1 if the latest may have come at another time. */
    uint64_t *stores = sn_map_at(&export->stores, ev->object);
    bool unknown = ev->mode & TR_ACC_SOURCE_UNKNOWN, update = ev->kind == TR_ATOMIC_RMW;
    begin_line(ev, word->name, out);
    put_operand(out, "", TR_X_VARIABLE, ev->object);
    if (ev->kind != TR_ATOMIC_STORE)
        put_value(out, !unknown && !(*stores & 1), *stores >> 1);
    if (ev->kind != TR_ATOMIC_LOAD) {
        *stores = ((*stores >> 1) + 1) << 1 | (unknown && !update);
        put_value(out, update || !unknown, *stores >> 1);
    }
    end_line(export, ev, out);
    return true;
}

static bool put_heap(struct tr_export *export, const struct tr_event *ev, struct sn_text *out)
{
    uint32_t mode = ev->mode & TR_HEAP_RESIZED ? TR_HEAP_RESIZED : ev->mode & TR_HEAP_MAPPED;
    return put_line(export, ev, TR_X_VARIABLE, mode, ev->object, ev->a0, out);
}

static bool put_condition(struct tr_export *export, const struct tr_event *ev, struct sn_text *out)
{
    const char *word = ev->mode & TR_LOCK_TIMED ? "timed_cond_wait" : "cond_wait";
    if (!export->extended)
        return false;
    if (ev->kind == TR_COND_SIGNAL)
        return put_line(export, ev, TR_X_COND, ev->mode & TR_LOCK_BROADCAST, ev->object, 0, out);
    if (ev->kind == TR_COND_WAKE)
        word = ev->mode & TR_LOCK_TIMEOUT     ? "cond_timeout"
               : ev->mode & TR_LOCK_CANCELLED ? "cond_cancel"
                                              : "cond_wake";
    begin_line(ev, word, out);
    put_operand(out, "", TR_X_COND, ev->object);
    if (ev->kind == TR_COND_WAIT)
        put_operand(out, ",", TR_X_LOCK, ev->a0);
    end_line(export, ev, out);
    return true;
}

/* Whether there was a word for it, or nothing to say. */
static bool put_event(struct tr_export *export, const struct tr_event *ev, struct sn_text *out)
{
    switch (ev->kind) {
    case TR_READ ... TR_WRITE_RANGE:
        return put_access(export, *ev, out);
    case TR_REQUEST ... TR_OP_ERROR:
        return put_lock(export, ev, out);
    case TR_OBJECT_NEW:
    case TR_OBJECT_END:
        return put_object(export, ev, out);
    case TR_COND_WAIT ... TR_COND_SIGNAL:
        return put_condition(export, ev, out);
    case TR_SEM_WAIT:
    case TR_SEM_POST:
        return put_line(export, ev, TR_X_SEM, ev->mode & (TR_LOCK_TRY | TR_LOCK_TIMED), ev->object,
                        0, out);
    case TR_BARRIER_ENTER:
    case TR_BARRIER_EXIT:
        return put_line(export, ev, TR_X_BARRIER, 0, ev->object, 0, out);
    case TR_ONCE_BEGIN ... TR_ONCE_SEEN:
        return put_line(export, ev, TR_X_ONCE, ev->mode, ev->object, 0, out);
    case TR_HB_BEFORE:
    case TR_HB_AFTER:
        return put_line(export, ev, TR_X_CHANNEL, 0, ev->object & ~(1ull << 63), 0, out);
    case TR_ALLOC:
    case TR_FREE:
        return put_heap(export, ev, out);
    case TR_ATOMIC_LOAD ... TR_ATOMIC_RMW:
        return put_atomic(export, ev, out);
    case TR_FENCE:
        return put_line(export, ev, TR_X_NOTHING, ev->mode & TR_ATOMIC_ORDER_MASK, 0, 0, out);
    case TR_THREAD_CREATE ... TR_JOIN_FAIL:
        return put_line(export, ev, TR_X_THREAD,
                        ev->kind == TR_JOIN_REQUEST ? ev->mode & TR_LOCK_TIMED : 0, ev->a0, ev->a1,
                        out);
    case TR_HANDLER_BEGIN:
    case TR_HANDLER_END:
        return put_line(export, ev, TR_X_NUMBER, 0, ev->a0, 0, out);
    case TR_BLOCK_BEGIN:
        return (ev->mode & 15) <= TR_BLOCK_ACCEPT &&
               put_line(export, ev, TR_X_BLOCK, ev->mode & TR_BLOCK_TIMED, ev->mode & 15, 0, out);
    case TR_THREAD_EXIT:
        return !export->extended || put_line(export, ev, TR_X_NOTHING, 0, 0, 0, out);
    case TR_BLOCK_END:
    case TR_TIMEOUT:
        return put_line(export, ev, TR_X_NOTHING, 0, 0, 0, out);
    case TR_META ... TR_COVERAGE:
    case TR_THREAD_START:
    case TR_THREAD_NAME:
    case TR_THREAD_AGAIN:
    case TR_THREAD_STACK:
    case TR_OBJECT_NAME:
        return true;
    default:
        return false;
    }
}

/* What two events together are called. -------------------------------------------------------- */

static bool is_held(const struct tr_export *export, const struct tr_event *ev)
{
    return ev->kind == TR_COND_WAIT || ev->kind == TR_COND_WAKE ||
           (ev->kind == TR_THREAD_EXIT && export->extended);
}

static void put_held(struct tr_export *export, struct sn_text *out)
{
    struct tr_event *held = &export->held;
    if (held->kind && !put_event(export, held, out))
        export->left_out[held->kind]++;
    held->kind = 0;
}

/* The held event and EV in one line, or none. */
static bool put_both(struct tr_export *export, const struct tr_event *ev, struct sn_text *out)
{
    const struct tr_event *held = &export->held;
    if (held->kind == TR_THREAD_EXIT)
        return ev->kind == TR_JOIN && ev->a0 == held->thread && ev->time == held->time &&
               put_event(export, ev, out);
    bool wait = held->kind == TR_COND_WAIT;
    if (!export->extended || ev->thread != held->thread || !(ev->mode & TR_LOCK_IN_WAIT) ||
        ev->kind != (wait ? TR_RELEASE : TR_ACQUIRE) || (wait && held->a0 != ev->object))
        return false;
    const struct tr_xword *word =
        tr_xwords_for(&export->words, held->kind, TR_X_COND,
                      held->mode & (wait ? TR_LOCK_TIMED : TR_LOCK_TIMEOUT | TR_LOCK_CANCELLED));
    if (!word)
        return false;
    begin_line(ev, word->name, out);
    put_operand(out, "", TR_X_COND, held->object);
    put_operand(out, ",", TR_X_LOCK, ev->object);
    end_line(export, held, out);
    return true;
}

void tr_export_event(struct tr_export *export, const struct tr_event *ev, struct sn_text *out)
{
    if (export->held.kind && put_both(export, ev, out)) {
        export->held.kind = 0;
        return;
    }
    put_held(export, out);
    if (is_held(export, ev))
        export->held = *ev;
    else if (!put_event(export, ev, out))
        export->left_out[ev->kind]++;
}

void tr_export_finish(struct tr_export *export, struct sn_text *out)
{
    put_held(export, out);
}
