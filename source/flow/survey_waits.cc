// SPDX-License-Identifier: Apache-2.0
//
// A wait is sound if control comes to it again while the mutex is still held: that is a loop around
// it, of whatever form, and something decides whether to wait once more. Otherwise, what was looked
// at before must be looked at again behind it: by a condition under the mutex, or by a condition
// later that looks at what was read under it. Waits of a mutex that the caller holds are not
// judged, nor those with a predicate; a wait with a time in a loop is a sleep that can be
// interrupted.
#include "source/flow/survey_unit.hh"

#include <clang/AST/ASTContext.h>
#include <clang/AST/ExprCXX.h>
#include <clang/AST/RecursiveASTVisitor.h>
#include <clang/Analysis/Analyses/Dominators.h>

#include <algorithm>

namespace snarl
{

namespace
{

using declarations = std::set<const clang::ValueDecl *>;

class names : public clang::RecursiveASTVisitor<names>
{
  public:
    declarations found;

    bool VisitDeclRefExpr(clang::DeclRefExpr *name)
    {
        if (!llvm::isa<clang::FunctionDecl>(name->getDecl()) &&
            !llvm::isa<clang::EnumConstantDecl>(name->getDecl()))
            found.insert(name->getDecl());
        return true;
    }

    bool VisitMemberExpr(clang::MemberExpr *member)
    {
        found.insert(member->getMemberDecl());
        return true;
    }
};

declarations names_in(const clang::Stmt *statement)
{
    names visitor;
    if (statement)
        visitor.TraverseStmt(const_cast<clang::Stmt *>(statement));
    return visitor.found;
}

bool meet(const declarations &a, const declarations &b)
{
    return std::any_of(a.begin(), a.end(), [&](const auto *one) { return b.count(one) > 0; });
}

// Not a local variable: what others can change.
bool is_shared(const clang::ValueDecl *declaration)
{
    const auto *variable = llvm::dyn_cast<clang::VarDecl>(declaration);
    return !variable || variable->hasGlobalStorage();
}

class judge
{
  public:
    judge(const flow &flow, const clang::FunctionDecl &function, const clang::ASTContext &context)
        : flow_(flow), function_(function), context_(context),
          depends_(const_cast<clang::CFG *>(flow.graph()))
    {
        for (const clang::CFGBlock *block : *flow.graph())
            for (std::size_t i = 0; i < block->size(); i++)
                if (auto s = (*block)[i].getAs<clang::CFGStmt>())
                    places_.emplace(s->getStmt(), std::pair(block, i));
    }

    std::optional<loose_wait> of(const flow::event &event)
    {
        const auto *call = llvm::dyn_cast<clang::CallExpr>(event.at);
        if (!call || !event.lock || has_predicate(*call) || !places_.count(call))
            return std::nullopt;
        flow::holding holding = flow::sum(event.before);
        auto mutex = std::find_if(holding.must.begin(), holding.must.end(),
                                  [&](const flow::held &h) { return h.lock == *event.lock; });
        if (mutex == holding.must.end() || flow_.comes_again(call, *event.lock))
            return std::nullopt;
        if (event.timed && around(call))
            return std::nullopt;
        const clang::Stmt *test = nullptr;
        declarations tested = tested_before(call, mutex->taken, test);
        if (tested_again(call, *event.lock, tested))
            return std::nullopt;
        loose_wait result;
        result.at = place_of(call->getBeginLoc(), &function_, context_);
        result.timed = event.timed;
        if (test)
            result.test = place_of(test->getBeginLoc(), &function_, context_);
        result.condition = label(*call);
        result.mutex.lock = flow_.locks()[*event.lock];
        result.mutex.lock.by.clear();
        result.mutex.at = place_of(mutex->taken->getBeginLoc(), &function_, context_);
        return result;
    }

  private:
    static bool has_predicate(const clang::CallExpr &call)
    {
        const auto *method = llvm::dyn_cast<clang::CXXMemberCallExpr>(&call);
        if (!method || !method->getMethodDecl()->getIdentifier())
            return false;
        return call.getNumArgs() > (method->getMethodDecl()->getName() == "wait" ? 1U : 2U);
    }

    std::string label(const clang::CallExpr &call) const
    {
        std::optional<snarl::call> known = call_of(&call);
        std::optional<lock_name> name =
            known && known->object ? flow_.names().name(known->object) : std::nullopt;
        return name ? name->label : "a condition";
    }

