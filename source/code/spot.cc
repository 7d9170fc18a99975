// SPDX-License-Identifier: Apache-2.0
//
// All accesses and calls on the line are collected with the columns that a compiler may have meant:
// gcc names an access by its operator (-> or . or [), clang by where it begins or by the member,
// and both an update by its operator. What fits in deed and name is left, then what fits in column.
#include "source/code/spot.hh"

#include <clang/AST/ASTContext.h>
#include <clang/AST/ExprCXX.h>
#include <clang/AST/RecursiveASTVisitor.h>
#include <clang/Basic/SourceManager.h>
#include <clang/Lex/Lexer.h>

#include <algorithm>
#include <cctype>
#include <set>

namespace snarl
{

namespace
{

struct candidate {
    spot found;
    std::set<unsigned> columns;
    std::string name;              // of what is accessed or called
    bool calls = false;            // rather than accesses
    bool passed = false;           // accessed by what it is passed to, if at all
    std::optional<operation> what; // of a call
};

class collector : public clang::RecursiveASTVisitor<collector>
{
  public:
    collector(const unit &unit, clang::FileID file, unsigned line)
        : context_(unit.context()), sources_(unit.sources()), file_(file), line_(line)
    {
    }

    std::vector<candidate> candidates;

    bool shouldVisitTemplateInstantiations() const
    {
        return true;
    }

    bool shouldVisitImplicitCode() const
    {
        return false;
    }

    bool TraverseDecl(clang::Decl *declaration)
    {
        const auto *function = llvm::dyn_cast_or_null<clang::FunctionDecl>(declaration);
        if (!function)
            return RecursiveASTVisitor::TraverseDecl(declaration);
        return inside(function, [&] { return RecursiveASTVisitor::TraverseDecl(declaration); });
    }

    bool TraverseLambdaExpr(clang::LambdaExpr *lambda)
    {
        return inside(lambda->getCallOperator(),
                      [&] { return RecursiveASTVisitor::TraverseLambdaExpr(lambda); });
    }

    bool TraverseStmt(clang::Stmt *statement)
    {
        bool loop =
            statement &&
            (llvm::isa<clang::ForStmt>(statement) || llvm::isa<clang::WhileStmt>(statement) ||
             llvm::isa<clang::DoStmt>(statement) || llvm::isa<clang::CXXForRangeStmt>(statement));
        if (loop)
            loops_.push_back(statement);
        bool go_on = RecursiveASTVisitor::TraverseStmt(statement);
        if (loop)
            loops_.pop_back();
        return go_on;
    }

    bool VisitUnaryOperator(clang::UnaryOperator *update)
    {
        if (update->isIncrementDecrementOp())
            add_access(update, update->getSubExpr(), update->getOperatorLoc(), true, true);
        return true;
    }

    bool VisitBinaryOperator(clang::BinaryOperator *assignment)
    {
        if (assignment->isAssignmentOp())
            add_access(assignment, assignment->getLHS(), assignment->getOperatorLoc(),
                       assignment->isCompoundAssignmentOp(), true);
        return true;
    }

    bool VisitImplicitCastExpr(clang::ImplicitCastExpr *cast)
    {
        if (cast->getCastKind() == clang::CK_LValueToRValue ||
            cast->getCastKind() == clang::CK_AtomicToNonAtomic)
            add_access(cast->getSubExpr(), cast->getSubExpr(), {}, true, false);
        return true;
    }

    bool VisitVarDecl(clang::VarDecl *variable)
    {
        add_guard(variable);
        if (variable->isStaticLocal() && variable->getInit() && on_line(variable->getLocation())) {
            candidate c = of(variable->getInit(), nullptr);
            c.found.variable = variable;
            c.name = variable->getNameAsString();
            c.calls = true;
            c.what = operation::once;
            candidates.push_back(c);
        }
        return true;
    }

    bool VisitAtomicExpr(clang::AtomicExpr *atomic)
    {
        if (!on_line(atomic->getBeginLoc()))
            return true;
        candidate c = accessed(atomic, named_object(atomic->getPtr()), access::atomic, true, true);
        add_columns(c, atomic);
        candidates.push_back(c);
        return true;
    }

