/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ThreadSanitizer's syntax: `TYPE:PATTERN`, one a line. A pattern matches any part of a name; `^`
 * at its beginning and `$` at its end bind it there, and what follows a `$` is ignored, as
 * ThreadSanitizer does. It becomes a glob.
 */
#define _GNU_SOURCE /* memmem, memrchr */
#include "finding/suppress/lines.h"

#include <string.h>

#define KIND(name) (UINT32_C(1) << SN_##name)

static const struct type {
    const char *name;
    uint32_t kinds;
    enum sn_suppress_where where;
} types[] = {
    {"race", KIND(DATA_RACE), SN_SUPPRESS_ANY_FRAME},
    {"race_top", KIND(DATA_RACE), SN_SUPPRESS_TOP_FRAME},
    {"thread", KIND(THREAD_LEAK), SN_SUPPRESS_ANY_FRAME},
    {"mutex",
     KIND(LOCK_DESTROYED_HELD) | KIND(SELF_DEADLOCK) | KIND(UNLOCK_NOT_HELD) |
         KIND(USE_AFTER_DESTROY),
     SN_SUPPRESS_ANY_FRAME},
    {"signal", KIND(LOCK_IN_SIGNAL_HANDLER), SN_SUPPRESS_ANY_FRAME},
    {"deadlock", KIND(DEADLOCK), SN_SUPPRESS_ANY_FRAME},
    {"called_from_lib", (UINT32_C(1) << SN_HAZARDS) - 1, SN_SUPPRESS_CALLER},
};

static const struct type *type_of(const struct sn_lines *lines)
{
    const char *colon = memchr(lines->at, ':', lines->length);
    for (size_t i = 0; colon && i < sizeof types / sizeof *types; i++)
        if (sn_word_is(lines->at, (size_t)(colon - lines->at), types[i].name))
            return &types[i];
    return NULL;
}

bool sn_suppressions_look_tsan(const struct sn_lines *lines)
{
    return type_of(lines);
}

static const char *glob_of(struct sn_arena *arena, const char *pattern, size_t length, bool start)
{
    struct sn_text glob = {0};
    const char *dollar = memchr(pattern, '$', length);
    sn_text_puts(&glob, start ? "" : "*");
    for (size_t i = 0; i < (dollar ? (size_t)(dollar - pattern) : length); i++)
        sn_text_printf(&glob, "%s%c", pattern[i] == '?' || pattern[i] == '\\' ? "\\" : "",
                       pattern[i]);
    sn_text_puts(&glob, dollar ? "" : "*");
    const char *kept = sn_strdup(arena, glob.at);
    sn_text_release(&glob);
    return kept;
}

/* Modules are known by their base names alone: of a path to a library its last part counts. */
static const char *library_of(struct sn_arena *arena, const char *pattern, size_t length, bool lib)
{
    const char *slash = memrchr(pattern, '/', length);
    if (!slash)
        return NULL;
    const char *name = slash + 1;
    size_t rest = length - (size_t)(name - pattern), open = 0;
    while (open < rest && (name[open] == '*' || name[open] == '$'))
        open++;
    if (open == rest || (!lib && !memmem(name, rest, ".so", 3)))
        return NULL;
    return glob_of(arena, name, rest, true);
}

static int parse_line(struct sn_suppressions *suppressions, struct sn_lines *lines)
{
    const struct type *type = type_of(lines);
    struct sn_text known = {0};
    if (!type) {
        for (size_t i = 0; i < sizeof types / sizeof *types; i++)
            sn_text_printf(&known, "%s%s:", i ? ", " : "", types[i].name);
        sn_lines_fail(lines, lines->at,
                      "expected a type of ThreadSanitizer's suppressions (%s), not '%s'", known.at,
                      sn_lines_show(lines->at, lines->length).text);
        sn_text_release(&known);
        return SN_E_FORMAT;
    }
    const char *pattern = lines->at + strlen(type->name) + 1, *end = lines->at + lines->length;
    bool start = pattern < end && *pattern == '^';
    if (pattern + start == end || pattern[start] == '$')
        return sn_lines_fail(lines, pattern, "expected a pattern behind '%s:'", type->name);
    struct sn_suppression *one = sn_suppressions_add(suppressions, lines);
    struct sn_arena *arena = &suppressions->arena;
    size_t length = (size_t)(end - pattern) - start;
    one->by.reason = sn_strndup(arena, lines->at, lines->length);
    one->kinds = type->kinds;
    one->where = type->where;
    one->frame.some = glob_of(arena, pattern + start, length, start);
    one->frame.some_library =
        library_of(arena, pattern + start, length, type->where == SN_SUPPRESS_CALLER);
    return 0;
}

int sn_suppressions_parse_tsan(struct sn_suppressions *suppressions, struct sn_lines *lines)
{
    do {
        int code = parse_line(suppressions, lines);
        if (code < 0)
            return code;
    } while (sn_lines_next(lines));
    return 0;
}
