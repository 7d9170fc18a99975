// SPDX-License-Identifier: Apache-2.0
//
// Objects that know two locks, the first and the second to take: all of them get theirs in one
// order, that of declaration. Right where the two members are good for nothing but to take the one
// right after the other, so that nobody can tell which is which, and where all that they are ever
// set to is seen: initializers with the address of a global lock.
#include "source/fix/fix.hh"
#include "source/fix/lock_order.hh"
#include "source/fix/lock_pair.hh"

#include <clang/AST/ASTContext.h>
#include <clang/AST/RecursiveASTVisitor.h>
#include <clang/Basic/SourceManager.h>

#include <algorithm>

namespace snarl
{

namespace
{

struct fields {
    const clang::FieldDecl *first = nullptr, *second = nullptr;
};

const clang::FieldDecl *member_of(const clang::Expr *lock, const clang::ASTContext &context)
{
    std::optional<lvalue> named = lock ? lvalue_of(lock, context) : std::nullopt;
    return named && !named->steps.empty() ? named->steps.back().field : nullptr;
}

std::optional<fields> fields_of(const std::vector<lock_pair> &pairs)
{
    fields result;
    for (const lock_pair &pair : pairs) {
        const clang::ASTContext &context = pair.in->in->context();
        const clang::FieldDecl *first = member_of(pair.first, context);
        const clang::FieldDecl *second = member_of(pair.second, context);
        if (!first || !second || first == second || first->getParent() != second->getParent() ||
            !first->getType()->isPointerType() ||
            !context.hasSameType(first->getType(), second->getType()) ||
            (result.first && (first != result.first || second != result.second)))
            return std::nullopt;
        result = {first, second};
    }
    return result.first ? std::optional(result) : std::nullopt;
}

bool takes_one(const call &known)
{
    return known.what == operation::acquire || known.what == operation::take;
}

bool gives_one(const call &known)
{
    return known.what == operation::release || known.what == operation::post;
}

// Uses of the two members: pairs of acquisitions, and releases.
std::string not_alike(const fields &fields, const unit &unit)
{
    std::vector<use> firsts = uses_of(unit, *fields.first), seconds = uses_of(unit, *fields.second);
    std::vector<const clang::Stmt *> takes[2];
    std::vector<std::vector<const clang::Stmt *>> paths;
    int which = 0;
    for (const std::vector<use> *uses : {&firsts, &seconds}) {
        for (const use &use : *uses) {
            std::string at = where(unit, use.object->getExprLoc());
            if (use.how != use::reads || !use.function)
                return "they are used for more than to take and release (" + at + ")";
            std::vector<const clang::Stmt *> path = path_to(*use.function, use.object);
            const clang::Stmt *statement = statement_of(path);
            const auto *alone = llvm::dyn_cast_or_null<clang::Expr>(statement);
            std::optional<call> known = alone ? call_of(alone) : std::nullopt;
            bool is_object = known && known->object == use.object->IgnoreParenCasts();
            if (!is_object || (!takes_one(*known) && !gives_one(*known)))
                return "they are used for more than to take and release (" + at + ")";
            if (takes_one(*known)) {
                takes[which].push_back(statement);
                auto position = std::find(path.begin(), path.end(), statement);
                const clang::Stmt *outer = position == path.begin() ? nullptr : position[-1];
                if (which == 0)
                    paths.push_back({outer, statement});
            }
        }
        which++;
    }
    if (takes[0].size() != takes[1].size())
        return "one is taken without the other";
    for (const auto &pair : paths) {
        const auto *block = llvm::dyn_cast_or_null<clang::CompoundStmt>(pair[0]);
        std::vector<const clang::Stmt *> all;
        if (block)
            all.assign(block->body_begin(), block->body_end());
        auto at = std::find(all.begin(), all.end(), pair[1]);
        bool next = at != all.end() && at + 1 != all.end() &&
                    std::find(takes[1].begin(), takes[1].end(), at[1]) != takes[1].end();
        if (!next)
            return "the second is not taken right after the first (" +
                   where(unit, pair[1]->getBeginLoc()) + ")";
    }
    return "";
}

class initializers : public clang::RecursiveASTVisitor<initializers>
{
  public:
    explicit initializers(const fields &fields) : fields_(fields)
    {
    }

    struct locks {
        const clang::Expr *first, *second;          // &a
        const clang::VarDecl *is_first, *is_second; // a
    };
    std::vector<locks> all;
    bool others = false; // that lead to no global lock

    bool shouldVisitImplicitCode() const
    {
        return true;
    }

    bool VisitInitListExpr(clang::InitListExpr *list)
    {
        const clang::InitListExpr *meant = list->isSemanticForm() ? list : list->getSemanticForm();
        const clang::RecordDecl *record =
            meant && !meant->getType().isNull() ? meant->getType()->getAsRecordDecl() : nullptr;
        if (!record || usr_of(*record) != usr_of(*fields_.first->getParent()))
            return true;
        if (!seen_.insert(meant).second)
            return true;
        const clang::Expr *first = at(*meant, *fields_.first);
        const clang::Expr *second = at(*meant, *fields_.second);
        locks found{first, second, global(first), global(second)};
        if (found.is_first && found.is_second && found.is_first != found.is_second)
            all.push_back(found);
        else
            others = true;
        return true;
    }

