// SPDX-License-Identifier: Apache-2.0
//
// Takes a readers' lock as a writer in a section that writes. It keeps out more than before, so
// nobody may wait for anybody while the lock is held, and nobody may come with a lock.
#include "source/fix/fix.hh"

#include <clang/AST/ASTContext.h>
#include <clang/Basic/SourceManager.h>

#include <map>

namespace snarl
{

namespace
{

struct readers_hold {
    const clang::Stmt *at = nullptr;
    lock_name lock;
    const clang::ValueDecl *root = nullptr;
};

// Where the only lock that is held at this write was taken as a reader; `at` is null if it is not
// so.
readers_hold taken_as_reader(const seen &seen, whole_program &program)
{
    readers_hold result;
    flow flow(*seen.found.function, seen.in->context(), program.effects(*seen.in));
    if (!flow.complete())
        return result;
    flow::holding holding = flow.before(seen.found.expression);
    if (holding.must.size() != 1 || holding.may.size() != 1 || !holding.must[0].shared ||
        holding.must[0].guard)
        return result;
    const auto *expression = llvm::dyn_cast<clang::Expr>(holding.must[0].taken);
    std::optional<call> known = expression ? call_of(expression) : std::nullopt;
    std::optional<lvalue> named =
        known && known->object ? lvalue_of(known->object, seen.in->context()) : std::nullopt;
    if (!named || !flow.before(holding.must[0].taken).may.empty())
        return result;
    result.at = holding.must[0].taken;
    result.lock = flow.locks()[holding.must[0].lock];
    result.root = named->declaration();
    return result;
}

std::optional<edit> as_writer(const unit &unit, const clang::Stmt &at)
{
    const auto *call =
        llvm::dyn_cast<clang::CallExpr>(llvm::cast<clang::Expr>(at).IgnoreParenCasts());
    const clang::FunctionDecl *callee = call ? call->getDirectCallee() : nullptr;
    const std::map<std::string, std::string> other = {
        {"pthread_rwlock_rdlock", "pthread_rwlock_wrlock"},
        {"pthread_rwlock_timedrdlock", "pthread_rwlock_timedwrlock"},
        {"pthread_rwlock_clockrdlock", "pthread_rwlock_clockwrlock"},
    };
    auto word = callee ? other.find(callee->getNameAsString()) : other.end();
    if (word == other.end())
        return std::nullopt;
    return replace(unit, call->getCallee()->getSourceRange(), word->second,
                   "what is written here needs the lock as a writer");
}

} // namespace

answer fix_writer(const subject &subject, whole_program &program)
{
    std::vector<std::optional<edit>> edits;
    std::set<const clang::Stmt *> done;
    for (const site &site : subject.sites) {
        if (site.path.empty() || !site.path.front().found.function)
            return refuse("");
        const seen &seen = site.path.front();
        readers_hold taken = site.role == "write" ? taken_as_reader(seen, program) : readers_hold();
        if (!taken.at || !taken.root || !done.insert(taken.at).second)
            continue;
        std::string reason = program.called_with_locks(*seen.found.function, seen.in);
        if (reason.empty())
            reason = program.waits_under(taken.lock, *taken.root, seen.in);
        if (!reason.empty())
            return refuse("taking the lock as a writer could stop somebody for ever: " + reason);
        edits.push_back(as_writer(*seen.in, *taken.at));
    }
    if (edits.empty())
        return refuse("");
    return propose(edits,
                   "What is written under the lock needs it as a writer. Nobody waits for anything "
                   "while the lock is held, so keeping readers out for as long stops nobody for "
                   "good.",
                   "Sections that write now come one after the other; how long they take is not "
                   "looked at.");
}

} // namespace snarl
