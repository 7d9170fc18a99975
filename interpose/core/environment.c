/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The variables are copied at the start, for programs write over their environment to show a title.
 * Nothing here allocates or locks: a child of vfork comes here, and a signal handler may.
 */
#include "interpose/core/environment.h"

#include "interpose/core/poison.h"

#define ADDED_ENV "SNARL_ADDED"

/* What was added, by letters of SNARL_ADDED. */
enum { WHOLE_PRELOAD = 'l', PART_OF_PRELOAD = 'p', CONTROL = 'c', OPTIONS = 'o' };

static struct {
    const char *preload;           /* LD_PRELOAD=, with our libraries alone; NULL: not known */
    const char *control, *options; /* NAME=VALUE, or NULL */
} ours;

extern char **environ;

static uint64_t length_of(const char *text)
{
    uint64_t length = 0;
    while (text[length])
        length++;
    return length;
}

/* The value, if VARIABLE is of this name. */
static const char *value_of(const char *variable, const char *name)
{
    while (*name && *variable == *name)
        variable++, name++;
    return !*name && *variable == '=' ? variable + 1 : NULL;
}

static uint32_t find(char *const *environment, const char *name)
{
    uint32_t i = 0;
    while (environment[i] && !value_of(environment[i], name))
        i++;
    return i;
}

static char *put(char *to, const char *text)
{
    while (*text)
        *to++ = *text++;
    return to;
}

/* Lists of libraries. Blanks and colons separate them. */

static const char *entry_end(const char *entry)
{
    while (*entry && *entry != ':' && *entry != ' ')
        entry++;
    return entry;
}

static const char *directory_end(const char *entry, const char *end)
{
    while (end > entry && end[-1] != '/')
        end--;
    return end;
}

static bool starts_with(const char *text, const char *end, const char *start)
{
    while (*start && text < end && *text == *start)
        text++, start++;
    return !*start;
}

static bool is_recorder(const char *entry, const char *end)
{
    const char *base = directory_end(entry, end);
    return end - base == sizeof "libsnarl.so" - 1 && starts_with(base, end, "libsnarl.so");
}

/* One of ours: the recorder, or a stub in the directory beside it. */
static bool is_ours(const char *entry, const char *end)
{
    const char *base = directory_end(entry, end);
    return is_recorder(entry, end) ||
           (base - entry >= 6 && starts_with(base - 6, base, "stubs/") &&
            (starts_with(base, end, "libtsan.so") || starts_with(base, end, "libclang_rt.tsan")));
}

static bool has_recorder(const char *list)
{
    for (const char *end; *list; list = *end ? end + 1 : end) {
        end = entry_end(list);
        if (is_recorder(list, end))
            return true;
    }
    return false;
}

/* Appends those of LIST that are ours, or those that are not. */
static char *put_entries(char *to, const char *list, bool which)
{
    bool first = true;
    for (const char *end; *list; list = *end ? end + 1 : end) {
        end = entry_end(list);
        if (end == list || is_ours(list, end) != which)
            continue;
        if (!first)
            *to++ = ':';
        first = false;
        for (const char *p = list; p < end; p++)
            *to++ = *p;
    }
    return to;
}

/* The start.
 * ---------------------------------------------------------------------------------------------- */

static void remove_variable(char **environment, uint32_t index)
{
    for (; environment[index]; index++)
        environment[index] = environment[index + 1];
}

/* Our libraries stand in front of what was there. */
static void remove_part(char *variable)
{
    char *to = (char *)value_of(variable, "LD_PRELOAD");
    const char *from = to;
    for (const char *end; *from; from = *end ? end + 1 : end) {
        end = entry_end(from);
        if (!is_ours(from, end))
            break;
    }
    while ((*to++ = *from++))
        ;
}

static void remove_added(char **environment)
{
    uint32_t marker = find(environment, ADDED_ENV);
    if (!environment[marker])
        return;
    const char *added = value_of(environment[marker], ADDED_ENV);
    remove_variable(environment, marker);
    for (; *added; added++) {
        const char *name = *added == CONTROL   ? TR_CONTROL_ENV
                           : *added == OPTIONS ? TR_OPTIONS_ENV
                                               : "LD_PRELOAD";
        uint32_t index = find(environment, name);
        if (environment[index] && *added == PART_OF_PRELOAD)
            remove_part(environment[index]);
        else if (environment[index])
            remove_variable(environment, index);
    }
}

