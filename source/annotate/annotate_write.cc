// SPDX-License-Identifier: Apache-2.0
//
// What the trace has shown is true; whether clang can follow it is another matter: a lock that is
// reached by a pointer is one of many to it. So the edits are tried on a copy, and an annotation of
// which clang complains at a place where the trace saw the lock held is given up. What it says of
// places that no trace has seen is what the annotation is for.
#include "source/annotate/annotate.hh"
#include "source/annotate/annotate_plan.hh"
#include "source/annotate/include_place.hh"
#include "source/command.hh"

#include <llvm/Support/FileSystem.h>
#include <llvm/Support/Path.h>

#include <algorithm>

namespace snarl
{

namespace
{

constexpr unsigned rounds = 12;
constexpr std::size_t files_tried = 200;

const char header[] = "#include \"snarl/thread_safety.h\"\n";

edits edits_of(const std::vector<plan> &plans)
{
    std::vector<edit> group;
    std::set<std::string> files;
    auto put = [&](const std::string &file, std::size_t offset, const std::string &text,
                   const std::string &why) {
        edit made{file, offset, 0, text, why};
        if (std::find(group.begin(), group.end(), made) == group.end())
            group.push_back(made);
    };
    for (const plan::piece &piece : pieces_of(plans)) {
        put(piece.file, piece.offset, piece.before + piece.text + piece.after,
            "what the runs show of its lock");
        files.insert(piece.file);
    }
    for (const std::string &file : files) {
        bool there = false;
        std::size_t offset = include_offset(read_file(file).value_or(""), there);
        if (!there)
            put(file, offset, header, "the macros of the annotations");
    }
    edits result;
    std::string error;
    if (!result.add(group, error))
        say(error);
    return result;
}

std::set<std::string> files_of(const edits &edits)
{
    std::set<std::string> files;
    for (const edit &one : edits.all())
        files.insert(one.file);
    return files;
}

// Lines of an edited file in terms of the one that is there.
class line_map
{
  public:
    line_map(const std::string &before, const std::vector<plan> &plans, const std::string &file)
    {
        std::map<std::size_t, std::size_t> added; // lines, by offset
        for (const plan::piece &piece : pieces_of(plans)) {
            std::string text = piece.before + piece.text + piece.after;
            if (piece.file == file)
                added[piece.offset] += std::size_t(std::count(text.begin(), text.end(), '\n'));
        }
        bool there = false;
        std::size_t offset = include_offset(before, there);
        if (!there)
            added[offset]++;
        unsigned line = 1, more = 0;
        auto next = added.begin();
        for (std::size_t start = 0; start <= before.size(); line++) {
            for (; next != added.end() && next->first <= start; ++next)
                more += unsigned(next->second);
            old_of_[line + more] = line;
            std::size_t end = before.find('\n', start);
            if (end == std::string::npos)
                break;
            start = end + 1;
        }
    }

    // The line, or for an added one that before which it stands.
    unsigned old(unsigned line) const
    {
        auto at = old_of_.lower_bound(line);
        return at == old_of_.end() ? 0 : at->second;
    }

  private:
    std::map<unsigned, unsigned> old_of_;
};

std::string quoted(const std::string &text)
{
    std::size_t begin = text.find('\'');
    std::size_t end = begin == std::string::npos ? begin : text.find('\'', begin + 1);
    return end == std::string::npos ? "" : text.substr(begin + 1, end - begin - 1);
}

std::string include_directory(const std::string &named)
{
    if (!named.empty())
        return named;
    llvm::SmallString<256> installed(
        llvm::sys::path::parent_path(llvm::sys::fs::getMainExecutable(nullptr, nullptr)));
    llvm::sys::path::append(installed, "..", "include");
    return std::string(installed);
}

class trial
{
  public:
    trial(const project &project, std::set<std::string> files, const std::string &include,
          std::map<std::string, std::string> &notes)
        : project_(project), files_(std::move(files)), notes_(notes)
    {
        flags_ = {"-isystem", include, "-Wthread-safety"};
        for (const std::string &file : files_)
            for (const project::remark &remark : project_.remarks(file, {}, flags_))
                if (remark.error)
                    known_.insert(remark.text);
    }

