// SPDX-License-Identifier: Apache-2.0
//
// Takes the lock for accesses that lack it, where the others of the finding hold it. A statement
// gets the lock around it; a test of a loop or branch is made under the lock, into a variable. That
// is new waiting, so it must be sure that it ends: who comes here holds no lock, what is done under
// it waits for nobody, and so do all other sections of this lock.
#include "source/fix/fix.hh"
#include "source/fix/lock_words.hh"

#include <clang/AST/ASTContext.h>
#include <clang/AST/ExprCXX.h>
#include <clang/AST/RecursiveASTVisitor.h>
#include <clang/Basic/SourceManager.h>
#include <clang/Lex/Lexer.h>

#include <algorithm>
#include <set>

namespace snarl
{

namespace
{

// The lock of the accesses that have one.
struct guarding {
    lock_name name;
    const clang::Expr *object = nullptr; // as it is named where it is taken
    lvalue named, of;                    // the lock, and what is accessed under it
    lock_words words;
    std::shared_ptr<unit> in;
};

std::optional<guarding> guarding_of(const seen &seen, const flow &flow, const flow::held &held)
{
    const clang::ASTContext &context = seen.in->context();
    guarding result;
    std::optional<lock_words> words;
    if (held.guard) {
        std::optional<guard> made = guard_of(held.guard);
        if (!made || made->locks.size() != 1)
            return std::nullopt;
        result.object = made->locks[0];
        words = words_of_guarded(*result.object, context);
    } else if (const auto *expression = llvm::dyn_cast_or_null<clang::Expr>(held.taken)) {
        std::optional<call> known = call_of(expression);
        result.object = known ? known->object : nullptr;
        words = known ? words_of(*known, context) : std::nullopt;
    }
    std::optional<lvalue> named = lvalue_of(result.object, context);
    std::optional<lvalue> of = lvalue_of(seen.found.object, context);
    if (!words || !named || !of || !named->exact)
        return std::nullopt;
    result.name = flow.locks()[held.lock];
    result.named = *named, result.of = *of, result.words = *words, result.in = seen.in;
    return result;
}

// The locks that are surely held at an access, taken in its function.
std::vector<guarding> held_at(const seen &seen, whole_program &program)
{
    std::vector<guarding> result;
    if (!seen.found.function || !seen.found.object)
        return result;
    flow flow(*seen.found.function, seen.in->context(), program.effects(*seen.in));
    if (flow.complete())
        for (const flow::held &held : flow.before(seen.found.expression).must)
            if (std::optional<guarding> one = guarding_of(seen, flow, held))
                result.push_back(*one);
    return result;
}

bool same_step(const lvalue::step &a, const lvalue::step &b)
{
    bool fields = (a.field != nullptr) == (b.field != nullptr) &&
                  (!a.field || usr_of(*a.field) == usr_of(*b.field));
    return a.kind == b.kind && fields && a.index == b.index;
}

// How many steps the lock and what it guards have in common, if they are members of one object.
std::optional<std::size_t> common(const guarding &by)
{
    if (by.named.root != by.of.root || by.named.steps.empty())
        return std::nullopt;
    std::size_t same = by.named.steps.size() - 1;
    if (by.named.steps.back().kind != lvalue::step::member || by.of.steps.size() <= same)
        return std::nullopt;
    for (std::size_t i = 0; i < same; i++)
        if (!same_step(by.named.steps[i], by.of.steps[i]))
            return std::nullopt;
    return same;
}

// The text of the object that an access goes through, up to this field: "stew->" of
// "stew->taste.salt" for taste.
std::optional<std::string> base_text(const clang::Expr *object, const clang::FieldDecl &field,
                                     const clang::ASTContext &context)
{
    const clang::Expr *e = object->IgnoreParenCasts();
    while (const auto *member = llvm::dyn_cast<clang::MemberExpr>(e)) {
        if (usr_of(*member->getMemberDecl()) == usr_of(field)) {
            if (member->isImplicitAccess())
                return "";
            std::string text = spelled(member->getBase(), context);
            if (text.empty())
                return std::nullopt;
            return text + (member->isArrow() ? "->" : ".");
        }
        e = member->getBase()->IgnoreParenCasts();
    }
    return std::nullopt;
}

class visible : public clang::RecursiveASTVisitor<visible>
{
  public:
    explicit visible(std::string name) : name_(std::move(name))
    {
    }
    bool found = false;

