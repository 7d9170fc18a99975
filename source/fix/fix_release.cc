// SPDX-License-Identifier: Apache-2.0
//
// Releases a lock on the ways out of a function on which it is kept, if there are others on which
// it is released: then nobody means to come back with it. Where all keep it, that is so only if
// there is nobody to come back to: the function that a thread begins with, and main.
#include "source/fix/fix.hh"
#include "source/fix/lock_words.hh"

#include <clang/AST/ASTContext.h>
#include <clang/Basic/SourceManager.h>
#include <clang/Lex/Lexer.h>

#include <algorithm>
#include <map>

namespace snarl
{

namespace
{

// Whether a value stays the same without the lock: what it is made of belongs to this thread.
bool is_own(const clang::Stmt *value)
{
    if (!value)
        return true;
    if (llvm::isa<clang::CallExpr, clang::UnaryOperator, clang::MemberExpr,
                  clang::ArraySubscriptExpr, clang::StmtExpr>(value)) {
        const auto *unary = llvm::dyn_cast<clang::UnaryOperator>(value);
        if (!unary || unary->isIncrementDecrementOp() || unary->getOpcode() == clang::UO_Deref)
            return false;
    }
    if (const auto *name = llvm::dyn_cast<clang::DeclRefExpr>(value))
        if (const auto *variable = llvm::dyn_cast<clang::VarDecl>(name->getDecl()))
            if (!variable->hasLocalStorage() || variable->getType()->isReferenceType())
                return false;
    for (const clang::Stmt *child : value->children())
        if (!is_own(child))
            return false;
    return true;
}

bool names(const clang::Stmt *code, const std::string &name)
{
    if (!code)
        return false;
    if (const auto *used = llvm::dyn_cast<clang::DeclRefExpr>(code))
        if (used->getDecl()->getNameAsString() == name)
            return true;
    if (const auto *declared = llvm::dyn_cast<clang::DeclStmt>(code))
        for (const clang::Decl *one : declared->decls())
            if (const auto *named = llvm::dyn_cast<clang::NamedDecl>(one))
                if (named->getNameAsString() == name)
                    return true;
    for (const clang::Stmt *child : code->children())
        if (names(child, name))
            return true;
    return false;
}

class releaser
{
  public:
    releaser(const seen &taken, const lock_words &words, bool shared)
        : unit_(*taken.in), function_(*taken.found.function), words_(words), shared_(shared)
    {
    }

    std::vector<std::optional<edit>> edits;

    // Before the way out; the reason why not, or "".
    std::string before(const flow::exit &exit)
    {
        if (exit.how == flow::way::ends) {
            const auto *body = llvm::dyn_cast<clang::CompoundStmt>(function_.getBody());
            clang::SourceLocation end = body ? body->getRBracLoc() : clang::SourceLocation();
            std::string step = step_in(unit_, end);
            edits.push_back(insert_above(unit_, end, step + release(), why_));
            return "";
        }
        if (std::optional<std::string> reason = out_of_scope(*exit.at))
            return *reason;
        const auto *result = llvm::dyn_cast<clang::ReturnStmt>(exit.at);
        const clang::Stmt *stands = exit.at;
        if (!result) {
            stands = statement_of(path_to(function_, exit.at));
            const auto *e = llvm::dyn_cast_or_null<clang::Expr>(stands);
            if (!e || e->IgnoreParenCasts() != llvm::cast<clang::Expr>(exit.at)->IgnoreParenCasts())
                return "the way out at " + where(unit_, exit.at->getBeginLoc()) +
                       " is no statement by itself";
        }
        bool own = !result || is_own(result->getRetValue());
        put(*stands, result, own);
        return "";
    }

  private:
    const std::string why_ = "the lock is kept on this way out";

    std::string release() const
    {
        return words_.release(shared_);
    }

    // Whether what the lock is named by is not there any more where it is kept.
    std::optional<std::string> out_of_scope(const clang::Stmt &at) const
    {
        std::vector<const clang::Stmt *> path = path_to(function_, &at);
        return path.empty() ? std::optional<std::string>("the way out was not found")
                            : std::nullopt;
    }

