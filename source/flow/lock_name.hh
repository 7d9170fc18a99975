// SPDX-License-Identifier: Apache-2.0
//
// Names of locks that outlive what was parsed: where they begin, and what is followed from there.
// In `pthread_mutex_lock(&q->lock)` of a function with the parameter q, the name is "the member
// lock of what the first parameter points to". A caller with its own names for the argument says
// what that is there. Names of globals are the same in all translation units.
//
// A local variable that is made once from something that stays as it is (`struct queue *q = arg;`)
// is another name for that. What comes out of a call, arithmetic, or an element whose index is
// computed has no name: two of them may look the same and be two locks, or the other way around.
#ifndef SN_SOURCE_LOCK_NAME_HH
#define SN_SOURCE_LOCK_NAME_HH

#include "source/code/lvalue.hh"

#include <clang/AST/Decl.h>
#include <clang/AST/Expr.h>

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace snarl
{

struct lock_name {
    enum class base { global, parameter, object, local }; // object: that of a member function
    base from = base::local;
    unsigned parameter = 0;         // its number
    std::string root;               // of a global: its USR; of a local: made from its place
    std::vector<std::string> steps; // "*", "&", "[3]", ".USR"
    std::string member;             // the USR of the innermost member; "" if there is none
    std::string label;              // for people: "chopstick", "lock of struct queue"
    std::string type;               // "mutex", "rwlock", "spin"; "" if it is none of these
    bool recursive = false;         // by its type
    std::vector<const clang::ValueDecl *> by; // with another value there, it is another lock

    std::string key() const;
    // The same in all functions, for globals; else which member of which type. "" if neither.
    std::string wide_key() const;
    bool is_global() const
    {
        return from == base::global;
    }
};

// Gives names as one function knows them.
class namer
{
  public:
    namer(const clang::FunctionDecl &function, const clang::ASTContext &context);

    // Of an operand as calls.hh has it.
    std::optional<lock_name> name(const clang::Expr *object) const;
    // Of a lock that the callee of a call or construction names by its parameters or its object.
    std::optional<lock_name> name(const lock_name &inner, const clang::Expr &call) const;
    // The same where the callee's only parameter is given this value.
    std::optional<lock_name> name_by_value(const lock_name &inner, const clang::Expr &value) const;
    // Of a lock that a destructor or cleanup function names, of this variable.
    std::optional<lock_name> name(const lock_name &inner, const clang::VarDecl &variable) const;

    // What is handed to the parameters of a call, by number, and as object (-1), where it has a
    // name. A callee's lock is followed from there.
    std::vector<std::pair<int, lock_name>> arguments(const clang::Expr &call) const;

    // Whether the variable or member is given a value in the function, other than where it is
    // declared.
    bool assigned(const clang::ValueDecl *declaration) const
    {
        return assigned_.count(declaration) > 0;
    }

  private:
    std::optional<lock_name> argument(const clang::Expr &call, int which) const;
    bool begin(const lvalue &value, lock_name &out, int depth) const;
    bool extend(const lvalue &value, lock_name &out, int depth) const;
    std::optional<lock_name> pointer(const clang::Expr *value, bool to_it, int depth) const;

    const clang::FunctionDecl &function_;
    const clang::ASTContext &context_;
    std::set<const clang::ValueDecl *> assigned_;
};

// The lock that a callee calls `inner`, when `value` was handed to where it begins.
lock_name followed(lock_name value, const lock_name &inner);

// The callee, and the argument for one of its parameters; null if there is none.
const clang::FunctionDecl *callee_of(const clang::Expr &call);
const clang::Expr *argument_of(const clang::Expr &call, unsigned parameter);

} // namespace snarl

#endif
