// SPDX-License-Identifier: Apache-2.0
#include "source/fix/lock_pair.hh"

#include <algorithm>
#include <set>

namespace snarl
{

namespace
{

struct taking {
    const seen *at = nullptr;
    const clang::Expr *lock = nullptr;
    const clang::Stmt *statement = nullptr; // if it is one of its own
    const clang::CompoundStmt *block = nullptr;
    bool token = false;
};

// The statement that declares a variable.
const clang::Stmt *declaration_in(const clang::Stmt *code, const clang::VarDecl *variable)
{
    if (!code)
        return nullptr;
    if (const auto *declared = llvm::dyn_cast<clang::DeclStmt>(code))
        return declared->isSingleDecl() && declared->getSingleDecl() == variable ? code : nullptr;
    for (const clang::Stmt *child : code->children())
        if (const clang::Stmt *found = declaration_in(child, variable))
            return found;
    return nullptr;
}

std::optional<taking> taking_of(const site &site, std::string &reason)
{
    if (site.path.size() != 1 || !site.path[0].found.function) {
        reason = site.path.empty() ? "not all its locks were found in the source"
                                   : "the locks are taken by a function that gets them from others";
        return std::nullopt;
    }
    taking result;
    result.at = &site.path[0];
    const spot &found = result.at->found;
    const clang::Stmt *inner = nullptr;
    if (found.variable) {
        std::optional<guard> made = guard_of(found.variable);
        result.lock =
            made && made->locks.size() == 1 && !made->shared && made->takes && !made->may_fail
                ? made->locks[0]
                : nullptr;
        inner = declaration_in(found.function->getBody(), found.variable);
    } else {
        std::optional<call> known = call_of(found.expression);
        result.token = known && known->what == operation::take;
        bool takes = known && (known->what == operation::acquire || result.token) &&
                     !(known->flags & (shared | timed));
        result.lock = takes ? known->object : nullptr;
        inner = known ? known->at : nullptr;
    }
    if (!result.lock) {
        reason = "what a thread holds and waits for are not two locks that it takes alone";
        return std::nullopt;
    }
    std::vector<const clang::Stmt *> path = path_to(*found.function, inner);
    if (found.variable)
        result.statement = inner;
    else if (const auto *alone = llvm::dyn_cast_or_null<clang::Expr>(statement_of(path)))
        result.statement = alone->IgnoreParenCasts() == inner ? alone : nullptr;
    auto at = std::find(path.begin(), path.end(), result.statement);
    if (at != path.begin() && at != path.end())
        result.block = llvm::dyn_cast<clang::CompoundStmt>(at[-1]);
    if (!result.statement || !result.block) {
        reason = "the locks are not taken by statements of their own";
        return std::nullopt;
    }
    return result;
}

std::optional<lock_pair> pair_of(const site &holds, const site &takes, std::string &reason)
{
    std::optional<taking> first = taking_of(holds, reason), second = taking_of(takes, reason);
    if (!first || !second)
        return std::nullopt;
    std::vector<const clang::Stmt *> all(first->block->body_begin(), first->block->body_end());
    auto begin = std::find(all.begin(), all.end(), first->statement);
    auto end = std::find(begin, all.end(), second->statement);
    if (first->block != second->block || end == all.end() || begin == end) {
        reason = "the locks are not taken in one block of one function";
        return std::nullopt;
    }
    return lock_pair{first->at,
                     first->lock,
                     second->lock,
                     first->statement,
                     second->statement,
                     {begin + 1, end},
                     first->at->found.variable,
                     second->at->found.variable,
                     first->token || second->token};
}

} // namespace

std::vector<lock_pair> pairs_of(const subject &subject, std::string &reason)
{
    std::vector<lock_pair> result;
    std::set<std::int64_t> threads;
    for (const site &holds : subject.sites) {
        if (holds.role != "holds" || !threads.insert(holds.thread).second)
            continue;
        for (const site &takes : subject.sites) {
            bool second = takes.role == "takes" || takes.role == "waits";
            if (!second || takes.thread != holds.thread)
                continue;
            if (std::optional<lock_pair> pair = pair_of(holds, takes, reason))
                result.push_back(*pair);
        }
    }
    if (result.empty() && reason.empty())
        reason = "it is not about two locks that a thread takes one after the other";
    return result;
}

} // namespace snarl
