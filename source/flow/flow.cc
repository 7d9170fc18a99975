// SPDX-License-Identifier: Apache-2.0
//
// A worklist of blocks with one state each. A state that a block has had before is dropped; since
// there are finitely many, that ends. A block with too many states forgets conditions (two states
// that hold the same come together), and a function that is too much all the same is given up.
#include "source/flow/flow_engine.hh"

#include <clang/AST/ASTContext.h>
#include <clang/AST/ExprCXX.h>
#include <clang/AST/RecursiveASTVisitor.h>

#include <algorithm>

namespace snarl
{

namespace
{

constexpr std::size_t states_of_block = 64, states_at_most = 1000, steps_at_most = 50000;

// Whether a function has anything to do with locks at all.
class lock_calls : public clang::RecursiveASTVisitor<lock_calls>
{
  public:
    explicit lock_calls(const effects_of &known) : known_(known)
    {
    }

    bool found = false;

    bool shouldVisitImplicitCode() const
    {
        return true;
    }

    bool VisitCallExpr(clang::CallExpr *expression)
    {
        std::optional<call> known = call_of(expression);
        found = found || (known && (known->what == operation::acquire ||
                                    known->what == operation::try_acquire ||
                                    known->what == operation::release));
        return look(expression->getDirectCallee());
    }

    bool VisitCXXConstructExpr(clang::CXXConstructExpr *made)
    {
        return look(made->getConstructor());
    }

    bool VisitVarDecl(clang::VarDecl *variable)
    {
        found = found || guard_of(variable) || variable->hasAttr<clang::CleanupAttr>();
        return !found;
    }

  private:
    bool look(const clang::FunctionDecl *callee)
    {
        const std::vector<effect> *effects = callee && known_ ? known_(*callee) : nullptr;
        found = found || (effects && !effects->empty());
        return !found;
    }

