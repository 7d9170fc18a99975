// SPDX-License-Identifier: Apache-2.0
//
// How a function names a lock that it, or who called it, has taken: "b->lock" for its parameter b.
#ifndef SN_SOURCE_LOCK_SPELLING_HH
#define SN_SOURCE_LOCK_SPELLING_HH

#include "source/annotate/rules.hh"

#include <optional>

namespace snarl
{

struct lock_spelling {
    int parameter = -1;    // that it begins with; -1: none
    bool followed = false; // it is what that points to
    std::string text;      // behind the parameter ("->lock"), or all of it ("lock_", "cache->lock")

    // As a declaration with its own names of parameters has it; "" if it has no name for one.
    std::string in(const clang::FunctionDecl &declaration) const;
    bool operator==(const lock_spelling &) const = default;
};

struct named_rule {
    const clang::FunctionDecl *function = nullptr;
    std::shared_ptr<unit> in;
    lock_spelling lock;
};

// The function of a rule, and how it names the lock. None if the source does not tell, or if it is
// another one from call to call.
std::optional<named_rule> name_rule(const function_rule &rule, const locking &locking,
                                    project &project);

} // namespace snarl

#endif
