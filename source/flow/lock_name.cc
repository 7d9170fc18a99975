// SPDX-License-Identifier: Apache-2.0
#include "source/flow/lock_name.hh"

#include <clang/AST/ASTContext.h>
#include <clang/AST/DeclCXX.h>
#include <clang/AST/ExprCXX.h>
#include <clang/AST/RecursiveASTVisitor.h>
#include <clang/Basic/SourceManager.h>

#include <algorithm>

namespace snarl
{

namespace
{

constexpr int aliases_at_most = 8;

// What is given values, or has its address taken so that others may.
class assignments : public clang::RecursiveASTVisitor<assignments>
{
  public:
    explicit assignments(std::set<const clang::ValueDecl *> &found) : found_(found)
    {
    }

    bool VisitBinaryOperator(clang::BinaryOperator *binary)
    {
        if (binary->isAssignmentOp())
            add(binary->getLHS());
        return true;
    }

    bool VisitUnaryOperator(clang::UnaryOperator *unary)
    {
        if (unary->isIncrementDecrementOp() || unary->getOpcode() == clang::UO_AddrOf)
            add(unary->getSubExpr());
        return true;
    }

    bool VisitCXXOperatorCallExpr(clang::CXXOperatorCallExpr *call)
    {
        if (call->isAssignmentOp() && call->getNumArgs() > 0)
            add(call->getArg(0));
        return true;
    }

  private:
    void add(const clang::Expr *target)
    {
        target = target->IgnoreParenCasts();
        if (const auto *name = llvm::dyn_cast<clang::DeclRefExpr>(target))
            found_.insert(name->getDecl());
        else if (const auto *member = llvm::dyn_cast<clang::MemberExpr>(target))
            found_.insert(member->getMemberDecl());
    }

