// SPDX-License-Identifier: Apache-2.0
//
// Two patterns. A lock is given back twice: on all paths to the release the function gave it back
// before. Or another lock is given back than was taken: the function never takes the one, and keeps
// the other. The second is told only where all callers are known and none can hold the one, since
// else the function may be the half of a pair.
#include "source/check.hh"

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

void check_other(checking &checking, const function_record &function, const deed &deed)
{
    const std::optional<std::set<std::string>> &callers =
        checking.calls.maybe_held_by_callers(function.usr);
    std::string wide = deed.lock->wide_key();
    if (!callers || callers->count(wide) || (wide.empty() && !callers->empty()) ||
        function.touched.count(deed.lock->key()))
        return;
    for (const taken_lock &held : deed.must) {
        if (held.guarded || held.lock.type != deed.lock->type || !keeps(function, held.lock))
            continue;
        const std::string &lock = deed.lock->label, &other = held.lock.label;
        told one{hazard::UNLOCK_NOT_HELD,
                 function.name + " unlocks " + lock + ", but holds " + other,
                 "",
                 "",
                 {*deed.lock, held.lock},
                 {}};
        one.story = function.name + " takes " + other + " at " + at_line(held.at) +
                    " and gives back " + lock + " at " + at_line(deed.at) +
                    ", which neither it nor any caller has taken, while it keeps " + other + ".";
        one.reason = "whether the program ever goes this way is not known";
        one.sites = {{"releases", 1, 0, {deed.at}}, {"holds", 1, 1, {held.at}, "is what it holds"}};
        checking.found.push_back(std::move(one));
        return;
    }
}

} // namespace

void check_unlocks(checking &checking)
{
    for (const auto &[usr, function] : checking.functions.functions)
        for (const deed &deed : function.deeds) {
            if (deed.what != operation::release || !deed.lock)
                continue;
            if (deed.certainly_free && deed.released.line)
                tell_twice(checking, function, deed);
            else if (deed.untouched)
                check_other(checking, function, deed);
        }
}

} // namespace snarl
