/* SPDX-License-Identifier: Apache-2.0 */
/* The man page, if it is installed next to this executable; else what --help prints. */
#define _GNU_SOURCE
#include "cli/command.h"
#include "cli/trouble.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool find_page(char path[PATH_MAX], const char *command)
{
    char own[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", own, sizeof own - 1);
    if (n < 0)
        return false;
    own[n] = 0;
    *strrchr(own, '/') = 0;
    static const char *const endings[] = {"", ".gz"};
    for (int i = 0; i < 2; i++)
        if (snprintf(path, PATH_MAX, "%s/../share/man/man1/snarl%s%s.1%s", own, command ? "-" : "",
                     command ? command : "", endings[i]) < PATH_MAX &&
            access(path, R_OK) == 0)
            return true;
    return false;
}

/* Returns only if there is no page, or no man. */
static void show_page(const char *command)
{
    char path[PATH_MAX];
    if (find_page(path, command))
        execlp("man", "man", path, (char *)NULL);
}

int sn_cmd_help(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : NULL;
    if (name && (strcmp(name, "--help") == 0 || strcmp(name, "help") == 0))
        name = NULL;
    const struct sn_command *command = name ? sn_command_by_name(name) : NULL;
    if (argc > 2 || (name && !command)) {
        sn_say("%s", argc > 2 ? "help takes one command" : "there is no such command");
        return SN_EXIT_TROUBLE;
    }
    show_page(name);
    if (!command)
        return sn_command_overview(STDOUT_FILENO);
    char option[] = "--help", own[] = "";
    char *arguments[] = {own, option, NULL};
    return sn_command_run(command, 2, arguments);
}
