/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file of the project is looked for in the working directory and, inside a git repository, in
 * those above, up to the repository's: elsewhere nothing says where a project ends. Options name
 * files that are written, so a file counts only if nobody else could have made it what it is.
 */
#define _GNU_SOURCE
#include "cli/config.h"

#include "cli/trouble.h"
#include "trace/control.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROJECT_FILE ".snarlrc"

enum { LARGEST = 1 << 20 };
static const char blanks[] = " \t\r";

/* The files.
 * ------------------------------------------------------------------------------------------- */

static int add_line(struct sn_config *config, char *line, const char *place, const char *directory,
                    struct sn_error *err)
{
    line += strspn(line, blanks);
    for (size_t end = strlen(line); end && strchr(blanks, line[end - 1]); end--)
        line[end - 1] = 0;
    if (!*line || *line == '#')
        return 0;
    for (const unsigned char *p = (const unsigned char *)line; *p; p++)
        if ((*p < ' ' && *p != '\t') || *p == 127)
            return sn_fail(err, SN_E_FORMAT, place, SN_NO_OFFSET, "a control character");
    char *name_end = line + strspn(line, "abcdefghijklmnopqrstuvwxyz-");
    char *value = name_end + strspn(name_end, blanks);
    if (name_end == line || *line == '-' || (*value && *value != '='))
        return sn_fail(err, SN_E_FORMAT, place, SN_NO_OFFSET,
                       "is not OPTION = VALUE, or an OPTION that takes none, without dashes");
    bool has_value = *value == '=';
    *name_end = 0;
    value += has_value;
    *vec_push(&config->options) = (struct sn_config_option){
        line, has_value ? value + strspn(value, blanks) : NULL, place, directory};
    return 0;
}

static int add_lines(struct sn_config *config, char *text, const char *path, const char *directory,
                     struct sn_error *err)
{
    int code = 0;
    unsigned number = 0;
    for (char *line = text, *next; code == 0 && line; line = next) {
        char *end = strchr(line, '\n');
        next = end ? end + 1 : NULL;
        if (end)
            *end = 0;
        code = add_line(config, line, sn_sprintf(&config->arena, "%s:%u", path, ++number),
                        directory, err);
    }
    return code;
}

/* Why what STAT tells of may have been written by others, or NULL. */
static const char *why_not_ours(const struct stat *st)
{
    if (st->st_uid != geteuid() && st->st_uid != 0)
        return "belongs to somebody else";
    return st->st_mode & S_IWOTH ? "may be written by everyone" : NULL;
}

static bool is_ours(int directory, const struct stat *file, const char *path)
{
    struct stat st;
    const char *why = why_not_ours(file), *what = "it";
    if (!why) {
        why = fstat(directory, &st) < 0 ? strerror(errno) : why_not_ours(&st);
        what = "its directory";
    }
    if (why)
        sn_say("warning: %s is passed over: %s %s", path, what, why);
    return !why;
}

/* The text of FD, which STAT tells of. */
static int read_text(struct sn_config *config, int fd, const struct stat *st, const char *path,
                     char **text, struct sn_error *err)
{
    if (!S_ISREG(st->st_mode))
        return sn_fail(err, SN_E_USAGE, path, SN_NO_OFFSET, "is no regular file");
    if (st->st_size > LARGEST)
        return sn_fail(err, SN_E_LIMIT, path, SN_NO_OFFSET, "is larger than 1 MiB");
    size_t size = (size_t)st->st_size, done = 0;
    *text = sn_alloc(&config->arena, size + 1);
    while (done < size) {
        ssize_t got = read(fd, *text + done, size - done);
        if (got < 0)
            return sn_fail(err, SN_E_SYSTEM, path, SN_NO_OFFSET, "cannot be read: %s",
                           strerror(errno));
        if (got == 0)
            break;
        done += (size_t)got;
    }
    const char *zero = memchr(*text, 0, done);
    return zero ? sn_fail(err, SN_E_FORMAT, path, (uint64_t)(zero - *text), "a zero byte") : 0;
}

