// SPDX-License-Identifier: Apache-2.0
//
// A finding of the source alone, and how it becomes one of snarl-report/1: the level is `possible`,
// with the reason; modules and offsets are not known; threads are those that there would be.
#ifndef SN_SOURCE_TOLD_HH
#define SN_SOURCE_TOLD_HH

#include "source/flow/survey.hh"
#include "source/json.hh"

#include <string>
#include <vector>

namespace snarl
{

enum class hazard {
#define HAZARD(name, id, severity, levels, definition, advice) name,
#include "finding/hazards.def"
#undef HAZARD
};

const char *hazard_id(hazard kind);
const char *hazard_advice(hazard kind);

struct told {
    struct site {
        std::string role;
        unsigned thread;               // 1, 2 ...
        int lock;                      // index in `locks`, -1 for none
        std::vector<code_place> stack; // innermost first
        std::string note = "";
    };
    hazard kind;
    std::string title, story; // what happens, why it is wrong; advice is added
    std::string reason;       // behind "the source alone was looked at; "
    std::vector<lock_name> locks;
    std::vector<site> sites;
    unsigned count = 1;
};

// The whole report. Sorted by place, so that it is the same each time.
json report_of(std::vector<told> findings);

std::string at_line(const code_place &place); // "line 12"

} // namespace snarl

#endif
