// SPDX-License-Identifier: Apache-2.0
#include "source/annotate/annotate.hh"

#include <algorithm>

namespace snarl
{

namespace
{

constexpr std::size_t places_told = 5, remarks_told = 25;

std::string base(const std::string &path)
{
    return path.substr(path.rfind('/') + 1);
}

std::string told(const place &at)
{
    return base(at.file) + ":" + std::to_string(at.line);
}

std::string guards_of(const variable_rule &rule)
{
    std::string text;
    for (const held_lock &guard : rule.guards)
        text += (text.empty() ? "" : ", ") + guard.text;
    return text.empty() ? "-" : text;
}

// Columns as wide as what is in them; the last is not padded.
std::string columns(const std::vector<std::vector<std::string>> &rows)
{
    std::vector<std::size_t> widths;
    for (const auto &row : rows) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t i = 0; i < row.size(); i++)
            widths[i] = std::max(widths[i], row[i].size());
    }
    std::string out;
    for (const auto &row : rows) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); i++) {
            line += row[i];
            if (i + 1 < row.size())
                line.append(widths[i] + 2 - row[i].size(), ' ');
        }
        out += line + "\n";
    }
    return out;
}

const char *kind_name(function_rule::kinds kind)
{
    switch (kind) {
    case function_rule::required:
        return "requires";
    case function_rule::required_shared:
        return "requires, as a reader";
    case function_rule::excluded:
        return "excludes";
    case function_rule::acquired:
        return "acquires";
    case function_rule::released:
        return "releases";
    }
    return "";
}

// Rather than the library's, and what templates of it are made into.
bool is_own(const function_rule &rule)
{
    return !rule.file.starts_with("/usr/") && rule.file.find("/c++/") == std::string::npos;
}

std::string held_text(const sighting &access)
{
    std::string text;
    for (const held_lock &held : access.held)
        text += (text.empty() ? "" : ", ") + held.text + (held.shared ? " (as a reader)" : "");
    return text.empty() ? "no lock" : text;
}

// The places without the lock, the fewest first: of many that have it the few that have not.
std::vector<std::string> odd_ones(const variable_rule &rule)
{
    std::map<std::string, std::uint64_t> places;
    for (const sighting *access : rule.odd)
        places[std::string(access->kind == sighting::reads ? "reads" : "writes") + " at " +
               told(access->at) + " in " + access->function + ", under " + held_text(*access)] +=
            access->count;
    std::vector<std::string> lines;
    for (const auto &[place, count] : places)
        lines.push_back(place + " (" + std::to_string(count) + ")");
    return lines;
}

json place_json(const place &at)
{
    json object = json::object();
    object.set("file", json::text(at.file));
    object.set("line", json::number(at.line));
    return object;
}

json access_json(const sighting &access)
{
    json object = place_json(access.at), held = json::array();
    static const char *const kinds[] = {"read", "write", "atomic"};
    object.set("function", json::text(access.function));
    object.set("kind", json::text(kinds[access.kind]));
    object.set("count", json::number(std::int64_t(access.count)));
    object.set("alone", json::number(std::int64_t(access.alone)));
    object.set("initial", json::number(std::int64_t(access.initial)));
    for (const held_lock &lock : access.held) {
        json one = json::object();
        one.set("lock", json::text(lock.text));
        one.set("mode", json::text(lock.shared ? "read" : "write"));
        held.append(one);
    }
    object.set("held", held);
    return object;
}

} // namespace

