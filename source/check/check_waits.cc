// SPDX-License-Identifier: Apache-2.0
//
// What survey_waits.cc found, in words; and calls that may block under a lock that is surely held,
// one finding for each function, lock and call.
#include "source/check/check.hh"

#include <algorithm>
#include <map>
#include <tuple>

namespace snarl
{

void check_waits(checking &checking)
{
    for (const auto &[usr, function] : checking.functions.functions)
        for (const loose_wait &wait : function.waits) {
            lock_name condition;
            condition.label = wait.condition;
            told one{hazard::WAIT_WITHOUT_PREDICATE,
                     "a wait for " + wait.condition + " takes any wake for the answer",
                     "",
                     "",
                     {condition, wait.mutex.lock},
                     {}};
            one.story = function.name + " waits for " + wait.condition + " at " + at_line(wait.at) +
                        (wait.test ? ", and does not look again at what it looked at before, at " +
                                         at_line(*wait.test)
                                   : ", and looks at nothing under the mutex, before or then") +
                        ". A wait may return though nobody signalled (POSIX calls it a spurious "
                        "wakeup), or after somebody else, who got the mutex first, has undone what "
                        "the signal told of.";
            one.reason = "that nothing else makes sure of it is not known";
            if (wait.test)
                one.sites.push_back({"read", 1, -1, {*wait.test}});
            one.sites.push_back({"waits", 1, 0, {wait.at}});
            one.sites.push_back({"takes", 1, 1, {wait.mutex.at}});
            checking.found.push_back(std::move(one));
        }
}

namespace
{

struct blocked {
    const function_record *function;
    taken_lock held;
    std::string called;
    std::vector<code_place> chain;
    const char *role;
    unsigned count = 0;
};

using by_call = std::map<std::tuple<std::string, std::string, std::string>, blocked>;

const char *role_of(const deed &deed)
{
    return deed.what == operation::join    ? "joins"
           : deed.what == operation::block ? "sleeps"
                                           : "waits";
}

void add(by_call &all, const function_record &function, const taken_lock &held, const deed &deed,
         std::vector<code_place> chain)
{
    blocked &one = all[{function.usr, held.lock.key(), deed.called}];
    if (one.count++ == 0)
        one = {&function, held, deed.called, std::move(chain), role_of(deed), 1};
}

void check_deed(checking &checking, const function_record &function, const deed &deed, by_call &all)
{
    for (const taken_lock &held : deed.must) {
        bool other = deed.what == operation::wait && !deed.timed && deed.lock &&
                     deed.lock->key() != held.lock.key();
        if (may_block(deed) || other)
            add(all, function, held, deed, {deed.at});
        if (deed.what || deed.callee.empty())
            continue;
        for (const reached &inner : checking.calls.blocks(deed.callee)) {
            std::vector<code_place> chain = inner.chain;
            chain.push_back(deed.at);
            add(all, function, held, *inner.what, std::move(chain));
        }
    }
}

} // namespace

void check_blocks(checking &checking)
{
    by_call all;
    for (const auto &[usr, function] : checking.functions.functions)
        for (const deed &deed : function.deeds)
            check_deed(checking, function, deed, all);
    for (auto &[key, b] : all) {
        const std::string &lock = b.held.lock.label;
        told one{hazard::BLOCKED_WHILE_HOLDING,
                 b.function->name + " may block in " + b.called + " while it holds " + lock,
                 "",
                 "",
                 {b.held.lock},
                 {}};
        one.story = b.function->name + " takes " + lock + " at " + at_line(b.held.at) +
                    " and calls " + b.called +
                    (b.chain.size() > 1 ? " (in " + b.chain[0].function + ")" : "") +
                    " before it gives it back. A lock is for as long as its data is worked on: "
                    "whoever waits for it stands still for as long as the slow call takes.";
        one.reason = "how long the call takes, and whether others want the lock meanwhile, is not "
                     "known";
        one.count = b.count;
        one.sites = {{"holds", 1, 0, {b.held.at}},
                     {b.role, 1, -1, b.chain, "may take long: " + b.called}};
        checking.found.push_back(std::move(one));
    }
}

} // namespace snarl
