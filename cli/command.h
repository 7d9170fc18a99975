/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A command of `snarl`: a file cmd_NAME.c with a function sn_cmd_NAME, and a line in commands.def.
 * The function gets ARGV with "snarl NAME" as its first string, and returns the exit code.
 */
#ifndef SN_CLI_COMMAND_H
#define SN_CLI_COMMAND_H

#include <stdbool.h>

struct sn_command {
    const char *name;
    int trouble; /* the exit code when snarl itself fails */
    const char *summary;
    int (*run)(int argc, char **argv);
};

/* All of them, in the order of commands.def; the last has no name. */
extern const struct sn_command sn_commands[];

const struct sn_command *sn_command_by_name(const char *name); /* or NULL */
/* Runs COMMAND with ARGV, whose first string is the command's own name. */
int sn_command_run(const struct sn_command *command, int argc, char **argv);
/* What `snarl --help` prints. Returns the exit code. */
int sn_command_overview(int fd);

/* Is WORD such an option? They are options of every command. */
bool sn_asks_for_help(const char *word);
bool sn_asks_for_version(const char *word);
/* Prints the version. Returns the exit code: 0 or TROUBLE. */
int sn_tell_version(int trouble);

#define COMMAND(name, trouble, summary) int sn_cmd_##name(int argc, char **argv);
#include "cli/commands.def"
#undef COMMAND

/* The exit codes that do not depend on the command. */
enum {
    SN_EXIT_GATED = 66,
    SN_EXIT_TIMEOUT = 124,
    SN_EXIT_SNARL = 125,
    SN_EXIT_CANNOT_EXECUTE = 126,
    SN_EXIT_NOT_FOUND = 127,
    SN_EXIT_SIGNAL = 128,
    SN_EXIT_TROUBLE = 2,
};

#endif