    const effects_of &known_;
};

// The call that ends the thread in a block that goes no further.
const clang::CallExpr *thread_end(const clang::CFGBlock &block)
{
    for (const clang::CFGElement &element : block) {
        auto s = element.getAs<clang::CFGStmt>();
        const auto *call = s ? llvm::dyn_cast<clang::CallExpr>(s->getStmt()) : nullptr;
        const clang::FunctionDecl *callee = call ? call->getDirectCallee() : nullptr;
        if (callee && callee->getIdentifier() &&
            (callee->getName() == "pthread_exit" || callee->getName() == "thrd_exit"))
            return call;
    }
    return nullptr;
}

} // namespace

flow::engine::engine(const clang::FunctionDecl &f, const clang::ASTContext &c, effects_of known)
    : function(f), context(c), names(f, c), known_(std::move(known))
{
    if (!f.doesThisDeclarationHaveABody() || f.isDependentContext() || f.isInvalidDecl())
        return;
    clang::CFG::BuildOptions options;
    options.setAllAlwaysAdd();
    options.AddImplicitDtors = true;
    options.AddInitializers = true;
    graph = clang::CFG::buildCFG(&f, f.getBody(), &const_cast<clang::ASTContext &>(c), options);
    if (!graph)
        return;
    for (const clang::CFGBlock *block : *graph) {
        std::size_t index = 0;
        for (const clang::CFGElement &element : *block) {
            if (auto s = element.getAs<clang::CFGStmt>())
                places.emplace(s->getStmt(), std::pair(block, index));
            index++;
        }
    }
    parents_ = std::make_unique<clang::ParentMap>(f.getBody());
    conditions_ = std::make_unique<conditions>(
        *graph, c, [this](const clang::CallExpr &call) { return unique(call); });
    follow_facts_ = does_something();
    run();
}

bool flow::engine::does_something() const
{
    lock_calls visitor(known_);
    visitor.TraverseDecl(const_cast<clang::FunctionDecl *>(&function));
    return visitor.found;
}

unsigned flow::engine::number(const lock_name &name)
{
    auto [place, added] = numbers_.emplace(name.key(), locks.size());
    if (added)
        locks.push_back(name);
    return place->second;
}

const std::vector<effect> *flow::engine::effects_for(const clang::FunctionDecl *callee) const
{
    return callee && known_ ? known_(*callee) : nullptr;
}

void flow::engine::run()
{
    complete = true;
    enter(graph->getEntry(), {});
    while (!work_.empty() && complete) {
        auto [block, first] = work_.back();
        work_.pop_back();
        states now{first};
        for (const clang::CFGElement &element : *block) {
            states next;
            for (const state &one : now)
                for (state &result : step(element, one, nullptr))
                    next.push_back(std::move(result));
            now = std::move(next);
        }
        for (const state &last : now)
            leave(*block, last);
        steps_ += now.size();
        complete = steps_ < steps_at_most;
    }
}

void flow::engine::enter(const clang::CFGBlock &block, state next)
{
    std::set<state> &known = entries[&block];
    if (!follow_facts_ || crowded_.count(&block))
        next.known.clear();
    if (!known.insert(next).second)
        return;
    if (known.size() > states_of_block && crowded_.insert(&block).second) {
        std::set<state> fewer;
        for (state one : known) {
            one.known.clear();
            if (fewer.insert(one).second)
                work_.emplace_back(&block, one);
        }
        known = std::move(fewer);
        return;
    }
    complete = complete && known.size() < states_at_most;
    work_.emplace_back(&block, std::move(next));
}

void flow::engine::add_exit(way how, const clang::Stmt *at, const state &last)
{
    std::optional<bool> zero;
    if (const auto *returned = llvm::dyn_cast_or_null<clang::ReturnStmt>(at))
        if (const clang::Expr *value = returned->getRetValue())
            if (std::optional<bool> holds = conditions_->evaluate(value, last.known))
                zero = !*holds;
    for (const exit &other : exits)
        if (other.how == how && other.at == at && other.zero == zero &&
            other.left.locks == last.locks && other.left.cleanups == last.cleanups)
            return;
    exits.push_back({how, at, zero, last});
}

void flow::engine::leave(const clang::CFGBlock &block, state last)
{
    if (&block == &graph->getExit())
        return;
    if (block.hasNoReturnElement()) {
        if (const clang::CallExpr *ends = thread_end(block))
            add_exit(way::thread_exit, ends, last);
        return;
    }
    if (block.getTerminatorStmt() && block.succ_size() > 1) {
        branch(block, last);
        return;
    }
    for (const clang::CFGBlock::AdjacentBlock &next : block.succs()) {
        const clang::CFGBlock *to = next.getReachableBlock();
        if (!to)
            continue;
        bool thrown = llvm::any_of(block, [](const clang::CFGElement &element) {
            auto s = element.getAs<clang::CFGStmt>();
            return s && llvm::isa<clang::CXXThrowExpr>(s->getStmt());
        });
        if (to == &graph->getExit() && !thrown)
            add_exit(last.returning ? way::returns : way::ends, last.returning, last);
        else if (to != &graph->getExit())
            enter(*to, last);
    }
}

void flow::engine::branch(const clang::CFGBlock &block, const state &last)
{
    if (const auto *choice = llvm::dyn_cast<clang::SwitchStmt>(block.getTerminatorStmt())) {
        branch_switch(block, *choice, last);
        return;
    }
    const clang::Expr *condition = block.succ_size() == 2 ? block.getLastCondition() : nullptr;
    bool holds = true;
    for (const clang::CFGBlock::AdjacentBlock &next : block.succs()) {
        state then = last;
        const clang::CFGBlock *to = next.getReachableBlock();
        if (to && (!condition || conditions_->assume(condition, holds, then.known))) {
            if (to == &graph->getExit())
                add_exit(last.returning ? way::returns : way::ends, last.returning, then);
            else
                enter(*to, then);
        }
        holds = false;
    }
}

void flow::engine::branch_switch(const clang::CFGBlock &block, const clang::SwitchStmt &choice,
                                 const state &last)
{
    auto value_of = [&](const clang::Stmt *label) -> std::optional<std::int64_t> {
        const auto *one = llvm::dyn_cast_or_null<clang::CaseStmt>(label);
        clang::Expr::EvalResult value;
        if (!one || one->getRHS() || !one->getLHS()->EvaluateAsInt(value, context))
            return std::nullopt;
        return value.Val.getInt().getExtValue();
    };
    for (const clang::CFGBlock::AdjacentBlock &next : block.succs()) {
        const clang::CFGBlock *to = next.getReachableBlock();
        if (!to)
            continue;
        state then = last;
        bool possible = true;
        std::optional<std::int64_t> value = value_of(to->getLabel());
        if (value)
            possible = conditions_->assume_value(choice.getCond(), *value, true, then.known);
        bool other = !to->getLabel() || llvm::isa<clang::DefaultStmt>(to->getLabel());
        for (const clang::SwitchCase *one = choice.getSwitchCaseList(); other && possible && one;
             one = one->getNextSwitchCase())
            if (std::optional<std::int64_t> taken = value_of(one))
                possible = conditions_->assume_value(choice.getCond(), *taken, false, then.known);
        if (possible && to == &graph->getExit())
            add_exit(way::ends, nullptr, then);
        else if (possible)
            enter(*to, then);
    }
}

flow::engine::states flow::engine::before(const clang::CFGBlock &block, std::size_t index,
                                          const listener *seen)
{
    auto entry = entries.find(&block);
    if (entry == entries.end())
        return {};
    std::set<state> now = entry->second;
    for (std::size_t i = 0; i < index; i++) {
        std::set<state> next;
        for (const state &one : now)
            for (state &result : step(block[i], one, seen))
                next.insert(std::move(result));
        now = std::move(next);
    }
    return {now.begin(), now.end()};
}

} // namespace snarl
