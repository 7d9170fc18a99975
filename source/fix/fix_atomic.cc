// SPDX-License-Identifier: Apache-2.0
//
// Makes a variable atomic. Right where all that the program does to it is to read it, to write it
// and to update it, each in one expression: an atomic does the same, one after the other. Where a
// function reads a value and writes another one that may rest on it, single accesses would be in
// order and the whole still wrong, and nobody would tell any more: nothing is proposed for that,
// unless a lock is held.
#include "source/fix/fix.hh"

#include <clang/AST/ASTContext.h>
#include <clang/Basic/SourceManager.h>
#include <clang/Lex/Lexer.h>

#include <map>

namespace snarl
{

namespace
{

// The variable that all sites access; null, with a reason.
const clang::VarDecl *accessed(const subject &subject, std::string &reason)
{
    const clang::VarDecl *variable = nullptr;
    for (const site &site : subject.sites) {
        if (site.path.empty()) {
            reason = "not all its accesses were found in the source";
            return nullptr;
        }
        const seen &seen = site.path.front();
        std::optional<lvalue> named =
            seen.found.object ? lvalue_of(seen.found.object, seen.in->context()) : std::nullopt;
        if ((site.role != "read" && site.role != "write") || !named || !named->root ||
            !named->steps.empty() || (variable && usr_of(*variable) != usr_of(*named->root))) {
            reason = "it is about no variable that is accessed by its name alone";
            return nullptr;
        }
        variable = named->root;
    }
    if (!variable || !variable->hasGlobalStorage() ||
        variable->getTLSKind() != clang::VarDecl::TLS_None) {
        reason = "it is about no variable of the whole program";
        return nullptr;
    }
    return variable;
}

std::string unfit(const clang::VarDecl &variable)
{
    clang::QualType type = variable.getType();
    bool fits = type->isIntegralOrEnumerationType() || type->isPointerType();
    if (type->isAtomicType())
        return "it is atomic already";
    if (!fits || variable.getASTContext().getTypeSize(type) > 64)
        return "its type is none that a processor accesses at once";
    return type.isConstQualified() ? "it is constant" : "";
}

// What one function does to it.
struct doing {
    const clang::FunctionDecl *function = nullptr;
    std::vector<const use *> reads, writes; // an update is both
};

bool depends_on_nothing(const clang::Expr &value, const clang::ASTContext &context)
{
    clang::Expr::EvalResult result;
    return !value.isValueDependent() &&
           (value.EvaluateAsRValue(result, context) ||
            value.isNullPointerConstant(const_cast<clang::ASTContext &>(context),
                                        clang::Expr::NPC_ValueDependentIsNotNull));
}

// Why single accesses in order would not do; "" if they do.
std::string rests_on_another(const doing &doing, const unit &unit, const effects_of &known)
{
    bool only_updates = true, only_constants = true;
    for (const use *write : doing.writes) {
        only_updates = only_updates && write->how == use::updates;
        only_constants = only_constants && write->how == use::writes &&
                         depends_on_nothing(*write->value, unit.context());
    }
    bool reads = !doing.reads.empty();
    if (doing.writes.empty() || (!reads && only_updates) || (!reads && only_constants))
        return "";
    if (!reads)
        return ""; // it writes what it has from elsewhere
    flow flow(*doing.function, unit.context(), known);
    for (const use *write : doing.writes) {
        if (flow.complete() && !flow.before(write->at).must.empty())
            continue;
        return "what is written at " + where(unit, write->at->getExprLoc()) +
               " may rest on what was read at " +
               where(unit, doing.reads.front()->at->getExprLoc()) +
               ": each access would be in order, and the update be lost as before. It takes a lock "
               "around both";
    }
    return "";
}

class maker
{
  public:
    maker(const clang::VarDecl &variable, effects_of known)
        : variable_(variable), known_(std::move(known))
    {
    }

    std::vector<std::optional<edit>> edits;
    std::vector<std::string> units; // that use it

    std::string look(const unit &unit)
    {
        bool cxx = unit.context().getLangOpts().CPlusPlus;
        std::map<const clang::FunctionDecl *, doing> functions;
        std::vector<use> uses = uses_of(unit, variable_);
        if (!uses.empty())
            units.push_back(unit.main_file());
        for (const use &use : uses) {
            if (use.how == use::refers)
                return "its address is taken, or it is used by more than reads, writes and updates "
                       "(" +
                       where(unit, use.at->getExprLoc()) + ")";
            if (cxx && use.variadic)
                add_load(use, unit);
            note(use, unit);
            doing &doing = functions[use.function];
            doing.function = use.function;
            if (use.how == use::reads)
                doing.reads.push_back(&use);
            else
                doing.writes.push_back(&use);
        }
        for (const auto &[function, doing] : functions)
            if (std::string reason = function ? rests_on_another(doing, unit, known_) : "";
                !reason.empty())
                return reason;
        if (!handed_out_.empty() && !taken_in_.empty())
            return "it gets a value from elsewhere (" + taken_in_ + "), and is handed out (" +
                   handed_out_ + "): the one may rest on the other";
        for (const clang::DeclaratorDecl *declaration : declarations_of(unit, variable_))
            if (std::string reason = declare(*declaration, unit); !reason.empty())
                return reason;
        return "";
    }

  private:
    const std::string why_ = "each access of it happens at once";

