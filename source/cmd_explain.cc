// SPDX-License-Identifier: Apache-2.0
//
// Says in a report what its sites are in the source. A frame gets a member `source`:
//
//     "source": {"expression": "self->count", "line": 9, "column": 5, "end_line": 9, "end_column":
//     16,
//                "access": "plain",
//                "declaration": {"kind": "member", "name": "queue::count", "type": "int", "file":
//                ..., "line": ..., "column": ...}, "function": {"name": "worker", "line": 7,
//                "end_line": 13, "locks": [{"expression": "self->lock", "line": 10}]}, "loop":
//                {"kind": "for", "line": 9, "end_line": 12}}
//
// Columns count code points from 1, and the end is the column behind the last one.
#include "source/code/stack.hh"
#include "source/command.hh"

#include <clang/AST/ASTContext.h>
#include <clang/AST/RecursiveASTVisitor.h>
#include <clang/Basic/SourceManager.h>
#include <clang/Lex/Lexer.h>
#include <llvm/Support/Path.h>

#include <algorithm>
#include <iterator>
#include <map>

namespace snarl
{

namespace
{

// Locks that a function takes by name.
class lock_names : public clang::RecursiveASTVisitor<lock_names>
{
  public:
    explicit lock_names(const clang::ASTContext &context) : context_(context)
    {
    }

    json names = json::array();

    bool VisitCallExpr(clang::CallExpr *expression)
    {
        std::optional<call> known = call_of(expression);
        if (known && known->object &&
            (known->what == operation::acquire || known->what == operation::try_acquire))
            add(known->object, expression->getExprLoc());
        return true;
    }

    bool VisitVarDecl(clang::VarDecl *variable)
    {
        if (std::optional<guard> made = guard_of(variable))
            for (const clang::Expr *lock : made->locks)
                add(lock, variable->getLocation());
        return true;
    }

  private:
    void add(const clang::Expr *lock, clang::SourceLocation at)
    {
        std::string text = spelled(lock, context_);
        json name = json::object();
        if (text.empty())
            return;
        name.set("expression", json::text(text));
        name.set("line", json::number(context_.getSourceManager().getExpansionLineNumber(at)));
        names.append(name);
    }

    const clang::ASTContext &context_;
};

const char *kind_of(const clang::ValueDecl &declaration)
{
    const auto *variable = llvm::dyn_cast<clang::VarDecl>(&declaration);
    if (!variable)
        return "member";
    if (llvm::isa<clang::ParmVarDecl>(variable))
        return "parameter";
    if (variable->getTLSKind() != clang::VarDecl::TLS_None)
        return "thread-local variable";
    if (variable->isStaticDataMember())
        return "static member";
    if (variable->isStaticLocal())
        return "static variable";
    return variable->hasGlobalStorage() ? "global variable" : "local variable";
}

// A member's name with that of its type, since it says little alone; the innermost that has one.
std::string name_of(const clang::ValueDecl &declaration)
{
    std::string name = declaration.getNameAsString();
    const auto *field = llvm::dyn_cast<clang::FieldDecl>(&declaration);
    if (!field)
        return declaration.getQualifiedNameAsString();
    const clang::RecordDecl *record = field->getParent();
    if (record->getIdentifier())
        return record->getQualifiedNameAsString() + "::" + name;
    const clang::TypedefNameDecl *alias = record->getTypedefNameForAnonDecl();
    return alias ? alias->getQualifiedNameAsString() + "::" + name : name;
}

class explainer
{
  public:
    explicit explainer(project &project) : project_(project)
    {
    }

    std::size_t sites = 0, explained = 0;
    std::size_t settled = 0; // races that are possible no more

    void explain(json &report)
    {
        for (json finding : report["findings"].items())
            explain_finding(finding);
        if (settled)
            report.set("summary", summary_of(report["findings"]));
    }

