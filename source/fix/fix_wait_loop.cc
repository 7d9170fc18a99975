// SPDX-License-Identifier: Apache-2.0
//
// `if (!ready) wait();` becomes `while (!ready) wait();`. The test is made once more for each wake,
// under the lock that the wait has taken back; it changes nothing. Whoever waited until now for a
// signal alone must find the test answered by it: each function that signals the condition gives a
// value to what is tested, before.
#include "source/fix/fix.hh"

#include <clang/AST/ASTContext.h>
#include <clang/Basic/SourceManager.h>

#include <algorithm>
#include <set>

namespace snarl
{

namespace
{

using declarations = std::set<std::string>; // by USR

// What a test reads; false if it does more than read, or reads what only this thread has.
bool reads(const clang::Stmt *test, declarations &out)
{
    if (!test)
        return true;
    if (llvm::isa<clang::CallExpr, clang::StmtExpr, clang::CXXConstructExpr>(test))
        return false;
    if (const auto *unary = llvm::dyn_cast<clang::UnaryOperator>(test))
        if (unary->isIncrementDecrementOp())
            return false;
    if (const auto *binary = llvm::dyn_cast<clang::BinaryOperator>(test))
        if (binary->isAssignmentOp())
            return false;
    if (const auto *name = llvm::dyn_cast<clang::DeclRefExpr>(test))
        if (const auto *variable = llvm::dyn_cast<clang::VarDecl>(name->getDecl()))
            if (variable->hasGlobalStorage())
                out.insert(usr_of(*variable));
    if (const auto *member = llvm::dyn_cast<clang::MemberExpr>(test))
        out.insert(usr_of(*member->getMemberDecl()));
    for (const clang::Stmt *child : test->children())
        if (!reads(child, out))
            return false;
    return true;
}

// Looks through one function for signals of a condition with nothing written before.
class signals
{
  public:
    signals(const unit &unit, const std::string &condition, const declarations &tested)
        : unit_(unit), condition_(condition), tested_(tested)
    {
    }

    std::string reason;
    bool seen = false;

    void look(const clang::Stmt *code)
    {
        if (!code || !reason.empty())
            return;
        const auto *e = llvm::dyn_cast<clang::Expr>(code);
        written_ = written_ || (e && writes(*e));
        std::optional<call> known = e && llvm::isa<clang::CallExpr>(e) ? call_of(e) : std::nullopt;
        if (known && known->what == operation::signal && is_it(known->object)) {
            seen = true;
            if (!written_)
                reason = "nothing that is tested is written before the signal at " +
                         where(unit_, e->getBeginLoc()) +
                         ", so that the test may still say to wait";
        }
        for (const clang::Stmt *child : code->children())
            look(child);
    }

  private:
    bool is_it(const clang::Expr *object) const
    {
        std::optional<lvalue> named = object ? lvalue_of(object, unit_.context()) : std::nullopt;
        const clang::ValueDecl *declaration = named ? named->declaration() : nullptr;
        // A parameter may lead to it.
        return !declaration || llvm::isa<clang::ParmVarDecl>(declaration) ||
               usr_of(*declaration) == condition_;
    }

    bool writes(const clang::Expr &e) const
    {
        const clang::Expr *target = nullptr;
        if (const auto *binary = llvm::dyn_cast<clang::BinaryOperator>(&e))
            target = binary->isAssignmentOp() ? binary->getLHS() : nullptr;
        if (const auto *unary = llvm::dyn_cast<clang::UnaryOperator>(&e))
            target = unary->isIncrementDecrementOp() ? unary->getSubExpr() : nullptr;
        std::optional<lvalue> named = target ? lvalue_of(target, unit_.context()) : std::nullopt;
        return named && named->declaration() && tested_.count(usr_of(*named->declaration()));
    }

    const unit &unit_;
    const std::string &condition_;
    const declarations &tested_;
    bool written_ = false;
};

// The branch whose only deed is this wait; null if there is none.
const clang::IfStmt *lone_branch(const std::vector<const clang::Stmt *> &path)
{
    const clang::Stmt *wait = statement_of(path);
    for (std::size_t i = path.size(); wait && i-- > 0;) {
        const auto *branch = llvm::dyn_cast<clang::IfStmt>(path[i]);
        if (!branch)
            continue;
        const clang::Stmt *body = branch->getThen();
        if (const auto *block = llvm::dyn_cast<clang::CompoundStmt>(body))
            body = block->size() == 1 ? block->body_front() : nullptr;
        return body == wait && !branch->getElse() && !branch->getInit() &&
                       !branch->getConditionVariable()
                   ? branch
                   : nullptr;
    }
    return nullptr;
}

} // namespace

answer fix_wait_loop(const subject &subject, whole_program &program)
{
    const site *site = subject.with_role("waits");
    std::optional<call> wait = site ? call_of(site->path.front().found.expression) : std::nullopt;
    if (!wait || wait->what != operation::wait || !wait->object)
        return refuse("the wait was not found in the source");
    const seen &seen = site->path.front();
    const clang::IfStmt *branch =
        lone_branch(path_to(*seen.found.function, llvm::cast<clang::Stmt>(seen.found.expression)));
    if (!branch)
        return refuse("the wait is not all that a test decides about: what it waits for is not "
                      "said in one place");
    declarations tested;
    if (!reads(branch->getCond(), tested) || tested.empty())
        return refuse("its test does more than to look at variables that others can write");
    std::optional<lvalue> named = lvalue_of(wait->object, seen.in->context());
    const clang::ValueDecl *condition = named ? named->declaration() : nullptr;
    if (!condition || llvm::isa<clang::ParmVarDecl>(condition))
        return refuse("which condition it waits at does not follow from the source");
    std::string key = usr_of(*condition);
    bool signalled = false;
    std::string reason = program.each_unit(*condition, seen.in, [&](const unit &unit) {
        for (const clang::FunctionDecl *function : bodies_of(unit)) {
            signals signals(unit, key, tested);
            signals.look(function->getBody());
            signalled = signalled || signals.seen;
            if (!signals.reason.empty())
                return signals.reason;
        }
        return std::string();
    });
    if (!reason.empty())
        return refuse(reason);
    if (!signalled)
        return refuse("nobody was found who signals the condition");
    return propose({replace(*seen.in, clang::SourceRange(branch->getIfLoc(), branch->getIfLoc()),
                            "while", "a wake is no answer")},
                   "The test is made again after each wake, under the lock that the wait has taken "
                   "back, and changes nothing; who signals has answered it before.",
                   "A signal for which nothing was written yet, and a test that another thread "
                   "turns back before the waiter runs, leave it waiting for the next one.");
}

} // namespace snarl
