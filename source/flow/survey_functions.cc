// SPDX-License-Identifier: Apache-2.0
#include "source/flow/survey_unit.hh"

#include <clang/AST/ASTContext.h>
#include <clang/AST/ExprCXX.h>
#include <clang/AST/RecursiveASTVisitor.h>
#include <clang/Basic/SourceManager.h>
#include <clang/Lex/Lexer.h>

#include <algorithm>

namespace snarl
{

namespace
{

const clang::FunctionDecl *function_in(const clang::Expr *expression)
{
    const clang::Expr *bare = named_object(expression);
    if (!bare)
        return nullptr;
    bare = bare->IgnoreUnlessSpelledInSource();
    if (const auto *lambda = llvm::dyn_cast<clang::LambdaExpr>(bare))
        return lambda->getCallOperator();
    const auto *name = llvm::dyn_cast<clang::DeclRefExpr>(bare);
    return name ? llvm::dyn_cast<clang::FunctionDecl>(name->getDecl()) : nullptr;
}

class finder : public clang::RecursiveASTVisitor<finder>
{
  public:
    finder(const unit &unit, found_functions &found)
        : sources_(unit.sources()), errors_(unit.has_errors()), found_(found)
    {
    }

    bool shouldVisitTemplateInstantiations() const
    {
        return true;
    }

    bool TraverseDecl(clang::Decl *declaration)
    {
        if (!declaration)
            return true;
        bool system =
            declaration->getLocation().isValid() &&
            sources_.isInSystemHeader(sources_.getExpansionLoc(declaration->getLocation()));
        if (system && !llvm::isa<clang::TranslationUnitDecl>(declaration))
            return true;
        const auto *function = llvm::dyn_cast<clang::FunctionDecl>(declaration);
        if (!function)
            return RecursiveASTVisitor::TraverseDecl(declaration);
        const clang::FunctionDecl *outer = function_;
        function_ = function;
        if (function->doesThisDeclarationHaveABody() && !function->isDependentContext())
            found_.bodies.push_back(function);
        bool go_on = RecursiveASTVisitor::TraverseDecl(declaration);
        function_ = outer;
        return go_on;
    }

    bool TraverseLambdaExpr(clang::LambdaExpr *lambda)
    {
        const clang::FunctionDecl *outer = function_;
        for (const clang::Expr *init : lambda->capture_inits())
            if (init)
                TraverseStmt(const_cast<clang::Expr *>(init));
        function_ = lambda->getCallOperator();
        if (!function_->isDependentContext())
            found_.bodies.push_back(function_);
        bool go_on = TraverseStmt(lambda->getBody());
        if (!starts_.count(function_))
            found_.address_taken.push_back(function_);
        function_ = outer;
        return go_on;
    }

    bool VisitExpr(clang::Expr *expression)
    {
        if (errors_ && expression->containsErrors() && function_)
            found_.with_errors.insert(function_);
        return true;
    }

    bool VisitCallExpr(clang::CallExpr *call)
    {
        if (const auto *name =
                llvm::dyn_cast<clang::DeclRefExpr>(call->getCallee()->IgnoreParenImpCasts()))
            called_.insert(name);
        const clang::FunctionDecl *callee = call->getDirectCallee();
        if (callee && function_)
            found_.calls.emplace_back(function_, callee);
        std::optional<snarl::call> known = call_of(call);
        std::string name = callee && callee->getIdentifier() ? callee->getNameAsString() : "";
        if (known && known->what == operation::create)
            start(name == "pthread_create" && call->getNumArgs() > 2 ? call->getArg(2)
                  : name == "thrd_create" && call->getNumArgs() > 1  ? call->getArg(1)
                                                                     : nullptr);
        bool attributes = (name == "pthread_mutex_init" || name == "mtx_init") &&
                          call->getNumArgs() > 1 && known && known->object;
        if (attributes && may_be_recursive(*call->getArg(1), name == "mtx_init"))
            found_.made_with_attributes.push_back(known->object);
        return true;
    }

    bool VisitCXXConstructExpr(clang::CXXConstructExpr *made)
    {
        if (function_)
            found_.calls.emplace_back(function_, made->getConstructor());
        const clang::CXXRecordDecl *record = made->getConstructor()->getParent();
        bool thread = record->isInStdNamespace() && record->getIdentifier() &&
                      (record->getName() == "thread" || record->getName() == "jthread");
        if (thread && made->getNumArgs() > 0)
            start(made->getArg(0));
        return true;
    }

    // PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP
    bool VisitVarDecl(clang::VarDecl *variable)
    {
        const clang::Expr *init = variable->getInit();
        if (init && init->getBeginLoc().isMacroID() &&
            clang::Lexer::getImmediateMacroName(init->getBeginLoc(), sources_,
                                                variable->getASTContext().getLangOpts())
                .contains("RECURSIVE"))
            found_.made_recursive.push_back(variable);
        return true;
    }

    bool VisitDeclRefExpr(clang::DeclRefExpr *name)
    {
        const auto *function = llvm::dyn_cast<clang::FunctionDecl>(name->getDecl());
        if (function && !called_.count(name) && !starts_.count(function))
            found_.address_taken.push_back(function);
        return true;
    }

  private:
    static bool may_be_recursive(const clang::Expr &attribute, bool c11)
    {
        const clang::Expr *bare = attribute.IgnoreParenCasts();
        if (!c11)
            return !llvm::isa<clang::IntegerLiteral>(bare) &&
                   !llvm::isa<clang::GNUNullExpr>(bare) &&
                   !llvm::isa<clang::CXXNullPtrLiteralExpr>(bare);
        const auto *name = llvm::dyn_cast<clang::DeclRefExpr>(bare);
        return !name || (name->getDecl()->getName() != "mtx_plain" &&
                         name->getDecl()->getName() != "mtx_timed");
    }

    void start(const clang::Expr *routine)
    {
        const clang::FunctionDecl *function = routine ? function_in(routine) : nullptr;
        if (!function)
            return;
        found_.thread_starts.push_back(function);
        starts_.insert(function);
    }

    const clang::SourceManager &sources_;
    bool errors_;
    found_functions &found_;
    const clang::FunctionDecl *function_ = nullptr;
    std::set<const clang::DeclRefExpr *> called_;
    std::set<const clang::FunctionDecl *> starts_;
};

} // namespace

found_functions functions_of(const unit &unit)
{
    found_functions found;
    finder(unit, found).TraverseDecl(unit.context().getTranslationUnitDecl());
    return found;
}

std::string display_name(const clang::FunctionDecl &function)
{
    const auto *method = llvm::dyn_cast<clang::CXXMethodDecl>(&function);
    if (!method || !method->getParent()->isLambda())
        return function.getQualifiedNameAsString();
    const clang::DeclContext *around = method->getParent()->getDeclContext();
    while (around && !llvm::isa<clang::FunctionDecl>(around))
        around = around->getParent();
    std::string outer =
        around ? display_name(*llvm::cast<clang::FunctionDecl>(around)) + "::" : std::string();
    return outer + "<lambda>";
}

} // namespace snarl
