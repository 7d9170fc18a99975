// SPDX-License-Identifier: Apache-2.0
//
// Annotations before they are made: what each rule would put where, and what the trace vouches for.
#ifndef SN_SOURCE_ANNOTATE_PLAN_HH
#define SN_SOURCE_ANNOTATE_PLAN_HH

#include "source/annotate/lock_spelling.hh"
#include "source/code/declarations.hh"
#include "source/code/edits.hh"

#include <map>
#include <set>

namespace snarl
{

struct plan {
    struct piece {
        std::string file;
        std::size_t offset;
        std::string text;
        // Around it, and all others at the same place with the same ones.
        std::string before = {}, after = {};
    };
    std::string id;   // of what it is of
    std::string name; // as clang quotes it in what it says of it: a variable's, a function's
    std::vector<piece> pieces;
    // Lines at which the trace shows that all is well, by file.
    std::set<std::pair<std::string, unsigned>> vouched;
};

// For each rule without an exception. `notes` says, by id, of what cannot be written why.
class planner
{
  public:
    planner(project &project, const locking &locking, std::map<std::string, std::string> &notes)
        : project_(project), locking_(locking), notes_(notes)
    {
        find_ends();
    }

    void plan_variable(const variable_rule &rule);
    void plan_function(const function_rule &rule, const std::string &id);
    void plan_order(const order_rule &rule, const std::string &id);

    std::vector<plan> plans;

  private:
    void find_ends();
    void plan_alone(const variable_rule &rule, plan &plan);
    bool alone_from(const sighting &access, const unit &unit, plan &plan, const std::string &text);

    project &project_;
    const locking &locking_;
    std::map<std::string, std::string> &notes_;
    // By function: the last line at which it was while there were other threads.
    std::map<std::string, unsigned> others_until_;
    std::map<std::string, std::set<std::pair<std::string, unsigned>>> lines_of_calls_;
};

// What is put in where, once for each place.
std::vector<plan::piece> pieces_of(const std::vector<plan> &plans);

} // namespace snarl

#endif
