// SPDX-License-Identifier: Apache-2.0
#include "source/code/declarations.hh"

#include "source/code/edits.hh"

#include <clang/AST/ASTContext.h>
#include <clang/AST/DeclCXX.h>
#include <clang/AST/RecursiveASTVisitor.h>
#include <clang/AST/TypeLoc.h>
#include <clang/Basic/SourceManager.h>
#include <clang/Lex/Lexer.h>
#include <llvm/Support/Path.h>

namespace snarl
{

namespace
{

class finder : public clang::RecursiveASTVisitor<finder>
{
  public:
    finder(const clang::SourceManager &sources, clang::FileID file, const place &place)
        : sources_(sources), file_(file), place_(place)
    {
    }

    const clang::DeclaratorDecl *found = nullptr;

    bool VisitDeclaratorDecl(clang::DeclaratorDecl *declaration)
    {
        clang::SourceLocation at = sources_.getExpansionLoc(declaration->getLocation());
        if (sources_.getFileID(at) == file_ && sources_.getExpansionLineNumber(at) == place_.line &&
            sources_.getExpansionColumnNumber(at) == place_.column)
            found = declaration;
        return !found;
    }

  private:
    const clang::SourceManager &sources_;
    clang::FileID file_;
    const place &place_;
};

// What may stand between a function's parameters and its attributes. The end of the last token of
// that; invalid if there is something that leaves no simple place.
clang::SourceLocation behind_qualifiers(clang::SourceLocation parenthesis, const unit &unit)
{
    const clang::SourceManager &sources = unit.sources();
    const clang::LangOptions &language = unit.context().getLangOpts();
    clang::SourceLocation end =
        clang::Lexer::getLocForEndOfToken(parenthesis, 0, sources, language);
    clang::SourceLocation at = parenthesis;
    int depth = 0;
    while (auto token = clang::Lexer::findNextToken(at, sources, language)) {
        at = token->getLocation();
        std::string text = clang::Lexer::getSpelling(*token, sources, language);
        depth += text == "(" ? 1 : 0;
        bool part = depth > 0 || text == "const" || text == "volatile" || text == "&" ||
                    text == "&&" || text == "noexcept";
        depth -= text == ")" ? 1 : 0;
        if (text == "->" || text == "__attribute__" || text == "[[")
            return {};
        if (!part)
            return end;
        end = token->getEndLoc();
    }
    return {};
}

clang::SourceLocation parenthesis_of(const clang::FunctionDecl &function)
{
    const clang::TypeSourceInfo *info = function.getTypeSourceInfo();
    clang::FunctionTypeLoc type =
        info ? info->getTypeLoc().IgnoreParens().getAs<clang::FunctionTypeLoc>()
             : clang::FunctionTypeLoc();
    return type ? type.getRParenLoc() : clang::SourceLocation();
}

std::string source_text(clang::SourceLocation begin, clang::SourceLocation end, const unit &unit)
{
    return clang::Lexer::getSourceText(clang::CharSourceRange::getCharRange(begin, end),
                                       unit.sources(), unit.context().getLangOpts())
        .str();
}

} // namespace

std::optional<position> position_of(clang::SourceLocation at, const unit &unit)
{
    const clang::SourceManager &sources = unit.sources();
    if (!is_spelled(unit, at))
        return std::nullopt;
    auto [file, offset] = sources.getDecomposedLoc(at);
    auto entry = sources.getFileEntryRefForID(file);
    if (!entry)
        return std::nullopt;
    return position{absolute_path(sources, entry->getName()), offset};
}

const clang::DeclaratorDecl *declaration_at(const unit &unit, const place &place)
{
    const clang::SourceManager &sources = unit.sources();
    clang::FileID file = unit.file(place.file);
    if (file.isInvalid())
        return nullptr;
    finder finder(sources, file, place);
    for (clang::Decl *at : declarations_around(unit, file, place.line))
        if (!finder.found)
            finder.TraverseDecl(at);
    return finder.found;
}

std::optional<position> behind_declarator(const clang::DeclaratorDecl &declaration,
                                          const unit &unit)
{
    const clang::SourceManager &sources = unit.sources();
    clang::SourceLocation end = declaration.getLocation();
    if (end.isMacroID() || !declaration.getTypeSourceInfo())
        return std::nullopt;
    clang::SourceLocation type = declaration.getTypeSourceInfo()->getTypeLoc().getEndLoc();
    if (type.isMacroID() && sources.isBeforeInTranslationUnit(end, type))
        return std::nullopt;
    if (type.isValid() && !type.isMacroID() && sources.isBeforeInTranslationUnit(end, type))
        end = type;
    const auto *field = llvm::dyn_cast<clang::FieldDecl>(&declaration);
    if (field && field->isBitField())
        end = field->getBitWidth()->getEndLoc();
    if (end.isMacroID())
        return std::nullopt;
    return position_of(
        clang::Lexer::getLocForEndOfToken(end, 0, sources, unit.context().getLangOpts()), unit);
}

std::vector<attribute_place> attribute_places(const clang::FunctionDecl &function, const unit &unit)
{
    std::vector<attribute_place> result;
    bool only_defined = true;
    bool in_class = llvm::isa<clang::CXXMethodDecl>(function);
    for (const clang::FunctionDecl *at : function.redecls()) {
        bool defines = at->doesThisDeclarationHaveABody();
        if (defines && !(in_class && !at->isOutOfLine()))
            continue; // clang wants attributes in front of a definition
        clang::SourceLocation parenthesis = parenthesis_of(*at);
        if (parenthesis.isInvalid() || parenthesis.isMacroID())
            return {};
        std::optional<position> behind = position_of(behind_qualifiers(parenthesis, unit), unit);
        if (!behind)
            return {};
        only_defined = false;
        result.push_back({*behind, "", "", at});
    }
    if (!only_defined)
        return result;
    const clang::FunctionDecl *definition = function.getDefinition();
    if (in_class || !definition ||
        definition->getTemplatedKind() != clang::FunctionDecl::TK_NonTemplate)
        return {};
    clang::SourceLocation parenthesis = parenthesis_of(*definition);
    std::optional<position> begin = position_of(definition->getBeginLoc(), unit);
    if (!begin || parenthesis.isInvalid() || parenthesis.isMacroID())
        return {};
    clang::SourceLocation end = behind_qualifiers(parenthesis, unit);
    if (end.isInvalid())
        return {};
    std::string head = source_text(definition->getBeginLoc(), end, unit);
    if (head.empty() || head.find('#') != std::string::npos)
        return {};
    result.push_back({*begin, head, ";\n", definition});
    return result;
}

} // namespace snarl
