// SPDX-License-Identifier: Apache-2.0
// Finds the command that the first argument names.
#include "source/command.hh"

#include <cstdio>
#include <cstring>

namespace snarl
{

const command commands[] = {
#define COMMAND(name, arguments, summary) {#name, arguments, summary, cmd_##name},
#include "source/commands.def"
#undef COMMAND
    {},
};

static int overview()
{
    std::puts("Usage: snarl-source COMMAND [OPTION...] ...\n"
              "Ties what snarl finds to the sources of the program.\n");
    for (const command *c = commands; c->name; c++)
        std::printf("  %-9s %-14s %s\n", c->name, c->arguments, c->summary);
    std::puts("\n  snarl-source explain findings.json -p build\n\n"
              "`snarl-source COMMAND --help` lists a command's options.");
    return std::fflush(stdout) == 0 ? done : trouble;
}

static int run(int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : "--help";
    if (std::strcmp(word, "--help") == 0 || std::strcmp(word, "-h") == 0 ||
        std::strcmp(word, "help") == 0)
        return argc > 1 ? overview() : (overview(), trouble);
    if (std::strcmp(word, "--version") == 0 || std::strcmp(word, "-V") == 0) {
        std::puts("snarl-source " SNARL_VERSION);
        return done;
    }
    for (const command *c = commands; c->name; c++)
        if (std::strcmp(word, c->name) == 0) {
            std::string name = std::string("snarl-source ") + word;
            argv[1] = name.data();
            return c->run(argc - 1, argv + 1);
        }
    say(std::string("there is no command ") + word + "; see snarl-source --help");
    return trouble;
}

} // namespace snarl

int main(int argc, char **argv)
{
    return snarl::run(argc, argv);
}
