// SPDX-License-Identifier: Apache-2.0
//
// A lock is followed from the function that names it where it is taken, call by call, to the
// function of the rule: what it begins with is looked for among the arguments. Only what is the
// same in the examples of the trace is believed.
#include "source/annotate/lock_spelling.hh"

#include "source/code/stack.hh"

#include <clang/AST/ASTContext.h>
#include <clang/AST/ExprCXX.h>
#include <clang/AST/RecursiveASTVisitor.h>

#include <algorithm>

namespace snarl
{

namespace
{

constexpr unsigned examples = 4;

std::string step_text(const std::vector<lvalue::step> &steps, std::size_t from)
{
    std::string text;
    bool followed = false;
    for (std::size_t i = from; i < steps.size(); i++) {
        const lvalue::step &step = steps[i];
        if (step.kind == lvalue::step::followed) {
            if (followed || step.index == "&")
                return "";
            followed = true;
        } else if (step.kind == lvalue::step::member) {
            text += (followed ? "->" : ".") + step.field->getNameAsString();
            followed = false;
        } else {
            if (followed || !step.exact)
                return "";
            text += "[" + step.index + "]";
        }
    }
    return followed ? "" : text;
}

bool same_step(const lvalue::step &a, const lvalue::step &b)
{
    return a.kind == b.kind && a.index == b.index && (!a.field == !b.field) &&
           (!a.field || a.field->getCanonicalDecl() == b.field->getCanonicalDecl());
}

// As the function names it; none for what begins at one of its own variables.
std::optional<lock_spelling> named_in(const lvalue &lock, const clang::FunctionDecl &function)
{
    lock_spelling result;
    std::size_t from = 0;
    std::string prefix;
    if (!lock.root) {
        // this->lock: the member alone
        if (lock.steps.size() < 2 || lock.steps[0].kind != lvalue::step::followed)
            return std::nullopt;
        std::string text = step_text(lock.steps, 0);
        if (!text.starts_with("->"))
            return std::nullopt;
        result.text = text.substr(2);
        return result;
    }
    if (const auto *parameter = llvm::dyn_cast<clang::ParmVarDecl>(lock.root)) {
        if (parameter->getDeclContext() != &function)
            return std::nullopt;
        result.parameter = int(parameter->getFunctionScopeIndex());
        bool reference = parameter->getType()->isReferenceType();
        from = reference ? 1 : 0;
    } else if (lock.root->hasGlobalStorage() && !lock.root->isStaticLocal()) {
        prefix = lock.root->getNameAsString();
    } else {
        return std::nullopt;
    }
    std::string text = step_text(lock.steps, from);
    if (text.empty() && from < lock.steps.size())
        return std::nullopt;
    result.text = prefix + text;
    return result;
}

// What comes behind a prefix in steps; none if it does not begin so.
std::optional<std::vector<lvalue::step>> rest_of(const lvalue &lock, const lvalue &prefix)
{
    if (lock.root != prefix.root || prefix.steps.size() > lock.steps.size() || !prefix.exact ||
        !std::equal(prefix.steps.begin(), prefix.steps.end(), lock.steps.begin(), same_step))
        return std::nullopt;
    return std::vector<lvalue::step>(lock.steps.begin() + long(prefix.steps.size()),
                                     lock.steps.end());
}

const lvalue::step following = {lvalue::step::followed, nullptr, "", true};

// The lock in terms of what is called: by an argument that it begins with, or as a global.
std::optional<lvalue> passed(const lvalue &lock, const clang::CallExpr &call,
                             const clang::ASTContext &context)
{
    const clang::FunctionDecl *callee = call.getDirectCallee();
    if (!callee)
        return std::nullopt;
    callee = callee->getDefinition() ? callee->getDefinition() : callee;
    const auto *method = llvm::dyn_cast<clang::CXXMemberCallExpr>(&call);
    if (method) {
        const clang::Expr *object = method->getImplicitObjectArgument();
        std::optional<lvalue> named = lvalue_of(object, context);
        if (named && object->getType()->isPointerType())
            named->steps.push_back(following);
        auto rest = named ? rest_of(lock, *named) : std::nullopt;
        if (rest) {
            lvalue inside;
            inside.steps.push_back(following);
            inside.steps.insert(inside.steps.end(), rest->begin(), rest->end());
            return inside;
        }
    }
    for (unsigned i = 0; i < call.getNumArgs() && i < callee->getNumParams(); i++) {
        const clang::ParmVarDecl *parameter = callee->getParamDecl(i);
        std::optional<lvalue> named = lvalue_of(call.getArg(i), context);
        if (!named)
            continue;
        lvalue inside;
        inside.root = parameter;
        bool address = !named->steps.empty() && named->steps.back().index == "&" &&
                       named->steps.back().kind == lvalue::step::followed;
        bool pointer = address || parameter->getType()->isPointerType();
        if (!pointer && !parameter->getType()->isReferenceType())
            continue;
        if (address)
            named->steps.pop_back();
        else if (pointer)
            named->steps.push_back(following);
        if (auto rest = rest_of(lock, *named)) {
            inside.steps.push_back(following);
            inside.steps.insert(inside.steps.end(), rest->begin(), rest->end());
            return inside;
        }
    }
    return lock.is_global() ? std::optional<lvalue>(lock) : std::nullopt;
}

// The other way round: what the called function names, in terms of its caller.
std::optional<lvalue> handed(const lvalue &lock, const clang::CallExpr &call,
                             const clang::ASTContext &context)
{
    if (lock.is_global())
        return lock;
    if (lock.steps.empty() || lock.steps[0].kind != lvalue::step::followed)
        return std::nullopt;
    const auto *parameter = llvm::dyn_cast_or_null<clang::ParmVarDecl>(lock.root);
    const auto *method = llvm::dyn_cast<clang::CXXMemberCallExpr>(&call);
    const clang::Expr *argument = nullptr;
    if (parameter && unsigned(parameter->getFunctionScopeIndex()) < call.getNumArgs())
        argument = call.getArg(parameter->getFunctionScopeIndex());
    else if (!lock.root && method)
        argument = method->getImplicitObjectArgument();
    std::optional<lvalue> result = argument ? lvalue_of(argument, context) : std::nullopt;
    if (!result)
        return std::nullopt;
    bool address = !result->steps.empty() && result->steps.back().index == "&" &&
                   result->steps.back().kind == lvalue::step::followed;
    if (address)
        result->steps.pop_back();
    else if (argument->getType()->isPointerType())
        result->steps.push_back(following);
    result->steps.insert(result->steps.end(), lock.steps.begin() + 1, lock.steps.end());
    return result;
}

// Lock operations of a body, by themselves.
class operations : public clang::RecursiveASTVisitor<operations>
{
  public:
    unsigned acquires = 0, releases = 0;

