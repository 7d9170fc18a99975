// SPDX-License-Identifier: Apache-2.0
//
// In a unit, functions come after those that they call, as far as there are no circles. Across
// units, the survey goes around until no effect changes, a few times at most: wrappers of wrappers
// in different files are rare.
#include "source/flow/survey.hh"
#include "source/flow/survey_unit.hh"

#include <clang/AST/ASTContext.h>
#include <clang/Basic/SourceManager.h>
#include <llvm/Support/Path.h>

#include <algorithm>

namespace snarl
{

namespace
{

constexpr int rounds_at_most = 4;

} // namespace

code_place place_of(clang::SourceLocation location, const clang::FunctionDecl *function,
                    const clang::ASTContext &context)
{
    const clang::SourceManager &sources = context.getSourceManager();
    code_place result;
    result.function = function ? display_name(*function) : "";
    location = sources.getExpansionLoc(location);
    clang::PresumedLoc at = sources.getPresumedLoc(location);
    if (at.isInvalid())
        return result;
    std::string file = absolute_path(sources, at.getFilename());
    auto [id, offset] = sources.getDecomposedLoc(location);
    llvm::StringRef text = sources.getBufferData(id);
    unsigned bytes = sources.getColumnNumber(id, offset);
    llvm::StringRef before = text.substr(offset + 1 - bytes, bytes - 1);
    result.file = std::string(file);
    result.line = at.getLine();
    // In code points, where Clang counts bytes.
    result.column = 1 + llvm::count_if(before, [](char c) { return (c & 0xc0) != 0x80; });
    return result;
}

std::optional<lock_name> at_caller(const lock_name &inner, const deed &call)
{
    if (inner.is_global())
        return inner;
    if (inner.from == lock_name::base::local)
        return std::nullopt;
    int which = inner.from == lock_name::base::object ? -1 : int(inner.parameter);
    for (const auto &[parameter, value] : call.arguments)
        if (parameter == which)
            return followed(value, inner);
    return std::nullopt;
}

bool survey::take(project &project, const std::vector<std::string> &files)
{
    std::set<std::string> left(files.begin(), files.end());
    const std::vector<std::string> &all = project.files();
    whole = std::all_of(all.begin(), all.end(),
                        [&](const std::string &file) { return left.count(file) > 0; });
    bool any = false;
    for (int round = 0; round < rounds_at_most && !left.empty(); round++) {
        round_.clear();
        for (const std::string &file : left) {
            std::shared_ptr<unit> unit = project.parse(file);
            whole = whole && unit;
            if (!unit)
                continue;
            any = true;
            unit_survey(*this, *unit).run();
        }
        left.clear();
        for (const auto &[file, called] : calls_)
            if (std::any_of(called.begin(), called.end(),
                            [&](const std::string &usr) { return changed_.count(usr) > 0; }))
                left.insert(file);
        changed_.clear();
    }
    std::sort(passed_over.begin(), passed_over.end());
    passed_over.erase(std::unique(passed_over.begin(), passed_over.end()), passed_over.end());
    return any;
}

} // namespace snarl
