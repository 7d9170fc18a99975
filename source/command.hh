// SPDX-License-Identifier: Apache-2.0
//
// The commands of snarl-source, and what all of them take.
#ifndef SN_SOURCE_COMMAND_HH
#define SN_SOURCE_COMMAND_HH

#include "source/code/project.hh"
#include "source/json.hh"

#include <memory>
#include <string>
#include <vector>

struct argp;
struct argp_option;

namespace snarl
{

enum exit_code { done = 0, found = 1, trouble = 2 };

struct options {
    std::vector<std::string> inputs;
    std::string output; // -o FILE; "": stdout
    project::settings build;
    bool verbose = false;
    bool version = false;
};

struct command {
    const char *name, *arguments, *summary;
    int (*run)(int argc, char **argv);
};

// Every command, the last with no name.
extern const command commands[];

// Reads the options that all commands have; `own` adds the command's. Ends the process with
// `trouble` and a message if they are wrong. Its own options' parser takes key and argument and
// says whether it knew them.
//
//     struct mine : options { bool diff = false; };
//     parse(argc, argv, mine, "FINDINGS.json", "What it does.", own_options, parse_own);
using option_parser = bool (*)(options &options, int key, const char *argument);
void parse(int argc, char **argv, options &options, const char *arguments, const char *description,
           const argp_option *own = nullptr, option_parser parser = nullptr);

// A message for the user: "snarl-source: TEXT".
void say(const std::string &text);
void say_troubles(const project &project);

// The project that the options name; null, and told, if there is none. `near`: a file of it, or "".
std::unique_ptr<project> open_project(const options &options, const std::string &near = "");

// The report in a file; null, and told, if it is none of snarl's.
json load_report(const std::string &path);
// What a report ends with: its findings counted, by level, and those that are suppressed or gate.
json summary_of(const json &findings);
// Writes to a file, "" or "-" being the standard output; false, and told, if that failed.
bool write_output(const std::string &path, const std::string &text);

#define COMMAND(name, arguments, summary) int cmd_##name(int argc, char **argv);
#include "source/commands.def"
#undef COMMAND

} // namespace snarl

#endif