    bool VisitCallExpr(clang::CallExpr *expression)
    {
        std::optional<call> known = call_of(expression);
        acquires +=
            known && (known->what == operation::acquire || known->what == operation::try_acquire);
        releases += known && known->what == operation::release;
        return true;
    }
};

class namer
{
  public:
    namer(const function_rule &rule, const locking &locking, project &project)
        : rule_(rule), locking_(locking), project_(project)
    {
    }

    std::optional<named_rule> name()
    {
        bool required =
            rule_.kind == function_rule::required || rule_.kind == function_rule::required_shared;
        if (required && !rule_.text.empty())
            return by_name();
        unsigned found = 0;
        std::optional<named_rule> result;
        std::vector<json> processes = locking_.document()["processes"].items();
        for (std::size_t process = 0; process < processes.size(); process++)
            for (const json &use : processes[process]["uses"].items()) {
                if (found >= examples)
                    return result;
                std::optional<named_rule> one = example(process, use);
                if (!one)
                    continue;
                if (result && !(result->lock == one->lock))
                    return std::nullopt;
                found++;
                if (!result)
                    result = one;
            }
        return result;
    }

  private:
    bool is_lock(std::size_t process, const json &number) const
    {
        std::size_t i = std::size_t(number.integer(-1));
        return i < locking_.classes[process].size() &&
               locking_.classes[process][i].thing == rule_.lock;
    }

    bool is_function(const json &frame) const
    {
        return frame["function"].string() == rule_.function && frame["file"].string() == rule_.file;
    }

    // A global lock has one name everywhere.
    std::optional<named_rule> by_name()
    {
        place place{project_.resolve(rule_.file), rule_.line, 0};
        std::shared_ptr<unit> unit = place.file.empty() ? nullptr : project_.unit_with(place.file);
        const clang::FunctionDecl *function = unit ? function_at(*unit, place) : nullptr;
        if (!function || function->getNameAsString() != plain_name(rule_.function))
            return std::nullopt;
        return named_rule{function, unit, {-1, false, rule_.text}};
    }

    std::optional<named_rule> example(std::size_t process, const json &use)
    {
        bool takes = rule_.kind == function_rule::acquired || rule_.kind == function_rule::excluded;
        bool gives = rule_.kind == function_rule::released;
        if (takes || gives) {
            if (use["kind"].string() != (takes ? "acquire" : "release") ||
                !is_lock(process, use["lock"]))
                return std::nullopt;
            return by_itself(process, use, takes);
        }
        for (const json &held : use["held"].items())
            if (is_lock(process, held["lock"]))
                return by_caller(process, use, held);
        return std::nullopt;
    }

