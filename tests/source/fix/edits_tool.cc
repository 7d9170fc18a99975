// SPDX-License-Identifier: Apache-2.0
// Makes the edits of a JSON file: edits_tool {yaml|diff|apply|edited} EDITS.json [DIRECTORY].
// EDITS.json is an array of groups, each an array of {"file", "offset", "length", "text"}. Groups
// that are refused are told on stderr, one a line.
#include "source/code/edits.hh"
#include "source/json.hh"

#include <cstdio>
#include <set>

using namespace snarl;

static edits read(const json &document)
{
    edits all;
    for (const json &group : document.items()) {
        std::vector<edit> members;
        for (const json &one : group.items())
            members.push_back({one["file"].string(), std::size_t(one["offset"].integer()),
                               std::size_t(one["length"].integer()), one["text"].string(), "why"});
        std::string error;
        if (!all.add(members, error))
            std::fprintf(stderr, "%s\n", error.c_str());
    }
    return all;
}

int main(int argc, char **argv)
{
    std::string what = argc > 2 ? argv[1] : "", error, root = argc > 3 ? argv[3] : "";
    json document = argc > 2 ? json::load(argv[2], error) : json();
    if (!document.is_array()) {
        std::fprintf(stderr, "%s\n", error.c_str());
        return 2;
    }
    edits all = read(document);
    std::set<std::string> files;
    for (const edit &one : all.all())
        files.insert(one.file);
    std::string result;
    if (what == "yaml")
        result = all.yaml();
    if (what == "diff")
        result = all.diff(root);
    if (what == "edited")
        for (const std::string &file : files)
            result += all.edited(file);
    if (what == "apply" && !all.apply(error)) {
        std::fprintf(stderr, "%s\n", error.c_str());
        return 1;
    }
    std::fwrite(result.data(), 1, result.size(), stdout);
    return 0;
}
