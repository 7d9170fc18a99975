// SPDX-License-Identifier: Apache-2.0
#include "source/check/told.hh"

#include "source/command.hh"

#include <algorithm>
#include <cstdio>
#include <map>
#include <tuple>

namespace snarl
{

namespace
{

struct hazard_line {
    const char *id, *severity, *advice;
};

constexpr const char *ERROR = "error", *WARNING = "warning", *NOTE = "note";

constexpr hazard_line hazards[] = {
#define HAZARD(name, id, severity, levels, definition, advice) {id, severity, advice},
#include "finding/hazards.def"
#undef HAZARD
};

const hazard_line &line_of(hazard kind)
{
    return hazards[static_cast<unsigned>(kind)];
}

// FNV-1a: an id has to be the same in each build of snarl.
std::uint64_t hash(const std::string &text)
{
    std::uint64_t value = 0xcbf29ce484222325U;
    for (unsigned char c : text)
        value = (value ^ c) * 0x100000001b3U;
    return value;
}

// The kind, the functions of the parties, and the locks; neither lines nor files.
std::string fingerprint(const told &finding)
{
    std::string text = line_of(finding.kind).id;
    std::vector<std::string> parts;
    for (const told::site &site : finding.sites) {
        std::string part = "\n" + site.role;
        for (const code_place &place : site.stack)
            part += "\t" + place.function;
        part += site.lock >= 0 ? "\v" + finding.locks[std::size_t(site.lock)].label : "";
        parts.push_back(part);
    }
    std::sort(parts.begin(), parts.end()); // which party comes first is chance
    for (const std::string &part : parts)
        text += part;
    char id[32];
    std::snprintf(id, sizeof id, "1:%016llx", static_cast<unsigned long long>(hash(text)));
    return id;
}

json frame_of(const code_place &place)
{
    json frame = json::object();
    frame.set("function", json::text(place.function));
    frame.set("file", place.file.empty() ? json::null() : json::text(place.file));
    frame.set("line", place.line ? json::number(place.line) : json::null());
    frame.set("column", place.column ? json::number(place.column) : json::null());
    frame.set("module", json::null());
    return frame;
}

json site_of(const told::site &site)
{
    json result = json::object(), stack = json::array();
    for (const code_place &place : site.stack)
        stack.append(frame_of(place));
    result.set("role", json::text(site.role));
    result.set("thread", json::number(site.thread));
    if (site.lock >= 0)
        result.set("lock", json::number(site.lock + 1));
    result.set("stack", stack);
    if (!site.note.empty())
        result.set("note", json::text(site.note));
    return result;
}

json threads_of(const told &finding)
{
    static const char *const names[] = {"one thread", "another", "a third", "a fourth"};
    json threads = json::array();
    unsigned most = 0;
    for (const told::site &site : finding.sites)
        most = std::max(most, site.thread);
    for (unsigned i = 1; i <= most; i++) {
        json thread = json::object();
        thread.set("id", json::number(i));
        thread.set("name", json::text(most == 1 ? "any thread" : names[std::min(i, 4U) - 1]));
        threads.append(thread);
    }
    return threads;
}

json locks_of(const told &finding)
{
    json locks = json::array();
    for (std::size_t i = 0; i < finding.locks.size(); i++) {
        const lock_name &name = finding.locks[i];
        json lock = json::object();
        lock.set("id", json::number(std::int64_t(i) + 1));
        lock.set("name", json::text(name.label));
        lock.set("type", json::text(name.type.empty() ? "lock" : name.type));
        locks.append(lock);
    }
    return locks;
}

json finding_of(const told &finding, const std::string &id)
{
    const hazard_line &line = line_of(finding.kind);
    json result = json::object(), sites = json::array();
    for (const told::site &site : finding.sites)
        sites.append(site_of(site));
    result.set("id", json::text(id));
    result.set("kind", json::text(line.id));
    result.set("level", json::text("possible"));
    result.set("severity", json::text(line.severity));
    result.set("status", json::text("new"));
    result.set("gated", json::truth(false));
    result.set("title", json::text(finding.title));
    result.set("explanation", json::text(finding.story + "\nWhat to do: " + line.advice));
    result.set("reason", json::text("the source alone was looked at; " + finding.reason));
    result.set("count", json::number(finding.count));
    result.set("threads", threads_of(finding));
    result.set("locks", locks_of(finding));
    result.set("sites", sites);
    result.set("seen_in_source", json::truth(true));
    return result;
}

auto order(const told &finding)
{
    static const code_place nowhere;
    const code_place &place = finding.sites.empty() || finding.sites[0].stack.empty()
                                  ? nowhere
                                  : finding.sites[0].stack[0];
    return std::tuple(place.file, place.line, place.column, static_cast<unsigned>(finding.kind),
                      finding.title);
}

} // namespace

const char *hazard_id(hazard kind)
{
    return line_of(kind).id;
}

const char *hazard_advice(hazard kind)
{
    return line_of(kind).advice;
}

std::string at_line(const code_place &place)
{
    return "line " + std::to_string(place.line);
}

json report_of(std::vector<told> findings)
{
    std::sort(findings.begin(), findings.end(),
              [](const told &a, const told &b) { return order(a) < order(b); });
    json report = json::object(), list = json::array(), notes = json::array();
    std::map<std::string, unsigned> ids;
    for (const told &finding : findings) {
        std::string id = fingerprint(finding);
        unsigned nth = ++ids[id];
        list.append(finding_of(finding, nth > 1 ? id + "-" + std::to_string(nth) : id));
    }
    notes.append(json::text("Only the source was looked at: nothing of this has been seen to "
                            "happen."));
    report.set("schema", json::text("snarl-report/1"));
    report.set("snarl", json::text(SNARL_VERSION));
    report.set("notes", notes);
    report.set("findings", list);
    report.set("summary", summary_of(list));
    return report;
}

} // namespace snarl
