// SPDX-License-Identifier: Apache-2.0
//
// A lock that a function gives back on one way out and keeps on another. Some do so on purpose, and
// what they return tells which it was: no finding if a caller gives back what the function kept, or
// if nobody knows the callers and success and failure are told apart by what is returned. The name
// says it, too. And main ends the process.
#include "source/check/check.hh"

#include <llvm/ADT/StringRef.h>

#include <algorithm>

namespace snarl
{

namespace
{

constexpr int callers_at_most = 6;

bool named_as_lock(llvm::StringRef name)
{
    std::string lower =
        name.rsplit("::").second.empty() ? name.lower() : name.rsplit("::").second.lower();
    llvm::StringRef text(lower);
    for (const char *word : {"lock", "acquire", "enter", "begin", "grab"})
        if (text.contains(word))
            return true;
    return false;
}

bool same_place(const code_place &a, const code_place &b)
{
    return a.file == b.file && a.line == b.line && a.column == b.column;
}

bool is_lock(const lock_name &one, const lock_name &other)
{
    return one.key() == other.key() ||
           (!one.wide_key().empty() && one.wide_key() == other.wide_key());
}

// A lock of which only the member is known.
lock_name nowhere(lock_name lock)
{
    if (!lock.is_global()) {
        lock.from = lock_name::base::local;
        lock.root.assign(1, '?');
    }
    return lock;
}

bool is_nowhere(const lock_name &lock)
{
    return lock.from == lock_name::base::local && lock.root == "?";
}

// The locks that a deed gives back: its own, or those of what it calls.
std::vector<lock_name> given_back(const survey &functions, const deed &deed)
{
    std::vector<lock_name> result;
    if (deed.what == operation::release && deed.lock)
        result.push_back(*deed.lock);
    auto callee = functions.functions.find(deed.callee);
    if (deed.what || callee == functions.functions.end())
        return result;
    for (const snarl::deed &inner : callee->second.deeds)
        if (inner.what == operation::release && inner.lock && inner.untouched)
            result.push_back(nowhere(*inner.lock)); // whatever the caller calls it
    for (const effect &effect : callee->second.effects)
        if (effect.does == effect::what::gives_back)
            if (std::optional<lock_name> lock = at_caller(effect.lock, deed))
                result.push_back(*lock);
    return result;
}

// Whether a deed gives the lock back that `use` may have left held.
bool gives_back(const survey &functions, const program::use &use, const deed &deed,
                const lock_name &there)
{
    for (const lock_name &released : given_back(functions, deed)) {
        if (!is_lock(released, there))
            continue;
        auto held = std::find_if(deed.must.begin(), deed.must.end(), [&](const taken_lock &t) {
            return t.lock.key() == released.key() ||
                   (is_nowhere(released) && t.lock.wide_key() == released.wide_key());
        });
        if (held == deed.must.end() || same_place(held->at, use.call->at))
            return true;
    }
    return false;
}

// Whether the caller of `use` gives the lock back without having taken it otherwise, or leaves it
// to its own callers, and one of them does; or nobody knows them.
bool sees_to_it(checking &checking, const program::use &use, const lock_name &lock, int depth)
{
    const function_record &caller = *use.caller;
    lock_name there = at_caller(lock, *use.call).value_or(nowhere(lock));
    for (const deed &deed : caller.deeds)
        if (&deed != use.call && gives_back(checking.functions, use, deed, there))
            return true;
    bool ends = caller.name == "main" || checking.functions.thread_starts.count(caller.usr) > 0;
    bool leaves = std::any_of(caller.effects.begin(), caller.effects.end(), [&](const effect &e) {
        return e.does != effect::what::gives_back && is_lock(e.lock, there);
    });
    if (ends || !leaves)
        return false;
    if (!checking.calls.has_known_callers(caller.usr) || depth >= callers_at_most)
        return true;
    const std::vector<program::use> &outer = checking.calls.callers(caller.usr);
    return std::any_of(outer.begin(), outer.end(), [&](const program::use &one) {
        return sees_to_it(checking, one, there, depth + 1);
    });
}

bool is_meant(checking &checking, const function_record &function, const kept_lock &kept);

// Whether the function that took the lock for this one is told of instead.
bool is_told_inside(checking &checking, const kept_lock &kept)
{
    auto callee = checking.functions.functions.find(kept.taken_by);
    return callee != checking.functions.functions.end() &&
           std::any_of(
               callee->second.kept.begin(), callee->second.kept.end(), [&](const kept_lock &one) {
                   return one.taken_by != kept.taken_by && !is_meant(checking, callee->second, one);
               });
}

bool is_meant(checking &checking, const function_record &function, const kept_lock &kept)
{
    if (function.name == "main" || named_as_lock(function.name) || is_told_inside(checking, kept))
        return true;
    if (checking.functions.thread_starts.count(function.usr))
        return false;
    const std::vector<program::use> &uses = checking.calls.callers(function.usr);
    if (!checking.calls.has_known_callers(function.usr) && !kept.failure &&
        (kept.told || kept.success))
        return true;
    return std::any_of(uses.begin(), uses.end(), [&](const program::use &use) {
        return sees_to_it(checking, use, kept.taken.lock, 0);
    });
}

} // namespace

void check_kept(checking &checking)
{
    for (const auto &[usr, function] : checking.functions.functions)
        for (const kept_lock &kept : function.kept) {
            if (is_meant(checking, function, kept))
                continue;
            const std::string &lock = kept.taken.lock.label;
            told one{hazard::ABANDONED_LOCK,
                     lock + " is not released on a way out of " + function.name,
                     "",
                     "",
                     {kept.taken.lock},
                     {}};
            one.story = function.name + " takes " + lock + " and " +
                        (kept.thread_ends ? "ends the thread" : "returns") + " at " +
                        at_line(kept.out) + " without giving it back. On another way it does, at " +
                        at_line(kept.given_back) +
                        ". Whoever wants it from then on waits for ever.";
            one.reason = "whether the program ever goes this way is not known";
            one.sites = {{"takes", 1, 0, {kept.taken.at}},
                         {"ends", 1, 0, {kept.out}, "leaves without giving it back"},
                         {"releases", 1, 0, {kept.given_back}, "gives it back on another way"}};
            checking.found.push_back(std::move(one));
        }
}

} // namespace snarl