static void remember(char **environment)
{
    const char *variables[3] = {environment[find(environment, "LD_PRELOAD")],
                                environment[find(environment, TR_CONTROL_ENV)],
                                environment[find(environment, TR_OPTIONS_ENV)]};
    const char *preload = variables[0] ? value_of(variables[0], "LD_PRELOAD") : "";
    if (!has_recorder(preload) || (!variables[1] && !variables[2]))
        return;
    uint64_t size = 3;
    for (unsigned i = 0; i < 3; i++)
        size += variables[i] ? length_of(variables[i]) : 0;
    char *to = rec_sys_memory(size);
    if (!to)
        return;
    for (unsigned i = 1; i < 3; i++) {
        if (!variables[i])
            continue;
        *(i == 1 ? &ours.control : &ours.options) = to;
        to = put(to, variables[i]) + 1;
    }
    ours.preload = to;
    put_entries(put(to, "LD_PRELOAD="), preload, true);
}

void rec_environment_start(char **environment)
{
    if (!environment)
        return;
    remember(environment);
    remove_added(environment);
    if (environ && environ != environment)
        remove_added(environ);
}

bool rec_environment_known(void)
{
    return ours.preload != NULL;
}

/* A program is executed.
 * ---------------------------------------------------------------------------------- */

bool rec_environment_differs(struct rec_environment *change, char *const *from,
                             enum rec_target target)
{
    static char *const empty[] = {NULL};
    *change = (struct rec_environment){.from = from ? from : empty};
    if (!ours.preload || (target != REC_TARGET_OURS && target != REC_TARGET_FOREIGN))
        return false;
    from = change->from;
    change->preload = find(from, "LD_PRELOAD");
    const char *list = from[change->preload] ? value_of(from[change->preload], "LD_PRELOAD") : "";
    bool there = has_recorder(list);
    if (target == REC_TARGET_FOREIGN) {
        change->drop_preload = there;
    } else {
        change->add_preload = !there;
        change->add_control = ours.control && !from[find(from, TR_CONTROL_ENV)];
        change->add_options = ours.options && !from[find(from, TR_OPTIONS_ENV)];
    }
    while (from[change->count])
        change->count++;
    change->room = (change->count + 6) * sizeof *from + length_of(list) + length_of(ours.preload) +
                   sizeof "LD_PRELOAD=:" + sizeof ADDED_ENV + 8;
    return change->drop_preload || change->add_preload || change->add_control ||
           change->add_options;
}

char **rec_environment_make(const struct rec_environment *change, void *room)
{
    char **to = room, *text = (char *)(to + change->count + 6);
    const char *list = change->preload < change->count
                           ? value_of(change->from[change->preload], "LD_PRELOAD")
                           : NULL;
    char added[5], *letter = added;
    for (uint32_t i = 0; i < change->count; i++) {
        if (i != change->preload || !(change->add_preload || change->drop_preload)) {
            *to++ = change->from[i];
            continue;
        }
        char *start = text;
        if (change->add_preload)
            text = put(put(text, ours.preload), ":");
        else
            text = put(text, "LD_PRELOAD=");
        char *rest = text;
        text = change->add_preload ? put(text, list) : put_entries(text, list, false);
        if (change->add_preload || text > rest)
            *to++ = start;
        *text++ = 0;
    }
    if (change->add_preload) {
        *letter++ = list ? PART_OF_PRELOAD : WHOLE_PRELOAD;
        if (!list)
            *to++ = (char *)ours.preload;
    }
    if (change->add_control) {
        *letter++ = CONTROL;
        *to++ = (char *)ours.control;
    }
    if (change->add_options) {
        *letter++ = OPTIONS;
        *to++ = (char *)ours.options;
    }
    *letter = 0;
    if (letter > added) {
        *to++ = text;
        text = put(put(text, ADDED_ENV "="), added);
        *text = 0;
    }
    *to = NULL;
    return room;
}
