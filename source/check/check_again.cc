// SPDX-License-Identifier: Apache-2.0
//
// A lock that is taken while it is surely held by the same name. No finding where it may be
// recursive (by its type, or made with attributes somewhere), for two readers, where the callee
// gives it back first, or where what the caller hands on decides whether it is taken at all.
#include "source/check/check.hh"

#include <algorithm>

namespace snarl
{

std::string declaration_key(const lock_name &lock)
{
    return lock.member.empty() ? lock.root : lock.member;
}

namespace
{

bool may_be_recursive(const checking &checking, const lock_name &lock)
{
    return lock.recursive || checking.functions.maybe_recursive.count(declaration_key(lock)) > 0 ||
           (!lock.is_global() && checking.functions.maybe_recursive.count("") > 0);
}

void tell(checking &checking, const function_record &function, const taken_lock &held,
          const deed &again, std::vector<code_place> chain)
{
    const std::string &lock = held.lock.label;
    bool here = chain.size() == 1;
    told one{hazard::SELF_DEADLOCK, "self-deadlock on " + lock, "", "", {held.lock}, {}};
    one.story = function.name + " takes " + lock + " at " + at_line(held.at) + ", and " +
                (here ? "locks it again"
                      : "calls, with it held, what locks it again in " + chain[0].function) +
                ". Nobody else can release it: the thread waits for itself, for ever.";
    one.reason = "whether the program ever goes this way, and that the lock is not made recursive "
                 "elsewhere, is not known";
    one.sites = {
        {"holds", 1, 0, {held.at}},
        {again.what == operation::acquire || !here ? "waits" : "takes", 1, 0, std::move(chain)}};
    checking.found.push_back(std::move(one));
}

void check_deed(checking &checking, const function_record &function, const deed &deed)
{
    for (const taken_lock &held : deed.must) {
        if (may_be_recursive(checking, held.lock))
            continue;
        bool itself = deed.what == operation::acquire && !deed.timed && deed.lock &&
                      deed.lock->key() == held.lock.key();
        if (itself && !(deed.shared && held.shared))
            tell(checking, function, held, deed, {deed.at});
        if (deed.what || deed.callee.empty())
            continue;
        for (const reached &inner : checking.calls.acquires(deed.callee)) {
            std::optional<lock_name> lock = at_caller(*inner.lock, deed);
            bool freed = std::any_of(inner.freed.begin(), inner.freed.end(), [&](const auto &one) {
                std::optional<lock_name> here = at_caller(one, deed);
                return here && here->key() == held.lock.key();
            });
            if (!lock || lock->key() != held.lock.key() || inner.by_parameter || freed ||
                (inner.what->shared && held.shared))
                continue;
            std::vector<code_place> chain = inner.chain;
            chain.push_back(deed.at);
            tell(checking, function, held, deed, std::move(chain));
            break;
        }
    }
}

} // namespace

void check_again(checking &checking)
{
    for (const auto &[usr, function] : checking.functions.functions)
        for (const deed &deed : function.deeds)
            check_deed(checking, function, deed);
}

} // namespace snarl
