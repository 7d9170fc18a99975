/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snarl's own syntax (docs/SUPPRESSIONS.md):
 *
 *     suppress data-race
 *       reason=only for statistics
 *       variable=garlic_count
 *       stack
 *         function=shopper & module=garlic
 *         ...
 *
 * Blanks at the beginning of a line say nothing: a block ends where the next one begins.
 */
#include "finding/suppress/lines.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STACKS_MAX = 1000 };

struct own {
    struct sn_lines *lines;
    struct sn_arena *arena;
    struct sn_suppression *one;
    struct sn_lines head;           /* its first line */
    struct sn_stack_pattern *stack; /* the one at hand, or NULL; with */
    struct sn_lines stack_head;
};

struct value {
    const char *at;
    size_t length;
};

static const char first_word[] = "suppress";

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

bool sn_suppressions_look_own(const struct sn_lines *lines)
{
    size_t length = strlen(first_word);
    return sn_lines_starts_with(lines, first_word) &&
           (lines->length == length || is_blank(lines->at[length]));
}

static struct value trimmed(const char *at, const char *end)
{
    while (at < end && is_blank(*at))
        at++;
    while (end > at && is_blank(end[-1]))
        end--;
    return (struct value){at, (size_t)(end - at)};
}

static const char *keep(struct own *own, struct value value)
{
    return sn_strndup(own->arena, value.at, value.length);
}

static int unknown_kind(struct own *own, struct value word)
{
    struct sn_text kinds = {0};
    for (int kind = 0; kind < SN_HAZARDS; kind++)
        sn_text_printf(&kinds, ", %s", sn_hazards[kind].id);
    int code = sn_lines_fail(own->lines, word.at, "expected a kind of hazard, not '%s': any%s",
                             sn_lines_show(word.at, word.length).text, kinds.at);
    sn_text_release(&kinds);
    return code;
}

static int parse_kinds(struct own *own)
{
    const char *at = own->lines->at + strlen(first_word);
    const char *end = own->lines->at + own->lines->length;
    for (;;) {
        const char *comma = memchr(at, ',', (size_t)(end - at));
        struct value word = trimmed(at, comma ? comma : end);
        const char *id = keep(own, word);
        int kind = sn_hazard_by_id(id);
        if (strcmp(id, "any") == 0)
            own->one->kinds = (UINT32_C(1) << SN_HAZARDS) - 1;
        else if (kind < 0)
            return unknown_kind(own, word);
        else
            own->one->kinds |= UINT32_C(1) << kind;
        if (!comma)
            return 0;
        at = comma + 1;
    }
}

static int end_stack(struct own *own)
{
    if (own->stack && !own->stack->frames.count)
        return sn_lines_fail(&own->stack_head, own->stack_head.at,
                             "expected frames below 'stack': function=, file=, module= or ...");
    own->stack = NULL;
    return 0;
}

static int end_block(struct own *own)
{
    int code = end_stack(own);
    if (code == 0 && !own->one->by.reason)
        return sn_lines_fail(&own->head, own->head.at,
                             "expected a line reason=TEXT in this suppression");
    return code;
}

static int digits(const char *at, int count)
{
    int number = 0;
    for (int i = 0; i < count; i++) {
        if (at[i] < '0' || at[i] > '9')
            return -1;
        number = number * 10 + at[i] - '0';
    }
    return number;
}

/* 20270131 of "2027-01-31"; -1 if there is no such day. */
static int day_of(struct value value)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (value.length != 10 || value.at[4] != '-' || value.at[7] != '-')
        return -1;
    int year = digits(value.at, 4), month = digits(value.at + 5, 2), day = digits(value.at + 8, 2);
    if (year < 1 || month < 1 || month > 12 || day < 1)
        return -1;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (day > lengths[month - 1] + (month == 2 && leap))
        return -1;
    return (year * 100 + month) * 100 + day;
}

static int set_once(struct own *own, const char **to, struct value value)
{
    if (*to)
        return sn_lines_fail(own->lines, own->lines->at,
                             "a second line of this kind: one is expected");
    *to = keep(own, value);
    return 0;
}

static int parse_until(struct own *own, struct value value)
{
    own->one->until_day = day_of(value);
    if (own->one->until_day < 0)
        return sn_lines_fail(own->lines, value.at, "expected a day such as 2027-01-31, not '%s'",
                             sn_lines_show(value.at, value.length).text);
    return set_once(own, &own->one->until, value);
}

static int parse_stack(struct own *own)
{
    struct sn_lines *lines = own->lines;
    struct value number = trimmed(lines->at + strlen("stack"), lines->at + lines->length);
    int code = end_stack(own), count = 1;
    if (code < 0)
        return code;
    if (number.length) {
        count = number.length <= 4 ? digits(number.at, (int)number.length) : -1;
        if (count < 1 || count > STACKS_MAX)
            return sn_lines_fail(lines, number.at,
                                 "expected nothing, or for how many stacks this stands (1 to %d)",
                                 STACKS_MAX);
    }
    own->stack = vec_push(&own->one->stacks);
    own->stack->count = (uint32_t)count;
    own->stack->line = lines->number;
    own->stack_head = *lines;
    return 0;
}

/* The length of a key, with its '=', if one of FRAME's stands at AT; else 0. */
static size_t frame_key(const char *at, const char *end)
{
    static const char *const keys[] = {"function", "file", "module"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        size_t length = strlen(keys[i]), room = (size_t)(end - at), blanks = 0;
        if (room <= length || memcmp(at, keys[i], length) != 0)
            continue;
        while (length + blanks < room && is_blank(at[length + blanks]))
            blanks++;
        if (length + blanks < room && at[length + blanks] == '=')
            return length + blanks + 1;
    }
    return 0;
}