    bool VisitCXXConstructExpr(clang::CXXConstructExpr *made)
    {
        if (on_line(made->getLocation()) && made->getConstructor()) {
            candidate c = of(made, nullptr);
            c.name = made->getConstructor()->getNameAsString();
            c.calls = true;
            add_columns(c, made);
            candidates.push_back(c);
        }
        return true;
    }

    bool VisitCXXDeleteExpr(clang::CXXDeleteExpr *freed)
    {
        if (!on_line(freed->getBeginLoc()))
            return true;
        candidate c = of(freed, named_object(freed->getArgument()));
        c.calls = true;
        c.what = operation::free_memory;
        add_columns(c, freed);
        candidates.push_back(c);
        return true;
    }

    bool VisitCallExpr(clang::CallExpr *call)
    {
        bool here = on_line(call->getExprLoc()) || on_line(call->getBeginLoc()) ||
                    on_line(call->getRParenLoc());
        const clang::FunctionDecl *callee = call->getDirectCallee();
        if (!here)
            return true;
        std::optional<snarl::call> known = call_of(call);
        candidate c = of(call, known ? known->object : nullptr);
        c.name = callee ? callee->getNameAsString() : "";
        c.calls = true;
        if (known)
            c.what = known->what;
        const auto *method = llvm::dyn_cast<clang::CXXMemberCallExpr>(call);
        if (method && !known)
            c.found.object = named_object(method->getImplicitObjectArgument());
        add_columns(c, call);
        candidates.push_back(c);
        add_atomic(*call);
        for (const clang::Expr *argument : call->arguments())
            add_passed(*call, argument);
        return true;
    }

    bool VisitCompoundStmt(clang::CompoundStmt *block)
    {
        if (!on_line(block->getRBracLoc()))
            return true;
        for (const clang::Stmt *statement : block->body())
            if (const auto *declaration = llvm::dyn_cast<clang::DeclStmt>(statement))
                for (const clang::Decl *one : declaration->decls())
                    add_release(llvm::dyn_cast<clang::VarDecl>(one), block->getRBracLoc());
        return true;
    }

  private:
    // What GO finds is in this function, and in none of the loops around it.
    template <class Go> bool inside(const clang::FunctionDecl *function, Go go)
    {
        std::vector<const clang::Stmt *> loops;
        std::swap(function, function_), loops.swap(loops_);
        bool go_on = go();
        std::swap(function, function_), loops.swap(loops_);
        return go_on;
    }

    bool on_line(clang::SourceLocation location) const
    {
        location = sources_.getExpansionLoc(location);
        return location.isValid() && sources_.getFileID(location) == file_ &&
               sources_.getExpansionLineNumber(location) == line_;
    }

    candidate of(const clang::Expr *expression, const clang::Expr *object) const
    {
        candidate c;
        c.found.expression = expression;
        c.found.object = object;
        c.found.function = function_;
        c.found.loop = loops_.empty() ? nullptr : loops_.back();
        return c;
    }

    candidate accessed(const clang::Expr *whole, const clang::Expr *object, access how, bool reads,
                       bool writes) const
    {
        candidate c = of(whole, object);
        c.found.how = how;
        c.found.reads = reads;
        c.found.writes = writes;
        std::optional<lvalue> named = lvalue_of(object, context_);
        if (named && named->declaration())
            c.name = named->declaration()->getNameAsString();
        return c;
    }

    void add_column(candidate &c, clang::SourceLocation location) const
    {
        if (on_line(location))
            c.columns.insert(sources_.getExpansionColumnNumber(location));
    }

    void add_columns(candidate &c, const clang::Expr *expression) const
    {
        add_column(c, expression->getBeginLoc());
        add_column(c, expression->getExprLoc());
        add_column(c, expression->getEndLoc());
        if (const auto *call = llvm::dyn_cast<clang::CallExpr>(expression))
            add_columns(c, call->getCallee()->IgnoreParenImpCasts());
        const clang::Expr *bare = expression->IgnoreParenImpCasts();
        if (const auto *member = llvm::dyn_cast<clang::MemberExpr>(bare)) {
            add_column(c, member->getOperatorLoc());
            add_column(c, member->getMemberLoc());
        } else if (const auto *element = llvm::dyn_cast<clang::ArraySubscriptExpr>(bare)) {
            // gcc names it by the bracket, which no node keeps: behind the base.
            add_columns(c, element->getBase()->IgnoreParenImpCasts());
            add_column(c, clang::Lexer::getLocForEndOfToken(element->getBase()->getEndLoc(), 0,
                                                            sources_, context_.getLangOpts()));
        }
    }

