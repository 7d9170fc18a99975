// SPDX-License-Identifier: Apache-2.0
//
// Looks for what goes wrong with locks by the source alone: a survey of all functions, then each
// pattern on what it says.
#include "source/check/check.hh"
#include "source/check/merge.hh"
#include "source/command.hh"

#include <argp.h>

namespace snarl
{

namespace
{

struct check_options : options {
    std::string with; // a report to merge with
};

constexpr argp_option own_options[] = {
    {"with", 'w', "FINDINGS.json", 0,
     "a report of a run: what both have is told once, and the rest is added", 0},
    {},
};

bool parse_own(options &result, int key, const char *argument)
{
    if (key != 'w')
        return false;
    static_cast<check_options &>(result).with = argument;
    return true;
}

// The files to look at; none, and told, if one is not there.
std::vector<std::string> files_of(const project &project, const options &options)
{
    std::vector<std::string> files;
    for (const std::string &name : options.inputs) {
        std::string file = project.resolve(name);
        if (file.empty()) {
            say(name + ": there is no such file");
            return {};
        }
        files.push_back(file);
    }
    if (options.inputs.empty())
        files = project.files();
    if (files.empty())
        say("there is no file to look at");
    return files;
}

std::vector<told> findings_of(const survey &survey)
{
    program calls(survey);
    checking checking{survey, calls, {}};
    check_kept(checking);
    check_again(checking);
    check_order(checking);
    check_unlocks(checking);
    check_waits(checking);
    check_blocks(checking);
    return std::move(checking.found);
}

int finish(const check_options &options, const survey &survey, const json &run)
{
    json report = report_of(findings_of(survey));
    std::size_t count = report["findings"].items().size();
    std::string both;
    if (!run.is_null()) {
        merged merged = merge(run, report);
        report = merged.report;
        both = ", " + std::to_string(merged.both) + " of them observed at run time";
    }
    if (!write_output(options.output, report.dump()))
        return trouble;
    say(std::to_string(count) + (count == 1 ? " finding in " : " findings in ") +
        std::to_string(survey.functions.size()) + " functions" + both);
    return done;
}

} // namespace

int cmd_check(int argc, char **argv)
{
    check_options options;
    parse(argc, argv, options, "[FILE...]",
          "Looks for what goes wrong with locks by the source alone.\v"
          "Without FILE, all files of the compile database are looked at. Findings are possible at "
          "most, and come as a report that `snarl report` shows in any format.",
          own_options, parse_own);
    json run;
    if (!options.with.empty() && (run = load_report(options.with)).is_null())
        return trouble;
    std::unique_ptr<project> project =
        open_project(options, options.inputs.empty() ? "" : options.inputs[0]);
    if (!project)
        return trouble;
    std::vector<std::string> files = files_of(*project, options);
    if (files.empty())
        return trouble;
    survey survey;
    bool any = survey.take(*project, files);
    say_troubles(*project);
    if (options.verbose)
        for (const std::string &line : survey.passed_over)
            say(line);
    if (!any) {
        say("no file could be parsed");
        return trouble;
    }
    return finish(options, survey, run);
}

} // namespace snarl
