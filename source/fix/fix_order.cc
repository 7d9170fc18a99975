// SPDX-License-Identifier: Apache-2.0
//
// Turns the order of two locks around in one function, where that makes the order the same in all
// of the program: the new step, this lock while that one is held, must close no circle with what
// all other functions do.
#include "source/fix/fix.hh"
#include "source/fix/lock_order.hh"
#include "source/fix/lock_pair.hh"

#include <clang/AST/ASTContext.h>
#include <clang/Basic/SourceManager.h>

#include <algorithm>

namespace snarl
{

namespace
{

struct turn {
    const lock_pair *of;
    lock_name first, second;
    const clang::ValueDecl *first_root, *second_root;
};

// What is between the two moves under both locks: it must not wait, and not change what they are.
std::string between(const lock_pair &pair, const turn &turn, const flow &flow)
{
    for (const clang::ValueDecl *by : turn.second.by)
        if (flow.names().assigned(by))
            return by->getNameAsString() + " changes on the way";
    for (const clang::Stmt *statement : pair.between) {
        if (!llvm::isa<clang::Expr, clang::DeclStmt>(statement))
            return "there is more than plain statements between the two";
        if (std::string reason = may_wait(*statement, *pair.in->in); !reason.empty())
            return "between the two, " + reason;
    }
    return "";
}

std::optional<turn> turn_of(const lock_pair &pair, whole_program &program, std::string &reason)
{
    const clang::ASTContext &context = pair.in->in->context();
    if (pair.first->getType()->isPointerType() || pair.second->getType()->isPointerType()) {
        reason =
            "the locks come through pointers, and which comes first is decided where these are "
            "set: to turn them around here would do so for all of them";
        return std::nullopt;
    }
    if (pair.tokens) {
        reason = "semaphores may be given back by anybody, and what that does to an order is not "
                 "looked at";
        return std::nullopt;
    }
    flow flow(*pair.in->found.function, context, program.effects(*pair.in->in));
    std::optional<unsigned> first, second;
    if (flow.complete())
        first = flow.lock(pair.first), second = flow.lock(pair.second);
    std::optional<lvalue> first_named = lvalue_of(pair.first, context);
    std::optional<lvalue> second_named = lvalue_of(pair.second, context);
    if (!first || !second || *first == *second || !first_named || !second_named ||
        !first_named->declaration() || !second_named->declaration()) {
        reason = "which locks these are does not follow from the source";
        return std::nullopt;
    }
    turn result{&pair, flow.locks()[*first], flow.locks()[*second], first_named->declaration(),
                second_named->declaration()};
    reason = between(pair, result, flow);
    return reason.empty() ? std::optional(result) : std::nullopt;
}

bool declared_before(const clang::ValueDecl &a, const clang::ValueDecl &b)
{
    return a.getASTContext().getSourceManager().isBeforeInTranslationUnit(a.getLocation(),
                                                                          b.getLocation());
}

std::string whole_order(const turn &turn, whole_program &program, lock_order &order)
{
    std::set<std::string> units;
    for (const clang::ValueDecl *root : {turn.first_root, turn.second_root}) {
        std::string reason = program.each_unit(*root, turn.of->in->in, [&](const unit &unit) {
            if (units.insert(unit.main_file()).second)
                order.add(unit, program.effects(unit));
            return std::string();
        });
        if (!reason.empty())
            return reason;
    }
    return order.unknown().empty() ? "" : order.unknown() + " has too many paths to be followed";
}

// "" if the program has one order with this turn.
std::string helps(const turn &turn, whole_program &program)
{
    lock_order order;
    if (std::string reason = whole_order(turn, program, order); !reason.empty())
        return reason;
    std::string first = lock_order::key(turn.first), second = lock_order::key(turn.second);
    lock_order::step now{usr_of(*turn.of->in->found.function), first, second};
    std::string name = turn.of->in->found.function->getNameAsString() + "()";
    if (first == second)
        return "the two locks are the same member of two objects";
    if (order.count(now) != 1)
        return name + " takes the two in this order in more than one place";
    if (order.leads(first, second, {now}))
        return "other code, too, takes them in the order of " + name;
    return "";
}

std::vector<std::optional<edit>> edits_of(const lock_pair &pair)
{
    const unit &unit = *pair.in->in;
    const clang::ASTContext &context = unit.context();
    std::string first = spelled(pair.take_first, context);
    std::string second = spelled(pair.take_second, context);
    std::string why = "the order that other functions have";
    if (first.empty() || second.empty())
        return {std::nullopt};
    if (pair.between.empty())
        return {replace(unit, pair.take_first->getSourceRange(), second, why),
                replace(unit, pair.take_second->getSourceRange(), first, why)};
    bool declared = llvm::isa<clang::DeclStmt>(pair.take_second);
    return {insert_above(unit, pair.take_first->getBeginLoc(), second + (declared ? "" : ";"), why),
            remove(unit, *pair.take_second, why)};
}

} // namespace

answer fix_order(const subject &subject, whole_program &program)
{
    std::string reason;
    std::vector<lock_pair> pairs = pairs_of(subject, reason);
    std::vector<turn> turns;
    for (const lock_pair &pair : pairs)
        if (std::optional<turn> turn = turn_of(pair, program, reason))
            turns.push_back(*turn);
    std::stable_sort(turns.begin(), turns.end(), [](const turn &a, const turn &b) {
        return declared_before(*a.second_root, *a.first_root) >
               declared_before(*b.second_root, *b.first_root);
    });
    for (const turn &turn : turns) {
        reason = helps(turn, program);
        if (!reason.empty())
            continue;
        std::string function = turn.of->in->found.function->getNameAsString() + "()";
        return propose(edits_of(*turn.of),
                       "All other functions that take both take " + turn.second.label + " before " +
                           turn.first.label + "; now " + function +
                           " does, too. Nothing rests on which is taken first, or released first.",
                       "Only the order of these locks is looked at, as far as functions take them "
                       "by name.");
    }
    return refuse(reason);
}

} // namespace snarl