    void add_access(const clang::Expr *whole, const clang::Expr *object, clang::SourceLocation at,
                    bool reads, bool writes)
    {
        const clang::Expr *bare = object->IgnoreParenCasts();
        if (!on_line(bare->getExprLoc()) && !on_line(bare->getBeginLoc()) && !on_line(at))
            return;
        access how = bare->getType()->isAtomicType() ? access::atomic : access::plain;
        candidate c = accessed(whole, bare, how, reads, writes);
        add_columns(c, bare);
        add_column(c, at);
        candidates.push_back(c);
    }

    // std::atomic's members and operators access their object.
    void add_atomic(const clang::CallExpr &call)
    {
        const auto *member = llvm::dyn_cast<clang::CXXMemberCallExpr>(&call);
        const auto *sign = llvm::dyn_cast<clang::CXXOperatorCallExpr>(&call);
        const clang::Expr *object = member ? member->getImplicitObjectArgument()
                                    : sign ? sign->getArg(0)
                                           : nullptr;
        const auto *method = llvm::dyn_cast_or_null<clang::CXXMethodDecl>(call.getDirectCallee());
        if (!object || !method || !method->getParent()->isInStdNamespace() ||
            !method->getParent()->getName().contains("atomic"))
            return;
        candidate c = accessed(&call, named_object(object), access::atomic, true, true);
        add_columns(c, &call);
        candidates.push_back(c);
    }

    // What a call is given a pointer to: strcpy(slip, wanted) writes slip.
    void add_passed(const clang::CallExpr &call, const clang::Expr *argument)
    {
        if (!argument->getType()->isPointerType() && !argument->isGLValue())
            return;
        candidate c = accessed(&call, named_object(argument), access::unknown, true, true);
        if (c.name.empty())
            return;
        c.passed = true;
        add_columns(c, &call);
        candidates.push_back(c);
    }

    // A guard gives its lock back at the end of its block.
    void add_release(const clang::VarDecl *variable, clang::SourceLocation brace)
    {
        if (std::optional<snarl::guard> made = variable ? guard_of(variable) : std::nullopt)
            add_guard(*made, operation::release, {brace});
    }

    void add_guard(const clang::VarDecl *variable)
    {
        std::optional<snarl::guard> made =
            on_line(variable->getLocation()) ? guard_of(variable) : std::nullopt;
        if (made)
            add_guard(*made, made->may_fail ? operation::try_acquire : operation::acquire,
                      {variable->getBeginLoc(), variable->getLocation()});
    }

    void add_guard(const snarl::guard &made, operation what,
                   std::initializer_list<clang::SourceLocation> places)
    {
        std::string type = made.variable->getType()->getAsCXXRecordDecl()->getNameAsString();
        for (const clang::Expr *lock : made.locks) {
            candidate c = of(made.variable->getInit(), lock);
            c.found.variable = made.variable;
            c.name = (what == operation::release ? "~" : "") + type;
            c.calls = true;
            c.what = what;
            for (clang::SourceLocation place : places)
                add_column(c, place);
            candidates.push_back(c);
        }
    }

    clang::ASTContext &context_;
    const clang::SourceManager &sources_;
    clang::FileID file_;
    unsigned line_;
    const clang::FunctionDecl *function_ = nullptr;
    std::vector<const clang::Stmt *> loops_;
};

bool fits(const candidate &c, const question &question)
{
    if (question.what != act::calls)
        return question.what == act::reads ? c.found.reads : c.found.writes;
    if (question.operations.empty())
        return c.calls && (question.name.empty() || c.name == question.name);
    return c.what && std::find(question.operations.begin(), question.operations.end(), *c.what) !=
                         question.operations.end();
}

// Instances of a template have the same text: what they name is compared by where it stands.
std::string identity(const candidate &c, const clang::ASTContext &context)
{
    if (c.found.variable && !c.found.object)
        return c.found.variable->getLocation().printToString(context.getSourceManager());
    const clang::Expr *object = c.found.object ? c.found.object : c.found.expression;
    std::optional<lvalue> named = lvalue_of(object, context);
    const clang::ValueDecl *declaration = named ? named->declaration() : nullptr;
    clang::SourceLocation at = declaration ? declaration->getLocation() : object->getExprLoc();
    return at.printToString(context.getSourceManager()) + spelled(object, context);
}

std::optional<spot> only(const std::vector<candidate> &left, const clang::ASTContext &context)
{
    if (left.empty())
        return std::nullopt;
    std::string first = identity(left.front(), context);
    spot found = left.front().found;
    for (const candidate &c : left) {
        if (identity(c, context) != first)
            return std::nullopt;
        if (c.found.how != found.how)
            found.how = access::unknown;
    }
    return found;
}

class innermost : public clang::RecursiveASTVisitor<innermost>
{
  public:
    innermost(const clang::SourceManager &sources, unsigned line) : sources_(sources), line_(line)
    {
    }

