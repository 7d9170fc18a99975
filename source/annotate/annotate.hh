// SPDX-License-Identifier: Apache-2.0
//
// The rules that traces show, as a table, as JSON, and as annotations of the sources
// (snarl/thread_safety.h).
#ifndef SN_SOURCE_ANNOTATE_HH
#define SN_SOURCE_ANNOTATE_HH

#include "source/annotate/rules.hh"
#include "source/code/edits.hh"

#include <set>

namespace snarl
{

struct annotation_settings {
    bool all = false;    // also what needs no lock, and what functions exclude
    std::string include; // where snarl/thread_safety.h is; "": where it was installed
};

class annotation
{
  public:
    annotation(project &project, json document, annotation_settings settings);

    // Makes the edits: of each rule without an exception, if clang then accepts all that the trace
    // has shown to be under the lock. Others get a note.
    void write();

    const edits &made() const
    {
        return edits_;
    }
    std::string table() const;
    json document() const; // snarl-annotate/1

  private:
    project &project_;
    annotation_settings settings_;
    locking locking_;
    std::vector<variable_rule> variables_;
    std::vector<function_rule> functions_;
    std::vector<order_rule> order_;
    edits edits_;
    std::map<std::string, std::string> notes_; // by what a rule is of: why it was not written
    std::set<std::string> written_;
    std::vector<std::string> said_; // by clang, of the edited sources
};

} // namespace snarl

#endif
