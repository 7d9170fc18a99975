// SPDX-License-Identifier: Apache-2.0
#include "source/check/merge.hh"

#include "source/check/told.hh"
#include "source/command.hh"

#include <llvm/ADT/StringRef.h>
#include <llvm/Support/Path.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace snarl
{

namespace
{

constexpr const char *seen_too =
    "The source shows it, too: it was seen in the source, and observed "
    "at run time.";

// Where something is done. A run and a compile database may name a file differently, but hardly two
// files of one name have the same kind of finding at the same lines.
using places = std::set<std::pair<std::string, std::int64_t>>;

void add_place(const json &frame, places &found)
{
    std::string file = frame["file"].string();
    if (!file.empty() && frame["line"].integer() > 0)
        found.emplace(llvm::sys::path::filename(file).str(), frame["line"].integer());
}

bool is_about_locks(const std::string &role)
{
    return role == "holds" || role == "takes" || role == "waits" || role == "tries" ||
           role == "releases" || role == "sleeps" || role == "joins";
}

bool same(const json &run, const json &source)
{
    if (run["kind"].string() != source["kind"].string())
        return false;
    places there;
    for (const json &site : run["sites"].items())
        for (const json &frame : site["stack"].items())
            add_place(frame, there);
    std::size_t met = 0;
    for (const json &site : source["sites"].items()) {
        places here;
        add_place(site["stack"][std::size_t(0)], here);
        // What the source has beyond: the release on another way, the test before a wait.
        bool beyond = !site["note"].string().empty() && site["role"].string() == "releases";
        bool decides = is_about_locks(site["role"].string()) && !beyond;
        bool found = std::any_of(here.begin(), here.end(),
                                 [&](const auto &place) { return there.count(place) > 0; });
        if (decides && !found)
            return false;
        met += decides ? 1 : 0;
    }
    return met > 0;
}

void mark(json &finding)
{
    finding.set("seen_in_source", json::truth(true));
    std::string text = finding["explanation"].string();
    std::size_t advice = text.find("\nWhat to do:");
    std::string before = text.substr(0, advice);
    std::string after = advice == std::string::npos ? "" : text.substr(advice);
    finding.set("explanation", json::text(before + (before.empty() ? "" : " ") + seen_too + after));
}

} // namespace

merged merge(const json &run, const json &source)
{
    merged result{run, 0};
    json findings = run["findings"];
    std::vector<json> of_run = findings.items();
    std::set<std::string> ids;
    for (const json &finding : of_run)
        ids.insert(finding["id"].string());
    for (json &finding : source["findings"].items()) {
        auto other = std::find_if(of_run.begin(), of_run.end(),
                                  [&](const json &one) { return same(one, finding); });
        if (other != of_run.end()) {
            if (!(*other)["seen_in_source"].boolean())
                mark(*other);
            result.both++;
        } else if (ids.insert(finding["id"].string()).second) {
            findings.append(finding);
        }
    }
    result.report.set("summary", summary_of(findings));
    return result;
}

} // namespace snarl