    const clang::FunctionDecl *found = nullptr;

    bool VisitFunctionDecl(clang::FunctionDecl *function)
    {
        if (function->doesThisDeclarationHaveABody() &&
            sources_.getExpansionLineNumber(function->getBeginLoc()) <= line_ &&
            sources_.getExpansionLineNumber(function->getEndLoc()) >= line_)
            found = function;
        return true;
    }

    bool VisitLambdaExpr(clang::LambdaExpr *lambda)
    {
        return VisitFunctionDecl(lambda->getCallOperator());
    }

  private:
    const clang::SourceManager &sources_;
    unsigned line_;
};

} // namespace

std::vector<clang::Decl *> declarations_around(const unit &unit, clang::FileID file, unsigned line)
{
    std::vector<clang::Decl *> result;
    const clang::SourceManager &sources = unit.sources();
    for (clang::Decl *declaration : unit.context().getTranslationUnitDecl()->decls()) {
        clang::SourceRange range = declaration->getSourceRange();
        clang::SourceLocation begin = sources.getExpansionLoc(range.getBegin());
        clang::SourceLocation end = sources.getExpansionLoc(range.getEnd());
        if (begin.isValid() && end.isValid() && sources.getFileID(begin) == file &&
            sources.getExpansionLineNumber(begin) <= line &&
            sources.getExpansionLineNumber(end) >= line)
            result.push_back(declaration);
    }
    return result;
}

std::optional<spot> find_spot(const unit &unit, const place &place, const question &question)
{
    clang::FileID file = unit.file(place.file);
    if (file.isInvalid() || place.line == 0)
        return std::nullopt;
    collector collector(unit, file, place.line);
    for (clang::Decl *declaration : declarations_around(unit, file, place.line))
        collector.TraverseDecl(declaration);
    std::vector<candidate> left, named, there, both;
    for (const candidate &c : collector.candidates) {
        bool name = !question.name.empty() && c.name == question.name;
        if (!fits(c, question) || (c.passed && !name))
            continue;
        bool column = c.columns.count(place.column);
        left.push_back(c);
        if (name)
            named.push_back(c);
        if (column)
            there.push_back(c);
        if (name && column)
            both.push_back(c);
    }
    // What was accessed by its name may have been so by a pointer, so a name is no must.
    for (const auto *some : {&both, &named, &there, &left})
        if (!some->empty())
            if (std::optional<spot> one = only(*some, unit.context()))
                return one;
    return std::nullopt;
}

const clang::FunctionDecl *function_at(const unit &unit, const place &place)
{
    clang::FileID file = unit.file(place.file);
    if (file.isInvalid())
        return nullptr;
    innermost innermost(unit.sources(), place.line);
    for (clang::Decl *declaration : declarations_around(unit, file, place.line))
        innermost.TraverseDecl(declaration);
    return innermost.found;
}

std::string last_name(const std::string &variable)
{
    if (variable.rfind("block of ", 0) == 0)
        return "";
    std::string path = variable.substr(0, variable.find(" of "));
    path = path.substr(0, path.find(" ("));
    std::string name;
    int depth = 0;
    for (char c : path) {
        depth += c == '[' ? 1 : 0;
        bool part =
            std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '$' || (c & 0x80);
        if (depth == 0 && part)
            name += c;
        else if (depth == 0)
            name.clear();
        depth -= c == ']' ? 1 : 0;
    }
    return name;
}

} // namespace snarl
