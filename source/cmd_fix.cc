// SPDX-License-Identifier: Apache-2.0
//
// Proposes edits for the findings of a report. Each is tried: the units that it touches are parsed
// with it, and a proposal that does not parse is none.
#include "source/command.hh"
#include "source/fix/fix.hh"

#include <argp.h>
#include <clang/Basic/SourceManager.h>

#include <cstring>
#include <set>

namespace snarl
{

namespace
{

struct fixing : options {
    std::string format = "diff", only, json_file, root;
    bool in_place = false;
};

constexpr argp_option own_options[] = {
    {"format", 2, "FORMAT", 0, "diff (default), or yaml for clang-apply-replacements", 0},
    {"in-place", 'i', nullptr, 0, "edit the files", 0},
    {"only", 3, "ID", 0, "of this finding; its id, or how that begins", 0},
    {"json", 4, "FILE", 0, "write there what was proposed for each finding, or why nothing", 0},
    {"root", 5, "DIR", 0, "the directory that names in the diff begin at (default: this one)", 0},
    {},
};

bool parse_own(options &options, int key, const char *argument)
{
    auto &fixing = static_cast<struct fixing &>(options);
    switch (key) {
    case 'i':
        fixing.in_place = true;
        return true;
    case 2:
        fixing.format = argument;
        return true;
    case 3:
        fixing.only = argument;
        return true;
    case 4:
        fixing.json_file = argument;
        return true;
    case 5:
        fixing.root = argument;
        return true;
    default:
        return false;
    }
}

struct entry {
    const char *name, *kinds;
    answer (*fix)(const subject &, whole_program &);
};

constexpr entry entries[] = {
#define FIX(name, kinds, summary) {#name, kinds, fix_##name},
#include "source/fix/fixes.def"
#undef FIX
};

bool is_for(const entry &entry, const std::string &kind)
{
    for (llvm::StringRef rest = entry.kinds; !rest.empty();) {
        auto [word, behind] = rest.split(' ');
        if (word == kind)
            return true;
        rest = behind;
    }
    return false;
}

class fixer
{
  public:
    explicit fixer(project &project) : project_(project), program_(project)
    {
    }

    edits all;
    json told = json::array();
    std::size_t findings = 0, proposals = 0;

    void fix(const json &finding)
    {
        findings++;
        subject subject = subject_of(project_, finding);
        json entry = json::object();
        entry.set("id", json::text(subject.id));
        entry.set("kind", json::text(subject.kind));
        answer answer;
        const char *name = nullptr;
        if (!subject.unfit.empty())
            answer = refuse(subject.unfit);
        else
            name = ask(subject, answer);
        if (name && !add(answer))
            name = nullptr;
        proposals += name ? 1 : 0;
        entry.set("fix", name ? json::text(name) : json::null());
        if (name) {
            entry.set("right", json::text(answer.right));
            entry.set("leaves", json::text(answer.leaves));
            entry.set("edits", edits_of(answer));
            say(subject.kind + " " + subject.id + ": " + subject.title + "\n  " + answer.right +
                "\n  " + answer.leaves);
        } else {
            entry.set("reason", json::text(answer.refusal));
            say(subject.kind + " " + subject.id + ": " + subject.title +
                "\n  No edit is proposed: " + answer.refusal + ".");
        }
        told.append(entry);
    }

  private:
    // The name of the fix that has a proposal; null if none has.
    const char *ask(const subject &subject, answer &answer)
    {
        std::string reasons;
        for (const entry &one : entries) {
            if (!is_for(one, subject.kind))
                continue;
            answer = one.fix(subject, program_);
            if (!answer.edits.empty())
                return one.name;
            if (reasons.find(answer.refusal) == std::string::npos) // "" is everywhere
                reasons += (reasons.empty() ? "" : "; ") + answer.refusal;
        }
        answer = refuse(reasons.empty() ? "there is no edit for its kind" : reasons);
        return nullptr;
    }

    // Adds the edits if the program can be parsed with them.
    bool add(answer &answer)
    {
        edits with = all;
        std::string error;
        if (!with.add(answer.edits, error)) {
            answer = refuse(error);
            return false;
        }
        std::map<std::string, std::string> now;
        for (const edit &one : with.all())
            now[one.file] = with.edited(one.file);
        std::set<std::string> tried(answer.units.begin(), answer.units.end());
        for (const edit &one : answer.edits)
            tried.insert(one.file);
        for (const std::string &file : tried) {
            error = project_.parses_with(file, now);
            if (!error.empty()) {
                answer = refuse("with the edit the program would not compile: " + error);
                return false;
            }
        }
        all = with;
        return true;
    }

    static json edits_of(const answer &answer)
    {
        json list = json::array();
        for (const edit &one : answer.edits) {
            json entry = json::object();
            entry.set("file", json::text(one.file));
            entry.set("offset", json::number(std::int64_t(one.offset)));
            entry.set("length", json::number(std::int64_t(one.length)));
            entry.set("text", json::text(one.text));
            entry.set("why", json::text(one.why));
            list.append(entry);
        }
        return list;
    }

    project &project_;
    whole_program program_;
};

bool write_told(const fixing &fixing, const fixer &fixer)
{
    if (fixing.json_file.empty())
        return true;
    json document = json::object();
    document.set("schema", json::text("snarl-fixes/1"));
    document.set("findings", fixer.told);
    return write_output(fixing.json_file, document.dump());
}

bool write_edits(const fixing &fixing, const fixer &fixer)
{
    std::string error, root = fixing.root;
    if (fixing.in_place) {
        if (!fixer.all.apply(error))
            say(error);
        return error.empty();
    }
    if (fixing.format == "yaml")
        return write_output(fixing.output, fixer.all.yaml());
    std::string diff = fixer.all.diff(root);
    if (!diff.empty() && fixing.root.empty())
        say("the diff is for `patch -p1` in " + root);
    return write_output(fixing.output, diff);
}

} // namespace

int cmd_fix(int argc, char **argv)
{
    fixing fixing;
    parse(
        argc, argv, fixing, "FINDINGS.json",
        "Proposes edits for the findings of a report, where they surely do no harm.\v"
        "The edits come as a diff, and what they are for, why they are right and what they do not "
        "fix is told on stderr. Where there is none, the reason is.",
        own_options, parse_own);
    if (fixing.inputs.size() != 1 || (fixing.format != "diff" && fixing.format != "yaml")) {
        say(fixing.inputs.size() != 1
                ? "fix takes one report; see snarl-source fix --help"
                : "there is no format " + fixing.format + "; there are diff and yaml");
        return trouble;
    }
    json report = load_report(fixing.inputs[0]);
    if (report.is_null())
        return trouble;
    std::unique_ptr<project> project = open_project(fixing);
    if (!project)
        return trouble;
    fixer fixer(*project);
    for (const json &finding : report["findings"].items())
        if (llvm::StringRef(finding["id"].string()).starts_with(fixing.only))
            fixer.fix(finding);
    say_troubles(*project);
    if (fixer.findings == 0 && !fixing.only.empty()) {
        say("there is no finding " + fixing.only);
        return trouble;
    }
    if (!write_told(fixing, fixer) || !write_edits(fixing, fixer))
        return trouble;
    say(std::to_string(fixer.proposals) + " of " + std::to_string(fixer.findings) +
        " findings have edits");
    return done;
}

} // namespace snarl
