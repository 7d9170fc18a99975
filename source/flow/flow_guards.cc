// SPDX-License-Identifier: Apache-2.0
//
// Guards of C++ (calls.hh): what they take as they are made, by lock and unlock, and give back at
// the end of their scope. A guard that is handed out may be moved from: its locks are unsure then.
#include "source/flow/flow_engine.hh"

namespace snarl
{

void flow::engine::escape_guard(const clang::VarDecl *variable, states &now) const
{
    for (state &one : now)
        for (auto &[lock, h] : one.locks)
            if (variable && h.guard == variable)
                h.unsure = true, h.guard = nullptr;
}

void flow::engine::scope_ends(const clang::VarDecl &variable, const clang::Stmt *trigger,
                              states &now)
{
    for (state &one : now) {
        std::vector<unsigned> done;
        for (auto &[lock, h] : one.locks)
            if (h.guard == &variable && h.held())
                done.push_back(lock);
        for (unsigned lock : done)
            release(lock, trigger ? *trigger : *function.getBody(), one);
    }
}

void flow::engine::adopt(unsigned lock, const guard &made, const clang::Stmt &at, state &now) const
{
    hold &h = now.locks[lock];
    if (!h.held()) // by whom, std::lock or the caller, does not stand here
        h.net = 1, h.from_caller = false, h.unsure = true, h.taken = &at;
    h.guard = made.variable;
}

void flow::engine::made_guard(const guard &made, const clang::Stmt &at, states &now,
                              const listener *seen)
{
    std::vector<unsigned> numbers;
    for (const clang::Expr *object : made.locks)
        if (std::optional<lock_name> name = names.name(object))
            numbers.push_back(number(*name));
    if (made.adopts)
        for (state &one : now)
            for (unsigned lock : numbers)
                adopt(lock, made, at, one);
    if (!made.takes || made.adopts)
        return;
    // Several are taken at once: none of them is held while another one is waited for.
    for (unsigned lock : numbers)
        tell(seen, at, made.may_fail ? operation::try_acquire : operation::acquire, nullptr, lock,
             made.shared, false, now);
    states without = made.may_fail ? now : states();
    for (state &one : now)
        for (unsigned lock : numbers)
            acquire(lock, made.shared, made.variable, at, one);
    now.insert(now.end(), without.begin(), without.end());
}

// lock, unlock and so on of a guard.
void flow::engine::guard_operation(const clang::VarDecl &variable, const call &known, states &now,
                                   const listener *seen)
{
    std::optional<guard> made = guard_of(&variable);
    if (!made)
        return;
    for (const clang::Expr *object : made->locks) {
        std::optional<lock_name> name = names.name(object);
        if (!name)
            continue;
        unsigned lock = number(*name);
        tell(seen, *known.at, known.what, nullptr, lock, made->shared, known.flags & timed, now);
        states without;
        for (state &one : now) {
            if (known.what == operation::release)
                release(lock, *known.at, one);
            else {
                if (known.what == operation::try_acquire)
                    without.push_back(one);
                acquire(lock, made->shared, &variable, *known.at, one);
            }
        }
        now.insert(now.end(), without.begin(), without.end());
    }
}

} // namespace snarl
