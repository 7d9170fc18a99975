/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two looks at the text. The first learns what a line alone does not tell: when a thread ends, how
 * large a variable is, whether a lock has readers, which store an atomic load has read. The second
 * writes the events.
 */
#define _GNU_SOURCE
#include "trace/xstd.h"

#include "trace/std.h"
#include "trace/writer.h"
#include "trace/xstd_values.h"
#include "trace/xstd_words.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

enum { SLACK = 64, ROOM_LEAST = 8, HEAP_ALIGN = 16, OBJECT_ROOM = 64, BLOCK_MAX = 1 << 30 };

#define NAMED   (1ull << 62) /* addresses of what has a name, by space */
#define CHANNEL (1ull << 63) /* they are no addresses */

struct thread {
    uint64_t last_line;
    uint64_t waits_for; /* a lock that it has asked for, plus 1 */
    uint32_t creator;
    uint32_t handlers; /* in which it is */
    bool created, started, exited;
    bool told; /* forked again: something is to be heard of that */
};

struct lock {
    uint32_t owner; /* plus 1; 0: nobody, or readers */
    uint32_t depth;
    bool shared; /* there are readers in the text */
};

struct barrier {
    uint64_t size, exits, inside, rounds;
};

struct operand {
    uint32_t number; /* of the name in its space, or of the thread */
    uint64_t key;    /* tells variables apart before they have addresses */
    int64_t value;
    bool known;
};

struct late_read { /* a load of what was overwritten */
    uint64_t line, offset;
};

struct tr_xstd {
    char *path; /* or NULL */
    char *text;
    size_t length;
    uint8_t *bytes;
    size_t size;
    struct tr_reader *reader;
    struct tr_xwords words;
    struct tr_dictionary names[TR_X_SPACES];
    VEC(uint64_t) room; /* of each variable; then its address */
    VEC(struct thread) threads;
    VEC(struct lock) locks;
    VEC(struct barrier) barriers;
    struct tr_values values;
    VEC(struct late_read) late_reads;
    /* While reading: */
    struct sn_error *err;
    struct tr_writer writer;
    struct sn_map versions; /* latest, by object */
    struct sn_map counters; /* the same of memory */
    struct sn_map blocks;   /* sizes, by address */
    uint64_t lines;         /* so far */
    const char *at;         /* the line */
    /* Of the line: */
    uint32_t thread;
    const struct tr_xword *word; /* NULL: begin, end */
    struct operand operands[TR_X_OPERANDS];
    int32_t location;
};

/* A line. -------------------------------------------------------------------------------------- */