std::string annotation::table() const
{
    std::vector<std::vector<std::string>> rows = {
        {"variable", "lock", "for", "against", "threads", "verdict", "declared"}};
    std::string odd;
    for (const variable_rule &rule : variables_) {
        const thing &of = locking_.things.at(rule.subject);
        bool quiet = rule.verdict == verdict::one_thread || rule.verdict == verdict::read_only ||
                     rule.verdict == verdict::atomic || of.kind == thing::local;
        if (quiet && !settings_.all)
            continue;
        std::string verdict = verdict_name(rule.verdict);
        if (written_.count(rule.subject))
            verdict += ", written";
        rows.push_back({of.name, guards_of(rule), std::to_string(rule.with),
                        std::to_string(rule.without), std::to_string(rule.threads), verdict,
                        told(of.at)});
        auto note = notes_.find(rule.subject);
        if (note != notes_.end())
            odd += "\n" + of.name +
                   (written_.count(rule.subject) ? ": accessed " : ": not written: ") +
                   note->second + "\n";
        if (rule.verdict != verdict::mostly)
            continue;
        odd += "\n" + of.name + " without " + guards_of(rule) + ":\n";
        std::vector<std::string> lines = odd_ones(rule);
        for (std::size_t i = 0; i < lines.size() && i < places_told; i++)
            odd += "  " + lines[i] + "\n";
        if (lines.size() > places_told)
            odd += "  and " + std::to_string(lines.size() - places_told) + " places more\n";
    }
    std::string out = columns(rows) + odd;
    rows = {{"function", "does", "lock", "for", "against", "", "seen at"}};
    for (const function_rule &rule : functions_) {
        bool listed = settings_.all || (is_own(rule) && rule.kind != function_rule::excluded &&
                                        (rule.unanimous() || 10 * rule.without <= rule.with));
        const thing &lock = locking_.things.at(rule.lock);
        std::string id = rule.file + "\n" + rule.function + "\n" + rule.lock;
        auto note = notes_.find(id);
        if (listed)
            rows.push_back({rule.function.substr(0, rule.function.find('(')), kind_name(rule.kind),
                            rule.text.empty() ? lock.name : rule.text, std::to_string(rule.with),
                            std::to_string(rule.without),
                            written_.count(id)     ? "written"
                            : note != notes_.end() ? "not written: " + note->second
                                                   : "",
                            base(rule.file) + ":" + std::to_string(rule.line)});
    }
    if (rows.size() > 1)
        out += "\n" + columns(rows);
    rows = {{"lock", "before", "for", "against", "", "seen in"}};
    for (const order_rule &rule : order_) {
        auto name = [&](const std::string &id, const std::string &text) {
            return text.empty() ? locking_.things.at(id).name : text;
        };
        std::string id = rule.first + "\n" + rule.then;
        rows.push_back({name(rule.first, rule.first_text), name(rule.then, rule.then_text),
                        std::to_string(rule.with), std::to_string(rule.without),
                        written_.count(id) ? "written" : "",
                        rule.place_with + (rule.without ? ", but " + rule.place_without : "")});
    }
    if (rows.size() > 1)
        out += "\n" + columns(rows);
    std::set<std::string> said(said_.begin(), said_.end());
    if (!said.empty())
        out += "\nWhat clang -Wthread-safety says then:\n";
    std::size_t told = 0;
    for (const std::string &remark : said)
        if (told++ < remarks_told || settings_.all)
            out += "  " + remark + "\n";
    if (told > remarks_told && !settings_.all)
        out += "  and " + std::to_string(told - remarks_told) + " more\n";
    return out;
}

json annotation::document() const
{
    json result = json::object(), variables = json::array(), functions = json::array(),
         order = json::array();
    result.set("schema", json::text("snarl-annotate/1"));
    result.set("complete", locking_.document()["complete"]);
    result.set("accesses_found", json::number(std::int64_t(locking_.found)));
    result.set("accesses_not_found", json::number(std::int64_t(locking_.lost)));
    for (const variable_rule &rule : variables_) {
        const thing &of = locking_.things.at(rule.subject);
        json object = json::object(), locks = json::array(), accesses = json::array();
        object.set("variable", json::text(of.name));
        object.set("declared_at", place_json(of.at));
        for (const held_lock &guard : rule.guards)
            locks.append(json::text(guard.text));
        object.set("locks", locks);
        object.set("verdict", json::text(verdict_name(rule.verdict)));
        object.set("for", json::number(std::int64_t(rule.with)));
        object.set("against", json::number(std::int64_t(rule.without)));
        object.set("threads", json::number(rule.threads));
        object.set("alone", json::number(std::int64_t(rule.alone)));
        object.set("initial", json::number(std::int64_t(rule.initial)));
        object.set("written", json::truth(written_.count(rule.subject) != 0));
        for (const sighting *access : rule.all)
            accesses.append(access_json(*access));
        object.set("accesses", accesses);
        variables.append(object);
    }
    for (const function_rule &rule : functions_) {
        json object = json::object();
        object.set("function", json::text(rule.function));
        object.set("file", json::text(rule.file));
        object.set("does", json::text(kind_name(rule.kind)));
        object.set("lock", json::text(locking_.things.at(rule.lock).name));
        object.set("for", json::number(std::int64_t(rule.with)));
        object.set("against", json::number(std::int64_t(rule.without)));
        functions.append(object);
    }
    for (const order_rule &rule : order_) {
        json object = json::object();
        object.set("first", json::text(locking_.things.at(rule.first).name));
        object.set("then", json::text(locking_.things.at(rule.then).name));
        object.set("for", json::number(std::int64_t(rule.with)));
        object.set("against", json::number(std::int64_t(rule.without)));
        order.append(object);
    }
    result.set("variables", variables);
    result.set("functions", functions);
    result.set("order", order);
    return result;
}

} // namespace snarl
