// SPDX-License-Identifier: Apache-2.0
//
// Two patterns. A lock is given back twice: on some path to the release the function gave it back
// before. Or a lock is given back that the function never takes. The second is told only where all
// callers are known and none can hold it (a thread's routine, or what only such call), since else
// the function may be the half of a pair.
#include "source/check/check.hh"

#include <algorithm>

namespace snarl
{

namespace
{

void tell_twice(checking &checking, const function_record &function, const deed &deed)
{
    const std::string &lock = deed.lock->label;
    told one{hazard::UNLOCK_NOT_HELD,
             function.name + " unlocks " + lock + " twice",
             "",
             "",
             {*deed.lock},
             {}};
    one.story = function.name + " gives back " + lock + " at " + at_line(deed.released) +
                ", and again at " + at_line(deed.at) +
                " without having taken it between. If another thread has taken it by then, that "
                "one loses it.";
    one.reason = "whether the program ever goes this way is not known";
    one.sites = {{"releases", 1, 0, {deed.at}},
                 {"releases", 1, 0, {deed.released}, "gave it back before"}};
    checking.found.push_back(std::move(one));
}

bool keeps(const function_record &function, const lock_name &lock)
{
    for (const effect &effect : function.effects)
        if (effect.does == effect::what::takes && effect.lock.key() == lock.key())
            return true;
    return std::any_of(function.kept.begin(), function.kept.end(),
                       [&](const kept_lock &kept) { return kept.taken.lock.key() == lock.key(); });
}

// The lock that the function holds instead, if it does and keeps it.
const taken_lock *held_instead(const function_record &function, const deed &deed)
{
    for (const taken_lock &held : deed.must)
        if (!held.guarded && held.lock.type == deed.lock->type && keeps(function, held.lock))
            return &held;
    return nullptr;
}

void check_other(checking &checking, const function_record &function, const deed &deed)
{
    const std::optional<std::set<std::string>> &callers =
        checking.calls.maybe_held_by_callers(function.usr);
    std::string wide = deed.lock->wide_key();
    if (!callers || wide.empty() || callers->count(wide) || callers->count(unnamed) ||
        function.touched.count(deed.lock->key()) || function.takes_unnamed)
        return;
    const std::string &lock = deed.lock->label;
    bool waits = deed.what == operation::wait;
    std::string does = waits ? " waits at a condition with " + lock : " unlocks " + lock;
    told one{hazard::UNLOCK_NOT_HELD,
             function.name + does + ", which it does not hold",
             "",
             "",
             {*deed.lock},
             {}};
    one.story = function.name + does + " at " + at_line(deed.at) +
                ", which neither it nor any caller has taken.";
    one.sites = {{waits ? "waits" : "releases", 1, 0, {deed.at}}};
    if (const taken_lock *held = held_instead(function, deed)) {
        one.title = function.name + does + ", but holds " + held->lock.label;
        one.story += " It holds " + held->lock.label + " instead, taken at " + at_line(held->at) +
                     ", and keeps it.";
        one.locks.push_back(held->lock);
        one.sites.push_back({"holds", 1, 1, {held->at}, "is what it holds"});
    }
    one.story += " If another thread holds it, that one loses it.";
    one.reason = "that nothing else takes it for this thread is not known";
    checking.found.push_back(std::move(one));
}

} // namespace

void check_unlocks(checking &checking)
{
    for (const auto &[usr, function] : checking.functions.functions)
        for (const deed &deed : function.deeds) {
            bool unlocks = deed.what == operation::release;
            if (!deed.lock || (!unlocks && deed.what != operation::wait))
                continue;
            if (unlocks && deed.free && deed.released.line)
                tell_twice(checking, function, deed);
            else if (deed.untouched)
                check_other(checking, function, deed);
        }
}

} // namespace snarl
