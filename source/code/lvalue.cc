// SPDX-License-Identifier: Apache-2.0
#include "source/code/lvalue.hh"

#include <clang/AST/ASTContext.h>
#include <clang/AST/ExprCXX.h>
#include <clang/Index/USRGeneration.h>
#include <clang/Lex/Lexer.h>

namespace snarl
{

namespace
{

class walker
{
  public:
    explicit walker(const clang::ASTContext &context) : context_(context)
    {
    }

    bool walk(const clang::Expr *expression, lvalue &out)
    {
        const clang::Expr *e = expression->IgnoreParenCasts();
        if (const auto *one = llvm::dyn_cast<clang::ExprWithCleanups>(e))
            return walk(one->getSubExpr(), out);
        if (const auto *one = llvm::dyn_cast<clang::MaterializeTemporaryExpr>(e))
            return walk(one->getSubExpr(), out);
        if (const auto *name = llvm::dyn_cast<clang::DeclRefExpr>(e))
            return (out.root = llvm::dyn_cast<clang::VarDecl>(name->getDecl())) &&
                   name_reference(out);
        if (llvm::isa<clang::CXXThisExpr>(e))
            return true;
        if (const auto *member = llvm::dyn_cast<clang::MemberExpr>(e))
            return walk_member(*member, out);
        if (const auto *element = llvm::dyn_cast<clang::ArraySubscriptExpr>(e))
            return walk_element(*element, out);
        if (const auto *unary = llvm::dyn_cast<clang::UnaryOperator>(e))
            return walk_unary(*unary, out);
        return false;
    }

  private:
    // A reference is followed, as a pointer would be.
    bool name_reference(lvalue &out)
    {
        if (out.root->getType()->isReferenceType())
            out.steps.push_back({lvalue::step::followed, nullptr, "", true});
        return true;
    }

    bool walk_member(const clang::MemberExpr &member, lvalue &out)
    {
        if (const auto *variable = llvm::dyn_cast<clang::VarDecl>(member.getMemberDecl())) {
            out.root = variable; // a static member
            return true;
        }
        const auto *field = llvm::dyn_cast<clang::FieldDecl>(member.getMemberDecl());
        if (!field || !walk(member.getBase(), out))
            return false;
        if (member.isArrow())
            follow(out);
        out.steps.push_back({lvalue::step::member, field, "", true});
        if (field->getType()->isReferenceType())
            follow(out);
        return true;
    }

    bool walk_element(const clang::ArraySubscriptExpr &element, lvalue &out)
    {
        if (!walk(element.getBase(), out))
            return false;
        if (element.getBase()->IgnoreParenCasts()->getType()->isPointerType())
            follow(out);
        const clang::Expr *index = element.getIdx()->IgnoreParenCasts();
        clang::Expr::EvalResult value;
        bool exact = true;
        std::string text;
        if (!index->isValueDependent() && index->EvaluateAsInt(value, context_)) {
            text = llvm::toString(value.Val.getInt(), 10);
        } else {
            exact = llvm::isa<clang::DeclRefExpr>(index);
            text = spelled(index, context_);
        }
        const auto *by = llvm::dyn_cast<clang::DeclRefExpr>(index);
        out.exact = out.exact && exact;
        out.steps.push_back({lvalue::step::element, nullptr, text, exact,
                             by ? llvm::dyn_cast<clang::VarDecl>(by->getDecl()) : nullptr});
        return true;
    }

    bool walk_unary(const clang::UnaryOperator &unary, lvalue &out)
    {
        if (unary.getOpcode() == clang::UO_Deref) {
            if (!walk(unary.getSubExpr(), out))
                return false;
            follow(out);
            return true;
        }
        if (unary.getOpcode() != clang::UO_AddrOf || !walk(unary.getSubExpr(), out))
            return false;
        // An address of something that is then followed is that thing.
        out.steps.push_back({lvalue::step::followed, nullptr, "&", true});
        return true;
    }

    static void follow(lvalue &out)
    {
        if (!out.steps.empty() && out.steps.back().index == "&" &&
            out.steps.back().kind == lvalue::step::followed)
            out.steps.pop_back();
        else
            out.steps.push_back({lvalue::step::followed, nullptr, "", true});
    }

    const clang::ASTContext &context_;
};

} // namespace

std::string usr_of(const clang::Decl &declaration)
{
    llvm::SmallString<128> text;
    return clang::index::generateUSRForDecl(declaration.getCanonicalDecl(), text)
               ? std::string()
               : std::string(text);
}

const clang::ValueDecl *lvalue::declaration() const
{
    for (auto step = steps.rbegin(); step != steps.rend(); ++step)
        if (step->kind == step::member)
            return step->field;
    return root;
}

bool lvalue::is_global() const
{
    return root && root->hasGlobalStorage();
}

std::string lvalue::key() const
{
    std::string key = root ? usr_of(*root) : "this";
    for (const step &step : steps) {
        if (step.kind == step::member)
            key += "." + std::to_string(step.field->getFieldIndex()) + usr_of(*step.field);
        else if (step.kind == step::element)
            key += "[" + step.index + "]";
        else
            key += step.index == "&" ? "&" : "*";
    }
    return key;
}

std::string lvalue::member_key() const
{
    const auto *field = llvm::dyn_cast_or_null<clang::FieldDecl>(declaration());
    return field ? usr_of(*field) : "";
}

std::optional<lvalue> lvalue_of(const clang::Expr *expression, const clang::ASTContext &context)
{
    lvalue result;
    if (!expression || !walker(context).walk(expression, result))
        return std::nullopt;
    return result;
}

std::string spelled(const clang::Stmt *statement, const clang::ASTContext &context)
{
    const clang::SourceManager &sources = context.getSourceManager();
    clang::CharSourceRange range = clang::Lexer::makeFileCharRange(
        clang::CharSourceRange::getTokenRange(statement->getSourceRange()), sources,
        context.getLangOpts());
    if (range.isInvalid()) // the macro's name and arguments stand for what it makes
        range = clang::CharSourceRange::getTokenRange(
            sources.getExpansionRange(statement->getSourceRange()).getAsRange());
    llvm::StringRef text = clang::Lexer::getSourceText(range, sources, context.getLangOpts());
    std::string line;
    for (char c : text) {
        bool space = c == '\n' || c == '\r' || c == '\t' || c == ' ';
        if (!space)
            line += c;
        else if (!line.empty() && line.back() != ' ')
            line += ' ';
    }
    return line;
}

} // namespace snarl