    // An update may be made of a function that returns it and one that sets it.
    void note(const use &use, const unit &unit)
    {
        if (!use.function)
            return;
        std::string at = where(unit, use.at->getExprLoc());
        if (use.how == use::writes && !depends_on_nothing(*use.value, unit.context()))
            taken_in_ = at;
        if (use.how == use::reads)
            for (const clang::Stmt *around : path_to(*use.function, use.object))
                if (llvm::isa<clang::ReturnStmt>(around))
                    handed_out_ = at;
    }

    void add_load(const use &use, const unit &unit)
    {
        clang::SourceLocation end = clang::Lexer::getLocForEndOfToken(
            use.object->getEndLoc(), 0, unit.sources(), unit.context().getLangOpts());
        edits.push_back(insert(unit, end, ".load()", "an atomic is no argument for ..."));
    }

    std::string declare(const clang::DeclaratorDecl &declaration, const unit &unit)
    {
        if (shares_its_type(declaration, unit))
            return "it is declared together with others (" +
                   where(unit, declaration.getLocation()) + ")";
        if (unit.context().getLangOpts().CPlusPlus)
            return declare_cxx(declaration, unit);
        clang::SourceLocation at =
            declaration.getType()->isPointerType() && !declaration.getTypeSourceInfo()
                                                           ->getTypeLoc()
                                                           .getUnqualifiedLoc()
                                                           .getAs<clang::PointerTypeLoc>()
                                                           .isNull()
                ? declaration.getLocation()
                : declaration.getTypeSpecStartLoc();
        edits.push_back(insert(unit, out_of_macro(at, unit), "_Atomic ", why_));
        return "";
    }

    std::string declare_cxx(const clang::DeclaratorDecl &declaration, const unit &unit)
    {
        clang::QualType pointee = declaration.getType()->getPointeeType();
        if (!pointee.isNull() && pointee.hasQualifiers())
            return "its type is too involved for an edit";
        clang::SourceRange range =
            declaration.getTypeSourceInfo()->getTypeLoc().getUnqualifiedLoc().getSourceRange();
        std::optional<edit> type = replace(unit, range, "", why_);
        if (type)
            type->text = "std::atomic<" + text(range, unit) + ">";
        edits.push_back(type);
        include(unit, declaration.getLocation());
        return "";
    }

    // The header in front of the first include of the file, unless it is there.
    void include(const unit &unit, clang::SourceLocation at)
    {
        const clang::SourceManager &sources = unit.sources();
        clang::FileID file = sources.getFileID(sources.getExpansionLoc(at));
        llvm::StringRef buffer = sources.getBufferData(file);
        if (buffer.contains("#include <atomic>"))
            return;
        std::size_t first = buffer.find("#include <");
        if (first == llvm::StringRef::npos)
            first = buffer.find("#include");
        clang::SourceLocation line = sources.getLocForStartOfFile(file).getLocWithOffset(
            int(first == llvm::StringRef::npos ? 0 : first));
        edits.push_back(insert(unit, line, "#include <atomic>\n", "for std::atomic"));
    }

    static std::string text(clang::SourceRange range, const unit &unit)
    {
        return clang::Lexer::getSourceText(clang::CharSourceRange::getTokenRange(range),
                                           unit.sources(), unit.context().getLangOpts())
            .str();
    }

    // `bool` is a macro in C: what stands in front of it is.
    static clang::SourceLocation out_of_macro(clang::SourceLocation at, const unit &unit)
    {
        clang::SourceLocation begin;
        if (at.isMacroID() && clang::Lexer::isAtStartOfMacroExpansion(
                                  at, unit.sources(), unit.context().getLangOpts(), &begin))
            return begin;
        return at;
    }

    // `int a, b;`
    static bool shares_its_type(const clang::DeclaratorDecl &declaration, const unit &unit)
    {
        for (const clang::Decl *other : declaration.getDeclContext()->decls()) {
            const auto *declarator = llvm::dyn_cast<clang::DeclaratorDecl>(other);
            if (declarator && declarator != &declaration &&
                declarator->getOuterLocStart() == declaration.getOuterLocStart())
                return true;
        }
        (void)unit;
        return false;
    }

    const clang::VarDecl &variable_;
    const effects_of known_;
    std::string handed_out_, taken_in_;
};

} // namespace

answer fix_atomic(const subject &subject, whole_program &program)
{
    std::string reason;
    const clang::VarDecl *variable = accessed(subject, reason);
    if (!variable)
        return refuse(reason);
    if (reason = unfit(*variable); !reason.empty())
        return refuse(variable->getNameAsString() + ": " + reason);
    maker maker(*variable, program.effects(*subject.sites[0].path[0].in));
    reason = program.each_unit(*variable, subject.sites[0].path[0].in,
                               [&](const unit &unit) { return maker.look(unit); });
    std::string name = variable->getNameAsString();
    if (!reason.empty())
        return refuse(name + ": " + reason);
    answer result =
        propose(maker.edits,
                "All that the program does with " + name +
                    " is to read, write and update it, each in one expression. As an atomic it "
                    "does the same, one after the other, and whoever sees a value also sees what "
                    "was written before it.",
                "Nobody waits for a value that is not there yet, and nothing is said of " + name +
                    " together with other variables, or of two of its accesses together: that "
                    "takes a lock.");
    result.units = maker.units;
    return result;
}

} // namespace snarl
