/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks NAME up as execvp does: a name with a slash is a path, another one is tried in each
 * directory of PATH, and what is there but cannot be executed is remembered in case nothing better
 * comes. Then `#!` lines are followed to the interpreter, since that is what the recorder has to
 * get into; a file that is neither a script nor ELF is run by /bin/sh, again as execvp does.
 */
#define _GNU_SOURCE
#include "cli/program.h"

#include "cli/command.h"
#include "cli/elf_check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SCRIPT_LINE = 256, SCRIPT_DEPTH = 4 }; /* the kernel's own limits */

/* 0 if PATH is a file that may be executed, else an errno. */
static int executable(const char *path)
{
    struct stat st;
    if (stat(path, &st) < 0)
        return errno;
    if (S_ISDIR(st.st_mode))
        return EISDIR;
    if (!S_ISREG(st.st_mode) || access(path, X_OK) < 0)
        return EACCES;
    return 0;
}

static int cannot_execute(const char *path, int reason, struct sn_error *err)
{
    sn_fail(err, SN_E_SYSTEM, path, SN_NO_OFFSET, "cannot be executed: %s", strerror(reason));
    return SN_EXIT_CANNOT_EXECUTE;
}

static int not_found(const char *name, struct sn_error *err)
{
    sn_fail(err, SN_E_SYSTEM, name, SN_NO_OFFSET, "no such program");
    return SN_EXIT_NOT_FOUND;
}

static int find_in_path(char *found, const char *name, struct sn_error *err)
{
    char standard[256] = "/bin:/usr/bin";
    const char *list = getenv("PATH");
    if (!list) {
        confstr(_CS_PATH, standard, sizeof standard);
        list = standard;
    }
    char refused[PATH_MAX] = "";
    for (const char *at = list, *end;; at = end + 1) {
        end = strchrnul(at, ':');
        int length = (int)(end - at);
        int n = snprintf(found, PATH_MAX, "%.*s%s%s", length, at, length ? "/" : "./", name);
        int reason = n < PATH_MAX ? executable(found) : ENAMETOOLONG;
        if (reason == 0)
            return 0;
        if (reason == EACCES && !refused[0])
            snprintf(refused, sizeof refused, "%s", found);
        if (!*end)
            break;
    }
    return refused[0] ? cannot_execute(refused, EACCES, err) : not_found(name, err);
}

static int find_file(char *found, const char *name, struct sn_error *err)
{
    if (!*name)
        return not_found("(empty name)", err);
    if (!strchr(name, '/'))
        return find_in_path(found, name, err);
    if (strlen(name) >= PATH_MAX)
        return cannot_execute(name, ENAMETOOLONG, err);
    snprintf(found, PATH_MAX, "%s", name);
    int reason = executable(name);
    if (reason == ENOENT || reason == ENOTDIR)
        return not_found(name, err);
    return reason ? cannot_execute(name, reason, err) : 0;
}

/* The first line's bytes of PATH, terminated; their number, or -1. */
static ssize_t read_start(const char *path, char line[SCRIPT_LINE + 1])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t n = read(fd, line, SCRIPT_LINE);
    close(fd);
    line[n > 0 ? n : 0] = 0;
    return n;
}

/* The interpreter that a `#!` line names; false if the line is no such one. */
static bool interpreter(char *line, char **name)
{
    if (strncmp(line, "#!", 2) != 0)
        return false;
    line[strcspn(line, "\n")] = 0;
    *name = line + 2 + strspn(line + 2, " \t");
    (*name)[strcspn(*name, " \t")] = 0;
    return true;
}

static int follow_script(struct sn_program *program, struct sn_error *err)
{
    snprintf(program->binary, PATH_MAX, "%s", program->path);
    for (int depth = 0; depth < SCRIPT_DEPTH; depth++) {
        char line[SCRIPT_LINE + 1], *name;
        ssize_t n = read_start(program->binary, line);
        if (n < 0 || (n >= 4 && memcmp(line, "\177ELF", 4) == 0))
            return 0; /* what may be executed but not read is left to the checks */
        if (!interpreter(line, &name))
            name = "/bin/sh";
        int reason = executable(name);
        if (reason) {
            sn_fail(err, SN_E_SYSTEM, program->path, SN_NO_OFFSET,
                    "cannot be executed: its interpreter %s: %s", name, strerror(reason));
            return SN_EXIT_CANNOT_EXECUTE;
        }
        snprintf(program->binary, PATH_MAX, "%s", name);
    }
    return cannot_execute(program->path, ELOOP, err);
}

int sn_program_find(struct sn_program *program, const char *name, struct sn_error *err)
{
    *program = (struct sn_program){0};
    int code = find_file(program->path, name, err);
    return code ? code : follow_script(program, err);
}

int sn_program_check(struct sn_program *program, struct sn_error *err)
{
    return sn_elf_check(program->binary, &program->instrumented, err);
}
