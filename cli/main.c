/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the command that the first argument names, and hands the rest to it. */
#include "base/text.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/trouble.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct sn_command sn_commands[] = {
#define COMMAND(name, trouble, summary) {#name, trouble, summary, sn_cmd_##name},
#include "cli/commands.def"
#undef COMMAND
    {0},
};

const struct sn_command *sn_command_by_name(const char *name)
{
    for (const struct sn_command *c = sn_commands; c->name; c++)
        if (strcmp(c->name, name) == 0)
            return c;
    return NULL;
}

int sn_command_run(const struct sn_command *command, int argc, char **argv)
{
    char name[64];
    snprintf(name, sizeof name, "snarl %s", command->name);
    argv[0] = name;
    return command->run(argc, argv);
}

int sn_command_overview(int fd)
{
    struct sn_text text = {0};
    sn_text_puts(&text,
                 "Usage: snarl COMMAND [OPTION...] ...\n"
                 "Finds races, deadlocks and other hazards of threads in C and C++ programs.\n\n");
    for (const struct sn_command *c = sn_commands; c->name; c++)
        sn_text_printf(&text, "  %-9s %s\n", c->name, c->summary);
    sn_text_puts(
        &text, "\n  snarl run -- ./program its arguments\n\n"
               "`snarl COMMAND --help` lists a command's options, `snarl help COMMAND` shows its\n"
               "manual, `snarl --version` prints the version.\n");
    struct sn_error err;
    int ret = sn_write_all(fd, text.at, text.length, "the help", &err);
    if (ret < 0)
        sn_say_error("", &err);
    sn_text_release(&text);
    return ret < 0 ? SN_EXIT_TROUBLE : 0;
}

bool sn_asks_for_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "-?") == 0;
}

bool sn_asks_for_version(const char *word)
{
    return strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0;
}

int sn_tell_version(int trouble)
{
    puts("snarl " SNARL_VERSION);
    return fflush(stdout) == 0 ? 0 : trouble;
}

/* Where a standard descriptor is closed, a file that we open would take its place. The program
 * still finds it closed. */
static void fill_standard_descriptors(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    while (fd >= 0 && fd <= STDERR_FILENO);
    close(fd);
}

int main(int argc, char **argv)
{
    fill_standard_descriptors();
    const char *first = argc > 1 ? argv[1] : NULL;
    if (!first) {
        sn_command_overview(STDERR_FILENO);
        return SN_EXIT_TROUBLE;
    }
    if (sn_asks_for_help(first))
        return sn_command_overview(STDOUT_FILENO);
    if (sn_asks_for_version(first))
        return sn_tell_version(SN_EXIT_TROUBLE);
    const struct sn_command *command = sn_command_by_name(first);
    if (command)
        return sn_command_run(command, argc - 1, argv + 1);
    sn_say("%s is no %s of this version; try `snarl --help`", first,
           first[0] == '-' ? "option" : "command");
    return SN_EXIT_TROUBLE;
}
