// SPDX-License-Identifier: Apache-2.0
//
// Rules of locking, concluded from what traces show: which lock guards what, what functions do with
// locks, in which order locks are taken. Each has the counts that speak for it and against it.
#ifndef SN_SOURCE_RULES_HH
#define SN_SOURCE_RULES_HH

#include "source/annotate/locking.hh"

namespace snarl
{

enum class verdict {
    guarded,    // always by the same lock, that can be named from there
    elsewhere,  // always by the same lock, of another object
    mostly,     // by one lock more often than not
    seldom,     // by one lock, but not as often as not
    unguarded,  // by none
    one_thread, // only one was there
    read_only,  // nobody wrote while there were others
    atomic,
};

const char *verdict_name(verdict verdict);

struct variable_rule {
    std::string subject;
    snarl::verdict verdict = verdict::unguarded;
    std::vector<held_lock> guards;       // the rule's; of `mostly` the most frequent one
    std::uint64_t with = 0, without = 0; // accesses under them, and others
    std::uint64_t reads = 0, writes = 0, alone = 0, initial = 0;
    unsigned threads = 0;
    bool written_by_readers = false;   // somebody wrote holding the lock as a reader
    std::vector<const sighting *> odd; // those without
    std::vector<const sighting *> all;
};

// What a function does with a lock.
struct function_rule {
    enum kinds {
        required,        // it is entered with the lock held,
        required_shared, // at least as a reader
        excluded,        // it takes the lock itself, and is never entered with it
        acquired,        // it returns with the lock
        released,        // it gives back what its caller held
    } kind = required;
    std::string function, file; // as the trace has them
    unsigned line = 0;          // of some place in it
    std::string lock;           // a thing's id
    std::string text;           // a global lock's path, else ""
    std::uint64_t with = 0, without = 0;
    bool unanimous() const
    {
        return without == 0;
    }
};

struct order_rule {
    std::string first, then; // ids of things
    std::string first_text, then_text;
    std::uint64_t with = 0, without = 0;   // taken in this order, and in the other one
    std::string place_with, place_without; // "f a.c:3", of the second lock's acquisition
};

std::vector<variable_rule> variable_rules(const locking &locking);
std::vector<function_rule> function_rules(const locking &locking);
std::vector<order_rule> order_rules(const locking &locking);

} // namespace snarl

#endif
