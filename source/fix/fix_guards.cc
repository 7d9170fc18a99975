// SPDX-License-Identifier: Apache-2.0
//
// Two guards in a row become one std::scoped_lock of both locks: it never waits for one while it
// holds the other, so no order of anybody makes a circle with it.
#include "source/fix/fix.hh"
#include "source/fix/lock_pair.hh"

#include <clang/AST/ASTContext.h>
#include <clang/AST/DeclCXX.h>
#include <clang/Basic/SourceManager.h>

namespace snarl
{

namespace
{

// Whether a variable is a guard that can do nothing but hold its lock.
bool only_holds(const clang::VarDecl *variable)
{
    const clang::CXXRecordDecl *record =
        variable ? variable->getType()->getAsCXXRecordDecl() : nullptr;
    return record && (record->getName() == "lock_guard" || record->getName() == "scoped_lock");
}

} // namespace

answer fix_guards(const subject &subject, whole_program &)
{
    std::string reason, not_taken;
    for (const lock_pair &pair : pairs_of(subject, not_taken)) {
        const unit &unit = *pair.in->in;
        if (!pair.first_guard || !pair.second_guard || !only_holds(pair.first_guard) ||
            !only_holds(pair.second_guard) || !unit.context().getLangOpts().CPlusPlus17) {
            continue;
        }
        if (!pair.between.empty()) {
            reason = "there is something between the two guards";
            continue;
        }
        if (!uses_of(unit, *pair.first_guard).empty() ||
            !uses_of(unit, *pair.second_guard).empty()) {
            reason = "the guards are used for more than to hold locks";
            continue;
        }
        std::string first = spelled(pair.first, unit.context());
        std::string second = spelled(pair.second, unit.context());
        if (first.empty() || second.empty())
            return propose({std::nullopt}, "", "");
        return propose(
            {replace(unit, pair.take_first->getSourceRange(),
                     "std::scoped_lock " + pair.first_guard->getNameAsString() + "(" + first +
                         ", " + second + ");",
                     "both at once"),
             remove(unit, *pair.take_second, "taken above")},
            "std::scoped_lock takes both without ever waiting for one while it holds the "
            "other, so that no order of others makes a circle with it. Both are held as "
            "long as before.",
            "Locks that the caller holds have an order with these two, as before.");
    }
    return refuse(reason);
}

} // namespace snarl