    bool VisitVarDecl(clang::VarDecl *variable)
    {
        found = found || variable->getNameAsString() == name_;
        return true;
    }

  private:
    std::string name_;
};

bool declares(const clang::FunctionDecl &function, const std::string &name)
{
    visible visible(name);
    visible.TraverseDecl(const_cast<clang::FunctionDecl *>(&function));
    return visible.found;
}

// How the lock is named at an access that lacks it; none if it can't be, or may be another one.
std::optional<lock_words> words_at(const guarding &by, const seen &bare)
{
    const unit &unit = *bare.in;
    bool plain = std::all_of(by.named.steps.begin(), by.named.steps.end(),
                             [](const auto &step) { return step.kind == lvalue::step::member; });
    if (by.name.is_global() && plain) {
        const clang::VarDecl *root = nullptr;
        for (const clang::DeclaratorDecl *one : declarations_of(unit, *by.named.root))
            if (unit.sources().isBeforeInTranslationUnit(one->getLocation(),
                                                         bare.found.function->getLocation()))
                root = llvm::dyn_cast<clang::VarDecl>(one);
        if (!root || root->getParentFunctionOrMethod() ||
            declares(*bare.found.function, root->getNameAsString()))
            return std::nullopt;
        return by.words;
    }
    std::optional<std::size_t> same = common(by);
    std::optional<lvalue> of = lvalue_of(bare.found.object, unit.context());
    if (!same || !of || !of->exact || of->steps.size() != by.of.steps.size())
        return std::nullopt;
    for (std::size_t i = *same; i < of->steps.size(); i++)
        if (!same_step(of->steps[i], by.of.steps[i]))
            return std::nullopt;
    if (of->steps[*same].kind != lvalue::step::member)
        return std::nullopt;
    std::optional<std::string> base =
        base_text(bare.found.object, *of->steps[*same].field, unit.context());
    std::string name = by.named.steps.back().field->getNameAsString();
    if (!base || (base->empty() && declares(*bare.found.function, name)))
        return std::nullopt;
    return by.words.of(*base + name);
}

class wrapper
{
  public:
    wrapper(const seen &bare, const lock_words &words, bool shared)
        : unit_(*bare.in), function_(*bare.found.function), take_(words.take(shared)),
          release_(words.release(shared))
    {
    }

    std::vector<std::optional<edit>> edits;

    // "" or why not.
    std::string wrap(const clang::Stmt &statement, const std::vector<const clang::Stmt *> &path)
    {
        bool in_block = path.size() > 1 && llvm::isa<clang::CompoundStmt>(path[path.size() - 2]);
        if (const auto *loop = llvm::dyn_cast<clang::WhileStmt>(&statement))
            return wrap_loop(*loop);
        if (!in_block)
            return "the statement is the body of a branch or loop";
        if (const auto *branch = llvm::dyn_cast<clang::IfStmt>(&statement))
            return wrap_branch(*branch);
        if (const auto *result = llvm::dyn_cast<clang::ReturnStmt>(&statement))
            return wrap_return(*result);
        if (!llvm::isa<clang::Expr, clang::DeclStmt>(statement))
            return "the access is in no simple statement";
        edits.push_back(insert_above(unit_, statement.getBeginLoc(), take_, why_));
        edits.push_back(insert_below(unit_, behind(unit_, statement), release_, why_));
        return "";
    }

  private:
    const std::string why_ = "the lock that other accesses hold";

