// SPDX-License-Identifier: Apache-2.0
#include "source/fix/fix.hh"

#include <clang/AST/ASTContext.h>

#include <algorithm>
#include <map>

namespace snarl
{

namespace
{

// Whether the function in the source can be the one of the frame: compilers add to names of what
// they split off (`barron.part.0`), and lambdas have none.
bool same_function(const clang::FunctionDecl *function, const std::string &frame)
{
    if (frame.empty())
        return true;
    if (!function)
        return false;
    std::string name = plain_name(frame);
    name = name.substr(0, name.find('.'));
    bool has_name = function->getDeclName().isIdentifier() && !name.empty();
    return !has_name || function->getNameAsString() == name;
}

// Why the source is none to rest on for this stack: its innermost frame in a file that is there. ""
// if it is.
std::string unfit(project &project, const json &stack)
{
    std::vector<std::string> files;
    for (const json &frame : stack.items())
        files.push_back(project.resolve(frame["file"].string()));
    for (const json &frame : stack.items()) {
        place place{project.resolve(frame["file"].string()), unsigned(frame["line"].integer()), 0};
        if (place.file.empty())
            continue;
        std::shared_ptr<unit> unit = project.unit_with(place.file, files);
        if (!unit || unit->has_errors())
            return place.file + " could not be parsed, or not without errors";
        if (!same_function(function_at(*unit, place), frame["function"].string()))
            return "the source is not what the report speaks of (" + place.file + ":" +
                   std::to_string(place.line) + ")";
        return "";
    }
    return "";
}

} // namespace

const site *subject::with_role(const std::string &role) const
{
    for (const site &site : sites)
        if (site.role == role && !site.path.empty())
            return &site;
    return nullptr;
}

subject subject_of(project &project, const json &finding)
{
    subject result;
    result.id = finding["id"].string();
    result.kind = finding["kind"].string();
    result.title = finding["title"].string();
    result.variable = finding["variable"]["name"].string();
    std::map<std::int64_t, std::string> locks;
    for (const json &lock : finding["locks"].items())
        locks[lock["id"].integer()] = lock["name"].string();
    for (const json &raw : finding["sites"].items()) {
        site site;
        json stack = raw["stack"];
        site.role = raw["role"].string();
        site.thread = raw["thread"].integer(-1);
        site.path = look(project, stack, question_of(site.role, result.variable));
        for (const json &lock : raw["locks_held"].items())
            site.held.push_back(locks[lock.integer(-1)]);
        for (const json &frame : stack.items())
            if (!project.resolve(frame["file"].string()).empty())
                site.outer = plain_name(frame["function"].string());
        if (std::string reason = unfit(project, stack); !reason.empty())
            result.unfit = reason;
        result.sites.push_back(site);
    }
    return result;
}

answer refuse(const std::string &reason)
{
    answer result;
    result.refusal = reason;
    return result;
}

answer propose(const std::vector<std::optional<edit>> &edits, const std::string &right,
               const std::string &leaves)
{
    answer result;
    for (const std::optional<edit> &one : edits) {
        if (!one)
            return refuse("the place is not spelled out in a file of the program: a macro, a "
                          "header of the system, or two statements on one line");
        // What two units have of a header is one edit.
        if (std::find(result.edits.begin(), result.edits.end(), *one) == result.edits.end())
            result.edits.push_back(*one);
    }
    result.right = right;
    result.leaves = leaves;
    return result;
}

} // namespace snarl