    // Whether control can come from behind the call to it again at all.
    bool around(const clang::CallExpr *call) const
    {
        const clang::CFGBlock *start = places_.at(call).first;
        std::set<const clang::CFGBlock *> seen;
        std::vector<const clang::CFGBlock *> work{start};
        while (!work.empty()) {
            const clang::CFGBlock *block = work.back();
            work.pop_back();
            for (const clang::CFGBlock::AdjacentBlock &next : block->succs()) {
                const clang::CFGBlock *to = next.getReachableBlock();
                if (to == start)
                    return true;
                if (to && seen.insert(to).second)
                    work.push_back(to);
            }
        }
        return false;
    }

    // What decides, since the mutex was taken, whether to wait.
    declarations tested_before(const clang::CallExpr *call, const clang::Stmt *taken,
                               const clang::Stmt *&test)
    {
        declarations result;
        std::set<clang::CFGBlock *> seen;
        std::vector<clang::CFGBlock *> work{const_cast<clang::CFGBlock *>(places_.at(call).first)};
        const clang::SourceManager &sources = context_.getSourceManager();
        while (!work.empty()) {
            clang::CFGBlock *block = work.back();
            work.pop_back();
            for (clang::CFGBlock *on : depends_.getControlDependencies(block)) {
                const clang::Expr *condition = on->getLastCondition();
                if (!seen.insert(on).second || !condition)
                    continue;
                work.push_back(on);
                if (sources.isBeforeInTranslationUnit(condition->getBeginLoc(),
                                                      taken->getBeginLoc()))
                    continue;
                declarations one = names_in(condition);
                if (!test && std::any_of(one.begin(), one.end(), is_shared))
                    test = condition;
                result.insert(one.begin(), one.end());
            }
        }
        return result;
    }

    // What an element makes of values that were read under the mutex: variables that have them.
    static void pass_on(const clang::Stmt &s, declarations &derived, const declarations &from)
    {
        const clang::Expr *value = nullptr;
        const clang::ValueDecl *target = nullptr;
        if (const auto *both = llvm::dyn_cast<clang::BinaryOperator>(&s)) {
            const auto *name =
                llvm::dyn_cast<clang::DeclRefExpr>(both->getLHS()->IgnoreParenCasts());
            if (both->isAssignmentOp() && name)
                target = name->getDecl(), value = both->getRHS();
        } else if (const auto *declared = llvm::dyn_cast<clang::DeclStmt>(&s)) {
            const auto *variable = declared->isSingleDecl()
                                       ? llvm::dyn_cast<clang::VarDecl>(declared->getSingleDecl())
                                       : nullptr;
            if (variable)
                target = variable, value = variable->getInit();
        }
        if (!value)
            return;
        declarations read = names_in(value);
        if (meet(read, from) || meet(read, derived))
            derived.insert(target);
    }

    // Follows what comes behind the wait: under the mutex, then without it.
    bool tested_again(const clang::CallExpr *call, unsigned lock, const declarations &tested) const
    {
        struct place {
            const clang::CFGBlock *block;
            std::size_t index;
            bool under;
        };
        auto [first, index] = places_.at(call);
        std::vector<place> work{{first, index + 1, true}};
        std::set<std::pair<const clang::CFGBlock *, bool>> seen;
        declarations derived;
        while (!work.empty()) {
            auto [block, i, under] = work.back();
            work.pop_back();
            bool back = false;
            for (; i < block->size() && !back; i++) {
                auto s = (*block)[i].getAs<clang::CFGStmt>();
                if (s && under)
                    pass_on(*s->getStmt(), derived, tested);
                back = s && s->getStmt() == call;
                under = under && !flow_.gives_back((*block)[i], lock);
            }
            const clang::Stmt *condition = block->getTerminatorCondition();
            declarations read = names_in(back ? nullptr : condition);
            if (meet(read, derived) || (under && meet(read, tested)))
                return true;
            for (const clang::CFGBlock::AdjacentBlock &next : block->succs()) {
                const clang::CFGBlock *to = next.getReachableBlock();
                if (to && !back && seen.insert({to, under}).second)
                    work.push_back({to, 0, under});
            }
        }
        return false;
    }

    const flow &flow_;
    const clang::FunctionDecl &function_;
    const clang::ASTContext &context_;
    clang::ControlDependencyCalculator depends_;
    std::map<const clang::Stmt *, std::pair<const clang::CFGBlock *, std::size_t>> places_;
};

} // namespace

std::vector<loose_wait> loose_waits(const flow &flow, const std::vector<flow::event> &events,
                                    const clang::FunctionDecl &function,
                                    const clang::ASTContext &context)
{
    std::vector<loose_wait> result;
    bool any = std::any_of(events.begin(), events.end(),
                           [](const flow::event &e) { return e.what == operation::wait; });
    if (!any)
        return result;
    judge judge(flow, function, context);
    for (const flow::event &event : events)
        if (event.what == operation::wait)
            if (std::optional<loose_wait> loose = judge.of(event))
                result.push_back(*loose);
    return result;
}

} // namespace snarl
