// SPDX-License-Identifier: Apache-2.0
//
// What is known on one path through a function of the conditions that it tests: `if (x) lock();`
// and later `if (x) unlock();` go the same way both times, if nothing was assigned to x between.
// A condition comes down to atoms, "this expression has this value", which are true, false, or not
// known. What expressions stand for is compared by their text with macros expanded; of calls too
// (`is_shared(q)` twice), since whoever writes it twice means it to be the same. Only where it
// is said what a call does to locks, each call has an outcome of its own.
#ifndef SN_SOURCE_FACTS_HH
#define SN_SOURCE_FACTS_HH

#include <clang/AST/Decl.h>
#include <clang/AST/Expr.h>
#include <clang/Analysis/CFG.h>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace snarl
{

// Of atoms by their number.
using knowledge = std::map<unsigned, bool>;

class conditions
{
  public:
    // `unique` says of which calls each has an outcome of its own.
    conditions(const clang::CFG &graph, const clang::ASTContext &context,
               std::function<bool(const clang::CallExpr &)> unique);

    // What the expression is as a condition.
    std::optional<bool> evaluate(const clang::Expr *condition, const knowledge &known);
    // Adds what follows from it; false if that contradicts what is known.
    bool assume(const clang::Expr *condition, bool holds, knowledge &known);
    // That `subject` is, or is not, this number: the branches of a switch.
    bool assume_value(const clang::Expr *subject, std::int64_t value, bool equal, knowledge &known);
    // The call returned zero, or something else.
    void set_result(const clang::CallExpr &call, bool zero, knowledge &known);
    // The same, unless it is known to be otherwise: then false.
    bool result_may_be(const clang::CallExpr &call, bool zero, knowledge &known);
    void forget_result(const clang::CallExpr &call, knowledge &known);
    // `target` or the variable now has the value of `value`, if that is not null.
    void assign(const clang::Expr *target, const clang::Expr *value, knowledge &known);
    void assign(const clang::VarDecl &variable, const clang::Expr *value, knowledge &known);

  private:
    struct atom {
        unsigned subject;
        std::int64_t value;
    };
    struct subject {
        std::set<const clang::ValueDecl *> mentions;
        unsigned tests = 0;
        bool set = false;
    };
    struct literal {
        unsigned subject;
        std::int64_t value;
        bool equal;
    };

    void scan(const clang::CFG &graph);
    bool may_be_known(const clang::Expr &value) const;
    void count(const clang::Expr *condition);
    std::optional<literal> literal_of(const clang::Expr *condition);
    std::string text_of(const clang::Expr *expression) const;
    unsigned subject_of(const clang::Expr *expression);
    unsigned subject_named(const std::string &text);
    unsigned atom_of(unsigned subject, std::int64_t value);
    std::optional<bool> lookup(const literal &literal, const knowledge &known);
    bool learn(const literal &literal, knowledge &known);
    void forget(const clang::ValueDecl *declaration, knowledge &known);
    void give(unsigned target, const clang::Expr *value, const knowledge &before, knowledge &known);
    bool matters(unsigned subject) const;
    std::optional<std::int64_t> constant(const clang::Expr *expression) const;

    const clang::ASTContext &context_;
    std::function<bool(const clang::CallExpr &)> unique_;
    std::map<std::string, unsigned> names_;
    std::vector<subject> subjects_;
    std::map<std::pair<unsigned, std::int64_t>, unsigned> numbers_;
    std::vector<atom> atoms_;
};

// Without parentheses, casts, and what only helps the compiler (__builtin_expect).
const clang::Expr *bare(const clang::Expr *expression);

} // namespace snarl

#endif
