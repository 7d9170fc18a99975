// SPDX-License-Identifier: Apache-2.0
#include "source/annotate/annotate_plan.hh"

#include "source/code/stack.hh"

#include <clang/AST/ASTContext.h>
#include <clang/AST/Attr.h>
#include <clang/AST/ExprCXX.h>
#include <clang/AST/RecursiveASTVisitor.h>
#include <clang/Basic/SourceManager.h>

#include <algorithm>

namespace snarl
{

namespace
{

// Does anything in a function make threads, and does it jump?
class makers : public clang::RecursiveASTVisitor<makers>
{
  public:
    explicit makers(const clang::SourceManager &sources) : sources_(sources)
    {
    }

    unsigned last = 0; // line; 0: nothing does
    bool jumps = false;

    bool VisitCallExpr(clang::CallExpr *expression)
    {
        std::optional<call> known = call_of(expression);
        if (known && known->what == operation::create)
            note(expression->getExprLoc());
        return true;
    }

    bool VisitCXXConstructExpr(clang::CXXConstructExpr *made)
    {
        const clang::CXXRecordDecl *record = made->getConstructor()->getParent();
        if (record->isInStdNamespace() &&
            (record->getName() == "thread" || record->getName() == "jthread"))
            note(made->getLocation());
        return true;
    }

    bool VisitLabelStmt(clang::LabelStmt *)
    {
        jumps = true;
        return true;
    }

  private:
    void note(clang::SourceLocation at)
    {
        last = std::max(last, sources_.getExpansionLineNumber(at));
    }

