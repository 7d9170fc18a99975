/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Valgrind's syntax: a block in braces with a name, the tools and the kind of error, and frames
 * from the innermost one on. Blocks for other tools than Helgrind and DRD are passed over.
 *
 * C++ names in it are mangled, and those of findings are not: a name is demangled here, which a
 * pattern cannot be.
 */
#define _GNU_SOURCE /* memrchr */
#include "finding/suppress/glob.h"
#include "finding/suppress/lines.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *__cxa_demangle(const char *mangled, char *buffer, size_t *length, int *status);

enum { MANGLED_MAX = 8192 };

#define KIND(name) (UINT32_C(1) << SN_##name)

static const struct error {
    const char *tool, *name;
    uint32_t kinds; /* 0: snarl has no such hazard */
} errors[] = {
    {"Helgrind", "Race", KIND(DATA_RACE)},
    {"Helgrind", "FreeMemLock", KIND(LOCK_DESTROYED_HELD)},
    {"Helgrind", "UnlockUnlocked", KIND(UNLOCK_NOT_HELD)},
    {"Helgrind", "UnlockForeign", KIND(UNLOCK_NOT_HELD)},
    {"Helgrind", "UnlockBogus", KIND(UNLOCK_NOT_HELD) | KIND(USE_AFTER_DESTROY)},
    {"Helgrind", "PthAPIerror",
     KIND(SELF_DEADLOCK) | KIND(UNLOCK_NOT_HELD) | KIND(LOCK_DESTROYED_HELD) |
         KIND(USE_AFTER_DESTROY)},
    {"Helgrind", "LockOrder", KIND(DEADLOCK)},
    {"Helgrind", "Misc",
     KIND(ABANDONED_LOCK) | KIND(LOCK_DESTROYED_HELD) | KIND(SELF_DEADLOCK) |
         KIND(UNLOCK_NOT_HELD) | KIND(USE_AFTER_DESTROY) | KIND(BARRIER_MISMATCH) |
         KIND(SEMAPHORE_OVER_RELEASE)},
    {"Helgrind", "Dubious", KIND(LOST_WAKEUP)},
    {"drd", "ConflictingAccess", KIND(DATA_RACE)},
    {"drd", "MutexErr",
     KIND(SELF_DEADLOCK) | KIND(UNLOCK_NOT_HELD) | KIND(LOCK_DESTROYED_HELD) |
         KIND(USE_AFTER_DESTROY) | KIND(ABANDONED_LOCK)},
    {"drd", "CondErr", KIND(USE_AFTER_DESTROY)},
    {"drd", "CondDestrErr", KIND(LOCK_DESTROYED_HELD)},
    {"drd", "CondRaceErr", KIND(LOST_WAKEUP)},
    {"drd", "CondWaitErr", KIND(WAIT_WITHOUT_PREDICATE)},
    {"drd", "SemaphoreErr", KIND(SEMAPHORE_OVER_RELEASE) | KIND(USE_AFTER_DESTROY)},
    {"drd", "BarrierErr", KIND(BARRIER_MISMATCH) | KIND(USE_AFTER_DESTROY)},
    {"drd", "RwlockErr",
     KIND(SELF_DEADLOCK) | KIND(UNLOCK_NOT_HELD) | KIND(LOCK_DESTROYED_HELD) |
         KIND(USE_AFTER_DESTROY)},
    {"drd", "HoldtimeErr", KIND(BLOCKED_WHILE_HOLDING)},
    {"drd", "GenericErr", KIND(USE_AFTER_DESTROY)},
    {"drd", "InvalidThreadId", 0},
    {"drd", "UnimpHgClReq", 0},
    {"drd", "UnimpDrdClReq", 0},
};

bool sn_suppressions_look_valgrind(const struct sn_lines *lines)
{
    return *lines->at == '{';
}

static bool same_tool(const char *word, size_t length, const char *tool)
{
    return strlen(tool) == length && strncasecmp(word, tool, length) == 0;
}

/* Adds the kinds that the error NAME of the tool has; false if it is a tool of ours that has none
 * of that name. */