    void put(const clang::Stmt &stands, const clang::ReturnStmt *result, bool own)
    {
        std::vector<const clang::Stmt *> path = path_to(function_, &stands);
        if (path.size() < 2 || !llvm::isa<clang::CompoundStmt>(path[path.size() - 2]))
            braces(stands);
        if (own) {
            edits.push_back(insert_above(unit_, stands.getBeginLoc(), release(), why_));
            return;
        }
        std::string name = "result";
        while (names(function_.getBody(), name))
            name += "_now";
        std::string type =
            function_.getReturnType().getAsString(unit_.context().getPrintingPolicy());
        std::string value = spelled(result->getRetValue(), unit_.context());
        edits.push_back(insert_above(unit_, stands.getBeginLoc(),
                                     type + (type.back() == '*' ? "" : " ") + name + " = " + value +
                                         ";\n" + release(),
                                     why_));
        edits.push_back(value.empty() ? std::nullopt
                                      : replace(unit_, result->getRetValue()->getSourceRange(),
                                                name, "the value from under the lock"));
    }

    // Around the lone body of a branch: "{" at the end of the line before, "}" below, or before an
    // else.
    void braces(const clang::Stmt &body)
    {
        const clang::SourceManager &sources = unit_.sources();
        const clang::LangOptions &language = unit_.context().getLangOpts();
        std::optional<clang::Token> before = previous(body.getBeginLoc());
        clang::SourceLocation end =
            before ? clang::Lexer::getLocForEndOfToken(before->getLocation(), 0, sources, language)
                   : clang::SourceLocation();
        edits.push_back(insert(unit_, end, " {", "the body has two statements now"));
        clang::SourceLocation after = behind(unit_, body);
        std::optional<clang::Token> next =
            after.isValid()
                ? clang::Lexer::findNextToken(after.getLocWithOffset(-1), sources, language)
                : std::nullopt;
        if (next && next->is(clang::tok::raw_identifier) && next->getRawIdentifier() == "else" &&
            begins_line(unit_, next->getLocation())) {
            edits.push_back(insert(unit_, next->getLocation(), "} ", why_));
            return;
        }
        std::optional<edit> close = insert_below(unit_, after, "}", why_);
        std::string step = step_in(unit_, body.getBeginLoc());
        if (close && llvm::StringRef(close->text).starts_with(step))
            close->text = close->text.substr(step.size());
        edits.push_back(close);
    }

    // The token before a place, comments aside: found from the beginning of the function.
    std::optional<clang::Token> previous(clang::SourceLocation at) const
    {
        const clang::SourceManager &sources = unit_.sources();
        std::optional<clang::Token> token;
        clang::SourceLocation here = function_.getBody()->getBeginLoc();
        if (!is_spelled(unit_, here) || !is_spelled(unit_, at))
            return std::nullopt;
        while (sources.isBeforeInTranslationUnit(here, at)) {
            clang::Token now;
            if (clang::Lexer::getRawToken(here, now, sources, unit_.context().getLangOpts(), true))
                return std::nullopt;
            token = now;
            std::optional<clang::Token> next =
                clang::Lexer::findNextToken(here, sources, unit_.context().getLangOpts());
            if (!next)
                return std::nullopt;
            here = next->getLocation();
        }
        return token;
    }

