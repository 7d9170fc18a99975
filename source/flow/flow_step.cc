// SPDX-License-Identifier: Apache-2.0
//
// What one element of a block makes of a state. A call that may come back with or without the lock
// makes two of it, each with what the call returned as a fact.
#include "source/flow/flow_engine.hh"

#include <clang/AST/ASTContext.h>
#include <clang/AST/Attr.h>
#include <clang/AST/ExprCXX.h>

namespace snarl
{

namespace
{

constexpr int depth_at_most = 3;

const clang::VarDecl *variable_of(const clang::Expr *expression)
{
    const auto *name =
        expression ? llvm::dyn_cast<clang::DeclRefExpr>(expression->IgnoreUnlessSpelledInSource())
                   : nullptr;
    return name ? llvm::dyn_cast<clang::VarDecl>(name->getDecl()) : nullptr;
}

bool is_named(const clang::FunctionDecl *function, llvm::StringRef name)
{
    return function && function->getIdentifier() && function->getName() == name;
}

const clang::Expr *initial(const clang::Expr *expression)
{
    const clang::VarDecl *variable = variable_of(expression->IgnoreParenCasts());
    return variable && variable->getInit() ? variable->getInit()->IgnoreParenCasts() : nullptr;
}

} // namespace

void flow::engine::tell(const listener *seen, const clang::Stmt &at, std::optional<operation> what,
                        const clang::FunctionDecl *callee, std::optional<unsigned> lock,
                        bool shared, bool timed, const states &now) const
{
    if (seen)
        (*seen)({&at, what, callee, lock, shared, timed, now});
}

// Calls whose outcome says what they did.
bool flow::engine::unique(const clang::CallExpr &call) const
{
    if (call_of(&call))
        return true;
    const std::vector<effect> *effects = effects_for(call.getDirectCallee());
    return effects && !effects->empty();
}

bool flow::engine::consumed(const clang::Stmt &call) const
{
    const auto *expression = llvm::dyn_cast<clang::Expr>(&call);
    return expression && parents_->isConsumedExpr(const_cast<clang::Expr *>(expression));
}

void flow::engine::acquire(unsigned lock, bool shared, const clang::VarDecl *guard,
                           const clang::Stmt &at, state &now) const
{
    hold &h = now.locks[lock];
    if (h.unsure && !h.held()) // whatever it was, it is held now
        h = {};
    h.unsure = h.held(); // how often it has to be given back depends on its type
    h.net = std::min(h.net + 1, depth_at_most);
    h.taken = &at;
    h.shared = shared;
    h.guard = guard;
    h.unclear = nullptr;
}

void flow::engine::release(unsigned lock, const clang::Stmt &at, state &now) const
{
    auto [place, untouched] = now.locks.try_emplace(lock);
    hold &h = place->second;
    if (h.held()) {
        h.net--;
    } else if (untouched || h.unsure) {
        h.from_caller = true;
        h.net = -1;
    }
    h.released = &at;
    if (!h.held()) {
        h.guard = nullptr;
        h.unsure = false;
    }
}

void flow::engine::unsure(unsigned lock, const clang::Expr *why, states &now) const
{
    for (state &one : now) {
        hold &h = one.locks[lock];
        h.unsure = true;
        h.unclear = why;
    }
}

void flow::engine::all_unsure(const clang::Expr *why, states &now) const
{
    for (state &one : now)
        for (auto &[lock, h] : one.locks)
            if (h.held())
                h.unsure = true, h.unclear = why;
}

// A variable has another value: whatever was named by it has that name no more.
void flow::engine::assigned(const clang::ValueDecl *declaration, states &now) const
{
    for (state &one : now)
        std::erase_if(one.locks, [&](const auto &entry) {
            const auto &by = locks[entry.first].by;
            return std::find(by.begin(), by.end(), declaration) != by.end();
        });
}

// Two ways to come back, where somebody looks which it was.
void flow::engine::try_or_take(unsigned lock, const call &known, states &now)
{
    const auto &at = llvm::cast<clang::CallExpr>(*known.at);
    bool fails = known.what == operation::try_acquire || consumed(at);
    bool zero_if_taken = known.flags & zero;
    states result;
    for (state &one : now) {
        conditions_->forget_result(at, one.known);
        state without = one;
        acquire(lock, known.flags & shared, nullptr, at, one);
        if (known.flags & (zero | nonzero) && follow_facts_ && consumed(at)) {
            conditions_->set_result(at, zero_if_taken, one.known);
            conditions_->set_result(at, !zero_if_taken, without.known);
        }
        result.push_back(one);
        if (fails && known.flags & (zero | nonzero))
            result.push_back(without);
    }
    now = std::move(result);
}

void flow::engine::call_of_table(const call &known, states &now, const listener *seen)
{
    const clang::Expr *object = known.what == operation::wait ? known.mutex : known.object;
    const clang::VarDecl *variable = variable_of(object);
    bool lockish = known.what == operation::acquire || known.what == operation::try_acquire ||
                   known.what == operation::release;
    if (variable && guard_of(variable)) {
        if (lockish) {
            guard_operation(*variable, known, now, seen);
            return;
        }
        std::optional<guard> made = guard_of(variable);
        object = made->locks.empty() ? nullptr : made->locks.front();
    }
    std::optional<lock_name> name = object ? names.name(object) : std::nullopt;
    std::optional<unsigned> lock;
    if (name && (lockish || known.what == operation::wait))
        lock = number(*name);
    tell(seen, *known.at, known.what, nullptr, lock, known.flags & shared, known.flags & timed,
         now);
    if (known.what == operation::release && !lock)
        all_unsure(known.at, now);
    if (!lock || !lockish)
        return;
    if (known.what != operation::release) {
        try_or_take(*lock, known, now);
        return;
    }
    for (state &one : now)
        release(*lock, *known.at, one);
}

void flow::engine::apply(const effect &effect, const lock_name &name, const clang::Expr &call,
                         states &now)
{
    unsigned lock = number(name);
    const auto *returns = llvm::dyn_cast<clang::CallExpr>(&call);
    if (effect.does == effect::what::unclear) {
        unsure(lock, &call, now);
        return;
    }
    bool certain = effect.if_returned == effect::when::always || !returns;
    bool zero_if_done = effect.if_returned == effect::when::zero;
    states result;
    for (state &one : now) {
        if (!certain && follow_facts_) {
            state without = one;
            if (conditions_->result_may_be(*returns, !zero_if_done, without.known))
                result.push_back(without);
            if (!conditions_->result_may_be(*returns, zero_if_done, one.known))
                continue;
        }
        if (effect.does == effect::what::takes)
            acquire(lock, effect.shared, nullptr, call, one);
        else
            release(lock, call, one);
        result.push_back(one);
    }
    now = std::move(result);
}

void flow::engine::apply(const std::vector<effect> &effects, const clang::Expr &call, states &now)
{
    if (const auto *returns = llvm::dyn_cast<clang::CallExpr>(&call); returns && !effects.empty())
        for (state &one : now)
            conditions_->forget_result(*returns, one.known);
    for (const effect &one : effects) {
        if (one.does == effect::what::ends)
            now.clear();
        else if (std::optional<lock_name> name = names.name(one.lock, call))
            apply(one, *name, call, now);
        else if (one.does != effect::what::takes)
            all_unsure(&call, now);
    }
}

// A lock or guard that is handed to what nobody knows may come back otherwise.
void flow::engine::handed_out(const clang::Expr &call, states &now)
{
    const auto *plain = llvm::dyn_cast<clang::CallExpr>(&call);
    const auto *made = llvm::dyn_cast<clang::CXXConstructExpr>(&call);
    unsigned count = plain ? plain->getNumArgs() : made->getNumArgs();
    const clang::FunctionDecl *callee = callee_of(call);
    const std::vector<effect> *effects = effects_for(callee);
    bool of_library = made && made->getConstructor()->getParent()->isInStdNamespace();
    for (unsigned i = 0; i < count; i++) {
        const clang::Expr *argument = plain ? plain->getArg(i) : made->getArg(i);
        const clang::Expr *object = named_object(argument);
        if (!effects)
            escape_guard(variable_of(object), now);
        const auto *address = llvm::dyn_cast<clang::UnaryOperator>(argument->IgnoreParenCasts());
        if (address && address->getOpcode() == clang::UO_AddrOf)
            for (state &one : now)
                conditions_->assign(address->getSubExpr(), nullptr, one.known);
        if (effects || of_library || !object)
            continue;
        std::optional<lock_name> name = names.name(object);
        if (name && name->type != "")
            unsure(number(*name), &call, now);
    }
}

// pthread_cleanup_pop(1) of glibc: `__cancel_routine (__cancel_arg);`
void flow::engine::cancel_routine(const clang::CallExpr &call, states &now)
{
    const clang::Expr *routine = initial(call.getCallee());
    const clang::Expr *argument = call.getNumArgs() == 1 ? initial(call.getArg(0)) : nullptr;
    const auto *name = routine ? llvm::dyn_cast<clang::DeclRefExpr>(routine) : nullptr;
    const auto *target = name ? llvm::dyn_cast<clang::FunctionDecl>(name->getDecl()) : nullptr;
    if (!target || !argument) {
        all_unsure(&call, now);
        return;
    }
    llvm::StringRef called = target->getIdentifier() ? target->getName() : "";
    if (called.starts_with("pthread_") && called.ends_with("_unlock")) {
        std::optional<lock_name> lock = names.name(named_object(argument));
        for (state &one : now)
            if (lock)
                release(number(*lock), call, one);
        return;
    }
    const std::vector<effect> *effects = effects_for(target);
    if (!effects) {
        all_unsure(&call, now);
        return;
    }
    for (const effect &one : *effects)
        if (std::optional<lock_name> lock = names.name_by_value(one.lock, *argument))
            apply(one, *lock, call, now);
        else
            all_unsure(&call, now);
}

void flow::engine::call_of_function(const clang::Expr &call, states &now, const listener *seen)
{
    const clang::FunctionDecl *callee = callee_of(call);
    const auto *plain = llvm::dyn_cast<clang::CallExpr>(&call);
    if (callee)
        tell(seen, call, std::nullopt, callee, std::nullopt, false, false, now);
    if (plain && !callee) {
        const clang::VarDecl *through = variable_of(plain->getCallee()->IgnoreParenCasts());
        if (through && through->getName() == "__cancel_routine") {
            cancel_routine(*plain, now);
            return;
        }
    }
    if (is_named(callee, "__pthread_register_cancel"))
        for (state &one : now)
            one.cleanups++;
    if (is_named(callee, "__pthread_unregister_cancel"))
        for (state &one : now)
            one.cleanups -= one.cleanups > 0 ? 1 : 0;
    const auto *method = llvm::dyn_cast<clang::CXXMemberCallExpr>(&call);
    if (method && callee && callee->getIdentifier() &&
        (callee->getName() == "release" || callee->getName() == "swap"))
        escape_guard(variable_of(method->getImplicitObjectArgument()), now);
    if (const std::vector<effect> *effects = effects_for(callee))
        apply(*effects, call, now);
    handed_out(call, now);
}

void flow::engine::declared(const clang::VarDecl &variable, const clang::Stmt &at, states &now,
                            const listener *seen)
{
    assigned(&variable, now);
    if (follow_facts_)
        for (state &one : now)
            conditions_->assign(variable, variable.getInit(), one.known);
    if (std::optional<guard> made = guard_of(&variable)) {
        made_guard(*made, at, now, seen);
        return;
    }
    // What a constructor takes, the destructor gives back.
    const clang::Expr *init = variable.getInit();
    const auto *record = variable.getType()->getAsCXXRecordDecl();
    if (!init || !record || !record->hasDefinition() || record->hasTrivialDestructor())
        return;
    const clang::Expr *made = init->IgnoreUnlessSpelledInSource();
    for (state &one : now)
        for (auto &[lock, h] : one.locks)
            if (h.held() && (h.taken == made || h.taken == init))
                h.guard = &variable, h.taken = &at;
}

void flow::engine::statement(const clang::Stmt &s, states &now, const listener *seen)
{
    if (const auto *call = llvm::dyn_cast<clang::CallExpr>(&s)) {
        std::optional<snarl::call> known = call_of(call);
        if (known)
            call_of_table(*known, now, seen);
        else
            call_of_function(*call, now, seen);
    } else if (const auto *made = llvm::dyn_cast<clang::CXXConstructExpr>(&s)) {
        call_of_function(*made, now, seen);
    } else if (const auto *both = llvm::dyn_cast<clang::BinaryOperator>(&s)) {
        if (!both->isAssignmentOp())
            return;
        bool plain = both->getOpcode() == clang::BO_Assign;
        for (state &one : now)
            conditions_->assign(both->getLHS(), plain ? both->getRHS() : nullptr, one.known);
        std::optional<lvalue> target = lvalue_of(both->getLHS(), context);
        if (target && target->declaration())
            assigned(target->declaration(), now);
    } else if (const auto *unary = llvm::dyn_cast<clang::UnaryOperator>(&s)) {
        if (!unary->isIncrementDecrementOp())
            return;
        for (state &one : now)
            conditions_->assign(unary->getSubExpr(), nullptr, one.known);
        std::optional<lvalue> target = lvalue_of(unary->getSubExpr(), context);
        if (target && target->declaration())
            assigned(target->declaration(), now);
    } else if (const auto *declaration = llvm::dyn_cast<clang::DeclStmt>(&s)) {
        for (const clang::Decl *one : declaration->decls())
            if (const auto *variable = llvm::dyn_cast<clang::VarDecl>(one))
                declared(*variable, s, now, seen);
    } else if (llvm::isa<clang::ReturnStmt>(&s)) {
        for (state &one : now)
            one.returning = &s;
    }
}

flow::engine::states flow::engine::step(const clang::CFGElement &element, const state &from,
                                        const listener *seen)
{
    states now{from};
    if (auto s = element.getAs<clang::CFGStmt>()) {
        statement(*s->getStmt(), now, seen);
    } else if (auto end = element.getAs<clang::CFGAutomaticObjDtor>()) {
        scope_ends(*end->getVarDecl(), end->getTriggerStmt(), now);
    } else if (auto cleanup = element.getAs<clang::CFGCleanupFunction>()) {
        const std::vector<effect> *effects = effects_for(cleanup->getFunctionDecl());
        for (const effect &one : effects ? *effects : std::vector<effect>())
            if (std::optional<lock_name> lock = names.name(one.lock, *cleanup->getVarDecl()))
                for (state &each : now)
                    release(number(*lock), *function.getBody(), each);
        if (!effects)
            all_unsure(nullptr, now);
    }
    if (!follow_facts_)
        for (state &one : now)
            one.known.clear();
    return now;
}

} // namespace snarl