    // Drops what clang does not accept; true if nothing was.
    bool run(std::vector<plan> &plans, std::vector<std::string> &said)
    {
        edits tried = edits_of(plans);
        std::map<std::string, std::string> contents;
        std::map<std::string, line_map> lines;
        for (const std::string &file : files_of(tried)) {
            contents[file] = tried.edited(file);
            lines.emplace(file, line_map(read_file(file).value_or(""), plans, file));
        }
        std::set<std::string> dropped;
        said.clear();
        for (const std::string &file : files_) {
            std::vector<std::string> flags = flags_;
            if (is_cxx(file))
                flags.insert(flags.end(), {"-DSNARL_CHECK", "-include", "snarl/thread_safety.h"});
            for (project::remark remark : project_.remarks(file, contents, flags)) {
                auto map = lines.find(remark.file);
                if (map != lines.end())
                    remark.line = map->second.old(remark.line);
                judge(remark, plans, dropped, said);
            }
        }
        std::erase_if(plans, [&](const plan &plan) { return dropped.count(plan.id) != 0; });
        return dropped.empty();
    }

  private:
    static bool is_cxx(const std::string &file)
    {
        llvm::StringRef suffix = llvm::sys::path::extension(file);
        return suffix != ".c" && suffix != ".h";
    }

    void drop(const plan &plan, std::set<std::string> &dropped, const std::string &why)
    {
        if (dropped.insert(plan.id).second) // what comes later may be due to the first
            notes_[plan.id] = why;
    }

    void judge(const project::remark &remark, const std::vector<plan> &plans,
               std::set<std::string> &dropped, std::vector<std::string> &said)
    {
        bool attribute = remark.text.find("attribute requires arguments") != std::string::npos;
        if (remark.error || attribute) {
            if (!known_.count(remark.text))
                judge_error(remark, plans, dropped);
            return;
        }
        std::string name = quoted(remark.text);
        std::string where =
            remark.file.substr(remark.file.rfind('/') + 1) + ":" + std::to_string(remark.line);
        bool blamed = false;
        for (const plan &plan : plans)
            if (plan.name == name && plan.vouched.count({remark.file, remark.line})) {
                drop(plan, dropped, "clang cannot see at " + where + " that the lock is held");
                blamed = true;
            }
        if (!blamed)
            said.push_back(where + ": " + remark.text);
    }

    void judge_error(const project::remark &remark, const std::vector<plan> &plans,
                     std::set<std::string> &dropped)
    {
        std::string text = read_file(remark.file).value_or("");
        bool blamed = false;
        for (const plan &plan : plans)
            for (const plan::piece &piece : plan.pieces) {
                std::size_t end = std::min(piece.offset, text.size());
                unsigned line =
                    1 + unsigned(std::count(text.begin(), text.begin() + long(end), '\n'));
                if (piece.file == remark.file && line == remark.line) {
                    bool later = remark.text.starts_with("use of undeclared identifier");
                    drop(plan, dropped,
                         later ? "its lock is not declared there"
                               : "clang does not take it there: " + remark.text);
                    blamed = true;
                }
            }
        if (blamed)
            return;
        for (const plan &plan : plans)
            drop(plan, dropped, "clang does not take it: " + remark.text);
    }

    const project &project_;
    std::set<std::string> files_;
    std::vector<std::string> flags_;
    std::set<std::string> known_; // errors that are there without edits
    std::map<std::string, std::string> &notes_;
};

} // namespace

void annotation::write()
{
    planner planner(project_, locking_, notes_);
    for (const variable_rule &rule : variables_)
        planner.plan_variable(rule);
    for (const function_rule &rule : functions_)
        if (rule.kind != function_rule::excluded)
            planner.plan_function(rule, rule.file + "\n" + rule.function + "\n" + rule.lock);
    for (const order_rule &rule : order_)
        planner.plan_order(rule, rule.first + "\n" + rule.then);
    std::set<std::string> files;
    for (const sighting &access : locking_.accesses)
        files.insert(access.at.file);
    for (const plan &plan : planner.plans)
        for (const plan::piece &piece : plan.pieces)
            files.insert(piece.file);
    const std::vector<std::string> &all = project_.files();
    std::set<std::string> known(all.begin(), all.end());
    if (!known.empty())
        std::erase_if(files, [&](const std::string &file) { return !known.count(file); });
    if (!known.empty() && known.size() <= files_tried)
        files = known;
    std::string include = include_directory(settings_.include);
    if (!llvm::sys::fs::exists(include + "/snarl/thread_safety.h")) {
        for (const plan &plan : planner.plans)
            notes_[plan.id] = "there is no " + include +
                              "/snarl/thread_safety.h to try it with: name its directory with "
                              "--include";
        return;
    }
    trial trial(project_, files, include, notes_);
    for (unsigned round = 0; round < rounds && !trial.run(planner.plans, said_); round++) {
    }
    edits_ = edits_of(planner.plans);
    for (const plan &plan : planner.plans)
        written_.insert(plan.id);
}

} // namespace snarl
