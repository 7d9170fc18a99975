// SPDX-License-Identifier: Apache-2.0
//
// What is wrong by the source alone, from a survey. One function for each kind of pattern; what
// they leave alone, and why, stands at each.
#ifndef SN_SOURCE_CHECK_HH
#define SN_SOURCE_CHECK_HH

#include "source/check/told.hh"
#include "source/flow/program.hh"

#include <vector>

namespace snarl
{

struct checking {
    const survey &functions;
    program &calls;
    std::vector<told> found;
};

void check_kept(checking &checking);    // abandoned-lock
void check_again(checking &checking);   // self-deadlock
void check_order(checking &checking);   // deadlock
void check_unlocks(checking &checking); // unlock-not-held
void check_waits(checking &checking);   // wait-without-predicate
void check_blocks(checking &checking);  // blocked-while-holding

// What the declaration behind a lock's name is called across units.
std::string declaration_key(const lock_name &lock);

} // namespace snarl

#endif
