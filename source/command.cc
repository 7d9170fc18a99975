// SPDX-License-Identifier: Apache-2.0
#include "source/command.hh"

#include <argp.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>

namespace snarl
{

namespace
{

constexpr argp_option shared_options[] = {
    {"build", 'p', "BUILD", 0, "the directory with compile_commands.json (default: look for it)",
     0},
    {"output", 'o', "FILE", 0, "where to write to, instead of the standard output", 0},
    {"source-root", 1, "DIR", 0, "where the sources lie now, if elsewhere than when compiled", 0},
    {"verbose", 'v', nullptr, 0, "tell of everything that was passed over", 0},
    {},
};

struct parsing {
    options &result;
    option_parser own;
};

error_t parse_option(int key, char *argument, argp_state *state)
{
    auto *parsing = static_cast<struct parsing *>(state->input);
    options &result = parsing->result;
    switch (key) {
    case 'p':
        result.build.database = argument;
        return 0;
    case 'o':
        result.output = argument;
        return 0;
    case 1:
        result.build.source_root = argument;
        return 0;
    case 'v':
        result.verbose = true;
        return 0;
    case ARGP_KEY_ARG:
        result.inputs.push_back(argument);
        return 0;
    }
    return parsing->own && key != ARGP_KEY_END && parsing->own(result, key, argument)
               ? 0
               : ARGP_ERR_UNKNOWN;
}

} // namespace

void parse(int argc, char **argv, options &options, const char *arguments, const char *description,
           const argp_option *own, option_parser parser)
{
    // Behind -- stand the compiler's options.
    for (int i = 1; i < argc; i++)
        if (std::strcmp(argv[i], "--") == 0) {
            options.build.has_flags = true;
            options.build.flags.assign(argv + i + 1, argv + argc);
            argc = i;
        }
    std::vector<argp_option> all;
    for (const argp_option *o = own; o && (o->name || o->key); o++)
        all.push_back(*o);
    for (const argp_option &o : shared_options)
        all.push_back(o);
    std::string usage = std::string(arguments) + " [-- COMPILER OPTIONS...]";
    argp reader = {all.data(), parse_option, usage.c_str(), description, nullptr, nullptr, nullptr};
    parsing parsing{options, parser};
    argp_err_exit_status = trouble;
    argp_program_version = "snarl-source " SNARL_VERSION;
    argp_parse(&reader, argc, argv, 0, nullptr, &parsing);
}

void say(const std::string &text)
{
    std::fprintf(stderr, "snarl-source: %s\n", text.c_str());
}

void say_troubles(const project &project)
{
    for (const std::string &trouble : project.troubles())
        say(trouble);
}

std::unique_ptr<project> open_project(const options &options, const std::string &near)
{
    std::string error;
    std::unique_ptr<project> project = project::open(options.build, near, error);
    if (!project)
        say(error);
    return project;
}

json load_report(const std::string &path)
{
    std::string error;
    json report = json::load(path, error);
    if (report.is_null() && error.empty())
        error = path + ": holds nothing";
    if (error.empty() &&
        (report["schema"].string() != "snarl-report/1" || !report["findings"].is_array()))
        error = path + ": is no report of snarl (schema snarl-report/1)";
    if (error.empty())
        return report;
    say(error);
    return {};
}

json summary_of(const json &findings)
{
    std::map<std::string, std::int64_t> counts;
    std::int64_t suppressed = 0, gated = 0;
    for (const json &finding : findings.items()) {
        bool silent = finding["status"].string() == "suppressed";
        if (!silent)
            counts[finding["level"].string()]++;
        suppressed += silent ? 1 : 0;
        gated += finding["gated"].boolean() ? 1 : 0;
    }
    json summary = json::object();
    for (const char *level : {"observed", "predicted", "possible"})
        summary.set(level, json::number(counts[level]));
    summary.set("suppressed", json::number(suppressed));
    summary.set("gated", json::number(gated));
    return summary;
}

bool write_output(const std::string &path, const std::string &text)
{
    bool here = path.empty() || path == "-";
    std::FILE *file = here ? stdout : std::fopen(path.c_str(), "we");
    bool fine = file && std::fwrite(text.data(), 1, text.size(), file) == text.size();
    fine = file && (here ? std::fflush(file) : std::fclose(file)) == 0 && fine;
    if (!fine)
        say((here ? "standard output" : path) + ": " + std::strerror(errno));
    return fine;
}

} // namespace snarl
