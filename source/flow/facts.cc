// SPDX-License-Identifier: Apache-2.0
//
// Only what can be asked again is kept: of subjects that two conditions test, or one tests and
// something sets. So paths that differ in nothing else come together again.
#include "source/flow/facts.hh"

#include <clang/AST/ASTContext.h>
#include <clang/AST/ExprCXX.h>
#include <clang/AST/RecursiveASTVisitor.h>

#include <limits>

namespace snarl
{

namespace
{

// The value of a subject that is a comparison: it holds, or does not.
constexpr std::int64_t itself = std::numeric_limits<std::int64_t>::min();

class mentioned : public clang::RecursiveASTVisitor<mentioned>
{
  public:
    explicit mentioned(std::set<const clang::ValueDecl *> &found) : found_(found)
    {
    }

    bool VisitDeclRefExpr(clang::DeclRefExpr *name)
    {
        found_.insert(name->getDecl());
        return true;
    }

    bool VisitMemberExpr(clang::MemberExpr *member)
    {
        found_.insert(member->getMemberDecl());
        return true;
    }

  private:
    std::set<const clang::ValueDecl *> &found_;
};

const clang::BinaryOperator *binary(const clang::Expr *expression)
{
    return llvm::dyn_cast<clang::BinaryOperator>(expression);
}

// A comparison or the like: one or zero.
bool is_truth(const clang::Expr &expression)
{
    const auto *both = binary(&expression);
    const auto *unary = llvm::dyn_cast<clang::UnaryOperator>(&expression);
    return (both && (both->isComparisonOp() || both->isLogicalOp())) ||
           (unary && unary->getOpcode() == clang::UO_LNot);
}

bool is_null(const clang::Expr *expression, const clang::ASTContext &context)
{
    return expression->isNullPointerConstant(const_cast<clang::ASTContext &>(context),
                                             clang::Expr::NPC_ValueDependentIsNotNull) !=
           clang::Expr::NPCK_NotNull;
}

} // namespace

const clang::Expr *bare(const clang::Expr *expression)
{
    for (;;) {
        const clang::Expr *inner = expression->IgnoreParenCasts();
        if (const auto *one = llvm::dyn_cast<clang::ExprWithCleanups>(inner))
            inner = one->getSubExpr();
        else if (const auto *call = llvm::dyn_cast<clang::CallExpr>(inner);
                 call && call->getBuiltinCallee() != 0 && call->getDirectCallee() &&
                 call->getDirectCallee()->getName() == "__builtin_expect" && call->getNumArgs() > 0)
            inner = call->getArg(0);
        else if (const auto *both = binary(inner); both && both->getOpcode() == clang::BO_Comma)
            inner = both->getRHS();
        else if (both && both->getOpcode() == clang::BO_Assign)
            inner = both->getLHS();
        if (inner == expression)
            return inner;
        expression = inner;
    }
}

conditions::conditions(const clang::CFG &graph, const clang::ASTContext &context,
                       std::function<bool(const clang::CallExpr &)> unique)
    : context_(context), unique_(std::move(unique))
{
    scan(graph);
}

void conditions::scan(const clang::CFG &graph)
{
    auto value_set = [&](unsigned subject, const clang::Expr *value) {
        if (value && may_be_known(*value))
            subjects_[subject].set = true;
    };
    for (const clang::CFGBlock *block : graph) {
        if (const clang::Expr *condition = block->getLastCondition())
            count(condition);
        if (const auto *choice =
                llvm::dyn_cast_or_null<clang::SwitchStmt>(block->getTerminatorStmt()))
            subjects_[subject_of(choice->getCond())].tests += 2;
        for (const clang::CFGElement &element : *block) {
            auto statement = element.getAs<clang::CFGStmt>();
            if (!statement)
                continue;
            const clang::Stmt *s = statement->getStmt();
            const auto *assignment = llvm::dyn_cast<clang::BinaryOperator>(s);
            if (assignment && assignment->getOpcode() == clang::BO_Assign)
                value_set(subject_of(assignment->getLHS()), assignment->getRHS());
            if (const auto *declared = llvm::dyn_cast<clang::DeclStmt>(s))
                for (const clang::Decl *d : declared->decls())
                    if (const auto *variable = llvm::dyn_cast<clang::VarDecl>(d))
                        value_set(subject_named(variable->getNameAsString()), variable->getInit());
            // What is returned tells the caller.
            if (const auto *returned = llvm::dyn_cast<clang::ReturnStmt>(s))
                if (const clang::Expr *value = returned->getRetValue())
                    subjects_[subject_of(value)].tests++;
            if (const auto *call = llvm::dyn_cast<clang::CallExpr>(s); call && unique_(*call))
                subjects_[subject_of(call)].set = true;
        }
    }
}

// Whether something may be known of a value that is assigned.
bool conditions::may_be_known(const clang::Expr &value) const
{
    const clang::Expr *inner = bare(&value);
    if (const auto *call = llvm::dyn_cast<clang::CallExpr>(inner))
        return unique_(*call);
    return constant(inner) || is_truth(*inner) || llvm::isa<clang::DeclRefExpr>(inner) ||
           llvm::isa<clang::MemberExpr>(inner);
}

void conditions::count(const clang::Expr *condition)
{
    condition = bare(condition);
    if (const auto *both = binary(condition); both && both->isLogicalOp()) {
        count(both->getLHS());
        count(both->getRHS());
    } else if (std::optional<literal> one = literal_of(condition)) {
        subjects_[one->subject].tests++;
    }
}

std::optional<std::int64_t> conditions::constant(const clang::Expr *expression) const
{
    if (expression->isValueDependent())
        return std::nullopt;
    if (is_null(expression, context_))
        return 0;
    clang::Expr::EvalResult value;
    if (!expression->getType()->isIntegralOrEnumerationType() ||
        !expression->EvaluateAsInt(value, context_) || !value.Val.isInt())
        return std::nullopt;
    return value.Val.getInt().getExtValue();
}

std::string conditions::text_of(const clang::Expr *expression) const
{
    expression = bare(expression);
    std::string text;
    llvm::raw_string_ostream out(text);
    expression->printPretty(out, nullptr, context_.getPrintingPolicy());
    const auto *call = llvm::dyn_cast<clang::CallExpr>(expression);
    if (call && unique_(*call))
        out << " at " << static_cast<const void *>(call);
    return out.str();
}

unsigned conditions::subject_named(const std::string &text)
{
    auto [place, added] = names_.emplace(text, subjects_.size());
    if (added)
        subjects_.emplace_back();
    return place->second;
}

unsigned conditions::subject_of(const clang::Expr *expression)
{
    std::size_t before = subjects_.size();
    unsigned subject = subject_named(text_of(expression));
    if (subject == before || subjects_[subject].mentions.empty())
        mentioned(subjects_[subject].mentions)
            .TraverseStmt(const_cast<clang::Expr *>(bare(expression)));
    return subject;
}

unsigned conditions::atom_of(unsigned subject, std::int64_t value)
{
    auto [place, added] = numbers_.emplace(std::pair(subject, value), atoms_.size());
    if (added)
        atoms_.push_back({subject, value});
    return place->second;
}

// A condition that is no constant and no `&&`, `||`.
std::optional<conditions::literal> conditions::literal_of(const clang::Expr *condition)
{
    condition = bare(condition);
    if (const auto *unary = llvm::dyn_cast<clang::UnaryOperator>(condition);
        unary && unary->getOpcode() == clang::UO_LNot) {
        std::optional<literal> inner = literal_of(unary->getSubExpr());
        if (inner)
            inner->equal = !inner->equal;
        return inner;
    }
    const auto *both = binary(condition);
    if (both && both->isLogicalOp())
        return std::nullopt;
    if (both && both->isEqualityOp()) {
        bool same = both->getOpcode() == clang::BO_EQ;
        if (std::optional<std::int64_t> value = constant(both->getRHS()))
            return literal{subject_of(both->getLHS()), *value, same};
        if (std::optional<std::int64_t> value = constant(both->getLHS()))
            return literal{subject_of(both->getRHS()), *value, same};
    }
    if (both && both->isComparisonOp()) {
        // One subject for a comparison and its opposite.
        std::string left = text_of(both->getLHS()), right = text_of(both->getRHS());
        auto op = both->getOpcode();
        bool swapped = op == clang::BO_GT || op == clang::BO_LE;
        bool holds = op == clang::BO_LT || op == clang::BO_GT || op == clang::BO_EQ;
        bool equality = both->isEqualityOp();
        unsigned subject = subject_named((swapped ? right : left) + (equality ? " == " : " < ") +
                                         (swapped ? left : right));
        mentioned(subjects_[subject].mentions)
            .TraverseStmt(const_cast<clang::BinaryOperator *>(both));
        return literal{subject, itself, holds};
    }
    return literal{subject_of(condition), 0, false};
}

bool conditions::matters(unsigned subject) const
{
    return subjects_[subject].tests + (subjects_[subject].set ? 1 : 0) >= 2 &&
           subjects_[subject].tests > 0;
}

std::optional<bool> conditions::lookup(const literal &literal, const knowledge &known)
{
    auto place = numbers_.find({literal.subject, literal.value});
    if (place != numbers_.end()) {
        auto fact = known.find(place->second);
        if (fact != known.end())
            return fact->second == literal.equal;
    }
    for (auto [number, holds] : known)
        if (holds && atoms_[number].subject == literal.subject &&
            atoms_[number].value != literal.value)
            return !literal.equal; // it is something else
    return std::nullopt;
}

bool conditions::learn(const literal &literal, knowledge &known)
{
    std::optional<bool> before = lookup(literal, known);
    if (before)
        return *before;
    if (matters(literal.subject))
        known[atom_of(literal.subject, literal.value)] = literal.equal;
    return true;
}

std::optional<bool> conditions::evaluate(const clang::Expr *condition, const knowledge &known)
{
    if (std::optional<std::int64_t> value = constant(condition))
        return *value != 0;
    condition = bare(condition);
    const auto *both = binary(condition);
    if (both && both->isLogicalOp()) {
        bool deciding = both->getOpcode() == clang::BO_LOr;
        std::optional<bool> left = evaluate(both->getLHS(), known);
        std::optional<bool> right = evaluate(both->getRHS(), known);
        if ((left && *left == deciding) || (right && *right == deciding))
            return deciding;
        return left && right ? std::optional(!deciding) : std::nullopt;
    }
    if (const auto *unary = llvm::dyn_cast<clang::UnaryOperator>(condition);
        unary && unary->getOpcode() == clang::UO_LNot) {
        std::optional<bool> inner = evaluate(unary->getSubExpr(), known);
        return inner ? std::optional(!*inner) : std::nullopt;
    }
    std::optional<literal> one = literal_of(condition);
    return one ? lookup(*one, known) : std::nullopt;
}

bool conditions::assume(const clang::Expr *condition, bool holds, knowledge &known)
{
    if (std::optional<bool> value = evaluate(condition, known))
        return *value == holds;
    condition = bare(condition);
    const auto *both = binary(condition);
    if (const auto *unary = llvm::dyn_cast<clang::UnaryOperator>(condition);
        unary && unary->getOpcode() == clang::UO_LNot)
        return assume(unary->getSubExpr(), !holds, known);
    if (both && both->isLogicalOp()) {
        if (holds == (both->getOpcode() == clang::BO_LAnd)) // both do, or neither does
            return assume(both->getLHS(), holds, known) && assume(both->getRHS(), holds, known);
        std::optional<bool> left = evaluate(both->getLHS(), known);
        std::optional<bool> right = evaluate(both->getRHS(), known);
        if (left)
            return assume(both->getRHS(), holds, known);
        return right ? assume(both->getLHS(), holds, known) : true;
    }
    std::optional<literal> one = literal_of(condition);
    if (one && !holds)
        one->equal = !one->equal;
    return !one || learn(*one, known);
}

bool conditions::assume_value(const clang::Expr *subject, std::int64_t value, bool equal,
                              knowledge &known)
{
    if (std::optional<std::int64_t> now = constant(subject))
        return (*now == value) == equal;
    return learn({subject_of(subject), value, equal}, known);
}

void conditions::forget_result(const clang::CallExpr &call, knowledge &known)
{
    unsigned subject = subject_of(&call);
    std::erase_if(known, [&](const auto &fact) { return atoms_[fact.first].subject == subject; });
}

void conditions::set_result(const clang::CallExpr &call, bool zero, knowledge &known)
{
    forget_result(call, known);
    known[atom_of(subject_of(&call), 0)] = zero;
}

bool conditions::result_may_be(const clang::CallExpr &call, bool zero, knowledge &known)
{
    auto [fact, added] = known.emplace(atom_of(subject_of(&call), 0), zero);
    return added || fact->second == zero;
}

void conditions::forget(const clang::ValueDecl *declaration, knowledge &known)
{
    std::erase_if(known, [&](const auto &fact) {
        return subjects_[atoms_[fact.first].subject].mentions.count(declaration) > 0;
    });
}

void conditions::give(unsigned target, const clang::Expr *value, const knowledge &before,
                      knowledge &known)
{
    if (!value || !matters(target))
        return;
    if (std::optional<std::int64_t> number = constant(value)) {
        known[atom_of(target, *number)] = true;
        return;
    }
    const clang::Expr *inner = bare(value);
    if (is_truth(*inner)) {
        if (std::optional<bool> holds = evaluate(inner, before))
            known[atom_of(target, *holds ? 1 : 0)] = true;
        return;
    }
    unsigned source = subject_of(inner);
    for (auto [number, holds] : before)
        if (atoms_[number].subject == source)
            known[atom_of(target, atom(atoms_[number]).value)] = holds;
}

void conditions::assign(const clang::Expr *target, const clang::Expr *value, knowledge &known)
{
    const clang::Expr *inner = bare(target);
    const clang::ValueDecl *declaration = nullptr;
    if (const auto *name = llvm::dyn_cast<clang::DeclRefExpr>(inner))
        declaration = name->getDecl();
    else if (const auto *member = llvm::dyn_cast<clang::MemberExpr>(inner))
        declaration = member->getMemberDecl();
    if (!declaration)
        return;
    knowledge before = known;
    forget(declaration, known);
    give(subject_of(inner), value, before, known);
}

void conditions::assign(const clang::VarDecl &variable, const clang::Expr *value, knowledge &known)
{
    knowledge before = known;
    forget(&variable, known);
    unsigned subject = subject_named(variable.getNameAsString());
    subjects_[subject].mentions.insert(&variable);
    give(subject, value, before, known);
}

} // namespace snarl