    // The function names the lock that it takes or gives back.
    std::optional<named_rule> by_itself(std::size_t process, const json &use, bool takes)
    {
        json stack = locking_.stack(process, std::size_t(use["stack"].integer()));
        std::vector<operation> what =
            takes ? std::vector{operation::acquire} : std::vector{operation::release};
        for (const seen &seen : look(project_, stack, {act::calls, "", what})) {
            if (!is_function(stack[seen.frame]) || !seen.found.function || !seen.found.object)
                continue;
            std::optional<lvalue> lock = lvalue_of(seen.found.object, seen.in->context());
            operations inside;
            inside.TraverseDecl(const_cast<clang::FunctionDecl *>(seen.found.function));
            bool only = takes ? inside.acquires == 1 && inside.releases == 0
                              : inside.releases == 1 && inside.acquires == 0;
            only = only || rule_.kind == function_rule::excluded;
            std::optional<lock_spelling> name =
                lock && only ? named_in(*lock, *seen.found.function) : std::nullopt;
            if (!name)
                continue;
            name->followed = seen.found.object->getType()->isPointerType();
            return named_rule{seen.found.function, seen.in, *name};
        }
        return std::nullopt;
    }

    // From who took it, call by call, to the function.
    std::optional<named_rule> by_caller(std::size_t process, const json &use, const json &held)
    {
        json where = locking_.stack(process, std::size_t(use["stack"].integer()));
        std::vector<json> frames = where.items();
        std::size_t target = frames.size();
        for (std::size_t i = frames.size(); i-- > 0;)
            if (is_function(frames[i])) {
                target = i;
                break;
            }
        if (target == frames.size())
            return std::nullopt;
        json taken = locking_.stack(process, std::size_t(held["stack"].integer()));
        std::vector<seen> seen =
            look(project_, taken, {act::calls, "", {operation::acquire, operation::try_acquire}});
        if (seen.empty() || !seen.back().found.object)
            return std::nullopt;
        std::shared_ptr<unit> unit = seen.back().in;
        std::optional<lvalue> lock = lvalue_of(seen.back().found.object, unit->context());
        // Outwards, through wrappers, to a function in which both happened.
        for (std::size_t i = seen.back().frame; lock && i < taken.items().size(); i++) {
            std::size_t at = only_one(frames, target, taken[i]["function"].string());
            if (at < frames.size()) {
                std::optional<named_rule> named = follow(*lock, unit, frames, at, target);
                if (named)
                    named->lock.followed = seen.back().found.object->getType()->isPointerType();
                return named;
            }
            const clang::CallExpr *call = call_at(*unit, taken.items(), i + 1);
            lock = call ? handed(*lock, *call, unit->context()) : std::nullopt;
        }
        return std::nullopt;
    }

    // The frame outside of `inside` that is of this function; the end if there are more, or none.
    static std::size_t only_one(const std::vector<json> &frames, std::size_t inside,
                                const std::string &function)
    {
        std::size_t found = frames.size();
        for (std::size_t i = inside + 1; i < frames.size(); i++)
            if (frames[i]["function"].string() == function) {
                if (found != frames.size())
                    return frames.size();
                found = i;
            }
        return found;
    }

    // In the frame `at`, the call of the function of the frame inside of it. Declarations of two
    // units are not compared: null if it lies in another one.
    const clang::CallExpr *call_at(const unit &unit, const std::vector<json> &frames,
                                   std::size_t at)
    {
        if (at == 0 || at >= frames.size())
            return nullptr;
        place place{project_.resolve(frames[at]["file"].string()),
                    unsigned(frames[at]["line"].integer()),
                    unsigned(frames[at]["column"].integer())};
        if (place.file.empty() || unit.file(place.file).isInvalid())
            return nullptr;
        std::optional<spot> found = find_spot(
            unit, place, {act::calls, plain_name(frames[at - 1]["function"].string()), {}});
        return found ? llvm::dyn_cast<clang::CallExpr>(found->expression->IgnoreParenCasts())
                     : nullptr;
    }

    std::optional<named_rule> follow(std::optional<lvalue> lock, const std::shared_ptr<unit> &unit,
                                     const std::vector<json> &frames, std::size_t at,
                                     std::size_t target)
    {
        const clang::FunctionDecl *callee = nullptr;
        for (; lock && at > target; at--) {
            const clang::CallExpr *call = call_at(*unit, frames, at);
            if (!call)
                return std::nullopt;
            lock = passed(*lock, *call, unit->context());
            callee = call->getDirectCallee();
        }
        if (!lock || !callee)
            return std::nullopt;
        const clang::FunctionDecl *definition =
            callee->getDefinition() ? callee->getDefinition() : callee;
        std::optional<lock_spelling> name = named_in(*lock, *definition);
        if (!name)
            return std::nullopt;
        return named_rule{definition, unit, *name};
    }

    const function_rule &rule_;
    const locking &locking_;
    project &project_;
};

} // namespace

std::string lock_spelling::in(const clang::FunctionDecl &declaration) const
{
    std::string star = followed ? "*" : "";
    if (parameter < 0)
        return star + text;
    if (unsigned(parameter) >= declaration.getNumParams())
        return "";
    std::string name = declaration.getParamDecl(unsigned(parameter))->getNameAsString();
    return name.empty() ? "" : star + name + text;
}

std::optional<named_rule> name_rule(const function_rule &rule, const locking &locking,
                                    project &project)
{
    return namer(rule, locking, project).name();
}

} // namespace snarl