/* Reads NAME in DIRECTORY. That it is not there is no error, unless it was NAMED by the user. */
static int read_file(struct sn_config *config, const char *directory, const char *name, bool named,
                     struct sn_error *err)
{
    const char *path = sn_sprintf(&config->arena, "%s/%s", directory, name);
    int at = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int fd = at < 0 ? -1 : openat(at, name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    struct stat st;
    char *text = NULL;
    int code = 0;
    if (fd < 0 || fstat(fd, &st) < 0) {
        if (named || (errno != ENOENT && errno != ENOTDIR && errno != EACCES))
            code = sn_fail(err, SN_E_SYSTEM, path, SN_NO_OFFSET, "cannot be read: %s",
                           strerror(errno));
    } else if (named || is_ours(at, &st, path)) {
        code = read_text(config, fd, &st, path, &text, err);
        if (code == 0)
            code = add_lines(config, text, path, sn_strdup(&config->arena, directory), err);
    }
    if (fd >= 0)
        close(fd);
    if (at >= 0)
        close(at);
    return code;
}

static int read_named(struct sn_config *config, const char *path, struct sn_error *err)
{
    const char *slash = strrchr(path, '/');
    const char *directory = slash == path ? "/"
                            : slash       ? sn_strndup(&config->arena, path, (size_t)(slash - path))
                                          : ".";
    return read_file(config, directory, slash ? slash + 1 : path, true, err);
}

static int read_users(struct sn_config *config, struct sn_error *err)
{
    const char *base = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    if (!base || *base != '/') {
        if (!home || *home != '/')
            return 0;
        base = sn_sprintf(&config->arena, "%s/.config", home);
    }
    return read_file(config, sn_sprintf(&config->arena, "%s/snarl", base), "config", false, err);
}

static bool holds(const char *directory, const char *name)
{
    char path[PATH_MAX + 16];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return access(path, F_OK) == 0;
}

/* DIRECTORY becomes the one above it; false if there is none. */
static bool go_up(char *directory)
{
    char *slash = strrchr(directory, '/');
    if (!slash || !*directory)
        return false;
    *slash = 0;
    return true;
}

static int read_projects(struct sn_config *config, struct sn_error *err)
{
    char here[PATH_MAX], root[PATH_MAX];
    if (!getcwd(here, sizeof here) || *here != '/')
        return 0;
    if (!here[1])
        *here = 0; /* "/": below, directories have no slash at their ends */
    strcpy(root, here);
    while (!holds(root, ".git"))
        if (!go_up(root)) {
            strcpy(root, here);
            break;
        }
    while (!holds(here, PROJECT_FILE))
        if (strcmp(here, root) == 0 || !go_up(here))
            return 0;
    return read_file(config, *here ? here : "/", PROJECT_FILE, false, err);
}

/* SNARL_OPTIONS.
 * ------------------------------------------------------------------------------------------- */

/* Cuts the next word off *TEXT, as a shell does. NULL at the end, or if a quote is not closed. */
static char *next_word(char **text, bool *open)
{
    char *from = *text + strspn(*text, " \t\n"), *to = from, *word = from, quote = 0;
    if (!*from)
        return NULL;
    for (; *from && (quote || !strchr(" \t\n", *from)); from++) {
        if (*from == quote || (!quote && (*from == '\'' || *from == '"')))
            quote = quote ? 0 : *from;
        else if (*from == '\\' && from[1] && quote != '\'' &&
                 (!quote || from[1] == '"' || from[1] == '\\'))
            *to++ = *++from;
        else
            *to++ = *from;
    }
    *text = from + (*from != 0);
    *to = 0;
    *open = quote != 0;
    return *open ? NULL : word;
}

/* A word that is no option is the value of the option before it. */
static int add_words(struct sn_config *config, const char *words, struct sn_error *err)
{
    static const char place[] = TR_OPTIONS_ENV;
    char *text = sn_strdup(&config->arena, words);
    size_t before = config->options.count;
    bool open = false;
    for (char *word; (word = next_word(&text, &open));) {
        struct sn_config_option *last =
            config->options.count > before ? vec_last(&config->options) : NULL;
        if (*word == '-' && word[1]) {
            bool is_long = word[1] == '-';
            char *value = is_long ? strchr(word, '=') : NULL;
            if (value)
                *value++ = 0;
            *vec_push(&config->options) =
                (struct sn_config_option){word + 1 + is_long, value, place, NULL};
        } else if (last && !last->value) {
            last->value = word;
        } else {
            return sn_fail(err, SN_E_USAGE, place, SN_NO_OFFSET, "`%s' is no option", word);
        }
    }
    return open ? sn_fail(err, SN_E_USAGE, place, SN_NO_OFFSET, "a quote is not closed") : 0;
}

int sn_config_read(struct sn_config *config, struct sn_error *err)
{
    *config = (struct sn_config){0};
    const char *named = getenv("SNARL_CONFIG"), *words = getenv(TR_OPTIONS_ENV);
    int code = 0;
    if (!named) {
        code = read_users(config, err);
        code = code ? code : read_projects(config, err);
    } else if (*named) {
        code = read_named(config, named, err);
    }
    /* Below another snarl they are what that one told its recorder. */
    return code || !words || getenv(TR_CONTROL_ENV) ? code : add_words(config, words, err);
}

void sn_config_release(struct sn_config *config)
{
    vec_release(&config->options);
    sn_arena_release(&config->arena);
}
