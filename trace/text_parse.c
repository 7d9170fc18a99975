/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads lines of text into a binary trace. Two passes: the modules first, since a stack may name
 * one by its file before the module's own line. A field is known by how it begins; what a hand-made
 * line leaves out is filled in: versions by counting, times by one tick a line.
 */
#include "trace/text.h"

#include "trace/index.h"
#include "trace/words.h"
#include "trace/writer.h"

#include <ctype.h>

struct token {
    const char *at;
    size_t length;
};

struct known_stack {
    size_t first, count; /* in the parser's pcs */
};

struct parser {
    const char *at, *end; /* what is left of the line */
    uint64_t line;
    struct sn_error *err;
    int code;
    struct tr_writer writer;
    struct tr_names names;
    uint64_t time; /* of the line before */
    bool begun;    /* an event was there */
    VEC(uint64_t) pcs;
    VEC(struct known_stack) stacks;
    struct sn_map stack_of;          /* @N: place in STACKS, plus 1 */
    struct sn_map objects, counters; /* the latest version */
    struct sn_map parents;           /* who created a thread, plus 1 */
    /* The event of this line. */
    struct tr_event ev;
    const struct tr_saying *saying;
    unsigned fields;
    uint32_t extra; /* of the mode, told in numbers */
    bool has_object, has_version, has_time, has_epoch, has_size, has_lead, has_a0, has_raw,
        has_teller;
    VEC(uint64_t) frames;
    VEC(uint8_t) bytes, build_id;
};

/* Errors and tokens. -------------------------------------------------------------------------- */

