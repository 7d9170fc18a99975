// SPDX-License-Identifier: Apache-2.0
//
// Where attributes go: behind declarators and functions as the user has written them. Nothing is
// found in what comes out of a macro, or lies in a header of the system.
#ifndef SN_SOURCE_DECLARATIONS_HH
#define SN_SOURCE_DECLARATIONS_HH

#include "source/code/project.hh"
#include "source/code/spot.hh"

#include <clang/AST/Decl.h>

#include <optional>
#include <string>
#include <vector>

namespace snarl
{

struct position {
    std::string file; // absolute
    std::size_t offset;
};

// The position of a location; none if it is no place of the user's own writing.
std::optional<position> position_of(clang::SourceLocation at, const unit &unit);

// The variable or member whose name stands at a place; null if none.
const clang::DeclaratorDecl *declaration_at(const unit &unit, const place &place);

// Behind the declarator of a variable or member, in front of its initializer.
std::optional<position> behind_declarator(const clang::DeclaratorDecl &declaration,
                                          const unit &unit);

// A place for a function's attribute, and what goes there around it.
struct attribute_place {
    position at;
    std::string before, after;
    const clang::FunctionDecl *declaration; // whose parameters it may name
};

// At each declaration that callers see; a function of C that is only defined gets one in front.
std::vector<attribute_place> attribute_places(const clang::FunctionDecl &function,
                                              const unit &unit);

} // namespace snarl

#endif
