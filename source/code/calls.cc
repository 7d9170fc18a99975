// SPDX-License-Identifier: Apache-2.0
#include "source/code/calls.hh"

#include <clang/AST/DeclCXX.h>
#include <clang/AST/DeclTemplate.h>
#include <clang/AST/ExprCXX.h>
#include <llvm/ADT/StringMap.h>

namespace snarl
{

namespace
{

enum argument : int { self = -1, none = -2 };

struct entry {
    const char *name;
    operation what;
    int object, mutex; // indexes, or enum argument
    unsigned flags;
};

constexpr entry entries[] = {
#define CALL(name, what, object, mutex, flags) {name, operation::what, object, mutex, flags},
#include "source/code/calls.def"
#undef CALL
};

const entry *find(llvm::StringRef name)
{
    static const auto table = [] {
        llvm::StringMap<const entry *> table;
        for (const entry &e : entries)
            table[e.name] = &e;
        return table;
    }();
    return table.lookup(name);
}

const entry *find_for(const clang::FunctionDecl &function);

// The method of a base class that this one is, for classes that derive from a lock.
const entry *find_in_bases(const clang::CXXMethodDecl &method)
{
    for (const clang::CXXMethodDecl *base : method.overridden_methods())
        if (const entry *e = find_for(*base))
            return e;
    return nullptr;
}

const entry *find_for(const clang::FunctionDecl &function)
{
    if (!function.getDeclName().isIdentifier())
        return nullptr;
    if (const entry *e = find(table_name(function)))
        return e;
    const auto *method = llvm::dyn_cast<clang::CXXMethodDecl>(&function);
    return method ? find_in_bases(*method) : nullptr;
}

const clang::Expr *operand(const clang::Expr *expression, const clang::CallExpr &call, int which)
{
    if (which == self) {
        const auto *member = llvm::dyn_cast<clang::CXXMemberCallExpr>(&call);
        (void)expression;
        return member ? named_object(member->getImplicitObjectArgument()) : nullptr;
    }
    return which >= 0 && unsigned(which) < call.getNumArgs() ? named_object(call.getArg(which))
                                                             : nullptr;
}

const clang::CXXRecordDecl *record_of(clang::QualType type)
{
    return type.isNull() ? nullptr
                         : type.getCanonicalType().getUnqualifiedType()->getAsCXXRecordDecl();
}

bool is_a(const clang::Expr &expression, llvm::StringRef name)
{
    const clang::CXXRecordDecl *record = record_of(expression.getType());
    return record && record->getQualifiedNameAsString() == name;
}

} // namespace

std::string table_name(const clang::FunctionDecl &function)
{
    if (!llvm::isa<clang::CXXMethodDecl>(function) && function.isExternC())
        return function.getNameAsString();
    std::string name;
    llvm::raw_string_ostream out(name);
    const auto *context = function.getDeclContext();
    llvm::SmallVector<std::string, 4> parts;
    for (; context && !context->isTranslationUnit(); context = context->getParent()) {
        const auto *space = llvm::dyn_cast<clang::NamespaceDecl>(context);
        if (space && (space->isInlineNamespace() || space->isAnonymousNamespace()))
            continue;
        if (const auto *named = llvm::dyn_cast<clang::NamedDecl>(context))
            parts.push_back(named->getNameAsString());
    }
    for (auto part = parts.rbegin(); part != parts.rend(); ++part)
        out << *part << "::";
    out << function.getNameAsString();
    return out.str();
}

const clang::Expr *named_object(const clang::Expr *operand)
{
    const clang::Expr *bare = operand ? operand->IgnoreParenCasts() : nullptr;
    const auto *unary = llvm::dyn_cast_or_null<clang::UnaryOperator>(bare);
    if (unary && unary->getOpcode() == clang::UO_AddrOf)
        return unary->getSubExpr()->IgnoreParenCasts();
    return bare;
}

std::optional<call> call_of(const clang::Expr *expression)
{
    if (!expression)
        return std::nullopt;
    const auto *call = llvm::dyn_cast<clang::CallExpr>(expression->IgnoreParenCasts());
    const clang::FunctionDecl *function = call ? call->getDirectCallee() : nullptr;
    const entry *e = function ? find_for(*function) : nullptr;
    if (!e)
        return std::nullopt;
    return snarl::call{e->what, e->flags, call, operand(call, *call, e->object),
                       operand(call, *call, e->mutex)};
}

std::optional<guard> guard_of(const clang::VarDecl *variable)
{
    const clang::CXXRecordDecl *record = record_of(variable->getType());
    if (!record || !record->isInStdNamespace() || !variable->getInit())
        return std::nullopt;
    llvm::StringRef name = record->getName();
    bool many = name == "scoped_lock";
    if (!many && name != "lock_guard" && name != "unique_lock" && name != "shared_lock")
        return std::nullopt;
    const auto *made =
        llvm::dyn_cast<clang::CXXConstructExpr>(variable->getInit()->IgnoreUnlessSpelledInSource());
    if (!made || (made->getNumArgs() == 1 && record_of(made->getArg(0)->getType()) == record))
        return std::nullopt; // moved from elsewhere: whose lock it is does not stand here
    guard result{variable, {}, name == "shared_lock", true, false, false};
    for (const clang::Expr *argument : made->arguments()) {
        if (argument->isDefaultArgument())
            continue;
        if (is_a(*argument, "std::defer_lock_t"))
            result.takes = false;
        else if (is_a(*argument, "std::adopt_lock_t"))
            result.takes = false, result.adopts = true;
        else if (is_a(*argument, "std::try_to_lock_t"))
            result.may_fail = true;
        else if (many || result.locks.empty())
            result.locks.push_back(named_object(argument));
        else
            result.may_fail = true; // a time
    }
    return result;
}

} // namespace snarl