static bool add_kinds(const char *tool, size_t tool_length, const char *name, size_t length,
                      uint32_t *kinds)
{
    bool ours = false;
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        if (!same_tool(tool, tool_length, errors[i].tool))
            continue;
        ours = true;
        if (sn_word_is(name, length, errors[i].name)) {
            *kinds |= errors[i].kinds;
            return true;
        }
    }
    return !ours;
}

static int unknown_error(struct sn_lines *lines, const char *tool, size_t tool_length,
                         const char *name, size_t length)
{
    struct sn_text known = {0};
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (same_tool(tool, tool_length, errors[i].tool))
            sn_text_printf(&known, "%s%s", known.length ? ", " : "", errors[i].name);
    int code = sn_lines_fail(lines, name, "expected a kind of error of %s (%s), not '%s'",
                             sn_lines_show(tool, tool_length).text, known.at,
                             sn_lines_show(name, length).text);
    sn_text_release(&known);
    return code;
}

/* "Helgrind,drd:Race": adds to *KINDS, unless it is for other tools alone. */
static int parse_kind(struct sn_lines *lines, uint32_t *kinds)
{
    const char *end = lines->at + lines->length, *colon = memchr(lines->at, ':', lines->length);
    if (!colon || colon == lines->at || colon + 1 == end)
        return sn_lines_fail(lines, lines->at,
                             "expected the tool and the kind of error, as in Helgrind:Race, not "
                             "'%s'",
                             sn_lines_show(lines->at, lines->length).text);
    size_t length = (size_t)(end - colon) - 1;
    for (const char *tool = lines->at; tool <= colon;) {
        const char *comma = memchr(tool, ',', (size_t)(colon - tool));
        size_t tool_length = (size_t)((comma ? comma : colon) - tool);
        if (!add_kinds(tool, tool_length, colon + 1, length, kinds))
            return unknown_error(lines, tool, tool_length, colon + 1, length);
        tool += tool_length + 1;
    }
    return 0;
}

/* Functions of Valgrind's own that stand in for those of the C library: snarl's stacks begin where
 * the program calls them. */