  private:
    void explain_finding(json &finding)
    {
        std::string variable = finding["variable"]["name"].string();
        std::map<std::string, json>
            known; // by module and offset: a witness repeats places of sites
        bool plain = false;
        for (const json &site : finding["sites"].items()) {
            json stack = site["stack"];
            if (stack.items().empty())
                continue;
            sites++;
            std::vector<seen> path =
                look(project_, stack, question_of(site["role"].string(), variable));
            explained += path.empty() ? 0 : 1;
            if (path.size() == 1 && path[0].frame == 0)
                plain = plain || path[0].found.how == access::plain;
            for (const seen &seen : path) {
                json frame = stack[seen.frame];
                frame.set("source", describe(seen));
                known[address(frame)] = frame["source"];
            }
        }
        if (plain)
            settle(finding);
        for (const json &step : finding["witness"].items()) {
            json at = step["at"];
            auto same = at.is_object() ? known.find(address(at)) : known.end();
            if (same != known.end())
                at.set("source", same->second);
        }
    }

    // Of a race that is doubtful only because machine code hides atomics, the source says the rest:
    // one access that is none is enough.
    void settle(json &finding)
    {
        static const char *const doubts[] = {
            "both accesses may be atomic in the source: machine code does not tell",
            "all accesses may be atomic in the source: machine code does not tell",
        };
        std::string reason = finding["reason"].string();
        if (finding["kind"].string() != "data-race" || finding["level"].string() != "possible" ||
            std::find(std::begin(doubts), std::end(doubts), reason) == std::end(doubts))
            return;
        bool witness = !finding["witness"].items().empty();
        finding.set("level", json::text(witness ? "predicted" : "observed"));
        finding.set("reason", json::null());
        settled++;
    }

    static json word_of(access how)
    {
        return how == access::plain    ? json::text("plain")
               : how == access::atomic ? json::text("atomic")
                                       : json::null();
    }

    static std::string address(const json &frame)
    {
        return frame["module"].string() + "+" + frame["offset"].string() +
               frame["function"].string();
    }

    json describe(const seen &seen)
    {
        const clang::ASTContext &context = seen.in->context();
        const spot &found = seen.found;
        const clang::Expr *named = found.object ? found.object : found.expression;
        bool declared =
            found.variable && !found.object; // by its declaration, which is no expression
        std::optional<lvalue> lvalue = declared ? std::nullopt : lvalue_of(named, context);
        const clang::ValueDecl *declaration = lvalue ? lvalue->declaration() : nullptr;
        json source = json::object();
        if (declared) {
            declaration = found.variable;
            source.set("expression", json::text(found.variable->getNameAsString()));
            set_range(source, found.variable->getLocation(), *seen.in);
        } else {
            source.set("expression", json::text(spelled(named, context)));
            set_range(source, named->getSourceRange(), *seen.in);
        }
        source.set("access", word_of(found.how));
        source.set("declaration", declaration ? describe(*declaration, *seen.in) : json::null());
        source.set("function", found.function ? describe(*found.function, *seen.in) : json::null());
        source.set("loop", found.loop ? describe(*found.loop, *seen.in) : json::null());
        return source;
    }

    static json describe(const clang::ValueDecl &declaration, const unit &unit)
    {
        json result = json::object();
        result.set("kind", json::text(kind_of(declaration)));
        result.set("name", json::text(name_of(declaration)));
        result.set("type", json::text(declaration.getType().getAsString(
                               unit.context().getPrintingPolicy())));
        set_place(result, declaration.getLocation(), unit);
        return result;
    }

    static json describe(const clang::FunctionDecl &function, const unit &unit)
    {
        const clang::SourceManager &sources = unit.sources();
        json result = json::object();
        lock_names locks(unit.context());
        locks.TraverseDecl(const_cast<clang::FunctionDecl *>(&function));
        result.set("name", json::text(function.getQualifiedNameAsString()));
        result.set("line", json::number(sources.getExpansionLineNumber(function.getBeginLoc())));
        result.set("end_line", json::number(sources.getExpansionLineNumber(function.getEndLoc())));
        result.set("locks", locks.names);
        return result;
    }

