// SPDX-License-Identifier: Apache-2.0
//
// Questions about all of a program that a fix asks before it may say that it is right: who uses a
// variable, from where a function is called, where a lock is held. Each has an answer only if all
// units that may matter could be read: of what has internal linkage one is enough.
#ifndef SN_SOURCE_WHOLE_PROGRAM_HH
#define SN_SOURCE_WHOLE_PROGRAM_HH

#include "source/code/project.hh"
#include "source/flow/flow.hh"

#include <clang/AST/Decl.h>
#include <clang/AST/Expr.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace snarl
{

// One use of a variable or member.
struct use {
    enum kind { reads, writes, updates, refers } how; // refers: its address, or anything else
    const clang::Expr *object;           // the variable, or the member with what it is a member of
    const clang::Expr *at;               // the assignment or update; of the others, the object
    const clang::Expr *value;            // that is written, or null
    const clang::FunctionDecl *function; // around it; null in a global's initializer
    bool variadic;                       // read to be handed to a function's "..."
};

// All uses in the files of a unit that are not the system's. `declaration` may be of another unit.
std::vector<use> uses_of(const unit &unit, const clang::ValueDecl &declaration);
// All functions with a body in them.
std::vector<const clang::FunctionDecl *> bodies_of(const unit &unit);
// All declarations in them of what is declared there by this name.
std::vector<const clang::DeclaratorDecl *> declarations_of(const unit &unit,
                                                           const clang::ValueDecl &declaration);
// From a function's body to a statement or expression in it, both included; empty if it is not
// there.
std::vector<const clang::Stmt *> path_to(const clang::FunctionDecl &function,
                                         const clang::Stmt *inner);
// The statement around an expression that stands by itself in a compound statement or is the body
// of a loop or branch; null if there is none.
const clang::Stmt *statement_of(const std::vector<const clang::Stmt *> &path);

// Why this code may wait for what another thread does: a call that can, or of which nothing is
// known; a loop that waits for a change. "" if it surely does not.
std::string may_wait(const clang::Stmt &code, const unit &unit);
// The same for this statement or expression without those in it.
std::string may_wait_itself(const clang::Stmt &code, const unit &unit);

// "file.c:12", the file's name alone.
std::string where(const unit &unit, clang::SourceLocation at);

class survey;  // of survey.hh
class program; // of program.hh

class whole_program
{
  public:
    explicit whole_program(project &project);
    ~whole_program();

    // What calls of functions do to locks, in all the program; `home` is read if it is not known
    // which files that has.
    effects_of effects(const unit &home);

    // Calls `look` with each unit that may speak of this declaration, which is of the unit `home`.
    // "", or why not all could be read, or what `look` said to that, which then ends it.
    std::string each_unit(const clang::NamedDecl &declaration, const std::shared_ptr<unit> &home,
                          const std::function<std::string(const unit &)> &look);

    // Why this function may be called by somebody who holds a lock; "" if surely not: it is main,
    // what a thread begins with, or all its callers hold none.
    std::string called_with_locks(const clang::FunctionDecl &function,
                                  const std::shared_ptr<unit> &home);
    // Why whoever holds this lock may wait meanwhile for what another thread does; "" if surely
    // not. `root` is the variable or member that the lock is.
    std::string waits_under(const lock_name &lock, const clang::ValueDecl &root,
                            const std::shared_ptr<unit> &home);

    snarl::project &sources()
    {
        return project_;
    }

  private:
    void look_at(const unit &home);

    snarl::project &project_;
    std::string of_; // the file that the survey began with, if it was not all
    std::unique_ptr<survey> survey_;
    std::unique_ptr<snarl::program> functions_;
};

} // namespace snarl

#endif
