/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which processes are recorded: --follow=all, main, or patterns by comma, one of which must match
 * the base name of the executable or the one by which it was called: a link has another. In a
 * pattern `*` stands for any text, `?` for any character, `[...]` for one of those listed. Only the
 * last `*` passed is ever gone back to: one further back could not match more.
 */
#include "interpose/core/follow.h"

#include "interpose/core/poison.h"

static const char *base_name(const char *path)
{
    const char *base = path;
    for (; *path; path++)
        if (*path == '/')
            base = path + 1;
    return base;
}

/* Does the set that starts behind `[` at SET hold C? *END is behind its `]`; NULL: there is none.
 */
static bool in_set(const char *set, const char *limit, char c, const char **end)
{
    bool negated = set < limit && (*set == '!' || *set == '^'), found = false;
    const char *p = set + negated, *first = p;
    for (; p < limit && (*p != ']' || p == first); p++) {
        if (p + 2 < limit && p[1] == '-' && p[2] != ']') {
            found |= *p <= c && c <= p[2];
            p += 2;
        } else {
            found |= *p == c;
        }
    }
    *end = p < limit ? p + 1 : NULL;
    return found != negated;
}

/* One character of NAME against one place of PATTERN; where the pattern goes on, or NULL. */
static const char *match_one(const char *pattern, const char *limit, char c)
{
    const char *end;
    if (pattern == limit || !c)
        return NULL;
    if (*pattern == '[') {
        bool found = in_set(pattern + 1, limit, c, &end);
        if (end)
            return found ? end : NULL;
    }
    return *pattern == '?' || *pattern == c ? pattern + 1 : NULL;
}

bool rec_follow_matches(const char *pattern, const char *limit, const char *name)
{
    const char *star = NULL, *from = NULL;
    for (;;) {
        const char *next;
        if (pattern < limit && *pattern == '*') {
            star = ++pattern;
            from = name;
        } else if (pattern == limit && !*name) {
            return true;
        } else if ((next = match_one(pattern, limit, *name))) {
            pattern = next;
            name++;
        } else if (star && *from) {
            pattern = star;
            name = ++from;
        } else {
            return false;
        }
    }
}

bool rec_is_listed(const char *list, const char *path, bool otherwise)
{
    const char *name = base_name(path);
    bool listed = otherwise;
    for (const char *end; *list; list = *end ? end + 1 : end) {
        for (end = list; *end && *end != ',';)
            end++;
        bool excludes = *list == '!';
        if (rec_follow_matches(list + excludes, end, name))
            listed = !excludes;
    }
    return listed;
}

static bool is_word(const char *text, const char *word)
{
    while (*text && *text == *word)
        text++, word++;
    return *text == *word;
}

/* Without snarl nobody says which process is the first one. */
static bool is_main(void)
{
    return !rec_control || rec_control->main_pid == (uint32_t)rec_sys_getpid();
}

bool rec_follows(const char *program, const char *called)
{
    const char *list = rec_config.follow;
    if (!*list || is_word(list, "all"))
        return true;
    if (is_word(list, "main"))
        return is_main();
    for (const char *end;; list = end + 1) {
        for (end = list; *end && *end != ',';)
            end++;
        if (rec_follow_matches(list, end, base_name(program)) ||
            rec_follow_matches(list, end, base_name(called)))
            return true;
        if (!*end)
            return false;
    }
}

bool rec_follows_children(void)
{
    return !is_word(rec_config.follow, "main");
}

bool rec_follows_through_exec(bool new_process)
{
    return rec_follows_children() || (!new_process && is_main());
}