/* Where the next part of a frame begins behind AT: a lone & with a key behind it. Else END. */
static const char *next_part(const char *at, const char *end)
{
    for (const char *and = at; and+2 < end; and++) {
        const char *key = and+1;
        if (*and != '&' || !is_blank(and[-1]) || !is_blank(and[1]))
            continue;
        while (key < end && is_blank(*key))
            key++;
        if (frame_key(key, end))
            return and;
    }
    return end;
}

static int parse_module(struct own *own, struct sn_frame_pattern *frame, struct value value)
{
    const char *text = keep(own, value), *offset = NULL;
    for (const char *at = text; (at = strstr(at, "+0x")); at++)
        offset = at;
    if (!offset)
        return set_once(own, &frame->module, value);
    size_t count = strspn(offset + 3, "0123456789abcdefABCDEF");
    const char *place = value.at + (offset - text);
    if (offset == text)
        return sn_lines_fail(own->lines, value.at, "expected the name of a module before the +");
    if (count < 1 || count > 16 || offset[3 + count])
        return sn_lines_fail(own->lines, place + 1,
                             "expected an offset such as 0x12ab, and nothing behind it");
    frame->has_offset = true;
    frame->offset = strtoull(offset + 1, NULL, 16);
    return set_once(own, &frame->module, (struct value){value.at, (size_t)(offset - text)});
}

static int parse_part(struct own *own, struct sn_frame_pattern *frame, const char *at,
                      const char *end)
{
    size_t key = frame_key(at, end);
    struct value value = trimmed(at + key, end);
    if (!value.length)
        return sn_lines_fail(own->lines, at + key, "expected something behind the =");
    if (at[0] == 'm')
        return parse_module(own, frame, value);
    return set_once(own, at[1] == 'u' ? &frame->function : &frame->file, value);
}

static int parse_frame(struct own *own)
{
    struct sn_lines *lines = own->lines;
    const char *at = lines->at, *end = lines->at + lines->length;
    if (!own->stack)
        return sn_lines_fail(lines, at, "expected a line 'stack' above the frames");
    struct sn_frame_pattern *frame = vec_push(&own->stack->frames);
    if (sn_lines_is(lines, "...")) {
        frame->any_number = true;
        return 0;
    }
    for (;;) {
        const char *stop = next_part(at + frame_key(at, end), end);
        int code = parse_part(own, frame, at, stop);
        if (code < 0 || stop == end)
            return code;
        at = trimmed(stop + 1, end).at;
    }
}

static int unknown_line(struct own *own)
{
    return sn_lines_fail(own->lines, own->lines->at,
                         "expected reason=, until=, id=, variable=, lock=, thread=, stack, a frame "
                         "(function=, file=, module=, ...) or 'suppress KIND', not '%s'; a file is "
                         "of one syntax",
                         sn_lines_show(own->lines->at, own->lines->length).text);
}

static int parse_setting(struct own *own)
{
    struct sn_lines *lines = own->lines;
    struct sn_suppression *one = own->one;
    const char *end = lines->at + lines->length, *equals = memchr(lines->at, '=', lines->length);
    if (!equals)
        return unknown_line(own);
    struct value key = trimmed(lines->at, equals), value = trimmed(equals + 1, end);
    bool reason = sn_word_is(key.at, key.length, "reason");
    bool until = sn_word_is(key.at, key.length, "until"), id = sn_word_is(key.at, key.length, "id");
    bool variable = sn_word_is(key.at, key.length, "variable");
    bool lock = sn_word_is(key.at, key.length, "lock");
    bool thread = sn_word_is(key.at, key.length, "thread");
    if (!reason && !until && !id && !variable && !lock && !thread)
        return unknown_line(own);
    if (!value.length)
        return sn_lines_fail(lines, equals + 1, "expected something behind the =");
    int code = end_stack(own);
    if (code < 0)
        return code;
    if (until)
        return parse_until(own, value);
    if (reason || id)
        return set_once(own, reason ? &one->by.reason : &one->id, value);
    if (variable)
        *vec_push(&one->variables) = keep(own, value);
    else if (lock)
        *vec_push(&one->locks) = keep(own, value);
    else
        *vec_push(&one->threads) = keep(own, value);
    return 0;
}

static bool is_stack(const struct sn_lines *lines)
{
    return sn_lines_is(lines, "stack") ||
           (sn_lines_starts_with(lines, "stack") && is_blank(lines->at[strlen("stack")]));
}

static int parse_line(struct own *own)
{
    struct sn_lines *lines = own->lines;
    if (is_stack(lines))
        return parse_stack(own);
    if (sn_lines_is(lines, "...") || frame_key(lines->at, lines->at + lines->length))
        return parse_frame(own);
    return parse_setting(own);
}

int sn_suppressions_parse_own(struct sn_suppressions *suppressions, struct sn_lines *lines)
{
    struct own own = {.lines = lines, .arena = &suppressions->arena};
    int code = 0;
    do {
        if (!sn_suppressions_look_own(lines)) {
            code = parse_line(&own);
        } else if (!own.one || (code = end_block(&own)) == 0) {
            own.one = sn_suppressions_add(suppressions, lines);
            own.head = *lines;
            code = parse_kinds(&own);
        }
    } while (code == 0 && sn_lines_next(lines));
    return code < 0 ? code : end_block(&own);
}
