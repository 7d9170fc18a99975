/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libsnarl.so is found next to the `snarl` that runs, in the build tree or installed, or is named
 * by SNARL_LIBRARY. It stands first in LD_PRELOAD, so that its functions are found before any
 * other's; the stubs that keep ThreadSanitizer's run-times out come behind it. They are always
 * there: the program may be a shell whose children are the instrumented ones.
 */
#define _GNU_SOURCE
#include "cli/environment.h"

#include "base/vec.h"
#include "trace/control.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const places[] = {"../lib/snarl", "../lib/x86_64-linux-gnu/snarl",
                                     "../lib64/snarl"};
static const char *const stubs[] = {"libtsan.so.2", "libclang_rt.tsan-x86_64.so"};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char *own_directory(struct sn_arena *arena)
{
    char path[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    if (n < 0)
        return ".";
    path[n] = 0;
    *strrchr(path, '/') = 0;
    return sn_strdup(arena, path);
}

static const char *find_recorder(struct sn_arena *arena, struct sn_error *err)
{
    char real[PATH_MAX];
    const char *named = getenv("SNARL_LIBRARY");
    if (named && *named) {
        if (realpath(named, real))
            return sn_strdup(arena, real);
        sn_fail(err, SN_E_SYSTEM, named, SN_NO_OFFSET, "the recorder that SNARL_LIBRARY names: %s",
                strerror(errno));
        return NULL;
    }
    const char *directory = own_directory(arena);
    for (size_t i = 0; i < COUNT(places); i++)
        if (realpath(sn_sprintf(arena, "%s/%s/libsnarl.so", directory, places[i]), real))
            return sn_strdup(arena, real);
    sn_fail(err, SN_E_SYSTEM, directory, SN_NO_OFFSET,
            "the recorder, %s/libsnarl.so, is not there; set SNARL_LIBRARY to where it is",
            places[0]);
    return NULL;
}

/* Is ITEM in the list that colons or blanks separate? */
static bool listed(const char *list, const char *item)
{
    size_t length = strlen(item);
    for (const char *at = strstr(list, item); at; at = strstr(at + 1, item))
        if ((at == list || strchr(": ", at[-1])) && (!at[length] || strchr(": ", at[length])))
            return true;
    return false;
}

static const char *preload(struct sn_arena *arena, const char *recorder)
{
    const char *user = getenv("LD_PRELOAD");
    if (user && listed(user, recorder))
        return user; /* snarl under snarl */
    char *list = sn_strdup(arena, recorder);
    int directory = (int)(strrchr(recorder, '/') - recorder);
    for (size_t i = 0; i < COUNT(stubs); i++) {
        const char *stub = sn_sprintf(arena, "%.*s/stubs/%s", directory, recorder, stubs[i]);
        if (access(stub, R_OK) == 0)
            list = sn_sprintf(arena, "%s:%s", list, stub);
    }
    return user && *user ? sn_sprintf(arena, "%s:%s", list, user) : list;
}

char *sn_options_add(struct sn_arena *arena, const char *list, const char *word)
{
    size_t length = strlen(list);
    char *text = sn_alloc(arena, length + 2 * strlen(word) + 2);
    memcpy(text, list, length);
    char *to = text + length;
    if (length)
        *to++ = ' ';
    for (; *word; word++) {
        if (strchr(" \t\n\\", *word))
            *to++ = '\\';
        *to++ = *word;
    }
    return text;
}

static bool is_variable(const char *entry, const char *name)
{
    size_t length = strlen(name);
    return strncmp(entry, name, length) == 0 && entry[length] == '=';
}

int sn_environment_init(struct sn_environment *environment, const char *control,
                        const char *options, struct sn_error *err)
{
    *environment = (struct sn_environment){0};
    struct sn_arena *arena = &environment->arena;
    const char *recorder = find_recorder(arena, err);
    if (!recorder)
        return err->code;
    if (strpbrk(recorder, ": "))
        return sn_fail(err, SN_E_USAGE, recorder, SN_NO_OFFSET,
                       "LD_PRELOAD cannot name a library with a blank or a colon in its path");
    const char *names[] = {"LD_PRELOAD", TR_CONTROL_ENV, TR_OPTIONS_ENV};
    const char *values[] = {preload(arena, recorder), control, options};
    size_t count = 0;
    while (environ[count])
        count++;
    char **to = environment->variables = SN_NEW_ARRAY(arena, char *, count + COUNT(names) + 1);
    for (size_t i = 0; i < count; i++)
        if (!is_variable(environ[i], names[0]) && !is_variable(environ[i], names[1]) &&
            !is_variable(environ[i], names[2]))
            *to++ = environ[i];
    for (size_t i = 0; i < COUNT(names); i++)
        *to++ = sn_sprintf(arena, "%s=%s", names[i], values[i]);
    return 0;
}

void sn_environment_release(struct sn_environment *environment)
{
    sn_arena_release(&environment->arena);
}