    static json describe(const clang::Stmt &loop, const unit &unit)
    {
        const clang::SourceManager &sources = unit.sources();
        json result = json::object();
        const char *kind = llvm::isa<clang::WhileStmt>(loop) ? "while"
                           : llvm::isa<clang::DoStmt>(loop)  ? "do"
                                                             : "for";
        result.set("kind", json::text(kind));
        result.set("line", json::number(sources.getExpansionLineNumber(loop.getBeginLoc())));
        result.set("end_line", json::number(sources.getExpansionLineNumber(loop.getEndLoc())));
        return result;
    }

    static void set_place(json &result, clang::SourceLocation at, const unit &unit)
    {
        clang::PresumedLoc place =
            unit.sources().getPresumedLoc(unit.sources().getExpansionLoc(at));
        if (place.isInvalid())
            return;
        result.set("file", json::text(absolute_path(unit.sources(), place.getFilename())));
        result.set("line", json::number(place.getLine()));
        result.set("column", json::number(column(at, unit)));
    }

    static void set_range(json &result, clang::SourceRange written, const unit &unit)
    {
        const clang::SourceManager &sources = unit.sources();
        clang::CharSourceRange range = clang::Lexer::makeFileCharRange(
            clang::CharSourceRange::getTokenRange(written), sources, unit.context().getLangOpts());
        if (range.isInvalid()) // out of a macro: where that stands
            range = sources.getExpansionRange(written);
        clang::SourceLocation begin = range.getBegin(), end = range.getEnd();
        if (range.isTokenRange())
            end = clang::Lexer::getLocForEndOfToken(end, 0, sources, unit.context().getLangOpts());
        result.set("line", json::number(sources.getExpansionLineNumber(begin)));
        result.set("column", json::number(column(begin, unit)));
        result.set("end_line", json::number(sources.getExpansionLineNumber(end)));
        result.set("end_column", json::number(column(end, unit)));
    }

    // In code points, where Clang counts bytes.
    static unsigned column(clang::SourceLocation at, const unit &unit)
    {
        const clang::SourceManager &sources = unit.sources();
        auto [file, offset] = sources.getDecomposedExpansionLoc(at);
        llvm::StringRef text = sources.getBufferData(file);
        unsigned bytes = sources.getColumnNumber(file, offset);
        llvm::StringRef before = text.substr(offset + 1 - bytes, bytes - 1);
        return 1 + llvm::count_if(before, [](char c) { return (c & 0xc0) != 0x80; });
    }

    project &project_;
};

} // namespace

int cmd_explain(int argc, char **argv)
{
    options options;
    parse(argc, argv, options, "FINDINGS.json",
          "Says in a report which expression, variable and function its findings speak of.\v"
          "The report comes out with a member `source` in each frame that was found in the "
          "sources; `snarl report` shows it in any format. A race that was only possible because "
          "machine code does not show atomics is certain where the source shows a plain access. "
          "The sources must be those that the program was built from.");
    if (options.inputs.size() != 1) {
        say("explain takes one report; see snarl-source explain --help");
        return trouble;
    }
    json report = load_report(options.inputs[0]);
    if (report.is_null())
        return trouble;
    std::unique_ptr<project> project = open_project(options);
    if (!project)
        return trouble;
    explainer explainer(*project);
    explainer.explain(report);
    say_troubles(*project);
    if (!write_output(options.output, report.dump()))
        return trouble;
    say("found " + std::to_string(explainer.explained) + " of " + std::to_string(explainer.sites) +
        " places in the sources");
    if (explainer.settled)
        say(std::to_string(explainer.settled) +
            " findings were only possible, and are certain by the source");
    return done;
}

} // namespace snarl
