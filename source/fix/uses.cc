// SPDX-License-Identifier: Apache-2.0
//
// A walk over the user's own declarations that knows what is around each expression: what an access
// does is said by the cast, assignment or operator right around it, and everything else counts as
// handing the variable on.
#include "source/fix/whole_program.hh"

#include <clang/AST/ASTContext.h>
#include <clang/AST/ExprCXX.h>
#include <clang/AST/RecursiveASTVisitor.h>
#include <clang/Basic/SourceManager.h>

namespace snarl
{

namespace
{

bool is_users(const clang::Decl &declaration, const unit &unit)
{
    clang::SourceLocation at = unit.sources().getExpansionLoc(declaration.getLocation());
    return at.isValid() && !unit.sources().isInSystemHeader(at);
}

class walker : public clang::RecursiveASTVisitor<walker>
{
  public:
    explicit walker(const unit &unit) : unit_(unit)
    {
    }

    std::string usr; // of what is looked for
    std::vector<use> uses;
    std::vector<const clang::FunctionDecl *> functions;
    std::vector<const clang::DeclaratorDecl *> declarations;

    void walk()
    {
        for (clang::Decl *declaration : unit_.context().getTranslationUnitDecl()->decls())
            if (is_users(*declaration, unit_))
                TraverseDecl(declaration);
    }

    bool shouldVisitTemplateInstantiations() const
    {
        return true;
    }

    bool TraverseDecl(clang::Decl *declaration)
    {
        auto *function = llvm::dyn_cast_or_null<clang::FunctionDecl>(declaration);
        if (function && function->doesThisDeclarationHaveABody() && !function->isDependentContext())
            functions.push_back(function);
        note(llvm::dyn_cast_or_null<clang::DeclaratorDecl>(declaration));
        const clang::FunctionDecl *outer = function_;
        std::vector<clang::Stmt *> around;
        if (function)
            function_ = function, around.swap(around_);
        bool go_on = RecursiveASTVisitor::TraverseDecl(declaration);
        if (function)
            function_ = outer, around.swap(around_);
        return go_on;
    }

    bool TraverseLambdaExpr(clang::LambdaExpr *lambda)
    {
        const clang::FunctionDecl *outer = function_;
        function_ = lambda->getCallOperator();
        if (!function_->isDependentContext())
            functions.push_back(function_);
        bool go_on = RecursiveASTVisitor::TraverseLambdaExpr(lambda);
        function_ = outer;
        return go_on;
    }

    bool TraverseStmt(clang::Stmt *statement)
    {
        if (!statement)
            return true;
        around_.push_back(statement);
        bool go_on = RecursiveASTVisitor::TraverseStmt(statement);
        around_.pop_back();
        return go_on;
    }

    bool VisitDeclRefExpr(clang::DeclRefExpr *name)
    {
        if (!usr.empty() && is_it(*name->getDecl()))
            add(*name);
        return true;
    }

    bool VisitMemberExpr(clang::MemberExpr *member)
    {
        if (!usr.empty() && is_it(*member->getMemberDecl()))
            add(*member);
        return true;
    }

  private:
    bool is_it(const clang::ValueDecl &declaration) const
    {
        return usr_of(declaration) == usr;
    }

    void note(const clang::DeclaratorDecl *declaration)
    {
        if (declaration && !usr.empty() && is_it(*declaration))
            declarations.push_back(declaration);
    }