    std::set<const clang::ValueDecl *> &found_;
};

std::string record_name(const clang::RecordDecl &record)
{
    if (record.getIdentifier())
        return (llvm::isa<clang::CXXRecordDecl>(record) ? "" : "struct ") +
               record.getQualifiedNameAsString();
    const clang::TypedefNameDecl *alias = record.getTypedefNameForAnonDecl();
    return alias ? alias->getNameAsString() : "a structure";
}

const char *type_name(llvm::StringRef name)
{
    if (name.contains("rwlock") || name.contains("shared_"))
        return "rwlock";
    if (name.contains("spin"))
        return "spin";
    bool mutex = name.contains("mutex") || name.contains("mtx_t");
    return mutex && !name.contains("attr") ? "mutex" : "";
}

void step(lock_name &name, const std::string &step)
{
    if (step == "*" && !name.steps.empty() && name.steps.back() == "&")
        name.steps.pop_back();
    else
        name.steps.push_back(step);
}

bool is_array(const clang::Expr &expression)
{
    return expression.getType()->isArrayType();
}

// What the lock itself is, whatever led to it.
void describe(lock_name &name, clang::QualType type)
{
    if (type->isPointerType() || type->isReferenceType())
        type = type->getPointeeType();
    std::string text = type.getUnqualifiedType().getAsString();
    name.type = type_name(text);
    name.recursive = text.find("recursive") != std::string::npos;
}

} // namespace

std::string lock_name::key() const
{
    std::string key;
    if (from == base::parameter)
        key = "#" + std::to_string(parameter);
    else
        key = from == base::object ? "this" : root;
    for (const std::string &step : steps)
        key += step;
    return key;
}

std::string lock_name::wide_key() const
{
    return is_global() ? key() : member;
}

const clang::FunctionDecl *callee_of(const clang::Expr &call)
{
    if (const auto *plain = llvm::dyn_cast<clang::CallExpr>(&call))
        return plain->getDirectCallee();
    const auto *made = llvm::dyn_cast<clang::CXXConstructExpr>(&call);
    return made ? made->getConstructor() : nullptr;
}

const clang::Expr *argument_of(const clang::Expr &call, unsigned parameter)
{
    if (const auto *made = llvm::dyn_cast<clang::CXXConstructExpr>(&call))
        return parameter < made->getNumArgs() ? made->getArg(parameter) : nullptr;
    const auto *plain = llvm::dyn_cast<clang::CallExpr>(&call);
    const clang::FunctionDecl *callee = plain ? plain->getDirectCallee() : nullptr;
    // The object of an operator is its first argument.
    if (llvm::isa_and_nonnull<clang::CXXOperatorCallExpr>(plain) &&
        llvm::isa_and_nonnull<clang::CXXMethodDecl>(callee))
        parameter++;
    return plain && parameter < plain->getNumArgs() ? plain->getArg(parameter) : nullptr;
}

namer::namer(const clang::FunctionDecl &function, const clang::ASTContext &context)
    : function_(function), context_(context)
{
    assignments(assigned_).TraverseDecl(const_cast<clang::FunctionDecl *>(&function));
}

// Where a name begins; for a local that is another name for something, with that.
bool namer::begin(const lvalue &value, lock_name &out, int depth) const
{
    const auto *method = llvm::dyn_cast<clang::CXXMethodDecl>(&function_);
    if (!value.root) {
        bool lambda = method && method->getParent()->isLambda();
        out.from = lambda ? lock_name::base::local : lock_name::base::object;
        out.root = "this";
        return true;
    }
    out.label = value.root->getNameAsString();
    if (value.is_global()) {
        out.from = lock_name::base::global;
        out.root = usr_of(*value.root);
        return !out.root.empty() && value.root->getTLSKind() == clang::VarDecl::TLS_None;
    }
    const auto *parameter = llvm::dyn_cast<clang::ParmVarDecl>(value.root);
    if (parameter && !assigned(parameter) && parameter->getDeclContext() == &function_) {
        out.from = lock_name::base::parameter;
        out.parameter = parameter->getFunctionScopeIndex();
        return true;
    }
    const clang::Expr *init = value.root->getInit();
    bool pointer_like =
        value.root->getType()->isPointerType() || value.root->getType()->isReferenceType();
    if (!parameter && init && pointer_like && !assigned(value.root) && depth < aliases_at_most) {
        std::optional<lock_name> other =
            pointer(init, value.root->getType()->isReferenceType(), depth + 1);
        bool stays = other && std::none_of(other->by.begin(), other->by.end(),
                                           [&](const auto *d) { return assigned(d); });
        if (stays) {
            out = *other;
            return true;
        }
    }
    out.from = lock_name::base::local;
    out.root = out.label + "@" + std::to_string(value.root->getLocation().getRawEncoding());
    return true;
}

bool namer::extend(const lvalue &value, lock_name &out, int depth) const
{
    if (!begin(value, out, depth))
        return false;
    const clang::ValueDecl *last = value.root;
    std::string label;
    for (const lvalue::step &s : value.steps) {
        if (s.kind == lvalue::step::member) {
            step(out, "." + usr_of(*s.field));
            out.member = usr_of(*s.field);
            label = s.field->getNameAsString();
            if (out.is_global() && out.steps.size() == 1)
                label = out.label + "." + label;
            else
                label += " of " + record_name(*s.field->getParent());
            last = s.field;
            out.label = label;
        } else if (s.kind == lvalue::step::element) {
            step(out, "[" + s.index + "]");
            out.label += "[" + s.index + "]";
            if (s.variable)
                out.by.push_back(s.variable);
        } else if (s.index == "&") {
            step(out, "&");
        } else {
            step(out, "*");
            if (last && !last->getType()->isReferenceType())
                out.by.push_back(last);
        }
    }
    return value.exact;
}

// The name of what a value points to (with "&" at its end where it is known by its address).
std::optional<lock_name> namer::pointer(const clang::Expr *value, bool to_it, int depth) const
{
    std::optional<lvalue> named = lvalue_of(value, context_);
    lock_name result;
    if (!named || !extend(*named, result, depth))
        return std::nullopt;
    bool array = is_array(*value->IgnoreParenCasts());
    if (!array && !to_it && named->declaration())
        result.by.push_back(named->declaration());
    if (array && !to_it)
        step(result, "[0]");
    if (array || to_it)
        step(result, "&");
    return result;
}

std::optional<lock_name> namer::name(const clang::Expr *object) const
{
    std::optional<lvalue> named = lvalue_of(object, context_);
    lock_name result;
    if (!named || !extend(*named, result, 0))
        return std::nullopt;
    const clang::Expr *bare = object->IgnoreParenCasts();
    describe(result, bare->getType());
    if (is_array(*bare)) {
        step(result, "[0]");
    } else if (bare->getType()->isPointerType()) {
        step(result, "*");
        if (named->declaration())
            result.by.push_back(named->declaration());
    }
    return result;
}

lock_name followed(lock_name outer, const lock_name &inner)
{
    for (const std::string &s : inner.steps)
        step(outer, s);
    if (!inner.member.empty()) {
        outer.member = inner.member;
        bool whole = outer.is_global() && outer.steps.size() == 1;
        outer.label = whole ? outer.label + "." + inner.label.substr(0, inner.label.find(" of "))
                            : inner.label;
    }
    outer.type = inner.type;
    outer.recursive = inner.recursive;
    return outer;
}

std::optional<lock_name> namer::argument(const clang::Expr &call, int which) const
{
    if (which >= 0) {
        const clang::FunctionDecl *callee = callee_of(call);
        const clang::Expr *value = argument_of(call, unsigned(which));
        bool reference = callee && unsigned(which) < callee->getNumParams() &&
                         callee->getParamDecl(unsigned(which))->getType()->isReferenceType();
        return value ? pointer(value, reference, 0) : std::nullopt;
    }
    const clang::Expr *value = nullptr;
    if (const auto *member = llvm::dyn_cast<clang::CXXMemberCallExpr>(&call))
        value = member->getImplicitObjectArgument();
    else if (const auto *op = llvm::dyn_cast<clang::CXXOperatorCallExpr>(&call))
        value = op->getNumArgs() > 0 ? op->getArg(0) : nullptr;
    return value ? pointer(value, !value->getType()->isPointerType(), 0) : std::nullopt;
}

std::vector<std::pair<int, lock_name>> namer::arguments(const clang::Expr &call) const
{
    std::vector<std::pair<int, lock_name>> result;
    const clang::FunctionDecl *callee = callee_of(call);
    for (int which = -1; which < int(callee ? callee->getNumParams() : 0); which++) {
        std::optional<lock_name> name = argument(call, which);
        if (!name)
            continue;
        name->by.clear();
        result.emplace_back(which, *name);
    }
    return result;
}

std::optional<lock_name> namer::name(const lock_name &inner, const clang::Expr &call) const
{
    if (inner.is_global())
        return inner;
    if (inner.from == lock_name::base::local)
        return std::nullopt;
    std::optional<lock_name> outer =
        argument(call, inner.from == lock_name::base::object ? -1 : int(inner.parameter));
    return outer ? std::optional(followed(*outer, inner)) : std::nullopt;
}

std::optional<lock_name> namer::name_by_value(const lock_name &inner,
                                              const clang::Expr &value) const
{
    std::optional<lock_name> outer =
        inner.is_global() ? std::optional(inner) : pointer(&value, false, 0);
    return outer && !inner.is_global() ? followed(*outer, inner) : outer;
}

std::optional<lock_name> namer::name(const lock_name &inner, const clang::VarDecl &variable) const
{
    if (inner.is_global())
        return inner;
    lvalue itself;
    itself.root = &variable;
    lock_name outer;
    if (inner.from == lock_name::base::local || !extend(itself, outer, aliases_at_most))
        return std::nullopt;
    // An alias is followed here by hand: what is handed on is the variable's address.
    if (inner.steps.size() > 1 && inner.steps[0] == "*" && inner.steps[1] == "*" &&
        variable.getType()->isPointerType() && extend(itself, outer = {}, 0)) {
        lock_name rest = inner;
        rest.steps.erase(rest.steps.begin());
        return followed(outer, rest);
    }
    step(outer, "&");
    return followed(outer, inner);
}

} // namespace snarl
