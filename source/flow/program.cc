// SPDX-License-Identifier: Apache-2.0
//
// What is held at the beginning is a fixed point over the calls: the sets of locks that all callers
// hold shrink from "everything", those that some may hold grow from nothing.
#include "source/flow/program.hh"

#include <algorithm>

namespace snarl
{

namespace
{

constexpr std::size_t reached_at_most = 64, chain_at_most = 8;

bool takes_surely(const deed &deed)
{
    return deed.what == operation::acquire && !deed.timed && deed.lock;
}

std::set<std::string> wide_keys(const std::vector<taken_lock> &locks)
{
    std::set<std::string> result;
    for (const taken_lock &one : locks)
        if (!one.lock.wide_key().empty())
            result.insert(one.lock.wide_key());
    return result;
}

bool same_lock(const reached &a, const reached &b)
{
    if (!a.lock || !b.lock)
        return !a.lock && !b.lock;
    return a.lock->key() == b.lock->key() && a.lock->member == b.lock->member;
}

bool same(const reached &a, const reached &b)
{
    return same_lock(a, b) && a.gates == b.gates && a.what->called == b.what->called &&
           a.freed.size() == b.freed.size() && a.by_parameter == b.by_parameter;
}

void add(std::vector<reached> &list, reached one)
{
    bool known = std::any_of(list.begin(), list.end(),
                             [&](const reached &other) { return same(one, other); });
    if (!known && list.size() < reached_at_most)
        list.push_back(std::move(one));
}

} // namespace

bool may_block(const deed &deed)
{
    return deed.what == operation::block || deed.what == operation::join ||
           deed.what == operation::meet || (deed.what == operation::take && !deed.timed);
}

program::program(const survey &survey) : survey_(survey)
{
    for (const auto &[usr, function] : survey.functions)
        for (const deed &deed : function.deeds)
            if (!deed.callee.empty() && survey.functions.count(deed.callee))
                callers_[deed.callee].push_back({&function, &deed});
    find_entries();
    find_threads();
}

const std::vector<program::use> &program::callers(const std::string &usr) const
{
    static const std::vector<use> nobody;
    auto place = callers_.find(usr);
    return place == callers_.end() ? nobody : place->second;
}

bool program::is_start(const function_record &function) const
{
    return function.name == "main" || survey_.thread_starts.count(function.usr) > 0;
}

bool program::has_known_callers(const std::string &usr) const
{
    auto function = survey_.functions.find(usr);
    if (function == survey_.functions.end() || survey_.address_taken.count(usr))
        return false;
    if (is_start(function->second))
        return true;
    return !callers(usr).empty() && (survey_.whole || !function->second.external);
}

void program::find_entries()
{
    // must_: absent is "everything", until a call says otherwise.
    for (const auto &[usr, function] : survey_.functions) {
        if (is_start(function) || !has_known_callers(usr))
            must_[usr] = {};
        may_[usr] = has_known_callers(usr) ? std::optional(std::set<std::string>()) : std::nullopt;
    }
    for (bool changed = true; changed;) {
        changed = false;
        for (const auto &[callee, uses] : callers_)
            for (const use &use : uses) {
                auto held = must_.find(use.caller->usr);
                if (held != must_.end()) {
                    std::set<std::string> here = wide_keys(use.call->must);
                    here.insert(held->second.begin(), held->second.end());
                    auto [now, added] = must_.emplace(callee, here);
                    std::size_t before = now->second.size();
                    std::erase_if(now->second, [&](const auto &key) { return !here.count(key); });
                    changed = changed || added || now->second.size() != before;
                }
                std::optional<std::set<std::string>> &may = may_[callee];
                const std::optional<std::set<std::string>> &outer = may_[use.caller->usr];
                if (!may)
                    continue;
                std::size_t before = may->size();
                std::set<std::string> here = wide_keys(use.call->may);
                if (use.caller->takes_unnamed)
                    here.insert(unnamed);
                may->insert(here.begin(), here.end());
                if (outer)
                    may->insert(outer->begin(), outer->end());
                changed = changed || may->size() != before || !outer;
                if (!outer)
                    may.reset();
            }
    }
}

void program::find_threads()
{
    std::vector<std::pair<std::string, bool>> work;
    for (const auto &[usr, function] : survey_.functions)
        if (function.name == "main")
            work.emplace_back(usr, true);
        else if (survey_.thread_starts.count(usr) || !has_known_callers(usr))
            work.emplace_back(usr, false);
    while (!work.empty()) {
        auto [usr, first] = work.back();
        work.pop_back();
        auto function = survey_.functions.find(usr);
        if (function == survey_.functions.end() ||
            !(first ? by_first_ : by_others_).insert(usr).second)
            continue;
        for (const deed &deed : function->second.deeds)
            if (!deed.callee.empty())
                work.emplace_back(deed.callee, first);
    }
}

bool program::only_first_thread(const std::string &usr) const
{
    return by_first_.count(usr) && !by_others_.count(usr);
}

const std::set<std::string> &program::held_by_callers(const std::string &usr) const
{
    static const std::set<std::string> nothing;
    auto place = must_.find(usr);
    return place == must_.end() ? nothing : place->second;
}

const std::optional<std::set<std::string>> &program::maybe_held_by_callers(
    const std::string &usr) const
{
    static const std::optional<std::set<std::string>> unknown;
    auto place = may_.find(usr);
    return place == may_.end() ? unknown : place->second;
}

const std::vector<reached> &program::acquires(const std::string &usr)
{
    return reach(usr, takes_surely, acquires_);
}

const std::vector<reached> &program::blocks(const std::string &usr)
{
    return reach(usr, may_block, blocks_);
}

// What a callee comes to, as its caller knows it.
void program::add_through(const deed &call, wanted wanted, memory &known,
                          std::vector<reached> &result)
{
    for (reached one : reach(call.callee, wanted, known)) {
        if (one.chain.size() >= chain_at_most)
            continue;
        if (one.lock) {
            std::optional<lock_name> here = at_caller(*one.lock, call);
            if (!here) {
                one.lock->from = lock_name::base::local;
                one.lock->root.assign(1, '?');
            } else {
                one.lock = here;
            }
        }
        std::vector<lock_name> freed = call.freed;
        for (const lock_name &inner : one.freed)
            if (std::optional<lock_name> here = at_caller(inner, call))
                freed.push_back(*here);
        one.freed = std::move(freed);
        one.chain.push_back(call.at);
        one.gates.merge(wide_keys(call.must));
        one.by_parameter = one.by_parameter || call.by_parameter;
        add(result, std::move(one));
    }
}

const std::vector<reached> &program::reach(const std::string &usr, wanted wanted, memory &known)
{
    static const std::vector<reached> nothing;
    auto done = known.find(usr);
    if (done != known.end())
        return done->second;
    auto function = survey_.functions.find(usr);
    if (function == survey_.functions.end() || !active_.insert(usr).second)
        return nothing; // a circle: what it comes to is told by the others in it
    std::vector<reached> result;
    for (const deed &deed : function->second.deeds) {
        if (wanted(deed)) {
            add(result,
                {&deed, deed.lock, {deed.at}, wide_keys(deed.must), deed.by_parameter, deed.freed});
        } else if (!deed.what && !deed.callee.empty()) {
            add_through(deed, wanted, known, result);
        }
    }
    active_.erase(usr);
    return known[usr] = std::move(result);
}

} // namespace snarl
