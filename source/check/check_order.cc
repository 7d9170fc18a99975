// SPDX-License-Identifier: Apache-2.0
//
// Locks that are taken in a circle: each edge is a lock that is surely held while another one is
// taken, in a function or what it calls. Locks are compared by their variable, or by the member of
// a type: whether two are of one object does not stand in the source. So circles of more than two
// are told of variables only, and two of one member are no circle. No finding where a further
// lock is held on both sides (a gate), where all are readers, or where only the first thread comes.
#include "source/check/check.hh"

#include <algorithm>
#include <functional>
#include <map>

namespace snarl
{

namespace
{

constexpr std::size_t examples_at_most = 8, circle_at_most = 4;
constexpr std::size_t edges_at_most = 256, chain_at_most = 8;

struct edge {
    const function_record *function; // the outermost one
    lock_name held, wanted;
    bool held_shared, wanted_shared;
    std::vector<code_place> held_at, wanted_at; // innermost first
    std::set<std::string> gates;                // wide keys of what else is held
};

using edges = std::map<std::string, std::map<std::string, std::vector<const edge *>>>;

// The edges of each function. One of locks that its callers name is theirs, too: transfer(a, b)
// and transfer(b, a) take the locks of a and b in both orders.
class collector
{
  public:
    explicit collector(checking &checking) : checking_(checking)
    {
    }

    const std::vector<edge> &of(const std::string &usr)
    {
        static const std::vector<edge> nothing;
        auto done = known_.find(usr);
        if (done != known_.end())
            return done->second;
        auto function = checking_.functions.functions.find(usr);
        if (function == checking_.functions.functions.end() || !active_.insert(usr).second)
            return nothing;
        std::vector<edge> result;
        for (const deed &deed : function->second.deeds) {
            if (deed.what == operation::acquire && !deed.timed && deed.lock)
                for (const taken_lock &held : deed.must)
                    result.push_back({&function->second,
                                      held.lock,
                                      *deed.lock,
                                      held.shared,
                                      deed.shared,
                                      {held.at},
                                      {deed.at},
                                      gates(function->second, deed, &held.lock)});
            if (!deed.what && !deed.callee.empty())
                add_call(function->second, deed, result);
        }
        active_.erase(usr);
        if (result.size() > edges_at_most)
            result.resize(edges_at_most);
        return known_[usr] = std::move(result);
    }

  private:
    // What is held besides one lock. That goes by its own name, whatever the callers call it.
    std::set<std::string> gates(const function_record &function, const deed &deed,
                                const lock_name *but) const
    {
        std::set<std::string> gates = checking_.calls.held_by_callers(function.usr);
        for (const taken_lock &one : deed.must)
            if (!but || one.lock.key() != but->key())
                gates.insert(one.lock.wide_key());
        return gates;
    }

    void add_call(const function_record &function, const deed &call, std::vector<edge> &result)
    {
        std::set<std::string> around = gates(function, call, nullptr);
        for (const reached &inner : checking_.calls.acquires(call.callee)) {
            if (inner.by_parameter)
                continue;
            std::optional<lock_name> lock = at_caller(*inner.lock, call);
            std::vector<code_place> chain = inner.chain;
            chain.push_back(call.at);
            for (const taken_lock &held : call.must) {
                std::set<std::string> more = gates(function, call, &held.lock);
                more.insert(inner.gates.begin(), inner.gates.end());
                result.push_back({&function,
                                  held.lock,
                                  lock ? *lock : *inner.lock,
                                  held.shared,
                                  inner.what->shared,
                                  {held.at},
                                  chain,
                                  std::move(more)});
            }
        }
        for (edge inner : of(call.callee)) {
            std::optional<lock_name> held = at_caller(inner.held, call);
            std::optional<lock_name> wanted = at_caller(inner.wanted, call);
            bool news = held && wanted && (held->is_global() || wanted->is_global()) &&
                        (!inner.held.is_global() || !inner.wanted.is_global());
            if (!news || inner.wanted_at.size() >= chain_at_most)
                continue;
            inner.function = &function;
            inner.held = *held, inner.wanted = *wanted;
            inner.held_at.push_back(call.at);
            inner.wanted_at.push_back(call.at);
            inner.gates.insert(around.begin(), around.end());
            result.push_back(std::move(inner));
        }
    }

    checking &checking_;
    std::map<std::string, std::vector<edge>> known_;
    std::set<std::string> active_;
};

void add(edges &all, const edge &one)
{
    std::string from = one.held.wide_key(), to = one.wanted.wide_key();
    if (from.empty() || to.empty() || from == to)
        return;
    std::vector<const edge *> &examples = all[from][to];
    if (examples.size() < examples_at_most)
        examples.push_back(&one);
}

// Whether a further lock is held on both sides.
bool have_gate(const edge &a, const edge &b)
{
    return std::any_of(a.gates.begin(), a.gates.end(), [&](const std::string &one) {
        bool of_circle = one.empty() || one == a.held.wide_key() || one == a.wanted.wide_key() ||
                         one == b.held.wide_key() || one == b.wanted.wide_key();
        return !of_circle && b.gates.count(one) > 0;
    });
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
        if (wants.wanted_shared && holds.held_shared)
            return false;
        for (std::size_t j = i + 1; j < circle.size(); j++)
            if (have_gate(*circle[i], *circle[j]))
                return false;
    }
    return true;
}

std::string reason_of(const std::vector<const edge *> &circle)
{
    bool global = std::all_of(circle.begin(), circle.end(), [](const edge *one) {
        return one->held.is_global() && one->wanted.is_global();
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
        one.locks.push_back(e.held);
        names += (i == 0 ? "" : i + 1 == circle.size() ? " and " : ", ") + e.held.label;
        int wanted = int((i + 1) % circle.size());
        one.sites.push_back({"holds", unsigned(i) + 1, int(i), e.held_at});
        one.sites.push_back({"takes", unsigned(i) + 1, wanted, e.wanted_at});
        one.story += (i ? "; " : "") + e.function->name + " holds " + e.held.label +
                     " while it takes " + e.wanted.label +
                     (e.wanted_at.size() > 1 ? " (in " + e.wanted_at[0].function + ")" : "");
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
    for (const edge *one : all.at(from).at(to)) {
        chosen.push_back(one);
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
                      (path.size() < circle_at_most && examples.front()->wanted.is_global() &&
                       examples.front()->held.is_global());
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
    collector collector(checking);
    for (const auto &[usr, function] : checking.functions.functions)
        collector.of(usr);
    for (const auto &[usr, function] : checking.functions.functions)
        for (const edge &one : collector.of(usr))
            add(all, one);
    for (const auto &[from, out] : all) {
        std::vector<std::string> path{from};
        circles(checking, all, path);
    }
}

} // namespace snarl
