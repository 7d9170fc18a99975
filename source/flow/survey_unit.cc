// SPDX-License-Identifier: Apache-2.0
#include "source/flow/survey_unit.hh"

#include <clang/AST/ASTContext.h>
#include <clang/AST/ExprCXX.h>
#include <clang/AST/RecursiveASTVisitor.h>
#include <clang/Analysis/Analyses/Dominators.h>
#include <clang/Basic/SourceManager.h>

#include <algorithm>

namespace snarl
{

namespace
{

// Whether an expression reads a number that the caller gave.
class parameters : public clang::RecursiveASTVisitor<parameters>
{
  public:
    bool found = false;

    bool VisitDeclRefExpr(clang::DeclRefExpr *name)
    {
        found = found || (llvm::isa<clang::ParmVarDecl>(name->getDecl()) &&
                          name->getType()->isIntegralOrEnumerationType());
        return !found;
    }
};

class describer
{
  public:
    describer(const flow &flow, const clang::FunctionDecl &function,
              const clang::ASTContext &context, function_record &record)
        : flow_(flow), function_(function), context_(context), record_(record),
          depends_(const_cast<clang::CFG *>(flow.graph()))
    {
        for (const clang::CFGBlock *block : *flow.graph())
            for (const clang::CFGElement &element : *block)
                if (auto s = element.getAs<clang::CFGStmt>())
                    blocks_.emplace(s->getStmt(), const_cast<clang::CFGBlock *>(block));
    }

    void run()
    {
        std::vector<flow::event> events = flow_.events();
        for (const flow::event &event : events)
            add(event);
        for (const flow::leak &leak : flow_.leaks())
            add(leak);
        record_.waits = loose_waits(flow_, events, function_, context_);
    }

  private:
    code_place place(const clang::Stmt *at) const
    {
        clang::SourceLocation where = function_.getBody()->getEndLoc();
        if (const auto *expression = llvm::dyn_cast_or_null<clang::Expr>(at))
            where = expression->getBeginLoc();
        else if (at)
            where = at->getBeginLoc();
        return place_of(where, &function_, context_);
    }

    taken_lock taken(const flow::held &held) const
    {
        return {outside(flow_.locks()[held.lock]), place(held.taken), held.shared,
                held.guard != nullptr};
    }

    static lock_name outside(lock_name name)
    {
        name.by.clear();
        return name;
    }

    bool by_parameter(const clang::Stmt *at)
    {
        auto block = blocks_.find(at);
        if (block == blocks_.end())
            return false;
        auto [known, added] = by_parameter_.emplace(block->second, false);
        if (!added)
            return known->second;
        std::set<clang::CFGBlock *> seen;
        std::vector<clang::CFGBlock *> work{block->second};
        bool result = false;
        while (!work.empty() && !result) {
            clang::CFGBlock *one = work.back();
            work.pop_back();
            for (clang::CFGBlock *on : depends_.getControlDependencies(one)) {
                if (!seen.insert(on).second)
                    continue;
                work.push_back(on);
                parameters visitor;
                if (const clang::Stmt *condition = on->getTerminatorCondition())
                    visitor.TraverseStmt(const_cast<clang::Stmt *>(condition));
                result = result || visitor.found;
            }
        }
        return by_parameter_[block->second] = result;
    }

    void add_lock(const flow::event &event, deed &one)
    {
        one.lock = outside(flow_.locks()[*event.lock]);
        if (one.what == operation::acquire || one.what == operation::try_acquire)
            record_.touched.insert(one.lock->key());
        bool untouched = true, free = false;
        for (const flow::state &state : event.before) {
            auto place = state.locks.find(*event.lock);
            bool touched = place != state.locks.end();
            bool free_here = touched && !place->second.held() && !place->second.unsure;
            free = free || free_here;
            untouched = untouched && !touched;
            if (free_here && place->second.released)
                one.released = this->place(place->second.released);
        }
        one.free = free && flow_.exact();
        one.untouched = untouched;
    }

