// SPDX-License-Identifier: Apache-2.0
#include "source/fix/whole_program.hh"

#include "source/flow/program.hh"
#include "source/flow/survey.hh"

#include <clang/AST/ASTContext.h>
#include <clang/AST/ExprCXX.h>
#include <clang/AST/RecursiveASTVisitor.h>

#include <algorithm>

namespace snarl
{

namespace
{

// What the paths through a function have for a loop: its condition.
const clang::Stmt *first_in(const clang::Stmt &code)
{
    if (const auto *loop = llvm::dyn_cast<clang::WhileStmt>(&code))
        return loop->getCond();
    if (const auto *loop = llvm::dyn_cast<clang::DoStmt>(&code))
        return loop->getCond();
    if (const auto *loop = llvm::dyn_cast<clang::ForStmt>(&code))
        return loop->getCond();
    return &code;
}

// Why a function may wait while it holds a lock, which it takes itself.
std::string waits_in(const clang::FunctionDecl &function, const lock_name &lock, const unit &unit,
                     const effects_of &known_effects)
{
    flow flow(function, unit.context(), known_effects);
    std::vector<unsigned> same;
    std::string key = lock.is_global() ? lock.key() : lock.wide_key();
    if (!flow.complete())
        return function.getNameAsString() + "() has too many paths (" +
               where(unit, function.getLocation()) + ")";
    for (unsigned i = 0; i < flow.locks().size(); i++)
        if ((lock.is_global() ? flow.locks()[i].key() : flow.locks()[i].wide_key()) == key)
            same.push_back(i);
    auto held_at = [&](const clang::Stmt *at) {
        std::vector<flow::held> may = flow.before(at).may;
        return std::any_of(may.begin(), may.end(), [&](const flow::held &held) {
            return std::find(same.begin(), same.end(), held.lock) != same.end();
        });
    };
    std::string reason;
    std::function<void(const clang::Stmt *)> look = [&](const clang::Stmt *code) {
        if (!code || !reason.empty())
            return;
        const auto *e = llvm::dyn_cast<clang::CallExpr>(code);
        std::optional<call> known = e ? call_of(e) : std::nullopt;
        bool own_wait = known && known->what == operation::wait && known->mutex &&
                        flow.lock(known->mutex) && same.size() == 1 &&
                        *flow.lock(known->mutex) == same[0];
        std::string itself = own_wait ? "" : may_wait_itself(*code, unit);
        if (!itself.empty() && held_at(first_in(*code)))
            reason = itself;
        for (const clang::Stmt *child : code->children())
            look(child);
    };
    if (!same.empty())
        look(function.getBody());
    return reason;
}

} // namespace

whole_program::whole_program(project &project) : project_(project)
{
}

whole_program::~whole_program() = default;

std::string whole_program::each_unit(const clang::NamedDecl &declaration,
                                     const std::shared_ptr<unit> &home,
                                     const std::function<std::string(const unit &)> &look)
{
    const clang::SourceManager &sources = home->sources();
    clang::SourceLocation at = sources.getExpansionLoc(declaration.getLocation());
    bool local = declaration.getParentFunctionOrMethod() != nullptr;
    bool own = sources.isInMainFile(at) && !declaration.isExternallyVisible();
    if (own || local || (llvm::isa<clang::FieldDecl>(declaration) && sources.isInMainFile(at)))
        return look(*home);
    const std::vector<std::string> &files = project_.files();
    if (files.empty())
        return "without a compile database it is not known which files the program has";
    for (const std::string &file : files) {
        std::shared_ptr<unit> unit = file == home->main_file() ? home : project_.parse(file);
        if (!unit || unit->has_errors())
            return file + " could not be read, and may use it";
        if (std::string reason = look(*unit); !reason.empty())
            return reason;
    }
    return "";
}

void whole_program::look_at(const unit &home)
{
    const std::vector<std::string> &files = project_.files();
    bool all = !files.empty();
    if (survey_ && (all || of_ == home.main_file()))
        return;
    of_ = home.main_file();
    survey_ = std::make_unique<survey>();
    survey_->take(project_, all ? files : std::vector<std::string>{of_});
    functions_ = std::make_unique<snarl::program>(*survey_);
}

effects_of whole_program::effects(const unit &home)
{
    look_at(home);
    return [this](const clang::FunctionDecl &function) -> const std::vector<effect> * {
        auto known = survey_->functions.find(usr_of(function));
        return known == survey_->functions.end() ? nullptr : &known->second.effects;
    };
}

std::string whole_program::called_with_locks(const clang::FunctionDecl &function,
                                             const std::shared_ptr<unit> &home)
{
    look_at(*home);
    std::string name = function.getNameAsString() + "()";
    const std::optional<std::set<std::string>> &held =
        functions_->maybe_held_by_callers(usr_of(function));
    if (!held)
        return "it is not known from where " + name + " is called";
    return held->empty() ? "" : name + " may be called with a lock held";
}

std::string whole_program::waits_under(const lock_name &lock, const clang::ValueDecl &root,
                                       const std::shared_ptr<unit> &home)
{
    return each_unit(root, home, [&](const unit &unit) -> std::string {
        for (const clang::FunctionDecl *function : bodies_of(unit))
            if (std::string reason = waits_in(*function, lock, unit, effects(*home));
                !reason.empty())
                return reason;
        return "";
    });
}

} // namespace snarl