static bool is_stand_in(const struct sn_frame_pattern *frame)
{
    static const char *const prefixes[] = {"pthread_", "sem_", "mtx_", "cnd_", "thrd_", "pthread*"};
    const char *function = frame->function;
    size_t length = function ? strlen(function) : 0;
    if (frame->module)
        return strstr(frame->module, "vgpreload");
    if (length > 4 && strcmp(function + length - 4, "_WRK") == 0)
        return true;
    for (size_t i = 0; function && i < sizeof prefixes / sizeof *prefixes; i++)
        if (strncmp(function, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    return false;
}

static void parse_function(struct sn_suppressions *suppressions, struct sn_suppression *one,
                           struct sn_frame_pattern *frame, const char *name)
{
    frame->function = name;
    if (strncmp(name, "_Z", 2) != 0)
        return;
    if (sn_glob_has_wildcard(name)) {
        one->untried = "mangled names of C++ with wildcards have no counterpart in a report";
        return;
    }
    char *plain = strlen(name) <= MANGLED_MAX ? __cxa_demangle(name, NULL, NULL, NULL) : NULL;
    struct sn_text glob = {0};
    if (!plain)
        return;
    sn_glob_quote(&glob, plain, strlen(plain));
    frame->function = sn_strdup(&suppressions->arena, glob.at);
    sn_text_release(&glob);
    free(plain);
}

/* Of a path to a module its last part counts: reports have no more. */
static void parse_object(struct sn_suppression *one, struct sn_frame_pattern *frame,
                         const char *path)
{
    const char *slash = strrchr(path, '/');
    frame->module = slash ? slash + 1 : path;
    if (slash && sn_glob_is_open(frame->module) && strspn(path, "*/") != strlen(path))
        one->untried = "reports do not have the directories of modules";
}

static void parse_source(struct sn_frame_pattern *frame, char *place)
{
    char *colon = strrchr(place, ':');
    frame->file = place;
    if (!colon || !colon[1] || colon[1 + strspn(colon + 1, "0123456789")] || strlen(colon) > 10)
        return;
    *colon = '\0';
    frame->line = (uint32_t)strtoul(colon + 1, NULL, 10);
}

static int parse_frame(struct sn_suppressions *suppressions, struct sn_suppression *one,
                       struct sn_lines *lines)
{
    struct sn_stack_pattern *stack = one->stacks.at;
    bool function = sn_lines_starts_with(lines, "fun:");
    bool object = sn_lines_starts_with(lines, "obj:");
    struct sn_frame_pattern *frame = vec_push(&stack->frames);
    frame->any_number = sn_lines_is(lines, "...");
    if (frame->any_number)
        return 0;
    if (!function && !object && !sn_lines_starts_with(lines, "src:"))
        return sn_lines_fail(lines, lines->at, "expected fun:, obj:, src:, ... or }, not '%s'",
                             sn_lines_show(lines->at, lines->length).text);
    if (lines->length == 4)
        return sn_lines_fail(lines, lines->at + 4, "expected a name behind the colon");
    char *name = sn_strndup(&suppressions->arena, lines->at + 4, lines->length - 4);
    if (function)
        parse_function(suppressions, one, frame, name);
    else if (object)
        parse_object(one, frame, name);
    else
        parse_source(frame, name);
    return 0;
}

static int end_of_file(struct sn_lines *lines)
{
    return sn_lines_fail(lines, lines->end, "expected the rest of a suppression, and a }");
}

/* The stand-ins at the top may be missing, unless the suppression consists of nothing else. */
static int finish(struct sn_suppression *one, struct sn_lines *lines)
{
    struct sn_stack_pattern *stack = one->stacks.at;
    size_t stand_ins = 0, named = 0;
    vec_each (struct sn_frame_pattern, frame, &stack->frames)
        named += !frame->any_number;
    while (stand_ins < stack->frames.count && is_stand_in(&stack->frames.at[stand_ins]))
        stand_ins++;
    if (!named)
        return sn_lines_fail(lines, lines->at,
                             "expected a frame (fun:, obj: or src:) that is not '...'");
    for (size_t i = 0; i < stand_ins && stand_ins < named; i++)
        stack->frames.at[i].optional = true;
    return 0;
}

/* LINES stands on the name: on the } afterwards. */
static int parse_block(struct sn_suppressions *suppressions, struct sn_lines *lines, unsigned line)
{
    const char *name = sn_strndup(&suppressions->arena, lines->at, lines->length);
    uint32_t kinds = 0;
    if (!sn_lines_next(lines))
        return end_of_file(lines);
    int code = parse_kind(lines, &kinds);
    if (code < 0)
        return code;
    if (!kinds) {
        while (sn_lines_next(lines))
            if (sn_lines_is(lines, "}"))
                return 0;
        return end_of_file(lines);
    }
    struct sn_suppression *one = sn_suppressions_add(suppressions, lines);
    one->by.line = line;
    one->by.reason = name;
    one->kinds = kinds;
    *vec_push(&one->stacks) = (struct sn_stack_pattern){.count = 1, .exact = true};
    while (sn_lines_next(lines)) {
        if (sn_lines_is(lines, "}"))
            return finish(one, lines);
        if ((code = parse_frame(suppressions, one, lines)) < 0)
            return code;
    }
    return end_of_file(lines);
}

int sn_suppressions_parse_valgrind(struct sn_suppressions *suppressions, struct sn_lines *lines)
{
    do {
        unsigned line = lines->number;
        if (!sn_lines_is(lines, "{"))
            return sn_lines_fail(
                lines, lines->at,
                "expected a { alone on its line, not '%s'; a file is of one syntax",
                sn_lines_show(lines->at, lines->length).text);
        if (!sn_lines_next(lines))
            return end_of_file(lines);
        int code = parse_block(suppressions, lines, line);
        if (code < 0)
            return code;
    } while (sn_lines_next(lines));
    return 0;
}