static bool fail(struct parser *p, const char *what, struct token token)
{
    int shown = token.length < 80 ? (int)token.length : 80;
    p->code =
        sn_fail(p->err, SN_E_FORMAT, NULL, p->line, "line %llu: %s%s%.*s",
                (unsigned long long)p->line, what, shown ? ": " : "", shown, shown ? token.at : "");
    return false;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Up to the next blank that is not within quotes or brackets. False at the line's end. */
static bool next_token(struct parser *p, struct token *token)
{
    while (p->at < p->end && is_blank(*p->at))
        p->at++;
    token->at = p->at;
    bool quoted = false, bracketed = p->at < p->end && *p->at == '[';
    for (; p->at < p->end && (quoted || bracketed || !is_blank(*p->at)); p->at++) {
        if (quoted && *p->at == '\\' && p->at + 1 < p->end)
            p->at++;
        else if (*p->at == '"')
            quoted = !quoted;
        else if (*p->at == ']')
            bracketed = false;
    }
    token->length = (size_t)(p->at - token->at);
    return token->length > 0;
}

static bool is(struct token token, const char *word)
{
    return strlen(word) == token.length && memcmp(word, token.at, token.length) == 0;
}

static struct token behind(struct token token, size_t skip)
{
    return (struct token){token.at + skip, token.length - skip};
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 16;
}

/* Decimal, or hexadecimal behind 0x. */
static bool number(struct token token, uint64_t *value)
{
    unsigned base = 10;
    if (token.length > 2 && token.at[0] == '0' && token.at[1] == 'x') {
        base = 16;
        token = behind(token, 2);
    }
    *value = 0;
    for (size_t i = 0; i < token.length; i++) {
        unsigned digit = (unsigned)digit_of(token.at[i]);
        if (digit >= base || __builtin_mul_overflow(*value, base, value) ||
            __builtin_add_overflow(*value, digit, value))
            return false;
    }
    return token.length > 0;
}

static bool thread_number(struct token token, uint64_t *value)
{
    *value = TR_NO_THREAD;
    if (is(token, "T?"))
        return true;
    return token.length > 1 && token.at[0] == 'T' && number(behind(token, 1), value);
}

/* "a\x00b" with its quotes, appended to the line's bytes. */
static bool string(struct parser *p, struct token token)
{
    if (token.length < 2 || token.at[0] != '"' || token.at[token.length - 1] != '"')
        return fail(p, "a string in quotes is expected", token);
    const char *end = token.at + token.length - 1;
    for (const char *s = token.at + 1; s < end; s++) {
        int c = (unsigned char)*s;
        if (c == '"')
            return fail(p, "a quote within a string", token);
        if (c == '\\') {
            if (++s == end)
                return fail(p, "a string ends in a backslash", token);
            c = *s == 'n' ? '\n' : *s == 't' ? '\t' : (unsigned char)*s;
            if (c == 'x') {
                if (end - s < 3 || digit_of(s[1]) > 15 || digit_of(s[2]) > 15)
                    return fail(p, "two hexadecimal digits must follow \\x", token);
                c = digit_of(s[1]) << 4 | digit_of(s[2]);
                s += 2;
            }
        }
        *vec_push(&p->bytes) = (uint8_t)c;
    }
    if (p->bytes.count > TR_WRITER_BYTES_MAX)
        return fail(p, "a string is too long", (struct token){0});
    return true;
}

/* The fields of a line. ----------------------------------------------------------------------- */

static bool frame(struct parser *p, struct token token)
{
    uint64_t pc;
    if (!number(token, &pc)) {
        size_t plus = token.length;
        while (plus > 0 && token.at[plus - 1] != '+')
            plus--;
        if (!plus || !number(behind(token, plus), &pc))
            return fail(p, "a frame is an address or MODULE+OFFSET", token);
        const uint64_t *base = tr_names_base(&p->names, token.at, plus - 1);
        if (!base)
            return fail(p, "no module has that name alone", token);
        pc += *base;
    }
    *vec_push(&p->frames) = pc;
    return true;
}

static bool stack_frames(struct parser *p, struct token token)
{
    if (token.at[token.length - 1] != ']')
        return fail(p, "a stack is not closed by ]", token);
    struct parser inner = *p; /* the same words, within the brackets */
    inner.at = token.at + 1;
    inner.end = token.at + token.length - 1;
    struct token word;
    vec_clear(&p->frames);
    while (next_token(&inner, &word))
        if (!frame(p, word))
            return false;
    if (p->frames.count > TR_WRITER_STACK_MAX)
        return fail(p, "a stack is too deep", (struct token){0});
    return true;
}

/* A stack may be told once as "@N [FRAMES]", and be named "@N" from then on. */
static bool stack_number(struct parser *p, struct token token)
{
    uint64_t n;
    struct token after;
    if (!number(behind(token, 1), &n))
        return fail(p, "a number must follow @", token);
    const char *here = p->at;
    if (next_token(p, &after) && after.at[0] == '[') {
        if (!stack_frames(p, after))
            return false;
        *vec_push(&p->stacks) = (struct known_stack){p->pcs.count, p->frames.count};
        *sn_map_at(&p->stack_of, n) = p->stacks.count;
        vec_each (uint64_t, pc, &p->frames)
            *vec_push(&p->pcs) = *pc;
        return true;
    }
    p->at = here;
    const uint64_t *place = sn_map_find(&p->stack_of, n);
    if (!place && n)
        return fail(p, "no such stack before this line", token);
    struct known_stack stack = place ? p->stacks.at[*place - 1] : (struct known_stack){0};
    vec_clear(&p->frames);
    for (size_t i = 0; i < stack.count; i++)
        *vec_push(&p->frames) = p->pcs.at[stack.first + i];
    return true;
}

/* "T3:17", the thread and epoch that an access comes after. */
static bool owner(struct parser *p, struct token token)
{
    const char *colon = memchr(token.at, ':', token.length);
    size_t length = colon ? (size_t)(colon - token.at) : 0;
    if (!colon || !thread_number((struct token){token.at, length}, &p->ev.a1) ||
        !number(behind(token, length + 1), &p->ev.a2))
        return fail(p, "THREAD:EPOCH is expected", token);
    p->ev.mode |= TR_ACC_ORDER_OWNER << TR_ACC_ORDER_SHIFT;
    return true;
}

static bool teller(struct parser *p, struct token token)
{
    uint64_t thread;
    if (!thread_number(token, &thread))
        return fail(p, "a thread is expected", token);
    p->ev.teller = (uint32_t)thread;
    p->has_teller = true;
    return true;
}

static bool thread_list(struct parser *p, struct token token)
{
    while (token.length) {
        const char *comma = memchr(token.at, ',', token.length);
        size_t length = comma ? (size_t)(comma - token.at) : token.length;
        uint64_t n;
        if (!number((struct token){token.at, length}, &n))
            return fail(p, "numbers of threads are expected", token);
        uint8_t bytes[TR_VARINT_MAX], *end = tr_put(bytes, n);
        for (uint8_t *byte = bytes; byte < end; byte++)
            *vec_push(&p->bytes) = *byte;
        token = behind(token, comma ? length + 1 : length);
    }
    return true;
}

static bool build_id(struct parser *p, struct token token)
{
    for (size_t i = 0; i + 1 < token.length; i += 2) {
        int high = digit_of(token.at[i]), low = digit_of(token.at[i + 1]);
        if (high > 15 || low > 15)
            return fail(p, "a build-id is in hexadecimal digits", token);
        *vec_push(&p->build_id) = (uint8_t)(high << 4 | low);
    }
    if (token.length % 2 || p->build_id.count > 255)
        return fail(p, "a build-id has two digits a byte, and 255 bytes at most", token);
    return true;
}

/* NAME=VALUE where NAME is what this kind calls one of its numbers. */
static bool named_number(struct parser *p, struct token name, struct token value)
{
    uint64_t *a[] = {&p->ev.a0, &p->ev.a1, &p->ev.a2}, n;
    for (unsigned i = 0; i < 3; i++) {
        const char *called = p->saying->a[i].name;
        bool raw = name.length == 2 && name.at[0] == 'a' && name.at[1] == (char)('0' + i);
        if (!(p->fields & (unsigned)TR_A0 << i) || (!raw && (!called || !is(name, called))))
            continue;
        bool thread = !raw && (p->saying->a[i].style == TR_SAY_PARENT ||
                               p->saying->a[i].style == TR_SAY_HOLDER);
        if (thread ? !thread_number(value, &n) : !number(value, &n))
            return fail(p, thread ? "a thread is expected" : "a number is expected", value);
        *a[i] |= n;
        p->has_a0 |= i == 0;
        return true;
    }
    return fail(p, "this kind of event has no such field", name);
}

static bool assignment(struct parser *p, struct token token, size_t length)
{
    struct token name = {token.at, length}, value = behind(token, length + 1);
    bool ordered = p->fields & TR_ORDER;
    uint64_t n;
    if (ordered && is(name, "after"))
        return owner(p, value);
    if (ordered && is(name, "teller"))
        return teller(p, value);
    if (p->ev.kind == TR_MODULE && is(name, "build_id"))
        return build_id(p, value);
    if (p->ev.kind == TR_DEADLOCK && is(name, "threads"))
        return thread_list(p, value);
    if ((p->fields & TR_BYTES) && is(name, "raw"))
        return p->has_raw = true, string(p, value);
    bool known = true;
    bool good = number(value, &n);
    if (is(name, "t")) {
        p->has_time = true;
        p->ev.time = p->writer.header.start_tsc + n;
    } else if (is(name, "e")) {
        p->has_epoch = true;
        p->ev.epoch = n;
    } else if ((p->fields & TR_MODE) && is(name, "mode")) {
        p->extra = (uint32_t)n;
        good &= n < TR_MODE_LIMIT;
    } else if (ordered && is(name, "at")) {
        p->ev.a1 = p->writer.header.start_tsc + n;
        p->ev.mode |= TR_ACC_ORDER_TIME << TR_ACC_ORDER_SHIFT;
    } else {
        known = false;
    }
    if (!known)
        return named_number(p, name, value);
    return good || fail(p, "a number is expected", token);
}

static const struct tr_word *find_word(const struct tr_word *table, struct token token)
{
    for (const struct tr_word *word = table; word && word->name; word++)
        if (is(token, word->name))
            return word;
    return NULL;
}

static bool word(struct parser *p, struct token token)
{
    const struct tr_word *lead = find_word(p->saying->lead, token);
    const struct tr_word *mode = lead ? lead : find_word(p->saying->flags, token);
    const struct tr_word *number = find_word(p->saying->words, token);
    if (mode)
        p->ev.mode = (p->ev.mode & ~mode->mask) | mode->value;
    else if (number)
        p->ev.a0 = (p->ev.a0 & ~(uint64_t)number->mask) | number->value;
    else
        return fail(p, "this kind of event has no such word", token);
    p->has_lead |= lead && lead->mask == TR_TYPE_MASK;
    return true;
}

static bool size(struct parser *p, struct token token)
{
    uint64_t bytes;
    if (!number(token, &bytes) || bytes > 128 || __builtin_popcountll(bytes) != 1 ||
        !p->saying->sized)
        return fail(p, "a size of 1, 2, 4 ... 128 bytes is for reads, writes and atomics", token);
    p->ev.mode |= (uint32_t)__builtin_ctzll(bytes);
    p->has_size = true;
    return true;
}

static bool version(struct parser *p, struct token token)
{
    if (!number(behind(token, 1), &p->ev.version))
        return fail(p, "a number must follow v", token);
    p->has_version = true;
    if (p->fields & TR_ORDER)
        p->ev.mode |= TR_ACC_ORDER_VERSION << TR_ACC_ORDER_SHIFT;
    return true;
}

static bool object(struct parser *p, struct token token)
{
    p->has_object = true;
    return number(token, &p->ev.object) || fail(p, "an address is expected", token);
}

static bool other_thread(struct parser *p, struct token token)
{
    p->has_a0 = true;
    return thread_number(token, &p->ev.a0) || fail(p, "a thread is expected", token);
}

static bool field(struct parser *p, struct token token)
{
    char first = token.at[0], second = token.length > 1 ? token.at[1] : 0;
    const char *equals = memchr(token.at, '=', token.length);
    bool digit = isdigit((unsigned char)second);
    if (first == '"')
        return (p->fields & TR_BYTES) ? string(p, token)
                                      : fail(p, "this kind of event has no text", token);
    if (first == '[' || first == '@') {
        if (!(p->fields & TR_STACK))
            return fail(p, "this kind of event has no stack", token);
        return first == '[' ? stack_frames(p, token) : stack_number(p, token);
    }
    if (equals)
        return assignment(p, token, (size_t)(equals - token.at));
    if (first == 'v' && digit && (p->fields & (TR_VERSION | TR_ORDER)))
        return version(p, token);
    if (first == 'T' && (digit || second == '?') && (p->fields & TR_A0) &&
        p->saying->a[0].style == TR_SAY_THREAD)
        return other_thread(p, token);
    if (first == '0' && second == 'x' && (p->fields & TR_OBJECT))
        return object(p, token);
    if (isdigit((unsigned char)first))
        return size(p, token);
    return word(p, token);
}

/* What a line leaves out. --------------------------------------------------------------------- */

static void number_version(struct parser *p)
{
    struct tr_event *ev = &p->ev;
    unsigned bits = p->writer.header.counter_bits;
    bool access = tr_is_access(ev->kind);
    bool counter = access || ev->kind == TR_ALLOC || ev->kind == TR_FREE;
    if (access ? !p->has_version : !(p->fields & TR_VERSION))
        return;
    uint64_t *latest = counter ? sn_map_at(&p->counters, tr_counter_of(ev, bits))
                               : sn_map_at(&p->objects, ev->object);
    bool advances = access || tr_kinds[ev->kind].order == TR_ORDER_ADVANCES;
    if (!p->has_version && !(tr_is_atomic(ev->kind) && (ev->mode & TR_ACC_SOURCE_UNKNOWN)))
        ev->version = *latest + advances;
    if (advances && ev->version > *latest)
        *latest = ev->version;
}

static void fill_thread(struct parser *p)
{
    struct tr_event *ev = &p->ev;
    if (ev->kind == TR_THREAD_CREATE)
        *sn_map_at(&p->parents, ev->a0) = ev->thread + 1ull;
    if (ev->kind == TR_THREAD_START && !p->has_a0) {
        const uint64_t *parent = sn_map_find(&p->parents, ev->thread);
        ev->a0 = parent ? *parent - 1 : TR_NO_THREAD;
    }
}

static void join_bytes(struct parser *p)
{
    size_t id = p->build_id.count;
    if (p->ev.kind == TR_MODULE && !p->has_raw) {
        size_t length = p->bytes.count;
        vec_reserve(&p->bytes, id + 1);
        memmove(p->bytes.at + id + 1, p->bytes.at, length);
        p->bytes.at[0] = (uint8_t)id;
        if (id)
            memcpy(p->bytes.at + 1, p->build_id.at, id);
        p->bytes.count = length + id + 1;
    }
    p->ev.bytes = p->bytes.at;
    p->ev.bytes_length = (uint32_t)p->bytes.count;
}

static bool complete(struct parser *p)
{
    struct tr_event *ev = &p->ev;
    if ((p->fields & TR_OBJECT) && !p->has_object && ev->kind != TR_THREAD_START)
        return fail(p, "an address is missing", (struct token){0});
    if (p->saying->sized && !p->has_size)
        return fail(p, "the size is missing", (struct token){0});
    if (p->saying->a[0].style == TR_SAY_HOLDER && !p->has_a0)
        p->ev.a0 = TR_NO_THREAD;
    if (p->saying->a[0].style == TR_SAY_THREAD && !p->has_a0)
        return fail(p, "the other thread is missing", (struct token){0});
    if (!p->has_lead && !(p->extra & TR_TYPE_MASK))
        ev->mode |= p->saying->implied;
    ev->mode |= p->extra;
    uint64_t earliest = tr_writer_time(&p->writer, ev->thread);
    if (p->has_time && ev->time < earliest)
        return fail(p, "the thread's time goes back", (struct token){0});
    if (!p->has_time)
        ev->time = p->time + (p->time < UINT64_MAX);
    if (ev->time < earliest)
        ev->time = earliest;
    p->time = ev->time;
    number_version(p);
    fill_thread(p);
    join_bytes(p);
    return true;
}

static void write_event(struct parser *p)
{
    struct tr_event *ev = &p->ev;
    bool deferred = tr_is_deferred(ev);
    if (!p->has_epoch)
        ev->epoch = tr_writer_epoch(&p->writer, ev->thread);
    else if (!deferred)
        tr_writer_set_epoch(&p->writer, ev->thread, ev->epoch);
    ev->stack = tr_writer_stack(&p->writer, ev->thread, p->frames.at, (uint32_t)p->frames.count);
    if (deferred)
        tr_writer_reach(&p->writer, ev->thread, ev->time);
    if (deferred)
        tr_writer_add_deferred(&p->writer, p->has_teller ? ev->teller : ev->thread, ev);
    else
        tr_writer_add(&p->writer, ev);
}

/* Lines. -------------------------------------------------------------------------------------- */

static bool header_line(struct parser *p)
{
    struct token name, value;
    uint64_t n;
    p->at += 2;
    if (!next_token(p, &name))
        return true;
    if (p->begun)
        return fail(p, "a line of the header behind an event", name);
    if (is(name, "snarl"))
        return true;
    next_token(p, &value);
    if (is(name, "program")) {
        vec_clear(&p->bytes);
        if (!string(p, value))
            return false;
        size_t length = p->bytes.count, most = sizeof p->writer.header.program - 1;
        if (length)
            memcpy(p->writer.header.program, p->bytes.at, length < most ? length : most);
        return true;
    }
    for (const struct tr_header_word *word = tr_header_words; word->name; word++) {
        if (!is(name, word->name))
            continue;
        if (!number(value, &n) || !tr_header_set(&p->writer.header, word, n) ||
            p->writer.header.counter_bits < 1 ||
            p->writer.header.counter_bits > TR_COUNTER_BITS_MAX)
            return fail(p, "this number is not possible here", value);
        return true;
    }
    return fail(p, "the header has no such field", name);
}

static bool kind(struct parser *p, struct token token)
{
    for (unsigned k = TR_META; k < TR_KINDS; k++) {
        if (!tr_kinds[k].name || !is(token, tr_kinds[k].name))
            continue;
        p->ev.kind = (uint8_t)k;
        p->fields = tr_kinds[k].fields;
        p->saying = &tr_sayings[k];
        return true;
    }
    return fail(p, "no such kind of event", token);
}

static void clear_line(struct parser *p)
{
    p->ev = (struct tr_event){0};
    p->extra = 0;
    p->has_object = p->has_version = p->has_time = p->has_epoch = p->has_teller = false;
    p->has_size = p->has_lead = p->has_a0 = p->has_raw = false;
    vec_clear(&p->frames);
    vec_clear(&p->bytes);
    vec_clear(&p->build_id);
}

/* "[INDEX] THREAD KIND": false on an error; *EVENT says whether there is one. */
static bool begin_line(struct parser *p, bool *event)
{
    struct token token;
    uint64_t n;
    clear_line(p);
    *event = false;
    if (!next_token(p, &token) || token.at[0] == '#')
        return true;
    if (isdigit((unsigned char)token.at[0]) && !next_token(p, &token))
        return fail(p, "a thread such as T0 is missing", (struct token){0});
    if (!thread_number(token, &n) || n >= TR_THREAD_LIMIT)
        return fail(p, "a thread such as T0 is expected", token);
    p->ev.thread = (uint32_t)n;
    if (!next_token(p, &token))
        return fail(p, "the kind of event is missing", (struct token){0});
    *event = kind(p, token);
    return *event;
}

static bool fields(struct parser *p)
{
    struct token token;
    while (next_token(p, &token) && token.at[0] != '#')
        if (!field(p, token))
            return false;
    return true;
}

static bool module_line(struct parser *p)
{
    bool event;
    if (!begin_line(p, &event) || !event || p->ev.kind != TR_MODULE)
        return true; /* what is wrong is told in the second pass */
    if (!fields(p))
        return false;
    join_bytes(p);
    uint32_t length = p->ev.bytes_length;
    const char *path = tr_names_path(p->ev.bytes, &length);
    tr_names_add(&p->names, path, length, p->ev.object);
    return true;
}

static bool event_line(struct parser *p)
{
    bool event;
    if (p->end - p->at >= 2 && p->at[0] == '#' && p->at[1] == ':')
        return header_line(p);
    if (!begin_line(p, &event))
        return false;
    if (!event)
        return true;
    if (!fields(p) || !complete(p))
        return false;
    p->begun = true;
    write_event(p);
    return true;
}

static bool each_line(struct parser *p, const char *text, size_t length,
                      bool (*line)(struct parser *))
{
    const char *end = text + length;
    p->line = 0;
    while (text < end) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        p->at = text;
        p->end = newline ? newline : end;
        p->line++;
        text = newline ? newline + 1 : end;
        if (!line(p))
            return false;
    }
    return true;
}

static void release(struct parser *p)
{
    tr_writer_release(&p->writer);
    tr_names_release(&p->names);
    vec_release(&p->pcs);
    vec_release(&p->stacks);
    vec_release(&p->frames);
    vec_release(&p->bytes);
    vec_release(&p->build_id);
    sn_map_release(&p->stack_of);
    sn_map_release(&p->objects);
    sn_map_release(&p->counters);
    sn_map_release(&p->parents);
}

int tr_text_parse(const char *text, size_t length, uint8_t **bytes, size_t *size,
                  struct sn_error *err)
{
    struct parser p = {.err = err};
    tr_writer_init(&p.writer);
    if (each_line(&p, text, length, module_line) && each_line(&p, text, length, event_line))
        tr_writer_finish(&p.writer, bytes, size);
    release(&p);
    return p.code;
}