    void add(const clang::Expr &object)
    {
        use found{use::refers, &object, &object, nullptr, function_, false};
        std::size_t at = around_.size() - 1; // of the object
        while (at > 0 && llvm::isa<clang::ParenExpr>(around_[at - 1]))
            at--;
        const clang::Stmt *inner = around_[at];
        const clang::Stmt *outer = at > 0 ? around_[at - 1] : nullptr;
        if (const auto *cast = llvm::dyn_cast_or_null<clang::ImplicitCastExpr>(outer)) {
            if (cast->getCastKind() == clang::CK_LValueToRValue ||
                cast->getCastKind() == clang::CK_AtomicToNonAtomic) {
                found.how = use::reads;
                found.variadic = at > 1 && is_variadic(at - 1);
            }
        } else if (const auto *update = llvm::dyn_cast_or_null<clang::UnaryOperator>(outer)) {
            if (update->isIncrementDecrementOp())
                found.how = use::updates, found.at = update;
        } else if (const auto *assigned = llvm::dyn_cast_or_null<clang::BinaryOperator>(outer)) {
            if (assigned->isAssignmentOp() && assigned->getLHS() == inner) {
                found.how = assigned->isCompoundAssignmentOp() ? use::updates : use::writes;
                found.at = assigned;
                found.value = assigned->getRHS();
            }
        }
        uses.push_back(found);
    }

    // Whether what stands at this depth is an argument for a function's "...", casts aside.
    bool is_variadic(std::size_t depth) const
    {
        while (depth > 0 &&
               llvm::isa<clang::ImplicitCastExpr, clang::ParenExpr>(around_[depth - 1]))
            depth--;
        const auto *call =
            depth > 0 ? llvm::dyn_cast<clang::CallExpr>(around_[depth - 1]) : nullptr;
        const clang::FunctionDecl *callee = call ? call->getDirectCallee() : nullptr;
        if (!call || (callee && !callee->isVariadic()))
            return false;
        for (unsigned i = callee ? callee->getNumParams() : 0; i < call->getNumArgs(); i++)
            if (call->getArg(i) == around_[depth])
                return true;
        return false;
    }

    const unit &unit_;
    const clang::FunctionDecl *function_ = nullptr;
    std::vector<clang::Stmt *> around_;
};

bool find(const clang::Stmt *from, const clang::Stmt *inner, std::vector<const clang::Stmt *> &path)
{
    if (!from)
        return false;
    path.push_back(from);
    if (from == inner)
        return true;
    for (const clang::Stmt *child : from->children())
        if (find(child, inner, path))
            return true;
    path.pop_back();
    return false;
}

} // namespace

std::vector<use> uses_of(const unit &unit, const clang::ValueDecl &declaration)
{
    walker walker(unit);
    walker.usr = usr_of(declaration);
    if (!walker.usr.empty())
        walker.walk();
    return walker.uses;
}

std::vector<const clang::FunctionDecl *> bodies_of(const unit &unit)
{
    walker walker(unit);
    walker.walk();
    return walker.functions;
}

std::vector<const clang::DeclaratorDecl *> declarations_of(const unit &unit,
                                                           const clang::ValueDecl &declaration)
{
    walker walker(unit);
    walker.usr = usr_of(declaration);
    if (!walker.usr.empty())
        walker.walk();
    return walker.declarations;
}

std::vector<const clang::Stmt *> path_to(const clang::FunctionDecl &function,
                                         const clang::Stmt *inner)
{
    std::vector<const clang::Stmt *> path;
    if (inner)
        find(function.getBody(), inner, path);
    return path;
}

const clang::Stmt *statement_of(const std::vector<const clang::Stmt *> &path)
{
    for (std::size_t i = path.size(); i-- > 1;) {
        const clang::Stmt *outer = path[i - 1], *inner = path[i];
        bool stands = llvm::isa<clang::CompoundStmt>(outer);
        if (const auto *branch = llvm::dyn_cast<clang::IfStmt>(outer))
            stands = inner == branch->getThen() || inner == branch->getElse();
        if (const auto *loop = llvm::dyn_cast<clang::WhileStmt>(outer))
            stands = inner == loop->getBody();
        if (const auto *loop = llvm::dyn_cast<clang::ForStmt>(outer))
            stands = inner == loop->getBody();
        if (const auto *loop = llvm::dyn_cast<clang::DoStmt>(outer))
            stands = inner == loop->getBody();
        if (stands)
            return inner;
    }
    return nullptr;
}

} // namespace snarl
