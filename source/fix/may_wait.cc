// SPDX-License-Identifier: Apache-2.0
//
// What surely waits for no other thread. Of functions without a body only those are known that are
// listed here; whatever else is called may do anything.
#include "source/fix/whole_program.hh"

#include <clang/AST/ASTContext.h>
#include <clang/AST/ExprCXX.h>
#include <clang/Basic/SourceManager.h>
#include <llvm/ADT/StringSet.h>
#include <llvm/Support/Path.h>

#include <set>

namespace snarl
{

namespace
{

constexpr int calls_deep = 6;

// The C library's functions that compute, copy, allocate or write text.
const llvm::StringSet<> &calm_functions()
{
    static const llvm::StringSet<> names = {
        "memcpy",        "memmove",     "memset",   "memcmp",   "memchr",       "strlen",
        "strnlen",       "strcpy",      "strncpy",  "strcat",   "strncat",      "strcmp",
        "strncmp",       "strcasecmp",  "strchr",   "strrchr",  "strstr",       "strdup",
        "strndup",       "strtol",      "strtoul",  "strtoll",  "strtoull",     "strtod",
        "strerror",      "strtok_r",    "strspn",   "strcspn",  "atoi",         "atol",
        "atoll",         "atof",        "abs",      "labs",     "llabs",        "printf",
        "fprintf",       "vprintf",     "vfprintf", "snprintf", "vsnprintf",    "sprintf",
        "puts",          "fputs",       "putchar",  "fputc",    "putc",         "perror",
        "fflush",        "malloc",      "calloc",   "realloc",  "free",         "aligned_alloc",
        "isalpha",       "isdigit",     "isalnum",  "isspace",  "isupper",      "islower",
        "toupper",       "tolower",     "isxdigit", "time",     "clock",        "gettimeofday",
        "clock_gettime", "localtime_r", "gmtime_r", "strftime", "qsort",        "bsearch",
        "rand",          "rand_r",      "getpid",   "gettid",   "pthread_self", "pthread_equal",
        "thrd_current",  "sched_yield", "abort",    "exit",     "_exit",        "__errno_location",
        "__assert_fail", "sqrt",        "pow",      "floor",    "ceil",         "fabs",
        "getenv",
    };
    return names;
}

bool is_calm(operation what)
{
    switch (what) {
    case operation::release:
    case operation::signal:
    case operation::post:
    case operation::detach:
    case operation::init:
    case operation::destroy:
    case operation::create:
        return true;
    default:
        return false;
    }
}

class look
{
  public:
    explicit look(const unit &unit) : unit_(unit)
    {
    }

    std::string at(const clang::Stmt *code, int deep)
    {
        if (!code)
            return "";
        std::string reason = here(*code, deep);
        for (const clang::Stmt *child : code->children())
            if (reason.empty())
                reason = at(child, deep);
        return reason;
    }

    // Without what is in it.
    std::string here(const clang::Stmt &code, int deep)
    {
        if (llvm::isa<clang::AsmStmt>(code))
            return told(code, "there is assembly code");
        if (const auto *call = llvm::dyn_cast<clang::CallExpr>(&code))
            return of_call(*call, deep);
        if (const auto *made = llvm::dyn_cast<clang::CXXConstructExpr>(&code))
            return made->getConstructor()->isTrivial()
                       ? ""
                       : of_body(*made->getConstructor(), *made, deep);
        if (llvm::isa<clang::CXXNewExpr, clang::CXXDeleteExpr>(code))
            return told(code, "objects come and go");
        if (llvm::isa<clang::CXXThrowExpr>(code))
            return told(code, "an exception leaves it");
        const clang::Expr *condition = nullptr;
        if (const auto *loop = llvm::dyn_cast<clang::WhileStmt>(&code))
            condition = loop->getCond();
        if (const auto *loop = llvm::dyn_cast<clang::DoStmt>(&code))
            condition = loop->getCond();
        if (const auto *loop = llvm::dyn_cast<clang::ForStmt>(&code))
            condition = loop->getCond();
        return condition && changes_by_itself(*condition)
                   ? told(code, "a loop waits for what others change")
                   : "";
    }

  private:
    static bool changes_by_itself(const clang::Stmt &code)
    {
        if (const auto *e = llvm::dyn_cast<clang::Expr>(&code))
            if (e->getType().isVolatileQualified() || e->getType()->isAtomicType() ||
                llvm::isa<clang::AtomicExpr>(e))
                return true;
        for (const clang::Stmt *child : code.children())
            if (child && changes_by_itself(*child))
                return true;
        return false;
    }

    std::string of_call(const clang::CallExpr &call, int deep)
    {
        if (std::optional<snarl::call> known = call_of(&call))
            return is_calm(known->what) ? "" : told(call, "the call may wait");
        const clang::FunctionDecl *callee = call.getDirectCallee();
        if (!callee)
            return told(call, "it is not known what is called");
        if (callee->isTrivial())
            return "";
        const std::string name = callee->getNameAsString();
        bool builtin = llvm::StringRef(name).starts_with("__builtin_") ||
                       llvm::StringRef(name).starts_with("__sync_");
        if (builtin || (callee->isExternC() && calm_functions().contains(name)) ||
            (!unit_.context().getLangOpts().CPlusPlus && calm_functions().contains(name)))
            return "";
        return of_body(*callee, call, deep);
    }

    std::string of_body(const clang::FunctionDecl &function, const clang::Expr &call, int deep)
    {
        const clang::FunctionDecl *defined = nullptr;
        if (!function.hasBody(defined) || deep >= calls_deep)
            return told(call, function.getNameAsString() + "() may wait for another thread");
        if (const auto *method = llvm::dyn_cast<clang::CXXMethodDecl>(&function))
            if (method->isVirtual())
                return told(call, "it is not known what is called");
        if (!looked_at_.insert(defined->getCanonicalDecl()).second)
            return "";
        return at(defined->getBody(), deep + 1);
    }

    std::string told(const clang::Stmt &code, const std::string &what)
    {
        return what + " (" + where(unit_, code.getBeginLoc()) + ")";
    }

    const unit &unit_;
    std::set<const clang::Decl *> looked_at_;
};

} // namespace

std::string may_wait(const clang::Stmt &code, const unit &unit)
{
    return look(unit).at(&code, 0);
}

std::string may_wait_itself(const clang::Stmt &code, const unit &unit)
{
    return look(unit).here(code, 0);
}

std::string where(const unit &unit, clang::SourceLocation at)
{
    clang::PresumedLoc place = unit.sources().getPresumedLoc(unit.sources().getExpansionLoc(at));
    if (place.isInvalid())
        return "?";
    return llvm::sys::path::filename(place.getFilename()).str() + ":" +
           std::to_string(place.getLine());
}

} // namespace snarl
