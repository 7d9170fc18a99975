// SPDX-License-Identifier: Apache-2.0
//
// A cleanup handler around a section of a lock, for threads that are cancelled or leave by
// pthread_exit in the middle of it. The macros of the two ends open and close a block, so nothing
// may leave the section between them, and what is declared in it must not be used behind.
#include "source/fix/fix.hh"
#include "source/fix/lock_words.hh"

#include <clang/AST/ASTContext.h>
#include <clang/Basic/SourceManager.h>

#include <algorithm>

namespace snarl
{

namespace
{

// Whether control may leave this code for elsewhere than its end.
bool is_left(const clang::Stmt *code, bool in_loop, bool in_switch)
{
    if (!code)
        return false;
    if (llvm::isa<clang::ReturnStmt, clang::GotoStmt, clang::IndirectGotoStmt, clang::LabelStmt,
                  clang::AsmStmt, clang::StmtExpr>(code))
        return true;
    if (llvm::isa<clang::BreakStmt>(code))
        return !in_loop && !in_switch;
    if (llvm::isa<clang::ContinueStmt>(code))
        return !in_loop;
    if (llvm::isa<clang::SwitchCase>(code) && !in_switch)
        return true;
    in_loop = in_loop || llvm::isa<clang::ForStmt, clang::WhileStmt, clang::DoStmt>(code);
    in_switch = in_switch || llvm::isa<clang::SwitchStmt>(code);
    return std::any_of(code->child_begin(), code->child_end(), [&](const clang::Stmt *child) {
        return is_left(child, in_loop, in_switch);
    });
}

bool uses(const clang::Stmt *code, const clang::Decl *declaration)
{
    if (!code)
        return false;
    const auto *name = llvm::dyn_cast<clang::DeclRefExpr>(code);
    return (name && name->getDecl() == declaration) ||
           std::any_of(code->child_begin(), code->child_end(),
                       [&](const clang::Stmt *child) { return uses(child, declaration); });
}

// A section in one block: the statements that take and release the lock.
struct section {
    const clang::Stmt *take = nullptr, *release = nullptr;
};

bool is_release(const clang::Stmt *statement, const flow &flow, unsigned lock)
{
    const auto *e = llvm::dyn_cast<clang::Expr>(statement);
    std::optional<call> known = e ? call_of(e) : std::nullopt;
    return known && known->what == operation::release && known->object &&
           flow.lock(known->object) == lock;
}

std::string section_of(const clang::CompoundStmt &block, const clang::Stmt *take, const flow &flow,
                       unsigned lock, section &out)
{
    std::vector<const clang::Stmt *> all(block.body_begin(), block.body_end());
    auto begin = std::find(all.begin(), all.end(), take);
    auto end = std::find_if(begin, all.end(), [&](const clang::Stmt *statement) {
        return is_release(statement, flow, lock);
    });
    if (end == all.end())
        return "the lock is not released in the block that takes it";
    for (auto i = begin + 1; i != end; ++i) {
        if (is_left(*i, false, false))
            return "the section is left before its end, and that does not go with the macros of "
                   "pthread_cleanup_push";
        if (const auto *declared = llvm::dyn_cast<clang::DeclStmt>(*i))
            for (const clang::Decl *one : declared->decls())
                for (auto j = end; j != all.end(); ++j)
                    if (uses(*j, one))
                        return "what is declared in the section is used behind it, and "
                               "pthread_cleanup_push makes a block of it";
    }
    out = {take, *end};
    return "";
}

bool ended_itself(const subject &subject, const site &held)
{
    return std::any_of(subject.sites.begin(), subject.sites.end(), [&](const site &site) {
        return site.role == "ends" && site.thread == held.thread;
    });
}

} // namespace

answer fix_cleanup(const subject &subject, whole_program &program)
{
    const site *site = subject.with_role("holds");
    if (!site || site->path.size() != 1 || !site->path[0].found.function)
        return refuse("where the lock was taken was not found in the source");
    if (!ended_itself(subject, *site))
        return refuse("the process ended, not the thread; it has to be told to stop, and joined");
    const seen &seen = site->path[0];
    const unit &unit = *seen.in;
    if (unit.context().getLangOpts().CPlusPlus)
        return refuse(
            "in C++ a guard object releases the lock however its scope is left; a cleanup "
            "handler would be no good style");
    std::optional<call> known = call_of(seen.found.expression);
    std::optional<lock_words> words = known ? words_of(*known, unit.context()) : std::nullopt;
    flow flow(*seen.found.function, unit.context(), program.effects(unit));
    std::optional<unsigned> lock =
        flow.complete() && known && known->object ? flow.lock(known->object) : std::nullopt;
    if (!words || !lock || !llvm::StringRef(words->function).starts_with("pthread_"))
        return refuse("which lock that is does not follow from the source");
    std::vector<const clang::Stmt *> path = path_to(*seen.found.function, known->at);
    const clang::Stmt *take = statement_of(path);
    const auto *alone = llvm::dyn_cast_or_null<clang::Expr>(take);
    auto at = std::find(path.begin(), path.end(), take);
    const auto *block = at == path.begin() || at == path.end()
                            ? nullptr
                            : llvm::dyn_cast<clang::CompoundStmt>(at[-1]);
    if (!alone || alone->IgnoreParenCasts() != known->at || !block)
        return refuse("the lock is not taken by a statement of its own");
    section section;
    if (std::string reason = section_of(*block, take, flow, *lock, section); !reason.empty())
        return refuse(reason);
    std::string function = seen.found.function->getNameAsString();
    std::string name = "release_for_" + function;
    std::string step = step_in(unit, take->getBeginLoc());
    std::string why = "the thread may be ended in this section";
    return propose(
        {insert_above(unit, seen.found.function->getOuterLocStart(),
                      "static void " + name + "(void *lock)\n{\n" + step + words->function +
                          "unlock(lock);\n}\n\n",
                      why),
         insert_below(unit, behind(unit, *take),
                      "pthread_cleanup_push(" + name + ", " + words->argument + ");", why),
         replace(unit, section.release->getSourceRange(), "pthread_cleanup_pop(1)", why)},
        "If the thread is cancelled in this section, or leaves by pthread_exit, the handler "
        "releases the lock; if not, the end of the section does, as before. Nothing else leaves "
        "the section.",
        "What the lock guards may be half done when the thread is ended; a handler that knows "
        "the data could put it in order.");
}

} // namespace snarl