    std::string name_for(const std::string &first) const
    {
        std::string name = first;
        while (declares(function_, name))
            name += "_now";
        return name;
    }

    std::string truth(const std::string &name, const clang::Expr &test) const
    {
        std::string text = spelled(&test, unit_.context());
        bool cxx = unit_.context().getLangOpts().CPlusPlus;
        bool is_truth = cxx || test.IgnoreImpCasts()->isKnownToHaveBooleanValue();
        bool simple = llvm::isa<clang::DeclRefExpr, clang::MemberExpr>(test.IgnoreParenImpCasts());
        std::string value = is_truth ? text : (simple ? text : "(" + text + ")") + " != 0";
        return text.empty() ? ""
                            : take_ + "\n" + (cxx ? "bool " : "int ") + name + " = " + value +
                                  ";\n" + release_ + "\n";
    }

    std::string wrap_loop(const clang::WhileStmt &loop)
    {
        const auto *body = llvm::dyn_cast<clang::CompoundStmt>(loop.getBody());
        std::string name = name_for("go_on");
        std::string test = truth(name, *loop.getCond());
        if (!body || loop.getConditionVariable() || test.empty())
            return "the loop is too involved for an edit";
        std::string step = step_in(unit_, loop.getBeginLoc()), lines;
        test += "if (!" + name + ")\n" + step + "break;\n";
        for (llvm::StringRef rest = test; !rest.empty();) {
            auto [line, behind] = rest.split('\n');
            lines += step + line.str() + "\n";
            rest = behind;
        }
        edits.push_back(replace(unit_, clang::SourceRange(loop.getWhileLoc(), loop.getRParenLoc()),
                                "for (;;)", why_));
        clang::SourceLocation inside = clang::Lexer::getLocForEndOfToken(
            body->getLBracLoc(), 0, unit_.sources(), unit_.context().getLangOpts());
        std::optional<edit> below = insert_below(unit_, inside, lines, why_);
        edits.push_back(below);
        return "";
    }

    std::string wrap_branch(const clang::IfStmt &branch)
    {
        std::string name = name_for("is_so");
        std::string test = truth(name, *branch.getCond());
        if (branch.getConditionVariable() || branch.getInit() || test.empty())
            return "the branch is too involved for an edit";
        edits.push_back(insert_above(unit_, branch.getBeginLoc(), test, why_));
        edits.push_back(replace(unit_, branch.getCond()->getSourceRange(), name, why_));
        return "";
    }

    std::string wrap_return(const clang::ReturnStmt &result)
    {
        std::string name = name_for("result");
        std::string text = spelled(result.getRetValue(), unit_.context());
        std::string type =
            function_.getReturnType().getAsString(unit_.context().getPrintingPolicy());
        if (text.empty())
            return "the return is too involved for an edit";
        edits.push_back(insert_above(unit_, result.getBeginLoc(),
                                     take_ + "\n" + type + (type.back() == '*' ? "" : " ") + name +
                                         " = " + text + ";\n" + release_,
                                     why_));
        edits.push_back(replace(unit_, result.getRetValue()->getSourceRange(), name, why_));
        return "";
    }

