// SPDX-License-Identifier: Apache-2.0
#include "source/fix/lock_words.hh"

#include "source/code/lvalue.hh"

#include <clang/AST/ExprCXX.h>

namespace snarl
{

namespace
{

constexpr const char *families[] = {"pthread_mutex_", "pthread_rwlock_", "pthread_spin_", "mtx_"};

std::string with_dot(const std::string &object)
{
    return object + ".";
}

bool is_shared_mutex(const clang::Expr &object)
{
    const clang::CXXRecordDecl *record = object.getType()->getAsCXXRecordDecl();
    return record && llvm::StringRef(record->getNameAsString()).starts_with("shared_");
}

} // namespace

std::string lock_words::take(bool shared) const
{
    if (function.empty())
        return argument + (shared && rwlock ? "lock_shared();" : "lock();");
    std::string verb = !rwlock ? "lock" : shared ? "rdlock" : "wrlock";
    return function + verb + "(" + argument + ");";
}

std::string lock_words::release(bool shared) const
{
    if (function.empty())
        return argument + (shared && rwlock ? "unlock_shared();" : "unlock();");
    return function + "unlock(" + argument + ");";
}

lock_words lock_words::of(const std::string &object) const
{
    lock_words result = *this;
    result.argument = function.empty() ? with_dot(object) : "&" + object;
    return result;
}

std::optional<lock_words> words_of(const call &call, const clang::ASTContext &context)
{
    const auto *expression = llvm::dyn_cast<clang::CallExpr>(call.at->IgnoreParenCasts());
    const clang::FunctionDecl *callee = expression ? expression->getDirectCallee() : nullptr;
    if (!callee || !call.object || expression->getBeginLoc().isMacroID())
        return std::nullopt;
    lock_words result;
    if (llvm::isa<clang::CXXMemberCallExpr>(expression)) {
        const auto *member =
            llvm::dyn_cast<clang::MemberExpr>(expression->getCallee()->IgnoreParens());
        std::string base = member ? spelled(member->getBase(), context) : "";
        result.argument = base + (member && member->isArrow() ? "->" : ".");
        result.rwlock = is_shared_mutex(*call.object);
        return base.empty() ? std::nullopt : std::optional(result);
    }
    for (const char *family : families)
        if (llvm::StringRef(callee->getNameAsString()).starts_with(family))
            result.function = family;
    result.rwlock = result.function == "pthread_rwlock_";
    result.argument = expression->getNumArgs() ? spelled(expression->getArg(0), context) : "";
    if (result.function.empty() || result.argument.empty())
        return std::nullopt;
    return result;
}

std::optional<lock_words> words_of_guarded(const clang::Expr &lock,
                                           const clang::ASTContext &context)
{
    lock_words result;
    std::string text = spelled(&lock, context);
    result.argument = with_dot(text);
    result.rwlock = is_shared_mutex(lock);
    return text.empty() || lock.getType()->isPointerType() ? std::nullopt : std::optional(result);
}

} // namespace snarl
