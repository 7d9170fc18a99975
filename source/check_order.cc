// SPDX-License-Identifier: Apache-2.0
//
// Locks that are taken in a circle: each edge is a lock that is surely held while another one is
// taken, in a function or what it calls. Locks are compared by their variable, or by the member of
// a type: whether two are of one object does not stand in the source. So circles of more than two
// are told of variables only, and two of one member are no circle. No finding where a further
// lock is held on both sides (a gate), where all are readers, or where only the first thread comes.
#include "source/check.hh"

#include <algorithm>
#include <functional>
#include <map>

namespace snarl
{

namespace
{

constexpr std::size_t examples_at_most = 8, circle_at_most = 4;

struct edge {
    const function_record *function;
    taken_lock held;
    lock_name wanted;
    bool shared;
    std::vector<code_place> chain;
    std::set<std::string> gates;
};

using edges = std::map<std::string, std::map<std::string, std::vector<edge>>>;

std::set<std::string> gates_of(const program &calls, const function_record &function,
                               const std::vector<taken_lock> &must)
{
    std::set<std::string> gates = calls.held_by_callers(function.usr);
    for (const taken_lock &one : must)
        gates.insert(one.lock.wide_key());
    return gates;
}

void add(edges &all, edge one)
{
    std::string from = one.held.lock.wide_key(), to = one.wanted.wide_key();
    if (from.empty() || to.empty() || from == to)
        return;
    one.gates.erase(from);
    one.gates.erase(to);
    one.gates.erase("");
    std::vector<edge> &examples = all[from][to];
    if (examples.size() < examples_at_most)
        examples.push_back(std::move(one));
}

void collect(checking &checking, const function_record &function, const deed &deed, edges &all)
{
    std::set<std::string> gates = gates_of(checking.calls, function, deed.must);
    for (const taken_lock &held : deed.must) {
        if (deed.what == operation::acquire && !deed.timed && deed.lock)
            add(all, {&function, held, *deed.lock, deed.shared, {deed.at}, gates});
        if (deed.what || deed.callee.empty())
            continue;
        for (const reached &inner : checking.calls.acquires(deed.callee)) {
            if (inner.by_parameter)
                continue;
            std::optional<lock_name> lock = at_caller(*inner.lock, deed);
            std::set<std::string> more = gates;
            more.insert(inner.gates.begin(), inner.gates.end());
            std::vector<code_place> chain = inner.chain;
            chain.push_back(deed.at);
            add(all, {&function, held, lock ? *lock : *inner.lock, inner.what->shared,
                      std::move(chain), std::move(more)});
        }
    }
}

bool meet(const std::set<std::string> &a, const std::set<std::string> &b)
{
    return std::any_of(a.begin(), a.end(), [&](const auto &one) { return b.count(one) > 0; });
}

// Whether these edges can be a deadlock, as far as is known.
bool fits(const program &calls, const std::vector<const edge *> &circle)
{
    bool first_only = std::all_of(circle.begin(), circle.end(), [&](const edge *one) {
        return calls.only_first_thread(one->function->usr);
    });
    if (first_only)
        return false;
    for (std::size_t i = 0; i < circle.size(); i++) {
        const edge &wants = *circle[i], &holds = *circle[(i + 1) % circle.size()];
        if (wants.shared && holds.held.shared)
            return false;
        for (std::size_t j = i + 1; j < circle.size(); j++)
            if (meet(circle[i]->gates, circle[j]->gates))
                return false;
    }
    return true;
}

std::string reason_of(const std::vector<const edge *> &circle)
{
    bool global = std::all_of(circle.begin(), circle.end(), [](const edge *one) {
        return one->held.lock.is_global() && one->wanted.is_global();
    });
    std::string text = "whether these ever run at the same time is not known";
    return global ? text
                  : text + ", nor whether the locks are those of the same objects on all sides";
}

void tell(checking &checking, const std::vector<const edge *> &circle)
{
    std::string names;
    told one{hazard::DEADLOCK, "", "", reason_of(circle), {}, {}};
    for (std::size_t i = 0; i < circle.size(); i++) {
        const edge &e = *circle[i];
        one.locks.push_back(e.held.lock);
        names += (i == 0 ? "" : i + 1 == circle.size() ? " and " : ", ") + e.held.lock.label;
        int wanted = int((i + 1) % circle.size());
        one.sites.push_back({"holds", unsigned(i) + 1, int(i), {e.held.at}});
        one.sites.push_back({"takes", unsigned(i) + 1, wanted, e.chain});
        one.story += (i ? "; " : "") + e.function->name + " holds " + e.held.lock.label +
                     " while it takes " + e.wanted.label +
                     (e.chain.size() > 1 ? " (in " + e.chain[0].function + ")" : "");
    }
    one.title = circle.size() == 2 ? "possible deadlock: " + names + " are taken in both orders"
                                   : "possible deadlock: " + names + " are taken in a circle";
    one.story += ". If each thread has got its first lock, each waits for another one's, for ever.";
    checking.found.push_back(std::move(one));
}

// The first choice of examples along a circle that fits.
bool choose(checking &checking, const edges &all, const std::vector<std::string> &keys,
            std::vector<const edge *> &chosen)
{
    if (chosen.size() == keys.size())
        return fits(checking.calls, chosen);
    const std::string &from = keys[chosen.size()];
    const std::string &to = keys[(chosen.size() + 1) % keys.size()];
    for (const edge &one : all.at(from).at(to)) {
        chosen.push_back(&one);
        if (choose(checking, all, keys, chosen))
            return true;
        chosen.pop_back();
    }
    return false;
}

// Circles from their least key on, each once.
void circles(checking &checking, const edges &all, std::vector<std::string> &path)
{
    auto out = all.find(path.back());
    if (out == all.end())
        return;
    for (const auto &[to, examples] : out->second) {
        if (to == path.front() && path.size() > 1) {
            std::vector<const edge *> chosen;
            if (choose(checking, all, path, chosen))
                tell(checking, chosen);
        }
        bool deeper = path.size() < 2 ||
                      (path.size() < circle_at_most && examples.front().wanted.is_global() &&
                       examples.front().held.lock.is_global());
        if (to <= path.front() || !deeper || std::count(path.begin(), path.end(), to))
            continue;
        path.push_back(to);
        circles(checking, all, path);
        path.pop_back();
    }
}

} // namespace

void check_order(checking &checking)
{
    edges all;
    for (const auto &[usr, function] : checking.functions.functions)
        for (const deed &deed : function.deeds)
            collect(checking, function, deed, all);
    for (const auto &[from, out] : all) {
        std::vector<std::string> path{from};
        circles(checking, all, path);
    }
}

} // namespace snarl