static int fault(struct tr_xstd *x, const char *what, const char *part, const char *end)
{
    char shown[64];
    size_t length = 0;
    for (; part < end && length + 1 < sizeof shown; part++)
        shown[length++] = *part >= ' ' && *part <= '~' ? *part : '?';
    shown[length] = 0;
    return sn_fail(x->err, SN_E_FORMAT, x->path, (uint64_t)(x->at - x->text),
                   "line %" PRIu64 ": %s%s%s", x->lines, what, length ? ": " : "", shown);
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

/* Decimal, or hexadecimal behind 0x, up to LARGEST. */
static bool parse_number(const char *at, const char *end, uint64_t largest, uint64_t *number)
{
    bool hex = end - at > 2 && at[0] == '0' && at[1] == 'x';
    int base = hex ? 16 : 10;
    *number = 0;
    at += hex ? 2 : 0;
    if (at == end)
        return false;
    for (; at < end; at++) {
        int digit = digit_of(*at);
        if (digit >= base || __builtin_mul_overflow(*number, (uint64_t)base, number) ||
            __builtin_add_overflow(*number, (uint64_t)digit, number))
            return false;
    }
    return *number <= largest;
}

static bool parse_signed(const char *at, const char *end, uint64_t largest, int64_t *value)
{
    bool minus = at < end && *at == '-';
    uint64_t number;
    if (!parse_number(at + minus, end, largest + minus, &number))
        return false;
    *value = (int64_t)(minus ? 0 - number : number);
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static int parse_name(struct tr_xstd *x, unsigned space, const char *at, const char *end,
                      struct operand *operand)
{
    if (at == end)
        return fault(x, "a name is missing", at, at);
    uint32_t number = tr_dictionary_number(&x->names[space], tr_spell(at, (uint32_t)(end - at)));
    if (number >= (space == TR_X_THREAD ? TR_STD_THREADS_MAX : TR_NO_NUMBER))
        return sn_fail(x->err, SN_E_LIMIT, x->path, (uint64_t)(x->at - x->text),
                       "line %" PRIu64 ": there are too many names", x->lines);
    operand->number = number;
    if (!parse_number(at, end, NAMED - 1, &operand->key))
        operand->key = NAMED | (uint64_t)space << 56 | number;
    return 0;
}

static int parse_operand(struct tr_xstd *x, unsigned what, const char *at, const char *end,
                         struct operand *operand)
{
    uint64_t number;
    if (what < TR_X_SPACES)
        return parse_name(x, what, at, end, operand);
    if (what == TR_X_VALUE && end - at == 1 && *at == '?')
        return operand->known = false, 0;
    operand->known = true;
    if (what == TR_X_VALUE)
        return parse_signed(at, end, INT64_MAX, &operand->value)
                   ? 0
                   : fault(x, "a value is a whole number, or ?", at, end);
    if (what == TR_X_NUMBER) {
        if (!parse_number(at, end, INT64_MAX, &number))
            return fault(x, "a number is expected", at, end);
        return operand->value = (int64_t)number, 0;
    }
    for (int i = 0; tr_xblocks[i]; i++)
        if (strlen(tr_xblocks[i]) == (size_t)(end - at) &&
            memcmp(tr_xblocks[i], at, (size_t)(end - at)) == 0)
            return operand->value = i, 0;
    return fault(x, "nothing that a call waits for", at, end);
}

/* Those between AT and END: but for the first, which may have commas in it, from the back. */
static int parse_operands(struct tr_xstd *x, const char *at, const char *end)
{
    unsigned count = 0;
    while (count < TR_X_OPERANDS && x->word->operands[count])
        count++;
    if (!count)
        return at == end ? 0 : fault(x, "nothing is expected in parentheses", at, end);
    for (const char *c = at; c < end; c++)
        if (is_blank(*c))
            return fault(x, "a blank within a name", at, end);
    while (count-- > 1) {
        const char *comma = memrchr(at, ',', (size_t)(end - at));
        if (!comma)
            return fault(x, "an operand is missing", at, end);
        int code = parse_operand(x, x->word->operands[count], comma + 1, end, &x->operands[count]);
        if (code < 0)
            return code;
        end = comma;
    }
    return parse_operand(x, x->word->operands[0], at, end, &x->operands[0]);
}

static int parse_operation(struct tr_xstd *x, const char *at, const char *end)
{
    size_t length = (size_t)(end - at);
    x->word = NULL;
    if ((length >= 5 && memcmp(at, "begin", 5) == 0) || (length >= 3 && memcmp(at, "end", 3) == 0))
        return 0;
    const char *open = memchr(at, '(', length);
    if (!open || end[-1] != ')')
        return fault(x, "an operation such as w(NAME) is expected", at, end);
    x->word = tr_xwords_find(&x->words, at, (size_t)(open - at));
    if (!x->word)
        return fault(x, "there is no such operation", at, open);
    return parse_operands(x, open + 1, end - 1);
}

/* The line from x->at to END. */
static int parse_line(struct tr_xstd *x, const char *end)
{
    const char *at = x->at;
    size_t length = (size_t)(end - at);
    int64_t location;
    struct operand thread;
    if (length > TR_XSTD_LINE_MAX)
        return sn_fail(x->err, SN_E_LIMIT, x->path, (uint64_t)(at - x->text),
                       "line %" PRIu64 ": longer than 1 MiB", x->lines);
    if (!length)
        return fault(x, "an empty line", at, end);
    if (end[-1] == '\r')
        return fault(x, "the line ends in CR LF, not in LF alone", at, at);
    if (memchr(at, 0, length))
        return fault(x, "a zero byte: this is no text", at, end);
    const char *first = memchr(at, '|', length);
    const char *second = first ? memchr(first + 1, '|', (size_t)(end - first - 1)) : NULL;
    if (!second || memchr(second + 1, '|', (size_t)(end - second - 1)))
        return fault(x, "three fields with | between them are expected", at, end);
    if (first == at)
        return fault(x, "the thread has no name", at, end);
    const char *digits = second + 1 + (end > second + 1 && second[1] == '+');
    if (memchr(second, 'x', (size_t)(end - second)) || (digits > second + 1 && *digits == '-') ||
        !parse_signed(digits, end, INT32_MAX, &location))
        return fault(x, "the location is not a whole number of 32 bits", second + 1, end);
    x->location = (int32_t)location;
    int code = parse_name(x, TR_X_THREAD, at, first, &thread);
    x->thread = thread.number;
    return code < 0 ? code : parse_operation(x, first + 1, second);
}

static int each_line(struct tr_xstd *x, int (*line)(struct tr_xstd *))
{
    const char *end = x->text + x->length;
    x->lines = 0;
    int code = 0;
    for (x->at = x->text; x->at < end && code == 0;) {
        const char *newline = memchr(x->at, '\n', (size_t)(end - x->at));
        newline = newline ? newline : end;
        x->lines++;
        code = parse_line(x, newline);
        if (code == 0)
            code = line(x);
        x->at = newline + 1;
    }
    return code;
}

/* The first look. ------------------------------------------------------------------------------ */

static void survey_variable(struct tr_xstd *x)
{
    const struct operand *variable = &x->operands[0];
    uint64_t size = tr_access_size(x->word->mode);
    if (x->word->operands[1] == TR_X_NUMBER)
        size = (uint64_t)x->operands[1].value;
    while (x->room.count <= variable->number)
        *vec_push(&x->room) = ROOM_LEAST;
    if (size > x->room.at[variable->number])
        x->room.at[variable->number] = size;
}

static void survey_atomic(struct tr_xstd *x)
{
    const struct operand *o = x->operands;
    struct tr_values *values = &x->values;
    if (x->word->kind == TR_ATOMIC_STORE)
        tr_values_store(values, o[0].key, o[1].value, o[1].known);
    else if (x->word->kind == TR_ATOMIC_RMW)
        tr_values_update(values, o[0].key, o[1].value, o[1].known, o[2].value, o[2].known);
    else if (tr_values_load(values, o[0].key, o[1].value, o[1].known))
        *vec_push(&x->late_reads) = (struct late_read){x->lines, (uint64_t)(x->at - x->text)};
}

static int survey(struct tr_xstd *x)
{
    const struct tr_xword *word = x->word;
    while (x->threads.count < tr_dictionary_count(&x->names[TR_X_THREAD]))
        *vec_push(&x->threads) = (struct thread){.creator = TR_NO_THREAD};
    while (x->locks.count < tr_dictionary_count(&x->names[TR_X_LOCK]))
        (void)vec_push(&x->locks);
    while (x->barriers.count < tr_dictionary_count(&x->names[TR_X_BARRIER]))
        (void)vec_push(&x->barriers);
    x->threads.at[x->thread].last_line = x->lines;
    if (!word)
        return 0;
    if (word->operands[0] == TR_X_LOCK && (word->mode & TR_LOCK_SHARED))
        x->locks.at[x->operands[0].number].shared = true;
    if (word->operands[0] == TR_X_VARIABLE) {
        if (word->operands[1] == TR_X_NUMBER && x->operands[1].value > BLOCK_MAX)
            return fault(x, "a block of more than 1 GiB", x->at, x->at);
        survey_variable(x);
    }
    if (tr_is_atomic(word->kind))
        survey_atomic(x);
    return 0;
}

/* ROOM becomes addresses. */
static void place_variables(struct tr_xstd *x)
{
    uint64_t next = NAMED | (uint64_t)TR_X_VARIABLE << 56;
    vec_each (uint64_t, room, &x->room) {
        uint64_t align = *room > ROOM_LEAST ? HEAP_ALIGN : ROOM_LEAST;
        uint64_t address = (next + align - 1) & ~(align - 1);
        next = address + *room;
        *room = address;
    }
}

/* The second look: events. --------------------------------------------------------------------- */

static uint64_t address_of(const struct tr_xstd *x, unsigned space, const struct operand *operand)
{
    uint64_t channel = space == TR_X_CHANNEL ? CHANNEL : 0;
    if (operand->key < NAMED)
        return operand->key | channel;
    if (space == TR_X_VARIABLE)
        return x->room.at[operand->number];
    return (NAMED | channel | (uint64_t)space << 56) + (uint64_t)operand->number * OBJECT_ROOM;
}

/* The type of object that a name of that space is, as bits of the mode. */
static uint32_t type_of(const struct tr_xstd *x, unsigned space, const struct operand *operand)
{
    switch (space) {
    case TR_X_LOCK:
        return x->locks.at[operand->number].shared ? TR_TYPE_RWLOCK : TR_TYPE_MUTEX;
    case TR_X_COND:
        return TR_TYPE_COND;
    case TR_X_SEM:
        return TR_TYPE_SEM;
    case TR_X_BARRIER:
        return TR_TYPE_BARRIER;
    default:
        return 0;
    }
}

static void number_version(struct tr_xstd *x, struct tr_event *ev)
{
    bool counter = ev->kind == TR_ALLOC || ev->kind == TR_FREE;
    uint64_t *latest =
        counter ? sn_map_at(&x->counters, tr_counter_of(ev, x->writer.header.counter_bits))
                : sn_map_at(&x->versions, ev->object);
    *latest += tr_kinds[ev->kind].order == TR_ORDER_ADVANCES;
    ev->version = *latest;
}

/* Writes EV, of its own thread, at the time of this line. */
static void write_event(struct tr_xstd *x, struct tr_event *ev)
{
    const struct tr_kind_info *info = &tr_kinds[ev->kind];
    ev->time = x->lines;
    if ((info->fields & TR_VERSION) && !tr_is_atomic(ev->kind))
        number_version(x, ev);
    if (info->fields & TR_STACK) {
        uint64_t pc = (uint64_t)(uint32_t)x->location + 1;
        ev->stack = tr_writer_stack(&x->writer, ev->thread, &pc, 1);
    }
    tr_writer_add(&x->writer, ev);
}

static void write_simple(struct tr_xstd *x, uint8_t kind, uint32_t thread, uint64_t object,
                         uint64_t a0)
{
    write_event(x, &(struct tr_event){.kind = kind, .thread = thread, .object = object, .a0 = a0});
}

/* Two for each thread: it is forked when it runs already; it is joined and runs on. */
static uint64_t thread_channel(uint32_t thread, bool joined)
{
    return (CHANNEL | NAMED | (uint64_t)TR_X_THREAD << 56) + 2ull * thread + joined;
}

static void begin_thread(struct tr_xstd *x, uint32_t number)
{
    struct thread *thread = &x->threads.at[number];
    if (!thread->started) {
        const char *name = tr_dictionary_name(&x->names[TR_X_THREAD], number);
        thread->started = true;
        write_simple(x, TR_THREAD_START, number, 0, thread->creator);
        write_event(x, &(struct tr_event){.kind = TR_THREAD_NAME,
                                          .thread = number,
                                          .a0 = number,
                                          .bytes = (const uint8_t *)name,
                                          .bytes_length = (uint32_t)strlen(name)});
    }
    if (thread->told)
        write_simple(x, TR_HB_AFTER, number, thread_channel(number, false), 0);
    thread->told = false;
}

static void fork_thread(struct tr_xstd *x, uint32_t number)
{
    struct thread *child = &x->threads.at[number];
    if (child->started || child->created) {
        write_simple(x, TR_HB_BEFORE, x->thread, thread_channel(number, false), 0);
        child->told = true;
        return;
    }
    child->created = true;
    child->creator = x->thread;
    write_simple(x, TR_THREAD_CREATE, x->thread, 0, number);
}

static void join_thread(struct tr_xstd *x, uint32_t number)
{
    struct thread *child = &x->threads.at[number];
    if (child->last_line > x->lines || number == x->thread) {
        if (child->started)
            write_simple(x, TR_HB_BEFORE, number, thread_channel(number, true), 0);
        write_simple(x, TR_HB_AFTER, x->thread, thread_channel(number, true), 0);
        return;
    }
    begin_thread(x, number);
    if (!child->exited)
        write_simple(x, TR_THREAD_EXIT, number, 0, 0);
    child->exited = true;
    write_simple(x, TR_JOIN, x->thread, 0, number);
}

/* Who holds it, and how often; what that says of this event. */
static uint32_t lock_event(struct tr_xstd *x, struct lock *lock, struct tr_event *ev)
{
    struct thread *thread = &x->threads.at[x->thread];
    bool own = lock->owner == x->thread + 1;
    uint32_t flags = thread->handlers ? TR_LOCK_IN_HANDLER : 0;
    ev->a0 = ev->kind == TR_REQUEST || ev->kind == TR_TRY_FAIL ? lock->owner - 1 : ev->a0;
    if (ev->kind == TR_REQUEST)
        thread->waits_for = ev->object + 1;
    if (ev->kind == TR_ACQUIRE) {
        flags |= thread->waits_for == ev->object + 1 ? TR_LOCK_CONTENDED : 0;
        thread->waits_for = 0;
    }
    if (ev->mode & TR_LOCK_SHARED)
        return flags;
    if (ev->kind == TR_ACQUIRE) {
        flags |= own ? TR_LOCK_NESTED : 0;
        lock->depth = own ? lock->depth + 1 : 1;
        lock->owner = x->thread + 1;
    } else if (ev->kind == TR_RELEASE) {
        flags |= !own ? TR_LOCK_FOREIGN : lock->depth > 1 ? TR_LOCK_NESTED : 0;
        lock->depth -= lock->depth > 0;
        lock->owner = own && lock->depth ? lock->owner : 0;
    } else if (ev->kind == TR_OBJECT_NEW || ev->kind == TR_OBJECT_END) {
        lock->owner = lock->depth = 0;
    }
    return flags;
}

static void write_lock(struct tr_xstd *x, const struct operand *operand, struct tr_event *ev)
{
    ev->object = address_of(x, TR_X_LOCK, operand);
    ev->mode |= type_of(x, TR_X_LOCK, operand);
    ev->mode |= lock_event(x, &x->locks.at[operand->number], ev);
    write_event(x, ev);
}

static void write_barrier(struct tr_xstd *x, const struct operand *operand, struct tr_event *ev)
{
    struct barrier *barrier = &x->barriers.at[operand->number];
    if (ev->kind == TR_OBJECT_NEW)
        *barrier = (struct barrier){.size = ev->a1};
    if (ev->kind == TR_BARRIER_ENTER)
        barrier->inside++;
    if (ev->kind == TR_BARRIER_EXIT) {
        ev->a0 = barrier->size ? barrier->exits / barrier->size : barrier->rounds;
        barrier->exits++;
        barrier->inside -= barrier->inside > 0;
        barrier->rounds += barrier->inside == 0;
    }
    write_event(x, ev);
}

static void write_heap(struct tr_xstd *x, struct tr_event *ev)
{
    uint64_t *size = sn_map_at(&x->blocks, ev->object);
    if (ev->kind == TR_ALLOC)
        *size = ev->a0;
    else if (x->word->operands[1] == TR_X_NOTHING)
        ev->a0 = *size;
    write_event(x, ev);
}

static void write_atomic(struct tr_xstd *x, struct tr_event *ev)
{
    bool known;
    ev->version = tr_values_next(&x->values, x->operands[0].key, &known);
    if (!known)
        ev->mode |= TR_ACC_SOURCE_UNKNOWN;
    write_event(x, ev);
}

/* A wait gives the mutex back, or takes it again. */
static void write_wait(struct tr_xstd *x, struct tr_event *ev)
{
    const struct tr_xword *word = x->word;
    if (word->operands[1] == TR_X_LOCK && ev->kind == TR_COND_WAIT)
        ev->a0 = address_of(x, TR_X_LOCK, &x->operands[1]);
    write_event(x, ev);
    if (word->also)
        write_lock(
            x, &x->operands[1],
            &(struct tr_event){.kind = word->also, .thread = x->thread, .mode = TR_LOCK_IN_WAIT});
}

static void count_handlers(struct tr_xstd *x)
{
    struct thread *thread = &x->threads.at[x->thread];
    if (x->word->kind == TR_HANDLER_BEGIN)
        thread->handlers++;
    else if (x->word->kind == TR_HANDLER_END && thread->handlers)
        thread->handlers--;
    else if (x->word->kind == TR_THREAD_EXIT)
        thread->exited = true;
}

static int build(struct tr_xstd *x)
{
    const struct tr_xword *word = x->word;
    begin_thread(x, x->thread);
    if (!word)
        return 0;
    unsigned space = word->operands[0];
    const struct operand *first = &x->operands[0];
    struct tr_event ev = {.kind = word->kind, .thread = x->thread, .mode = word->mode};
    for (unsigned i = 0; i < TR_X_OPERANDS; i++)
        if (word->operands[i] == TR_X_NUMBER)
            *(word->number ? &ev.a1 : &ev.a0) = (uint64_t)x->operands[i].value;
    count_handlers(x);
    if (space == TR_X_LOCK)
        return write_lock(x, first, &ev), 0;
    if (space == TR_X_THREAD)
        ev.a0 = first->number;
    else if (space == TR_X_BLOCK)
        ev.mode |= (uint32_t)first->value;
    else if (space && space < TR_X_SPACES)
        ev.object = address_of(x, space, first);
    ev.mode |= type_of(x, space, first);
    if (space == TR_X_ONCE && word->kind == TR_REQUEST)
        ev.mode |= TR_TYPE_ONCE;
    if (word->kind == TR_THREAD_CREATE)
        fork_thread(x, first->number);
    else if (word->kind == TR_JOIN)
        join_thread(x, first->number);
    else if (space == TR_X_COND)
        write_wait(x, &ev);
    else if (space == TR_X_BARRIER)
        write_barrier(x, first, &ev);
    else if (word->kind == TR_ALLOC || word->kind == TR_FREE)
        write_heap(x, &ev);
    else if (tr_is_atomic(word->kind))
        write_atomic(x, &ev);
    else
        write_event(x, &ev);
    return 0;
}

/* A load of what was overwritten comes before the store that did it, if it can: all else that the
 * lines say of order is kept, and may stand against that. */
static int check_late_reads(struct tr_xstd *x)
{
    struct tr_event ev = {0};
    size_t done = 0;
    if (!x->late_reads.count)
        return 0;
    struct sn_map handed = {0};
    while (tr_reader_next(x->reader, &ev, x->err) > 0 && !ev.unsure)
        if (ev.kind == TR_ATOMIC_LOAD)
            *sn_map_at(&handed, ev.time) = 1;
    while (done < x->late_reads.count && sn_map_find(&handed, x->late_reads.at[done].line))
        done++;
    sn_map_release(&handed);
    if (ev.unsure && done < x->late_reads.count)
        return sn_fail(x->err, SN_E_FORMAT, x->path, x->late_reads.at[done].offset,
                       "line %" PRIu64 ": this value was overwritten before, in every order",
                       x->late_reads.at[done].line);
    tr_reader_close(x->reader);
    return tr_reader_open_memory(&x->reader, x->bytes, x->size, x->err);
}

static void release_scratch(struct tr_xstd *x)
{
    tr_writer_release(&x->writer);
    tr_values_release(&x->values);
    tr_xwords_release(&x->words);
    vec_release(&x->locks);
    vec_release(&x->barriers);
    vec_release(&x->late_reads);
    sn_map_release(&x->versions);
    sn_map_release(&x->counters);
    sn_map_release(&x->blocks);
    free(x->text);
    x->text = NULL;
}

static int import(struct tr_xstd *x)
{
    tr_xwords_init(&x->words);
    tr_writer_init(&x->writer);
    x->writer.header.access_source = TR_SOURCE_TSAN;
    x->writer.header.flags |= TR_IS_IMPORTED;
    if (x->path)
        snprintf(x->writer.header.program, sizeof x->writer.header.program, "%s", x->path);
    int code = each_line(x, survey);
    if (code == 0) {
        tr_values_settle(&x->values);
        place_variables(x);
        code = each_line(x, build);
    }
    if (code < 0)
        return code;
    tr_writer_finish(&x->writer, &x->bytes, &x->size);
    code = tr_reader_open_memory(&x->reader, x->bytes, x->size, x->err);
    return code < 0 ? code : check_late_reads(x);
}

/* Begin and end. ------------------------------------------------------------------------------ */

static int read_all(struct tr_xstd *x, int fd)
{
    size_t room = 0;
    for (;;) {
        if (room < x->length + (64 << 10)) {
            room = 2 * room + (256 << 10);
            x->text = sn_realloc(x->text, room + SLACK);
        }
        ssize_t got = read(fd, x->text + x->length, room - x->length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return sn_fail(x->err, SN_E_SYSTEM, x->path, x->length, "it cannot be read: %s",
                           strerror(errno));
        if (got == 0)
            return memset(x->text + x->length, 0, SLACK), 0;
        x->length += (size_t)got;
    }
}

static int finish_opening(struct tr_xstd **result, struct tr_xstd *x, int code)
{
    if (code == 0 && !x->length)
        code = sn_fail(x->err, SN_E_EMPTY, x->path, 0, "the trace is empty");
    if (code == 0)
        code = import(x);
    release_scratch(x);
    *result = code == 0 ? x : NULL;
    if (code < 0)
        tr_xstd_close(x);
    return code;
}

int tr_xstd_open(struct tr_xstd **result, const char *path, struct sn_error *err)
{
    struct tr_xstd *x = sn_calloc(1, sizeof *x);
    x->err = err;
    x->path = strcpy(sn_malloc(strlen(path) + 1), path);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    int code = fd < 0 ? sn_fail(err, SN_E_SYSTEM, path, SN_NO_OFFSET, "it cannot be opened: %s",
                                strerror(errno))
                      : read_all(x, fd);
    if (fd >= 0)
        close(fd);
    return finish_opening(result, x, code);
}

int tr_xstd_open_memory(struct tr_xstd **result, const char *text, size_t length,
                        struct sn_error *err)
{
    struct tr_xstd *x = sn_calloc(1, sizeof *x);
    x->err = err;
    x->text = sn_calloc(1, length + SLACK);
    if (length)
        memcpy(x->text, text, length);
    x->length = length;
    return finish_opening(result, x, 0);
}

struct tr_reader *tr_xstd_reader(const struct tr_xstd *x)
{
    return x->reader;
}

uint64_t tr_xstd_lines(const struct tr_xstd *x)
{
    return x->lines;
}

uint32_t tr_xstd_threads(const struct tr_xstd *x)
{
    return tr_dictionary_count(&x->names[TR_X_THREAD]);
}

uint32_t tr_xstd_locks(const struct tr_xstd *x)
{
    return tr_dictionary_count(&x->names[TR_X_LOCK]);
}

uint32_t tr_xstd_variables(const struct tr_xstd *x)
{
    return tr_dictionary_count(&x->names[TR_X_VARIABLE]);
}

const char *tr_xstd_thread_name(const struct tr_xstd *x, uint32_t thread)
{
    return tr_dictionary_name(&x->names[TR_X_THREAD], thread);
}

/* The last variable that begins at ADDRESS or before. */
static uint32_t variable_at(const struct tr_xstd *x, uint64_t address)
{
    size_t low = 0, high = x->room.count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        *(x->room.at[middle] <= address ? &low : &high) = middle;
    }
    return (uint32_t)low;
}

const char *tr_xstd_name(const struct tr_xstd *x, uint64_t address)
{
    unsigned space = address >> 56 & 15;
    if (address < NAMED || space >= TR_X_SPACES)
        return NULL;
    uint64_t number = (address & ((1ull << 56) - 1)) / OBJECT_ROOM;
    if (space == TR_X_VARIABLE)
        number = variable_at(x, address);
    return number < tr_dictionary_count(&x->names[space])
               ? tr_dictionary_name(&x->names[space], (uint32_t)number)
               : NULL;
}

void tr_xstd_close(struct tr_xstd *x)
{
    if (!x)
        return;
    tr_reader_close(x->reader);
    for (unsigned space = 0; space < TR_X_SPACES; space++)
        tr_dictionary_release(&x->names[space]);
    vec_release(&x->room);
    vec_release(&x->threads);
    free(x->bytes);
    free(x->path);
    free(x);
}

bool tr_xstd_looks_like(const void *bytes, size_t size)
{
    struct tr_xwords words;
    bool found = false;
    if (!tr_std_looks_like(bytes, size))
        return false;
    tr_xwords_init(&words);
    for (const char *at = bytes, *end = at + size; at < end && !found;) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *stop = newline ? newline : end;
        const char *bar = memchr(at, '|', (size_t)(stop - at));
        const char *open = bar ? memchr(bar, '(', (size_t)(stop - bar)) : NULL;
        char name[TR_X_WORD_ROOM + TR_SPELLING_SHORT] = "";
        if (open && open - bar - 1 < TR_X_WORD_ROOM) {
            memcpy(name, bar + 1, (size_t)(open - bar - 1));
            const struct tr_xword *word = tr_xwords_find(&words, name, (size_t)(open - bar - 1));
            found = word && !word->plain;
        }
        at = stop + 1;
    }
    tr_xwords_release(&words);
    return found;
}
