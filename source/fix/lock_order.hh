// SPDX-License-Identifier: Apache-2.0
//
// In which order the functions of a program take locks, by their source: "that one is taken while
// this one is held", in the function itself or in one that it calls. Locks are told apart by global
// name, or as members by their type: two objects' member locks count as one, which finds more
// circles than there are.
#ifndef SN_SOURCE_LOCK_ORDER_HH
#define SN_SOURCE_LOCK_ORDER_HH

#include "source/fix/whole_program.hh"

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace snarl
{

class lock_order
{
  public:
    // Adds what a unit has.
    void add(const unit &unit, const effects_of &known);

    struct step {
        std::string function; // its USR
        std::string held, taken;
        auto operator<=>(const step &) const = default;
    };

    // Whether there is a way from one lock to the other by "taken while held", leaving out what
    // these functions themselves do.
    bool leads(const std::string &from, const std::string &to, const std::set<step> &without) const;
    // How many places of a function take this lock while they hold that one.
    unsigned count(const step &step) const;
    // A function that could not be followed; "" if all could.
    const std::string &unknown() const
    {
        return unknown_;
    }

    // As the order knows a lock.
    static std::string key(const lock_name &lock);

  private:
    struct doing {
        std::set<std::string> takes, calls;
        std::map<std::pair<std::string, std::string>, unsigned> orders; // held, taken: how often
        std::set<std::pair<std::string, std::string>> calls_held;       // held, called
    };
    std::set<std::string> taken_by(const std::string &function) const;

    std::map<std::string, doing> functions_;
    std::string unknown_;
};

} // namespace snarl

#endif
