// SPDX-License-Identifier: Apache-2.0
//
// What a survey says of functions together: who calls whom, what a call comes to in the end, and
// what may be held when a function begins. It takes the project for the whole program: a function
// that nobody in it calls, and whose address is not taken, is called with no lock held if it is
// main or a thread's, and with whatever there is otherwise.
#ifndef SN_SOURCE_PROGRAM_HH
#define SN_SOURCE_PROGRAM_HH

#include "source/flow/survey.hh"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace snarl
{

// A lock that may be any, among wide keys.
constexpr const char *unnamed = "?";

// Something that happens in a function, or in what it calls.
struct reached {
    const deed *what = nullptr;
    std::optional<lock_name> lock; // as the function knows it; without a root if it has no name
    std::vector<code_place> chain; // innermost first, up to the function
    std::set<std::string> gates;   // wide keys of locks that are held on the way
    bool by_parameter = false;     // whether it happens depends on what a caller gives
    std::vector<lock_name> freed;  // locks that were given back before, on the way
};

class program
{
  public:
    explicit program(const survey &survey);

    struct use {
        const function_record *caller;
        const deed *call;
    };
    const std::vector<use> &callers(const std::string &usr) const;
    // Acquisitions that wait as long as it takes, and calls that may block, of one function.
    const std::vector<reached> &acquires(const std::string &usr);
    const std::vector<reached> &blocks(const std::string &usr);
    // Wide keys of locks that all callers hold.
    const std::set<std::string> &held_by_callers(const std::string &usr) const;
    // Wide keys of locks that some caller may hold; none if that is not known.
    const std::optional<std::set<std::string>> &maybe_held_by_callers(const std::string &usr) const;
    // Whether only the first thread comes here, as far as is known.
    bool only_first_thread(const std::string &usr) const;
    // Whether all that call it are known.
    bool has_known_callers(const std::string &usr) const;

  private:
    void find_entries();
    void find_threads();
    bool is_start(const function_record &function) const;
    using wanted = bool (*)(const deed &);
    using memory = std::map<std::string, std::vector<reached>>;
    const std::vector<reached> &reach(const std::string &usr, wanted wanted, memory &known);
    void add_through(const deed &call, wanted wanted, memory &known, std::vector<reached> &result);

    const survey &survey_;
    std::map<std::string, std::vector<use>> callers_;
    std::map<std::string, std::set<std::string>> must_;
    std::map<std::string, std::optional<std::set<std::string>>> may_;
    std::set<std::string> by_first_, by_others_;
    memory acquires_, blocks_;
    std::set<std::string> active_;
};

bool may_block(const deed &deed);

} // namespace snarl

#endif
