// SPDX-License-Identifier: Apache-2.0
//
// Detaches a thread behind its creation, where its handle is used for nothing else. Nobody waits
// longer or shorter for it than before, and what was kept for a join is given back.
#include "source/fix/fix.hh"

#include <clang/AST/ASTContext.h>
#include <clang/Basic/SourceManager.h>

namespace snarl
{

answer fix_detach(const subject &subject, whole_program &)
{
    const site *site = subject.with_role("creates");
    const clang::Expr *made = site ? site->path.front().found.expression : nullptr;
    const auto *create = made ? llvm::dyn_cast<clang::CallExpr>(made->IgnoreParenCasts()) : nullptr;
    const clang::FunctionDecl *callee = create ? create->getDirectCallee() : nullptr;
    if (!callee || callee->getNameAsString() != "pthread_create" || create->getNumArgs() != 4)
        return refuse("the thread is not made by a call of pthread_create in the source");
    const seen &seen = site->path.front();
    const unit &unit = *seen.in;
    if (!create->getArg(1)->isNullPointerConstant(unit.context(),
                                                  clang::Expr::NPC_ValueDependentIsNotNull))
        return refuse("its attributes may say that it is detached");
    std::optional<lvalue> handle = lvalue_of(named_object(create->getArg(0)), unit.context());
    if (!handle || !handle->root || !handle->root->hasLocalStorage() || !handle->steps.empty() ||
        llvm::isa<clang::ParmVarDecl>(handle->root))
        return refuse("its handle is no variable of the function that makes it, and may be joined "
                      "elsewhere");
    if (uses_of(unit, *handle->root).size() != 1)
        return refuse("its handle is used for more than the creation");
    const clang::Stmt *statement = statement_of(path_to(*seen.found.function, create));
    const auto *alone = llvm::dyn_cast_or_null<clang::Expr>(statement);
    if (!alone || alone->IgnoreParenCasts() != create)
        return refuse("what the creation returns is looked at, and where it went well would have "
                      "to be found out");
    std::vector<const clang::Stmt *> path = path_to(*seen.found.function, statement);
    if (path.size() < 2 || !llvm::isa<clang::CompoundStmt>(path[path.size() - 2]))
        return refuse("the creation is the body of a branch or loop");
    return propose({insert_below(unit, behind(unit, *statement),
                                 "pthread_detach(" + handle->root->getNameAsString() + ");",
                                 "nobody joins the thread")},
                   "Nobody joins the thread, and its handle is used for nothing else: detached, it "
                   "runs as before, and what was kept of it for a join is given back when it ends.",
                   "The process may still end before the thread does. If something has to wait for "
                   "it, join it instead.");
}

} // namespace snarl
