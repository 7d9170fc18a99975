// SPDX-License-Identifier: Apache-2.0
#include "source/code/stack.hh"

#include <clang/AST/ASTContext.h>
#include <clang/AST/ExprCXX.h>
#include <clang/Basic/SourceManager.h>

#include <algorithm>

namespace snarl
{

namespace
{

constexpr std::size_t wrappers_at_most = 8;

struct roles {
    const char *role;
    std::vector<operation> operations;
};

const std::vector<roles> &operations_of_roles()
{
    using enum operation;
    static const std::vector<roles> table = {
        {"holds", {acquire, try_acquire, take, wait, once, annotate}},
        {"takes", {acquire, try_acquire, take, wait, once, annotate}},
        {"waits", {acquire, try_acquire, take, wait, meet, join, once, block, transfer, annotate}},
        {"tries", {acquire, try_acquire, take, annotate}},
        {"releases", {release, wait, annotate}},
        {"creates", {create}},
        {"joins", {join}},
        {"signals", {signal, transfer}},
        {"posts", {post}},
        {"sleeps", {block, transfer}},
        {"destroys", {destroy, free_memory, annotate}},
        {"free", {free_memory}},
    };
    return table;
}

bool in_system_header(const unit &unit, const place &place)
{
    clang::FileID file = unit.file(place.file);
    return file.isInvalid() ||
           unit.sources().isInSystemHeader(unit.sources().getLocForStartOfFile(file));
}

// Looks into the frames of one stack.
class looker
{
  public:
    looker(project &project, const json &stack) : project_(project)
    {
        for (const json &frame : stack.items()) {
            place place{project.resolve(frame["file"].string()), unsigned(frame["line"].integer()),
                        unsigned(frame["column"].integer())};
            frames_.push_back(
                {place, plain_name(frame["function"].string()), frame["inlined"].boolean()});
            if (!place.file.empty())
                files_.push_back(place.file);
        }
    }

    std::vector<seen> look(const question &question)
    {
        std::vector<seen> result;
        std::optional<seen> inner = first(question);
        if (!inner)
            return result;
        result.push_back(*inner);
        while (result.size() < wrappers_at_most) {
            std::optional<seen> outer = handed_on(result.back());
            if (!outer)
                break;
            result.push_back(*outer);
        }
        return result;
    }

  private:
    struct frame {
        place at;
        std::string function;
        bool inlined; // into the next one
    };

    std::shared_ptr<unit> unit_at(std::size_t frame)
    {
        return frames_[frame].at.file.empty() ? nullptr
                                              : project_.unit_with(frames_[frame].at.file, files_);
    }

    // The deed itself is done in the innermost function or what is inlined there; outer frames call
    // it.
    std::optional<spot> find_in(const unit &unit, std::size_t i, const question &asked, bool inner)
    {
        std::optional<spot> found;
        if (inner && (i == 0 || asked.what == act::calls))
            found = find_spot(unit, frames_[i].at, asked);
        if (!found && i > 0)
            found = find_spot(unit, frames_[i].at, {act::calls, frames_[i - 1].function, {}});
        return found;
    }

    // The innermost frame in the user's own files that shows the deed; or else one that calls at
    // least something.
    std::optional<seen> first(const question &asked)
    {
        std::optional<seen> vague;
        bool inner = true;
        for (std::size_t i = 0; i < frames_.size(); i++) {
            std::shared_ptr<unit> unit = unit_at(i);
            if (!unit || in_system_header(*unit, frames_[i].at))
                continue;
            if (std::optional<spot> found = find_in(*unit, i, asked, inner))
                return seen{i, unit, frames_[i].at, *found};
            if (asked.what != act::calls)
                return std::nullopt;
            std::optional<spot> any;
            if (inner && !vague)
                any = find_spot(*unit, frames_[i].at, {act::calls, "", {}});
            if (any)
                vague = seen{i, unit, frames_[i].at, *any};
            if (!frames_[i].inlined && vague)
                break;
            inner = inner && frames_[i].inlined;
        }
        return vague;
    }

    // The caller's argument for the parameter that an inner frame's object is.
    std::optional<seen> handed_on(const seen &inner)
    {
        const clang::ParmVarDecl *parameter =
            inner.found.object ? as_parameter(inner.found.object, inner.in->context()) : nullptr;
        std::size_t caller = inner.frame + 1;
        if (!parameter || caller >= frames_.size())
            return std::nullopt;
        std::shared_ptr<unit> unit = unit_at(caller);
        if (!unit)
            return std::nullopt;
        std::optional<spot> found =
            find_spot(*unit, frames_[caller].at, {act::calls, frames_[inner.frame].function, {}});
        const auto *call =
            found ? llvm::dyn_cast<clang::CallExpr>(found->expression->IgnoreParenCasts())
                  : nullptr;
        unsigned index = parameter->getFunctionScopeIndex();
        if (!call || index >= call->getNumArgs())
            return std::nullopt;
        found->object = named_object(call->getArg(index));
        return seen{caller, unit, frames_[caller].at, *found};
    }

    project &project_;
    std::vector<frame> frames_;
    std::vector<std::string> files_;
};

} // namespace

question question_of(const std::string &role, const std::string &variable)
{
    if (role == "read" || role == "write")
        return {role == "read" ? act::reads : act::writes, last_name(variable), {}};
    for (const roles &entry : operations_of_roles())
        if (role == entry.role)
            return {act::calls, "", entry.operations};
    return {act::calls, "", {}};
}

std::vector<seen> look(project &project, const json &stack, const question &question)
{
    return looker(project, stack).look(question);
}

std::string plain_name(const std::string &function)
{
    // Template arguments and parameters are nested in brackets; what is left behind them is
    // "const".
    std::string name;
    int depth = 0;
    for (std::size_t i = 0; i < function.size(); i++) {
        char c = function[i];
        if (c == '(' && depth == 0 && !name.empty())
            break;
        depth += c == '<' || c == '(' ? 1 : 0;
        if (depth == 0)
            name += c;
        depth -= c == '>' || c == ')' ? 1 : 0;
    }
    std::size_t begin = name.rfind(':');
    name = name.substr(begin == std::string::npos ? 0 : begin + 1);
    begin = name.rfind(' ');
    return name.substr(begin == std::string::npos ? 0 : begin + 1);
}

const clang::ParmVarDecl *as_parameter(const clang::Expr *object, const clang::ASTContext &context)
{
    std::optional<lvalue> named = lvalue_of(object, context);
    if (!named || !named->root)
        return nullptr;
    bool itself =
        std::all_of(named->steps.begin(), named->steps.end(),
                    [](const lvalue::step &step) { return step.kind == lvalue::step::followed; });
    return itself ? llvm::dyn_cast<clang::ParmVarDecl>(named->root) : nullptr;
}

} // namespace snarl
