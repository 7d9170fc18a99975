// SPDX-License-Identifier: Apache-2.0
#include "source/code/declarations.hh"
#include "source/code/edits.hh"

#include <clang/AST/ASTContext.h>
#include <clang/AST/Stmt.h>
#include <clang/Basic/SourceManager.h>
#include <clang/Lex/Lexer.h>
#include <llvm/Support/FileSystem.h>
#include <llvm/Support/Path.h>

namespace snarl
{

namespace
{

struct spot_in_file {
    std::string file; // absolute
    llvm::StringRef text;
    std::size_t offset;
};

std::optional<spot_in_file> find(const unit &unit, clang::SourceLocation at)
{
    std::optional<position> place = position_of(at, unit);
    if (!place)
        return std::nullopt;
    const clang::SourceManager &sources = unit.sources();
    return spot_in_file{place->file, sources.getBufferData(sources.getFileID(at)), place->offset};
}

std::size_t line_begin(const spot_in_file &spot)
{
    std::size_t newline = spot.text.substr(0, spot.offset).rfind('\n');
    return newline == llvm::StringRef::npos ? 0 : newline + 1;
}

// Lines with this indentation in front, each ended.
std::string indented(const std::string &text, const std::string &by)
{
    std::string result;
    for (llvm::StringRef rest = text; !rest.empty();) {
        auto [line, behind] = rest.split('\n');
        result += (line.empty() ? "" : by) + line.str() + "\n";
        rest = behind;
    }
    return result;
}

bool only_comment(llvm::StringRef rest)
{
    rest = rest.trim(" \t\r");
    if (rest.empty() || rest.starts_with("//"))
        return true;
    return rest.starts_with("/*") && rest.find("*/") + 2 == rest.size();
}

} // namespace

bool is_spelled(const unit &unit, clang::SourceLocation at)
{
    return at.isValid() && at.isFileID() && !unit.sources().isInSystemHeader(at) &&
           !unit.sources().isWrittenInBuiltinFile(at) &&
           !unit.sources().isWrittenInCommandLineFile(at) &&
           !unit.sources().isWrittenInScratchSpace(at);
}

std::optional<edit> replace(const unit &unit, clang::CharSourceRange range, const std::string &text,
                            const std::string &why)
{
    clang::SourceLocation end = range.getEnd();
    if (!is_spelled(unit, range.getBegin()) || !is_spelled(unit, end))
        return std::nullopt;
    if (range.isTokenRange())
        end =
            clang::Lexer::getLocForEndOfToken(end, 0, unit.sources(), unit.context().getLangOpts());
    std::optional<spot_in_file> from = find(unit, range.getBegin()), to = find(unit, end);
    if (!from || !to || from->file != to->file || from->offset > to->offset)
        return std::nullopt;
    return edit{from->file, from->offset, to->offset - from->offset, text, why};
}

std::optional<edit> replace(const unit &unit, clang::SourceRange tokens, const std::string &text,
                            const std::string &why)
{
    // What begins or ends with all of a macro (NULL) is spelled there.
    clang::SourceLocation begin = tokens.getBegin(), end = tokens.getEnd();
    const clang::LangOptions &language = unit.context().getLangOpts();
    if (begin.isMacroID() &&
        !clang::Lexer::isAtStartOfMacroExpansion(begin, unit.sources(), language, &begin))
        return std::nullopt;
    if (end.isMacroID() &&
        !clang::Lexer::isAtEndOfMacroExpansion(end, unit.sources(), language, &end))
        return std::nullopt;
    return replace(unit, clang::CharSourceRange::getTokenRange(begin, end), text, why);
}

std::optional<edit> insert(const unit &unit, clang::SourceLocation before, const std::string &text,
                           const std::string &why)
{
    return replace(unit, clang::CharSourceRange::getCharRange(before, before), text, why);
}

std::optional<edit> insert_above(const unit &unit, clang::SourceLocation at,
                                 const std::string &text, const std::string &why)
{
    std::optional<spot_in_file> spot = find(unit, at);
    if (!spot || !begins_line(unit, at))
        return std::nullopt;
    return edit{spot->file, line_begin(*spot), 0, indented(text, indentation(unit, at)), why};
}

std::optional<edit> insert_below(const unit &unit, clang::SourceLocation at,
                                 const std::string &text, const std::string &why)
{
    std::optional<spot_in_file> spot = find(unit, at);
    if (!spot)
        return std::nullopt;
    std::size_t end = std::min(spot->text.find('\n', spot->offset), spot->text.size());
    if (!only_comment(spot->text.slice(spot->offset, end)))
        return std::nullopt;
    std::string now = indented(text, indentation(unit, at));
    if (end == spot->text.size())
        return edit{spot->file, end, 0, "\n" + now.substr(0, now.size() - 1), why};
    return edit{spot->file, end + 1, 0, now, why};
}

std::optional<edit> remove(const unit &unit, const clang::Stmt &statement, const std::string &why)
{
    std::optional<spot_in_file> from = find(unit, statement.getBeginLoc());
    std::optional<spot_in_file> to = find(unit, behind(unit, statement));
    if (!from || !to || from->file != to->file)
        return std::nullopt;
    std::size_t begin = from->offset, end = to->offset;
    std::size_t newline = to->text.find('\n', end);
    if (begins_line(unit, statement.getBeginLoc()) && newline != llvm::StringRef::npos &&
        to->text.slice(end, newline).trim(" \t\r").empty())
        begin = line_begin(*from), end = newline + 1;
    else
        end = std::min(to->text.find_first_not_of(" \t", end), to->text.size());
    return edit{from->file, begin, end - begin, "", why};
}

std::string indentation(const unit &unit, clang::SourceLocation at)
{
    std::optional<spot_in_file> spot = find(unit, at);
    if (!spot)
        return "";
    llvm::StringRef line = spot->text.substr(line_begin(*spot));
    return line.substr(0, line.find_first_not_of(" \t")).str();
}

bool begins_line(const unit &unit, clang::SourceLocation at)
{
    std::optional<spot_in_file> spot = find(unit, at);
    return spot && spot->text.slice(line_begin(*spot), spot->offset).trim(" \t").empty();
}

std::string step_in(const unit &unit, clang::SourceLocation at)
{
    std::optional<spot_in_file> spot = find(unit, at);
    llvm::StringRef rest = spot ? spot->text : "";
    while (!rest.empty()) {
        auto [line, behind] = rest.split('\n');
        std::size_t spaces = line.find_first_not_of(' ');
        if (line.starts_with("\t"))
            return "\t";
        // One space is that of a comment's lines.
        if (spaces != llvm::StringRef::npos && spaces > 1 && line[spaces] != '*')
            return std::string(spaces, ' ');
        rest = behind;
    }
    return "    ";
}

clang::SourceLocation behind(const unit &unit, const clang::Stmt &statement)
{
    const clang::SourceManager &sources = unit.sources();
    const clang::LangOptions &language = unit.context().getLangOpts();
    bool has_its_end = llvm::isa<clang::CompoundStmt, clang::DeclStmt>(statement);
    clang::SourceLocation end = statement.getEndLoc();
    bool macro = end.isMacroID(); // `return NULL;`: its end is that of the macro's use
    if (macro)
        end = sources.getExpansionRange(end).getEnd();
    if (!is_spelled(unit, end) || (macro && has_its_end))
        return {};
    std::optional<clang::Token> next =
        has_its_end ? std::nullopt : clang::Lexer::findNextToken(end, sources, language);
    if (next && next->is(clang::tok::semi) && is_spelled(unit, next->getLocation()))
        end = next->getLocation();
    else if (macro)
        return {};
    return clang::Lexer::getLocForEndOfToken(end, 0, sources, language);
}

} // namespace snarl
