// SPDX-License-Identifier: Apache-2.0
#include "source/annotate/annotate.hh"
#include "source/command.hh"

#include <argp.h>

namespace snarl
{

namespace
{

enum keys { key_snarl = 256, key_json, key_edits, key_diff, key_in_place, key_all, key_include };

constexpr argp_option own_options[] = {
    {"diff", key_diff, nullptr, 0, "print the annotations as a diff, and no table", 0},
    {"edits", key_edits, "FILE", 0,
     "write the annotations for clang-apply-replacements: its format, YAML", 0},
    {"in-place", key_in_place, nullptr, 0, "write the annotations into the sources", 0},
    {"json", key_json, "FILE", 0, "write the rules as JSON, all of them, with all places", 0},
    {"all", key_all, nullptr, 0, "list also what needs no lock, and all that functions do", 0},
    {"snarl", key_snarl, "FILE", 0, "the snarl that reads the traces", 0},
    {"include", key_include, "DIR", 0, "where snarl/thread_safety.h is", 0},
    {},
};

struct annotate_options : options {
    annotation_settings settings;
    std::string snarl, json, edits;
    bool diff = false, in_place = false;
};

bool parse_own(options &base, int key, const char *argument)
{
    auto &options = static_cast<annotate_options &>(base);
    switch (key) {
    case key_snarl:
        options.snarl = argument;
        return true;
    case key_json:
        options.json = argument;
        return true;
    case key_edits:
        options.edits = argument;
        return true;
    case key_diff:
        options.diff = true;
        return true;
    case key_in_place:
        options.in_place = true;
        return true;
    case key_all:
        options.settings.all = true;
        return true;
    case key_include:
        options.settings.include = argument;
        return true;
    }
    return false;
}

bool write_edits(const annotate_options &options, const edits &made, std::string &diff)
{
    std::string root, error;
    if (options.diff)
        diff = made.diff(root);
    if (!diff.empty())
        say("the diff is for `patch -p1` in " + root);
    if (!options.edits.empty() && !write_output(options.edits, made.yaml()))
        return false;
    if (options.in_place && !made.apply(error)) {
        say(error);
        return false;
    }
    return true;
}

} // namespace

int cmd_annotate(int argc, char **argv)
{
    annotate_options options;
    parse(argc, argv, options, "TRACE...",
          "Concludes from traces which lock guards what, and writes it into the sources, for clang "
          "-Wthread-safety to check.\v"
          "Instead of traces it takes what snarl analyze --format=locking has written. Prints the "
          "rules with what speaks for them and against them; only those without an exception are "
          "written.",
          own_options, parse_own);
    if (options.inputs.empty()) {
        say("annotate takes traces; see snarl-source annotate --help");
        return trouble;
    }
    json document = load_locking(options.inputs, options.snarl);
    if (document.is_null())
        return trouble;
    std::unique_ptr<project> project = open_project(options);
    if (!project)
        return trouble;
    annotation annotation(*project, document, options.settings);
    bool wanted = options.diff || options.in_place || !options.edits.empty();
    if (wanted)
        annotation.write();
    std::string diff;
    if (!write_edits(options, annotation.made(), diff) ||
        (!options.json.empty() && !write_output(options.json, annotation.document().dump())) ||
        !write_output(options.output, options.diff ? diff : annotation.table()))
        return trouble;
    if (options.verbose)
        say_troubles(*project);
    return done;
}

} // namespace snarl
