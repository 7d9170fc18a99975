// SPDX-License-Identifier: Apache-2.0
//
// Two locks of a deadlock that one thread takes in one block of a function: where a fix of their
// order can be made.
#ifndef SN_SOURCE_LOCK_PAIR_HH
#define SN_SOURCE_LOCK_PAIR_HH

#include "source/fix/fix.hh"

#include <optional>
#include <string>
#include <vector>

namespace snarl
{

struct lock_pair {
    const seen *in = nullptr;                                        // where the first one is taken
    const clang::Expr *first = nullptr, *second = nullptr;           // the locks, as named there
    const clang::Stmt *take_first = nullptr, *take_second = nullptr; // statements of their own
    std::vector<const clang::Stmt *> between;
    const clang::VarDecl *first_guard = nullptr, *second_guard = nullptr; // or null
    bool tokens = false;                                                  // of semaphores
};

// One for each thread of the finding that takes two locks so; `reason` says why others do not.
std::vector<lock_pair> pairs_of(const subject &subject, std::string &reason);

} // namespace snarl

#endif
