// SPDX-License-Identifier: Apache-2.0
//
// Fixes: each takes a finding, and proposes edits or says why it has none. A proposal is made only
// where the source shows that the program still does what it did, but for the fault. What has to be
// known of the whole program for that is asked of `program` (program.hh).
//
// A new fix: its line in fixes.def, and a function fix_NAME in a file fix_NAME.cc.
#ifndef SN_SOURCE_FIX_HH
#define SN_SOURCE_FIX_HH

#include "source/code/edits.hh"
#include "source/code/stack.hh"
#include "source/fix/whole_program.hh"

#include <optional>
#include <string>
#include <vector>

namespace snarl
{

struct site {
    std::string role;
    std::vector<seen> path; // as look() gives it: done at the first, named at the last; or empty
    std::vector<std::string> held; // names of the locks that were held
    std::string outer;             // the function that the thread began with, or ""
    std::int64_t thread = -1;
};

// A finding, and its sites in the source.
struct subject {
    std::string id, kind, title;
    std::string variable; // its name by the report, or ""
    std::vector<site> sites;
    std::string unfit; // why its sources are none to rest on, or ""

    // The first site with this role that is in the source; null if none.
    const site *with_role(const std::string &role) const;
};

subject subject_of(project &project, const json &finding);

// What a fix comes to.
struct answer {
    std::vector<edit> edits;   // none: no proposal
    std::string right, leaves; // why it is right, and what it does not fix
    std::string refusal;       // why there is no proposal
    // Main files that have to be parsed with the edits besides those that are edited.
    std::vector<std::string> units;
};

answer refuse(const std::string &reason); // "": it is no case for this fix
// A proposal of these edits; if one of them could not be made because the place is not in the
// user's spelling, a refusal.
answer propose(const std::vector<std::optional<edit>> &edits, const std::string &right,
               const std::string &leaves);

#define FIX(name, kinds, summary) answer fix_##name(const subject &subject, whole_program &program);
#include "source/fix/fixes.def"
#undef FIX

} // namespace snarl

#endif