    const clang::SourceManager &sources_;
};

std::string indentation_before(const position &at, std::size_t &line_start)
{
    std::string text = read_file(at.file).value_or("");
    if (at.offset > text.size())
        return "";
    line_start = text.rfind('\n', at.offset ? at.offset - 1 : 0);
    line_start = line_start == std::string::npos || at.offset == 0 ? 0 : line_start + 1;
    std::string before = text.substr(line_start, at.offset - line_start);
    return before.find_first_not_of(" \t") == std::string::npos ? before : "?";
}

std::string attribute_name(const variable_rule &rule, const unit &unit, const held_lock &guard)
{
    bool member = guard.form == held_lock::sibling && !unit.context().getLangOpts().CPlusPlus;
    bool pointee = rule.subject.ends_with("*");
    return std::string(" SNARL_") + (member ? "MEMBER_" : "") + (pointee ? "PT_" : "") +
           "GUARDED_BY(" + guard.text + ")";
}

// The variable of file scope that a path begins with: "cache" of "*cache.lock".
const clang::VarDecl *root_of(const std::string &path, const unit &unit)
{
    std::size_t begin = path.find_first_not_of('*');
    std::string name = path.substr(begin, path.find_first_of(".-[", begin) - begin);
    for (const clang::Decl *at : unit.context().getTranslationUnitDecl()->decls())
        if (const auto *variable = llvm::dyn_cast<clang::VarDecl>(at))
            if (variable->getNameAsString() == name)
                return variable;
    return nullptr;
}

// In front of the declaration of file scope that a declaration is a part of: there another one can
// stand.
std::optional<position> in_front(const clang::Decl &declaration, const unit &unit)
{
    const clang::Decl *top = &declaration;
    while (!top->getLexicalDeclContext()->isTranslationUnit())
        top = llvm::cast<clang::Decl>(top->getLexicalDeclContext());
    std::optional<position> at = position_of(top->getBeginLoc(), unit);
    std::string text = at ? read_file(at->file).value_or("") : "";
    if (!at || at->offset > text.size())
        return std::nullopt;
    std::size_t start = at->offset;
    while (start > 0 && text[start - 1] != '\n')
        start--;
    std::string before = text.substr(start, at->offset - start);
    if (!before.empty() && before != "typedef " && before != "static ")
        return std::nullopt;
    return position{at->file, start};
}

// A declaration of a lock that has its own behind what it guards; "" if it is not needed, or cannot
// be.
std::string declared_before(const clang::VarDecl *lock, const clang::Decl &subject,
                            const unit &unit)
{
    if (!lock ||
        !unit.sources().isBeforeInTranslationUnit(subject.getLocation(), lock->getLocation()))
        return "";
    bool internal = lock->getStorageClass() == clang::SC_Static;
    clang::QualType type = lock->getType();
    if (type->isArrayType() || type->isFunctionPointerType() ||
        (type->isRecordType() && !type->getAs<clang::TypedefType>()) ||
        (internal && unit.context().getLangOpts().CPlusPlus))
        return "";
    std::string text = type.getAsString(unit.context().getPrintingPolicy());
    return std::string(internal ? "static " : "extern ") + text + (text.back() == '*' ? "" : " ") +
           lock->getNameAsString() + ";\n";
}

std::string function_attribute(function_rule::kinds kind, bool shared)
{
    switch (kind) {
    case function_rule::required:
        return "SNARL_REQUIRES";
    case function_rule::required_shared:
        return "SNARL_REQUIRES_SHARED";
    case function_rule::excluded:
        return "SNARL_EXCLUDES";
    case function_rule::acquired:
        return shared ? "SNARL_ACQUIRE_SHARED" : "SNARL_ACQUIRE";
    case function_rule::released:
        return "SNARL_RELEASE";
    }
    return "";
}

} // namespace

void planner::find_ends()
{
    std::vector<json> processes = locking_.document()["processes"].items();
    for (std::size_t process = 0; process < processes.size(); process++)
        for (const json &use : processes[process]["uses"].items()) {
            bool others = use["count"].integer() > use["alone"].integer();
            json stack = locking_.stack(process, std::size_t(use["stack"].integer()));
            for (const json &frame : stack.items()) {
                std::string function = frame["function"].string();
                unsigned line = unsigned(frame["line"].integer());
                unsigned &until = others_until_[frame["file"].string() + "\n" + function];
                if (others)
                    until = std::max(until, line);
            }
            for (std::size_t i = 1; i < stack.items().size() && others; i++)
                lines_of_calls_[stack[i - 1]["function"].string()].insert(
                    {project_.resolve(stack[i]["file"].string()),
                     unsigned(stack[i]["line"].integer())});
        }
}

// Variables -------------------------------------------------------------------------------------

// From the statement of this access on, to the end of its function, nobody else is there.
bool planner::alone_from(const sighting &access, const unit &unit, plan &plan,
                         const std::string &text)
{
    const clang::FunctionDecl *function = function_at(unit, access.at);
    const auto *body =
        function ? llvm::dyn_cast_or_null<clang::CompoundStmt>(function->getBody()) : nullptr;
    if (!body)
        return false;
    const clang::SourceManager &sources = unit.sources();
    makers makers(sources);
    makers.TraverseDecl(const_cast<clang::FunctionDecl *>(function));
    const clang::Stmt *statement = nullptr;
    for (const clang::Stmt *at : body->body())
        if (sources.getExpansionLineNumber(at->getBeginLoc()) <= access.at.line &&
            sources.getExpansionLineNumber(at->getEndLoc()) >= access.at.line) {
            statement = at;
            break;
        }
    if (!statement || makers.jumps)
        return false;
    unsigned line = sources.getExpansionLineNumber(statement->getBeginLoc());
    for (const auto &[where, until] : others_until_) {
        std::size_t cut = where.find('\n');
        if (until >= line && plain_name(where.substr(cut + 1)) == function->getNameAsString() &&
            project_.resolve(where.substr(0, cut)) == access.at.file)
            return false;
    }
    std::optional<position> at = position_of(statement->getBeginLoc(), unit);
    std::size_t line_start = 0;
    std::string indentation = at ? indentation_before(*at, line_start) : "?";
    if (makers.last >= line || indentation == "?")
        return false;
    plan.pieces.push_back({at->file, line_start, indentation + "SNARL_ALONE(" + text + ");\n"});
    return true;
}

void planner::plan_alone(const variable_rule &rule, plan &plan)
{
    std::map<std::string, const sighting *> first; // by function
    for (const sighting *access : rule.all)
        if (access->alone > 0) {
            auto &at = first[access->at.file + access->function];
            if (!at || access->at.line < at->at.line)
                at = access;
        }
    for (const auto &[function, access] : first) {
        std::shared_ptr<unit> unit = project_.unit_with(access->at.file);
        for (const held_lock &guard : rule.guards)
            if (guard.form == held_lock::global &&
                (!unit || !alone_from(*access, *unit, plan, guard.text)))
                notes_[rule.subject] = "without a lock while there was no other thread at " +
                                       access->function + ", line " +
                                       std::to_string(access->at.line);
    }
}

void planner::plan_variable(const variable_rule &rule)
{
    const thing &of = locking_.things.at(rule.subject);
    if (rule.verdict != verdict::guarded || of.kind == thing::local)
        return;
    std::shared_ptr<unit> unit = project_.unit_with(of.at.file);
    const clang::DeclaratorDecl *declaration = unit ? declaration_at(*unit, of.at) : nullptr;
    std::optional<position> at =
        declaration ? behind_declarator(*declaration, *unit) : std::nullopt;
    if (!at) {
        notes_[rule.subject] = "its declaration comes out of a macro, or is none of the project's";
        return;
    }
    if (declaration->hasAttr<clang::GuardedByAttr>() && !rule.subject.ends_with("*")) {
        notes_[rule.subject] = "it is annotated already";
        return;
    }
    plan made;
    made.id = rule.subject;
    made.name = of.bare;
    std::string text;
    for (const held_lock &guard : rule.guards)
        text += attribute_name(rule, *unit, guard);
    made.pieces.push_back({at->file, at->offset, text});
    for (const held_lock &guard : rule.guards) {
        if (guard.form != held_lock::global)
            continue;
        std::string lock = declared_before(root_of(guard.text, *unit), *declaration, *unit);
        std::optional<position> front = in_front(*declaration, *unit);
        if (!lock.empty() && front)
            made.pieces.push_back({front->file, front->offset, lock});
    }
    for (const sighting *access : rule.all)
        if (access->count > 0)
            made.vouched.insert({access->at.file, access->at.line});
    plan_alone(rule, made);
    plans.push_back(made);
}

// Functions -------------------------------------------------------------------------------------

void planner::plan_function(const function_rule &rule, const std::string &id)
{
    if (!rule.unanimous())
        return;
    std::optional<named_rule> named = name_rule(rule, locking_, project_);
    if (!named) {
        notes_[id] = "the source does not tell how it names the lock";
        return;
    }
    for (const clang::FunctionDecl *at : named->function->redecls())
        if (at->hasAttr<clang::RequiresCapabilityAttr>() ||
            at->hasAttr<clang::AcquireCapabilityAttr>() ||
            at->hasAttr<clang::ReleaseCapabilityAttr>() ||
            at->hasAttr<clang::LocksExcludedAttr>()) {
            notes_[id] = "it is annotated already";
            return;
        }
    std::vector<attribute_place> places = attribute_places(*named->function, *named->in);
    plan made;
    made.id = id;
    made.name = named->function->getNameAsString();
    auto lines = lines_of_calls_.find(rule.function);
    if (lines != lines_of_calls_.end())
        made.vouched = lines->second;
    for (const attribute_place &place : places) {
        std::string lock = named->lock.in(*place.declaration);
        if (lock.empty())
            continue;
        made.pieces.push_back({place.at.file, place.at.offset,
                               " " + function_attribute(rule.kind, false) + "(" + lock + ")",
                               place.before, place.after});
    }
    if (made.pieces.empty())
        notes_[id] = "it has no declaration where that could stand";
    else
        plans.push_back(made);
}

void planner::plan_order(const order_rule &rule, const std::string &id)
{
    const thing &first = locking_.things.at(rule.first), &then = locking_.things.at(rule.then);
    bool globals = first.kind == thing::global && then.kind == thing::global &&
                   rule.first_text == first.bare && rule.then_text == then.bare;
    if (rule.without || rule.first == rule.then || !globals || first.at.file != then.at.file)
        return;
    // The later one can name the earlier one.
    bool forwards = first.at.line < then.at.line;
    const thing &at = forwards ? then : first;
    std::shared_ptr<unit> unit = project_.unit_with(at.at.file);
    const clang::DeclaratorDecl *declaration = unit ? declaration_at(*unit, at.at) : nullptr;
    std::optional<position> behind =
        declaration ? behind_declarator(*declaration, *unit) : std::nullopt;
    if (!behind || declaration->hasAttr<clang::AcquiredAfterAttr>() ||
        declaration->hasAttr<clang::AcquiredBeforeAttr>())
        return;
    plan made;
    made.id = id;
    made.name = at.bare;
    made.pieces.push_back({behind->file, behind->offset,
                           std::string(forwards ? " SNARL_ACQUIRED_AFTER(" + first.bare
                                                : " SNARL_ACQUIRED_BEFORE(" + then.bare) +
                               ")"});
    plans.push_back(made);
}

static bool is_declaration(const plan::piece &piece)
{
    return piece.text.ends_with(";\n") &&
           (piece.text.starts_with("static ") || piece.text.starts_with("extern "));
}

std::vector<plan::piece> pieces_of(const std::vector<plan> &plans)
{
    std::vector<plan::piece> result;
    for (const plan &plan : plans)
        for (const plan::piece &piece : plan.pieces) {
            auto same = std::find_if(result.begin(), result.end(), [&](const plan::piece &other) {
                bool one_place = other.offset == piece.offset && other.before == piece.before &&
                                 other.after == piece.after;
                return other.file == piece.file &&
                       (one_place || (is_declaration(piece) && other.text == piece.text));
            });
            if (same == result.end())
                result.push_back(piece);
            else if (same->text.find(piece.text) == std::string::npos)
                same->text += piece.text;
            else if (is_declaration(piece)) // the first one serves all
                same->offset = std::min(same->offset, piece.offset);
        }
    return result;
}

} // namespace snarl