  private:
    static const clang::Expr *at(const clang::InitListExpr &list, const clang::FieldDecl &field)
    {
        unsigned index = field.getFieldIndex();
        return index < list.getNumInits() ? list.getInit(index) : nullptr;
    }

    static const clang::VarDecl *global(const clang::Expr *value)
    {
        const clang::Expr *named = value ? named_object(value) : nullptr;
        const auto *name = llvm::dyn_cast_or_null<clang::DeclRefExpr>(named);
        const auto *variable = name ? llvm::dyn_cast<clang::VarDecl>(name->getDecl()) : nullptr;
        return variable && variable->hasGlobalStorage() &&
                       variable->getType()->isPointerType() == false
                   ? variable
                   : nullptr;
    }

    const fields &fields_;
    std::set<const clang::Expr *> seen_;
};

// Of a semaphore: whether nobody takes it other than by the members. It is no lock that an order of
// locks knows.
std::string used_elsewhere(const clang::VarDecl &semaphore,
                           const std::set<const clang::Expr *> &set, const unit &unit)
{
    for (const use &use : uses_of(unit, semaphore)) {
        if (set.count(use.object) || !use.function)
            continue;
        const auto *alone =
            llvm::dyn_cast_or_null<clang::Expr>(statement_of(path_to(*use.function, use.object)));
        std::optional<call> known = alone ? call_of(alone) : std::nullopt;
        if (!known || (known->what != operation::init && known->what != operation::destroy))
            return semaphore.getNameAsString() + " is used elsewhere, too (" +
                   where(unit, use.object->getExprLoc()) + ")";
    }
    return "";
}

// The edits of one unit, by which all initializers have one order.
std::string turn_all(const fields &fields, bool tokens, const unit &unit, const effects_of &known,
                     std::vector<std::optional<edit>> &edits)
{
    initializers found(fields);
    for (clang::Decl *declaration : unit.context().getTranslationUnitDecl()->decls())
        if (!unit.sources().isInSystemHeader(declaration->getLocation()))
            found.TraverseDecl(declaration);
    if (found.others)
        return "not all that they are set to is seen";
    std::set<const clang::Expr *> set;
    for (const initializers::locks &locks : found.all)
        set.insert({named_object(locks.first), named_object(locks.second)});
    for (const initializers::locks &locks : found.all)
        for (const clang::VarDecl *variable : {locks.is_first, locks.is_second})
            if (std::string reason = tokens ? used_elsewhere(*variable, set, unit) : "";
                !reason.empty())
                return reason;
    lock_order order;
    order.add(unit, known);
    std::string why = "locks in the order of their declaration";
    for (const initializers::locks &locks : found.all) {
        const clang::VarDecl *early = locks.is_first, *late = locks.is_second;
        bool turned = unit.sources().isBeforeInTranslationUnit(
            late->getCanonicalDecl()->getLocation(), early->getCanonicalDecl()->getLocation());
        if (turned)
            std::swap(early, late);
        if (order.leads(usr_of(*late), usr_of(*early), {}))
            return "other code takes " + late->getNameAsString() + " before " +
                   early->getNameAsString();
        if (!turned)
            continue;
        std::string first = spelled(locks.first, unit.context());
        std::string second = spelled(locks.second, unit.context());
        bool fine = !first.empty() && !second.empty();
        edits.push_back(fine ? replace(unit, locks.first->getSourceRange(), second, why)
                             : std::nullopt);
        edits.push_back(fine ? replace(unit, locks.second->getSourceRange(), first, why)
                             : std::nullopt);
    }
    return "";
}

} // namespace

answer fix_initializers(const subject &subject, whole_program &program)
{
    std::string reason;
    std::vector<lock_pair> pairs = pairs_of(subject, reason);
    std::optional<fields> fields = fields_of(pairs);
    if (!fields)
        return refuse("");
    std::string names =
        fields->first->getNameAsString() + " and " + fields->second->getNameAsString();
    std::vector<std::optional<edit>> edits;
    int units = 0;
    reason = program.each_unit(*fields->first, pairs[0].in->in, [&](const unit &unit) {
        units++;
        std::string reason = not_alike(*fields, unit);
        return reason.empty()
                   ? turn_all(*fields, pairs[0].tokens, unit, program.effects(unit), edits)
                   : reason;
    });
    if (reason.empty() && units > 1)
        reason = "more than one file knows them";
    if (reason.empty() && edits.empty())
        reason = "all of them have one order already";
    if (!reason.empty())
        return refuse(names + ": " + reason);
    return propose(edits,
                   names + " are taken one right after the other, and used for nothing else, so "
                           "nobody can tell which of them comes first. All objects now have their "
                           "locks in the order in which these are declared.",
                   "Whoever makes another object has to keep that order.");
}

} // namespace snarl