    const unit &unit_;
    const clang::FunctionDecl &function_;
    lock_words words_;
    bool shared_;
};

// Whether the name means the same lock everywhere in the function.
std::string name_lasts(const lock_name &lock, const seen &taken, const flow &flow)
{
    for (const clang::ValueDecl *declaration : lock.by)
        if (flow.names().assigned(declaration))
            return declaration->getNameAsString() + " changes on the way";
    std::optional<lvalue> named = lvalue_of(taken.found.object, taken.in->context());
    const clang::VarDecl *root = named ? named->root : nullptr;
    if (!root || !root->hasLocalStorage() || llvm::isa<clang::ParmVarDecl>(root))
        return "";
    for (const clang::Stmt *statement : taken.found.function->getBody()->children())
        if (const auto *declared = llvm::dyn_cast_or_null<clang::DeclStmt>(statement))
            if (std::find(declared->decl_begin(), declared->decl_end(), root) !=
                declared->decl_end())
                return "";
    return root->getNameAsString() + " is not there on all ways out";
}

// The ways out that keep the lock although others give it back; if all keep it, all of them.
std::vector<const flow::exit *> kept_on(const flow &flow, unsigned lock, const clang::Stmt *taken,
                                        bool nobody_behind)
{
    std::map<const clang::Stmt *, const flow::exit *> kept;
    for (const flow::leak &leak : flow.leaks())
        if (leak.lock == lock)
            for (const flow::exit *exit : leak.kept)
                kept[exit->at] = exit;
    for (const flow::exit &exit : flow.exits()) {
        auto held = exit.left.locks.find(lock);
        if (nobody_behind && held != exit.left.locks.end() && held->second.held() &&
            !held->second.unsure && held->second.taken == taken)
            kept[exit.at] = &exit;
    }
    std::vector<const flow::exit *> result;
    for (const auto &[at, exit] : kept)
        result.push_back(exit);
    return result;
}

// Whether a thread can begin with this function, by its parameter and result.
bool begins_threads(const clang::FunctionDecl &function)
{
    return function.getNumParams() == 1 && function.getParamDecl(0)->getType()->isPointerType() &&
           (function.getReturnType()->isPointerType() || function.getReturnType()->isIntegerType());
}

// Whether the lock is held once, and surely, whichever way one comes to this exit.
bool always_held(const flow &flow, const flow::exit &exit, unsigned lock)
{
    for (const flow::exit &other : flow.exits()) {
        auto held = other.left.locks.find(lock);
        bool once = held != other.left.locks.end() && held->second.net == 1 &&
                    !held->second.from_caller && !held->second.unsure && !held->second.guard;
        if (other.how == exit.how && other.at == exit.at && !once)
            return false;
    }
    return true;
}

} // namespace

answer fix_release(const subject &subject, whole_program &program)
{
    const site *site = subject.with_role("takes");
    if (!site)
        site = subject.with_role("holds");
    if (!site)
        return refuse("where the lock was taken was not found in the source");
    const seen &taken = site->path.front();
    std::optional<call> known = call_of(taken.found.expression);
    if (site->path.size() > 1 || !known || !known->object || taken.found.variable ||
        !taken.found.function)
        return refuse("the lock is taken in another function than the one that should release it");
    flow flow(*taken.found.function, taken.in->context(), program.effects(*taken.in));
    std::optional<unsigned> number = flow.lock(known->object);
    std::optional<lock_words> words = words_of(*known, taken.in->context());
    if (!flow.complete() || !number || !words)
        return refuse("which lock that is does not follow from the source");
    std::string name = taken.found.function->getNameAsString() + "()";
    if (std::string reason = name_lasts(flow.locks()[*number], taken, flow); !reason.empty())
        return refuse(reason);
    bool shared = (known->flags & snarl::shared) != 0;
    bool nobody_behind = taken.found.function->isMain() ||
                         (begins_threads(*taken.found.function) && site->outer == plain_name(name));
    for (const effect &effect : flow.effects())
        if (!nobody_behind && effect.does == effect::what::takes &&
            effect.lock.key() == flow.locks()[*number].key())
            return refuse(name + " takes it for its caller");
    std::vector<const flow::exit *> kept =
        kept_on(flow, *number, taken.found.expression->IgnoreParenCasts(), nobody_behind);
    if (kept.empty())
        return refuse(name + " releases it on every way out that its source shows");
    releaser releaser(taken, *words, shared);
    for (const flow::exit *exit : kept)
        if (!always_held(flow, *exit, *number))
            return refuse("on some paths to the same way out the lock is not held");
    for (const flow::exit *exit : kept)
        if (std::string reason = releaser.before(*exit); !reason.empty())
            return refuse(reason);
    return propose(releaser.edits,
                   "On " + std::string(kept.size() == 1 ? "one way" : "some ways") + " out of " +
                       name +
                       " the lock is kept, and nobody who comes later releases it; the edit "
                       "releases it there.",
                   "What was guarded by it may be half done on that way out.");
}

} // namespace snarl