    const unit &unit_;
    const clang::FunctionDecl &function_;
    std::string take_, release_;
};

bool has_jump(const clang::Stmt *code)
{
    if (!code)
        return false;
    if (llvm::isa<clang::StmtExpr, clang::LambdaExpr, clang::CXXThrowExpr>(code))
        return true;
    return std::any_of(code->child_begin(), code->child_end(), has_jump);
}

bool writes(const clang::Stmt *code)
{
    if (!code)
        return false;
    const auto *unary = llvm::dyn_cast<clang::UnaryOperator>(code);
    const auto *binary = llvm::dyn_cast<clang::BinaryOperator>(code);
    if ((unary && unary->isIncrementDecrementOp()) || (binary && binary->isAssignmentOp()))
        return true;
    return std::any_of(code->child_begin(), code->child_end(), writes);
}

// What will be under the lock of this statement: all of it, or the test.
const clang::Stmt *under(const clang::Stmt &statement)
{
    if (const auto *loop = llvm::dyn_cast<clang::WhileStmt>(&statement))
        return loop->getCond();
    if (const auto *branch = llvm::dyn_cast<clang::IfStmt>(&statement))
        return branch->getCond();
    return &statement;
}

// One access that lacks the lock; its edits, or the reason why not.
std::string add_lock(const guarding &by, const seen &bare, whole_program &program,
                     std::set<const clang::Stmt *> &done, std::vector<std::optional<edit>> &edits)
{
    std::optional<lock_words> words = words_at(by, bare);
    std::string at = where(*bare.in, bare.found.expression->getExprLoc());
    if (!words)
        return "the lock has no sure name at " + at;
    std::vector<const clang::Stmt *> path = path_to(*bare.found.function, bare.found.expression);
    const clang::Stmt *statement = statement_of(path);
    if (!statement)
        return "the access at " + at + " is in no statement";
    const clang::Stmt *inside = under(*statement);
    if (std::find(path.begin(), path.end(), inside) == path.end())
        return "the access at " + at + " is in no simple statement";
    if (!done.insert(statement).second)
        return "";
    flow flow(*bare.found.function, bare.in->context(), program.effects(*bare.in));
    if (!flow.complete() || !flow.before(bare.found.expression).may.empty())
        return "another lock may be held at " + at;
    std::string reason =
        has_jump(inside) ? "it is left in the middle" : may_wait(*inside, *bare.in);
    if (reason.empty())
        reason = program.called_with_locks(*bare.found.function, bare.in);
    if (!reason.empty())
        return "taking the lock at " + at + " could stop somebody for ever: " + reason;
    while (path.back() != statement)
        path.pop_back();
    bool calls = llvm::isa<clang::Expr>(inside) && llvm::isa<clang::CallExpr>(inside);
    wrapper wrapper(bare, *words, !calls && !writes(inside));
    reason = wrapper.wrap(*statement, path);
    edits.insert(edits.end(), wrapper.edits.begin(), wrapper.edits.end());
    return reason;
}

} // namespace

answer fix_under_lock(const subject &subject, whole_program &program)
{
    std::vector<guarding> by;
    std::vector<const seen *> bare;
    bool first = true;
    for (const site &site : subject.sites) {
        if (site.path.empty() || !site.path.front().found.object ||
            !site.path.front().found.expression || !site.path.front().found.function ||
            (site.role != "read" && site.role != "write"))
            return refuse("not all its accesses were found in the source");
        const seen &seen = site.path.front();
        if (site.held.empty()) {
            bare.push_back(&seen);
            continue;
        }
        std::vector<guarding> here = held_at(seen, program), both;
        for (const guarding &one : here)
            if (first || std::any_of(by.begin(), by.end(), [&](const guarding &other) {
                    return other.name.wide_key() == one.name.wide_key();
                }))
                both.push_back(one);
        by = both, first = false;
    }
    if (bare.empty() || first)
        return refuse("");
    if (by.size() != 1)
        return refuse("it does not follow from the source which one lock guards it");
    std::vector<std::optional<edit>> edits;
    std::set<const clang::Stmt *> done;
    for (const seen *one : bare)
        if (std::string reason = add_lock(by[0], *one, program, done, edits); !reason.empty())
            return refuse(reason);
    const clang::ValueDecl *root = by[0].named.declaration();
    if (std::string reason = program.waits_under(by[0].name, *root, by[0].in); !reason.empty())
        return refuse("taking the lock more often could stop somebody for ever: " + reason);
    return propose(edits,
                   "The other accesses hold " + by[0].name.label +
                       "; now these do, too. Whoever comes there holds no lock, and nobody waits "
                       "for anything while the lock is held, so no new deadlock comes of it.",
                   "What is done with the value later is done without the lock, as before.");
}

} // namespace snarl