    void add(const flow::event &event)
    {
        deed one;
        one.what = event.what;
        one.at = place(event.at);
        one.shared = event.shared;
        one.timed = event.timed;
        one.by_parameter = by_parameter(event.at);
        const auto *call = llvm::dyn_cast<clang::Expr>(event.at);
        const clang::FunctionDecl *callee = call ? callee_of(*call) : nullptr;
        one.called = callee ? display_name(*callee) : "";
        if (!event.what && event.callee) {
            one.callee = usr_of(*event.callee);
            one.arguments = flow_.names().arguments(*call);
        }
        flow::holding holding = flow::sum(event.before);
        for (const flow::held &held : holding.must)
            one.must.push_back(taken(held));
        for (const flow::held &held : holding.may)
            one.may.push_back(taken(held));
        std::set<unsigned> freed;
        for (const flow::state &state : event.before)
            for (const auto &[lock, hold] : state.locks)
                if (!hold.held() && hold.released && freed.insert(lock).second)
                    one.freed.push_back(outside(flow_.locks()[lock]));
        if (event.lock)
            add_lock(event, one);
        else if (event.what == operation::acquire || event.what == operation::try_acquire)
            record_.takes_unnamed = true;
        record_.deeds.push_back(std::move(one));
    }

    bool means_failure(const clang::Stmt *exit) const
    {
        const auto *returned = llvm::dyn_cast_or_null<clang::ReturnStmt>(exit);
        const clang::Expr *value = returned ? returned->getRetValue() : nullptr;
        clang::Expr::EvalResult number;
        if (!value || value->isValueDependent())
            return false;
        if (value->getType()->isPointerType())
            return value->isNullPointerConstant(const_cast<clang::ASTContext &>(context_),
                                                clang::Expr::NPC_ValueDependentIsNotNull) !=
                   clang::Expr::NPCK_NotNull;
        return value->getType()->isIntegerType() && value->EvaluateAsInt(number, context_) &&
               number.Val.getInt().isSigned() && number.Val.getInt().isNegative();
    }

    void add(const flow::leak &leak)
    {
        // The way out that stands first in the text is the one to show.
        const flow::exit *first = leak.kept.front();
        kept_lock kept;
        kept.taken.lock = outside(flow_.locks()[leak.lock]);
        kept.taken.at = place(leak.taken);
        if (const auto *call = llvm::dyn_cast<clang::Expr>(leak.taken))
            if (const clang::FunctionDecl *callee = callee_of(*call); callee && !call_of(call))
                kept.taken_by = usr_of(*callee);
        bool zero = true, nonzero = true, others_zero = true, others_nonzero = true;
        bool failure = true;
        for (const flow::exit *exit : leak.kept) {
            kept.thread_ends = kept.thread_ends || exit->how == flow::way::thread_exit;
            zero = zero && exit->zero && *exit->zero;
            nonzero = nonzero && exit->zero && !*exit->zero;
            failure = failure && means_failure(exit->at);
            if (exit->at && (!first->at || exit->at->getBeginLoc() < first->at->getBeginLoc()))
                first = exit;
        }
        for (const flow::exit *exit : leak.given_back) {
            others_zero = others_zero && exit->zero && *exit->zero;
            others_nonzero = others_nonzero && exit->zero && !*exit->zero;
        }
        kept.told = (zero && others_nonzero) || (nonzero && others_zero);
        kept.success = nonzero && !others_nonzero;
        kept.failure = failure;
        kept.out = place(first->at);
        const flow::exit &back = *leak.given_back.front();
        kept.given_back = place(back.left.locks.at(leak.lock).released);
        record_.kept.push_back(std::move(kept));
    }

