// SPDX-License-Identifier: Apache-2.0
//
// What each function of a project does to locks, in words that outlive its translation unit: the
// units are parsed one after the other, and little is kept of each. A unit is looked at again if
// functions that it calls turn out to take or give back locks.
//
//     survey survey;
//     survey.take(project, project.files());
//     for (const auto &[usr, function] : survey.functions) ...
#ifndef SN_SOURCE_SURVEY_HH
#define SN_SOURCE_SURVEY_HH

#include "source/code/calls.hh"
#include "source/code/project.hh"
#include "source/flow/flow.hh"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace snarl
{

struct code_place {
    std::string function, file; // qualified; absolute
    unsigned line = 0, column = 0;
};

struct taken_lock {
    lock_name lock;
    code_place at;
    bool shared = false;
    bool guarded = false;
};

// Something that a function does: to a lock, or a call, or what may block.
struct deed {
    std::optional<operation> what; // none: a call
    std::string called;            // the name of the function
    std::string callee;            // its USR
    code_place at;
    std::vector<std::pair<int, lock_name>> arguments; // by parameter, -1 the object
    std::optional<lock_name> lock;
    bool shared = false, timed = false;
    bool by_parameter = false;         // done or not by a number or truth that a caller gives
    std::vector<taken_lock> must, may; // held before
    std::vector<lock_name> freed;      // locks that were given back before, on some path
    bool free = false;                 // the lock was given back before, on some path at least
    bool untouched = false;            // the function did nothing to the lock before
    code_place released;               // where it was given back before
};

// A lock that stays held on a way out.
struct kept_lock {
    taken_lock taken;
    std::string taken_by; // the USR of the function whose call took it, or ""
    code_place out, given_back;
    bool thread_ends = false;
    bool told = false;    // what is returned tells whether it is held
    bool success = false; // held where something else than zero is returned
    bool failure = false; // held where a null pointer or a negative number is returned
};

// A wait that takes any wake for the answer.
struct loose_wait {
    code_place at;
    std::optional<code_place> test; // what was looked at before
    std::string condition;          // its label
    taken_lock mutex;
    bool timed = false;
};

struct function_record {
    std::string usr, name;
    code_place at;
    bool external = false, lambda = false;
    bool complete = true;
    std::vector<effect> effects;
    std::vector<deed> deeds;
    std::vector<kept_lock> kept;
    std::vector<loose_wait> waits;
    bool takes_unnamed = false;    // locks that have no name (lock_name.hh)
    std::set<std::string> touched; // keys of the locks that it takes somewhere
};

class survey
{
  public:
    std::map<std::string, function_record> functions; // by USR
    std::set<std::string> thread_starts, address_taken;
    std::set<std::string> maybe_recursive; // wide keys of locks that are made with attributes
    std::vector<std::string> passed_over;  // what was left alone, one line each
    bool whole = true;                     // all files of the project could be looked at

    // Looks at these files of the project; false if none could be parsed.
    bool take(project &project, const std::vector<std::string> &files);

  private:
    friend class unit_survey;
    std::map<std::string, std::set<std::string>> calls_; // of a unit: USRs
    std::set<std::string> changed_;
    std::set<std::string> round_; // functions that were looked at in this round
};

// A place in the user's files, of a function's code.
code_place place_of(clang::SourceLocation location, const clang::FunctionDecl *function,
                    const clang::ASTContext &context);

// A callee's lock as the caller of this deed knows it.
std::optional<lock_name> at_caller(const lock_name &inner, const deed &call);

} // namespace snarl

#endif
