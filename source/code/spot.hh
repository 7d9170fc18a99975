// SPDX-License-Identifier: Apache-2.0
//
// From a place of code, as debug information names it, to what stands there. Compilers differ in
// which column they give an access, and many expressions share a line, so a spot is looked for by
// all that is known of it: line, column, what was done, the name of what it was done to. Where that
// does not leave one declaration, nothing is found: no answer is better than a wrong one.
#ifndef SN_SOURCE_SPOT_HH
#define SN_SOURCE_SPOT_HH

#include "source/code/calls.hh"
#include "source/code/lvalue.hh"
#include "source/code/project.hh"

#include <clang/AST/Stmt.h>

#include <optional>
#include <string>
#include <vector>

namespace snarl
{

enum class act {
    reads,
    writes,
    calls, // does what `operations` says, or calls the function `name`
};

// How memory is accessed by the source. Unknown: by whatever is called there.
enum class access { unknown, plain, atomic };

struct place {
    std::string file;              // absolute
    unsigned line = 0, column = 0; // column 0: not known
};

struct question {
    act what = act::reads;
    std::string name; // of the variable or member, or of the function called; "": any
    std::vector<operation> operations; // of calls; none: any call of `name`
};

struct spot {
    const clang::Expr *expression = nullptr;  // what is read or written; the call
    const clang::Expr *object = nullptr;      // the lvalue that it is about; null if there is none
    const clang::VarDecl *variable = nullptr; // whose declaration does it: a guard, a static local
    const clang::FunctionDecl *function = nullptr; // the innermost one around it
    const clang::Stmt *loop = nullptr;             // the innermost one around it in that function
    access how = access::unknown;
    bool writes = false, reads = false; // an update does both
};

// What stands at a place of a unit that reads its file.
std::optional<spot> find_spot(const unit &unit, const place &place, const question &question);

// The top-level declarations of a unit that have this line.
std::vector<clang::Decl *> declarations_around(const unit &unit, clang::FileID file, unsigned line);

// The innermost function whose body has this line; null if none.
const clang::FunctionDecl *function_at(const unit &unit, const place &place);

// "count" for "pair[3].count of struct queue made at a.c:3": the member, or else the variable.
std::string last_name(const std::string &variable);

} // namespace snarl

#endif
