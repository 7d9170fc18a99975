// SPDX-License-Identifier: Apache-2.0
//
// What an expression names, as far as the source tells: a variable, then members, elements and
// pointers followed from there. `self->table[i].lock` is the parameter self, a pointer followed,
// the member table, some element, the member lock.
//
// Two expressions in one function with the same `key` name the same object if no variable on the
// way was assigned between them, and if both are `exact`. Across functions and translation units,
// only what begins at a variable that is not local can be compared; of others `member_key` tells
// which member of which type it is.
#ifndef SN_SOURCE_LVALUE_HH
#define SN_SOURCE_LVALUE_HH

#include <clang/AST/Decl.h>
#include <clang/AST/Expr.h>

#include <optional>
#include <string>
#include <vector>

namespace snarl
{

struct lvalue {
    struct step {
        enum { member, element, followed } kind;
        const clang::FieldDecl *field;            // of a member
        std::string index;                        // of an element: its value, or its text
        bool exact;                               // the index is a constant, or a variable's value
        const clang::VarDecl *variable = nullptr; // that variable
    };
    const clang::VarDecl *root = nullptr; // null: the object of this member function
    std::vector<step> steps;
    bool exact = true; // no index that only looks the same

    // The variable or the member that it ends at.
    const clang::ValueDecl *declaration() const;
    bool is_global() const; // begins at a variable with static storage
    std::string key() const;
    // "queue::lock" for any member lock of any struct queue; "" if it is no member.
    std::string member_key() const;
};

// None for what is named by a call, a conditional or arithmetic: nothing says what these lead to.
std::optional<lvalue> lvalue_of(const clang::Expr *expression, const clang::ASTContext &context);

// The same in every translation unit; "" for what has no name there.
std::string usr_of(const clang::Decl &declaration);

// The text of an expression as written, one line, spaces as they are. "" if it comes out of a
// macro's body.
std::string spelled(const clang::Stmt *statement, const clang::ASTContext &context);

} // namespace snarl

#endif
