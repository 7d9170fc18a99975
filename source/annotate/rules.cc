// SPDX-License-Identifier: Apache-2.0
#include "source/annotate/rules.hh"

#include <algorithm>
#include <bit>
#include <set>
#include <tuple>

namespace snarl
{

namespace
{

// A guard that somebody held, and how that speaks for it.
struct candidate {
    held_lock guard;
    std::uint64_t with = 0;
    bool innermost = true; // of the candidates of its form, wherever it was held
};

// Does holding it like that allow this access?
bool suffices(const held_lock &held, const sighting &access)
{
    return !held.shared || access.kind == sighting::reads;
}

bool holds(const sighting &access, const held_lock &guard)
{
    return std::any_of(access.held.begin(), access.held.end(), [&](const held_lock &held) {
        return !(held < guard) && !(guard < held) && suffices(held, access);
    });
}

std::vector<candidate> candidates_of(const variable_rule &rule)
{
    std::map<held_lock, candidate> found;
    for (const sighting *access : rule.all) {
        std::set<held_lock> counted;
        for (const held_lock &held : access->held)
            if (suffices(held, *access) && counted.insert(held).second) {
                found[held].guard = held;
                found[held].with += access->count;
            }
    }
    std::vector<candidate> result;
    for (auto &[guard, one] : found)
        result.push_back(one);
    std::stable_sort(result.begin(), result.end(), [](const candidate &a, const candidate &b) {
        return std::tuple(-std::int64_t(a.with), a.guard.form) <
               std::tuple(-std::int64_t(b.with), b.guard.form);
    });
    return result;
}

bool is_innermost(const variable_rule &rule, const held_lock &guard,
                  const std::vector<candidate> &among)
{
    for (const sighting *access : rule.all)
        for (auto held = access->held.rbegin(); held != access->held.rend(); ++held) {
            bool one = std::any_of(among.begin(), among.end(), [&](const candidate &c) {
                return !(c.guard < *held) && !(*held < c.guard);
            });
            if (one && (*held < guard || guard < *held))
                return false;
            if (one)
                break;
        }
    return true;
}

// Of several locks that were always held one is enough: a member of the same object rather than a
// global one; of those the innermost, which is the one that was taken for it. Where the order
// differs all are meant.
void choose(variable_rule &rule, std::vector<candidate> always)
{
    held_lock::forms best = always.front().guard.form;
    std::erase_if(always, [&](const candidate &c) { return c.guard.form != best; });
    for (const candidate &c : always)
        if (is_innermost(rule, c.guard, always)) {
            rule.guards = {c.guard};
            return;
        }
    for (const candidate &c : always)
        rule.guards.push_back(c.guard);
}

void judge(variable_rule &rule, const thing &subject, std::uint64_t accesses, std::uint64_t changes)
{
    std::vector<candidate> candidates = candidates_of(rule);
    std::vector<candidate> always;
    for (const candidate &c : candidates)
        if (c.with == accesses)
            always.push_back(c);
    if (!always.empty() && accesses > 0)
        choose(rule, always);
    else if (!candidates.empty())
        rule.guards = {candidates.front().guard};
    for (const sighting *access : rule.all) {
        bool with = !rule.guards.empty() &&
                    std::all_of(rule.guards.begin(), rule.guards.end(),
                                [&](const held_lock &guard) { return holds(*access, guard); });
        (with ? rule.with : rule.without) += access->count;
        if (!with && access->count)
            rule.odd.push_back(access);
        for (const held_lock &held : access->held)
            for (const held_lock &guard : rule.guards)
                rule.written_by_readers |= !(held < guard) && !(guard < held) && held.shared &&
                                           access->kind != sighting::reads;
    }
    if (subject.atomic)
        rule.verdict = verdict::atomic;
    else if (rule.threads < 2)
        rule.verdict = verdict::one_thread;
    else if (changes == 0)
        rule.verdict = verdict::read_only;
    else if (!always.empty() && rule.without == 0)
        rule.verdict =
            rule.guards.front().form == held_lock::other ? verdict::elsewhere : verdict::guarded;
    else
        rule.verdict = rule.with == 0              ? verdict::unguarded
                       : rule.with >= rule.without ? verdict::mostly
                                                   : verdict::seldom;
}

} // namespace

const char *verdict_name(verdict verdict)
{
    switch (verdict) {
    case verdict::guarded:
        return "guarded";
    case verdict::elsewhere:
        return "guarded, by a lock of another object";
    case verdict::mostly:
        return "mostly guarded";
    case verdict::seldom:
        return "seldom guarded";
    case verdict::unguarded:
        return "no lock";
    case verdict::one_thread:
        return "one thread";
    case verdict::read_only:
        return "only read";
    case verdict::atomic:
        return "atomic";
    }
    return "";
}

std::vector<variable_rule> variable_rules(const locking &locking)
{
    struct sums {
        variable_rule rule;
        std::uint64_t accesses = 0, changes = 0;
        std::map<std::size_t, std::uint64_t> users;
    };
    std::map<std::string, sums> all;
    for (const sighting &access : locking.accesses) {
        sums &one = all[access.subject];
        one.rule.subject = access.subject;
        one.rule.all.push_back(&access);
        one.accesses += access.count;
        one.changes += access.kind == sighting::reads ? 0 : access.count;
        (access.kind == sighting::reads ? one.rule.reads : one.rule.writes) += access.count;
        one.rule.alone += access.alone;
        one.rule.initial += access.initial;
        if (access.count)
            one.users[access.process] |= access.users;
    }
    std::vector<variable_rule> result;
    for (auto &[subject, one] : all) {
        const thing &of = locking.things.at(subject);
        if (of.lock || of.kind == thing::unknown)
            continue;
        for (const auto &[process, users] : one.users)
            one.rule.threads = std::max(one.rule.threads, unsigned(std::popcount(users)));
        judge(one.rule, of, one.accesses, one.changes);
        result.push_back(one.rule);
    }
    std::sort(result.begin(), result.end(), [&](const variable_rule &a, const variable_rule &b) {
        return std::tie(a.verdict, locking.things.at(a.subject).name, a.subject) <
               std::tie(b.verdict, locking.things.at(b.subject).name, b.subject);
    });
    return result;
}

// Functions -------------------------------------------------------------------------------------

namespace
{

struct role { // summed up over processes and over locks of one declaration
    std::uint64_t held = 0, shared = 0, taken = 0, returned = 0, released = 0;
    std::string text;
};

struct function_sums {
    std::string function, file;
    unsigned line = 0;
    std::uint64_t seen = 0, alone = 0;
    std::map<std::string, role> roles; // by the lock's id
};

std::map<std::string, function_sums> sum_functions(const locking &locking)
{
    std::map<std::string, function_sums> result;
    std::vector<json> processes = locking.document()["processes"].items();
    for (std::size_t process = 0; process < processes.size(); process++) {
        json frames = processes[process]["frames"];
        for (const json &function : processes[process]["functions"].items()) {
            json frame = frames[std::size_t(function["frame"].integer())];
            std::string name = frame["function"].string(), file = frame["file"].string();
            if (name.empty() || file.empty())
                continue;
            function_sums &sums = result[file + "\n" + name];
            sums.function = name, sums.file = file;
            sums.line = unsigned(frame["line"].integer());
            sums.seen += std::uint64_t(function["seen"].integer());
            sums.alone += std::uint64_t(function["alone"].integer());
            for (const json &role : function["locks"].items()) {
                std::size_t number = std::size_t(role["lock"].integer());
                if (number >= locking.classes[process].size())
                    continue;
                const lock_class &of = locking.classes[process][number];
                snarl::role &sum = sums.roles[of.thing];
                sum.held += std::uint64_t(role["held"].integer());
                sum.shared += std::uint64_t(role["held_shared"].integer());
                sum.taken += std::uint64_t(role["taken"].integer());
                sum.returned += std::uint64_t(role["returned"].integer());
                sum.released += std::uint64_t(role["released"].integer());
                sum.text = of.text;
            }
        }
    }
    return result;
}

// A wrapper gives back one of several locks.
std::uint64_t held_to_be_released(const function_sums &sums)
{
    std::uint64_t held = 0;
    for (const auto &[lock, role] : sums.roles)
        held += role.released > 0 ? role.held : 0;
    return held;
}

void conclude(const function_sums &sums, const std::string &lock, const role &role,
              std::vector<function_rule> &result)
{
    function_rule rule;
    rule.function = sums.function, rule.file = sums.file, rule.line = sums.line;
    rule.lock = lock, rule.text = role.text;
    std::uint64_t seen = sums.seen - std::min(sums.seen, sums.alone);
    if (role.returned > 0 && role.held == 0) {
        rule.kind = function_rule::acquired;
        rule.with = role.returned, rule.without = role.taken;
    } else if (role.released > 0) {
        rule.kind = function_rule::released;
        rule.with = role.held, rule.without = seen - std::min(seen, held_to_be_released(sums));
    } else if (2 * role.held >= seen && role.held > 0) {
        rule.kind =
            role.shared == role.held ? function_rule::required_shared : function_rule::required;
        rule.with = role.held, rule.without = seen - std::min(seen, role.held);
    } else if (role.taken > 0) {
        rule.kind = function_rule::excluded;
        rule.with = role.taken, rule.without = role.held;
    } else {
        return;
    }
    result.push_back(rule);
}

std::string told(const locking &locking, std::size_t process, std::size_t stack)
{
    json frame = locking.stack(process, stack)[std::size_t(0)];
    std::string file = frame["file"].string("?");
    return frame["function"].string("?") + " " + file.substr(file.rfind('/') + 1) + ":" +
           std::to_string(frame["line"].integer());
}

} // namespace

std::vector<function_rule> function_rules(const locking &locking)
{
    std::vector<function_rule> result;
    for (const auto &[key, sums] : sum_functions(locking))
        for (const auto &[lock, role] : sums.roles)
            conclude(sums, lock, role, result);
    return result;
}

std::vector<order_rule> order_rules(const locking &locking)
{
    struct sums {
        std::uint64_t count = 0;
        std::string place, held_text, taken_text;
    };
    std::map<std::pair<std::string, std::string>, sums> pairs;
    std::vector<json> processes = locking.document()["processes"].items();
    for (std::size_t process = 0; process < processes.size(); process++)
        for (const json &pair : processes[process]["order"].items()) {
            std::size_t held = std::size_t(pair["held"].integer());
            std::size_t taken = std::size_t(pair["taken"].integer());
            const std::vector<lock_class> &classes = locking.classes[process];
            if (held >= classes.size() || taken >= classes.size())
                continue;
            sums &sums = pairs[{classes[held].thing, classes[taken].thing}];
            sums.count += std::uint64_t(pair["count"].integer());
            sums.held_text = classes[held].text, sums.taken_text = classes[taken].text;
            sums.place = told(locking, process, std::size_t(pair["taken_stack"].integer()));
        }
    std::vector<order_rule> result;
    for (const auto &[locks, sums] : pairs) {
        auto other = pairs.find({locks.second, locks.first});
        std::uint64_t against =
            other == pairs.end() || locks.first == locks.second ? 0 : other->second.count;
        if (against > sums.count || (against == sums.count && locks.second < locks.first))
            continue; // told the other way round
        result.push_back({locks.first, locks.second, sums.held_text, sums.taken_text, sums.count,
                          against, sums.place, against ? other->second.place : ""});
    }
    return result;
}

} // namespace snarl