    const flow &flow_;
    const clang::FunctionDecl &function_;
    const clang::ASTContext &context_;
    function_record &record_;
    clang::ControlDependencyCalculator depends_;
    std::map<const clang::Stmt *, clang::CFGBlock *> blocks_;
    std::map<clang::CFGBlock *, bool> by_parameter_;
};

} // namespace

void describe(const flow &flow, const clang::FunctionDecl &function,
              const clang::ASTContext &context, function_record &record)
{
    describer(flow, function, context, record).run();
}

unit_survey::unit_survey(survey &whole, const unit &unit) : whole_(whole), unit_(unit)
{
}

const std::string &unit_survey::usr(const clang::FunctionDecl &function)
{
    const clang::FunctionDecl *canonical = function.getCanonicalDecl();
    auto [place, added] = usrs_.emplace(canonical, "");
    if (added)
        place->second = usr_of(*canonical);
    return place->second;
}

const std::vector<effect> *unit_survey::effects(const clang::FunctionDecl &function)
{
    auto known = whole_.functions.find(usr(function));
    return known == whole_.functions.end() ? nullptr : &known->second.effects;
}

void unit_survey::run()
{
    found_functions found = functions_of(unit_);
    for (const clang::FunctionDecl *function : found.bodies)
        if (!found.with_errors.count(function))
            bodies_.emplace(usr(*function), function);
        else
            whole_.passed_over.push_back(display_name(*function) +
                                         ": has errors, and was left alone");
    std::set<std::string> &called = whole_.calls_[unit_.main_file()];
    for (const auto &[caller, callee] : found.calls) {
        callees_[usr(*caller)].push_back(usr(*callee));
        called.insert(usr(*callee));
    }
    for (const clang::FunctionDecl *function : found.thread_starts)
        whole_.thread_starts.insert(usr(*function));
    for (const clang::FunctionDecl *function : found.address_taken)
        whole_.address_taken.insert(usr(*function));
    for (const clang::Expr *mutex : found.made_with_attributes)
        if (std::optional<lvalue> named = lvalue_of(mutex, unit_.context()))
            if (const clang::ValueDecl *declaration = named->declaration())
                // A parameter may stand for any lock.
                whole_.maybe_recursive.insert(
                    llvm::isa<clang::ParmVarDecl>(declaration) ? "" : usr_of(*declaration));
    for (const clang::VarDecl *variable : found.made_recursive)
        whole_.maybe_recursive.insert(usr_of(*variable));
    for (const auto &[name, function] : bodies_)
        visit(function);
}

void unit_survey::visit(const clang::FunctionDecl *function)
{
    const std::string &name = usr(*function);
    if (!done_.insert(name).second)
        return;
    for (const std::string &callee : callees_[name]) {
        auto body = bodies_.find(callee);
        if (body != bodies_.end())
            visit(body->second);
    }
    record(*function);
}

void unit_survey::record(const clang::FunctionDecl &function)
{
    const clang::ASTContext &context = unit_.context();
    if (!whole_.round_.insert(usr(function)).second)
        return; // of a header, and another unit had it
    function_record record;
    record.usr = usr(function);
    record.name = display_name(function);
    record.at = place_of(function.getLocation(), &function, context);
    record.external = function.isExternallyVisible();
    const auto *method = llvm::dyn_cast<clang::CXXMethodDecl>(&function);
    record.lambda = method && method->getParent()->isLambda();
    flow flow(function, context, [this](const clang::FunctionDecl &f) { return effects(f); });
    record.complete = flow.complete();
    if (flow.complete()) {
        record.effects = flow.effects();
        describe(flow, function, context, record);
    } else {
        whole_.passed_over.push_back(record.name + ": too many paths to follow");
    }
    auto before = whole_.functions.find(record.usr);
    bool changed = before == whole_.functions.end() ? !record.effects.empty()
                                                    : before->second.effects != record.effects;
    if (changed)
        whole_.changed_.insert(record.usr);
    whole_.functions[record.usr] = std::move(record);
}

} // namespace snarl
