// SPDX-License-Identifier: Apache-2.0
//
// Commands of gcc go through clang's driver with the options that it does not know taken out: it
// says which these are, so there is no list of them here. Warnings are off, and errors are counted
// but not shown: a file that has some still has most of its tree.
#include "source/code/project.hh"

#include <clang/Basic/Diagnostic.h>
#include <clang/Basic/DiagnosticDriver.h>
#include <clang/Basic/SourceManager.h>
#include <clang/Driver/Types.h>
#include <clang/Frontend/FrontendActions.h>
#include <clang/Tooling/ArgumentsAdjusters.h>
#include <clang/Tooling/Tooling.h>
#include <llvm/Support/FileSystem.h>
#include <llvm/Support/MemoryBuffer.h>
#include <llvm/Support/Path.h>
#include <llvm/Support/VirtualFileSystem.h>

#include <algorithm>

namespace snarl
{

namespace
{

namespace path = llvm::sys::path;
using clang::tooling::CommandLineArguments;

constexpr std::size_t units_kept = 4;
constexpr std::size_t homes_tried = 8;

// Takes diagnostics instead of printing them.
class listener : public clang::DiagnosticConsumer
{
  public:
    std::set<std::string> unknown; // arguments
    std::string first_error;

    void HandleDiagnostic(clang::DiagnosticsEngine::Level level,
                          const clang::Diagnostic &diagnostic) override
    {
        clang::DiagnosticConsumer::HandleDiagnostic(level, diagnostic);
        unsigned id = diagnostic.getID();
        if (id == clang::diag::err_drv_unknown_argument ||
            id == clang::diag::err_drv_unknown_argument_with_suggestion ||
            id == clang::diag::err_drv_unsupported_opt)
            unknown.insert(diagnostic.getArgStdStr(0));
        if (level < clang::DiagnosticsEngine::Error || !first_error.empty())
            return;
        llvm::SmallString<128> text;
        diagnostic.FormatDiagnostic(text);
        if (diagnostic.hasSourceManager() && diagnostic.getLocation().isValid())
            first_error =
                diagnostic.getLocation().printToString(diagnostic.getSourceManager()) + ": ";
        first_error += text.str();
    }
};

// Keeps all of them.
class collector : public listener
{
  public:
    std::vector<project::remark> remarks;

    void HandleDiagnostic(clang::DiagnosticsEngine::Level level,
                          const clang::Diagnostic &diagnostic) override
    {
        listener::HandleDiagnostic(level, diagnostic);
        if (level < clang::DiagnosticsEngine::Warning || !diagnostic.hasSourceManager())
            return;
        llvm::SmallString<128> text;
        diagnostic.FormatDiagnostic(text);
        const clang::SourceManager &sources = diagnostic.getSourceManager();
        clang::SourceLocation at = sources.getExpansionLoc(diagnostic.getLocation());
        auto entry = sources.getFileEntryRefForID(sources.getFileID(at));
        std::string file = entry ? absolute_path(sources, entry->getName()) : "";
        remarks.push_back({file, entry ? sources.getExpansionLineNumber(at) : 0,
                           level >= clang::DiagnosticsEngine::Error, std::string(text)});
    }
};

// What a build asks to be warned of is not what is asked here.
CommandLineArguments without_warnings(const CommandLineArguments &arguments)
{
    CommandLineArguments result;
    for (const std::string &argument : arguments)
        if (argument != "-w" && argument != "-pedantic" && argument != "-pedantic-errors" &&
            (!argument.starts_with("-W") || argument.find(',') != std::string::npos))
            result.push_back(argument);
    return result;
}

std::string absolute(const std::string &name)
{
    llvm::SmallString<256> result(name);
    llvm::sys::fs::make_absolute(result);
    path::remove_dots(result, true);
    return std::string(result);
}

// As the file system calls it, links followed.
std::string real(const std::string &name)
{
    llvm::SmallString<256> result;
    if (llvm::sys::fs::real_path(name, result))
        return absolute(name);
    return std::string(result);
}

// Of a command's file, which may be relative to the command's directory.
std::string file_of(const clang::tooling::CompileCommand &command)
{
    if (path::is_absolute(command.Filename))
        return absolute(command.Filename);
    llvm::SmallString<256> result(command.Directory);
    path::append(result, command.Filename);
    return absolute(std::string(result));
}

CommandLineArguments without(const CommandLineArguments &arguments,
                             const std::set<std::string> &unknown)
{
    CommandLineArguments result;
    for (const std::string &argument : arguments)
        if (!unknown.count(argument) && !llvm::StringRef(argument).starts_with("-Werror"))
            result.push_back(argument);
    return result;
}

// Where the newest gcc has headers that it alone brings (omp.h); "" without one.
std::string headers_of_gcc()
{
    std::string newest;
    int version = 0;
    std::error_code error;
    for (llvm::sys::fs::directory_iterator i("/usr/lib/gcc", error), end; !error && i != end;
         i.increment(error))
        for (llvm::sys::fs::directory_iterator j(i->path(), error), end; !error && j != end;
             j.increment(error)) {
            int number = 0;
            llvm::StringRef name = path::filename(j->path());
            if (!name.consumeInteger(10, number) && number > version &&
                llvm::sys::fs::is_directory(j->path() + "/include"))
                version = number, newest = j->path() + "/include";
        }
    return newest;
}

CommandLineArguments extra_arguments()
{
    static const std::string headers = headers_of_gcc();
    CommandLineArguments extra = {"-w", "-ferror-limit=0", "-resource-dir=" SNARL_CLANG_RESOURCES};
    if (!headers.empty())
        extra.insert(extra.end(), {"-idirafter", headers});
    return extra;
}

// How many components two paths have in common at their ends.
std::size_t common_end(llvm::StringRef a, llvm::StringRef b)
{
    std::size_t count = 0;
    auto i = path::rbegin(a), j = path::rbegin(b);
    while (i != path::rend(a) && j != path::rend(b) && *i == *j)
        ++i, ++j, ++count;
    return count;
}

// Rather than a header, which is nothing alone.
bool is_source(llvm::StringRef file)
{
    auto type = clang::driver::types::lookupTypeForExtension(path::extension(file).drop_front());
    return type != clang::driver::types::TY_INVALID &&
           clang::driver::types::isAcceptedByClang(type) &&
           !clang::driver::types::onlyPrecompileType(type);
}

bool mentions(const std::string &file, llvm::StringRef name)
{
    auto text = llvm::MemoryBuffer::getFile(file);
    return text && (*text)->getBuffer().contains(name);
}

} // namespace

std::string absolute_path(const clang::SourceManager &sources, llvm::StringRef name)
{
    llvm::SmallString<256> result(name);
    sources.getFileManager().makeAbsolutePath(result);
    path::remove_dots(result, true);
    return std::string(result);
}

unit::unit(std::string main_file, std::unique_ptr<clang::ASTUnit> ast)
    : main_file_(std::move(main_file)), ast_(std::move(ast))
{
}

clang::FileID unit::file(const std::string &name) const
{
    auto entry = ast_->getFileManager().getOptionalFileRef(name);
    return entry ? sources().translateFile(*entry) : clang::FileID();
}

bool unit::has_errors() const
{
    return ast_->getDiagnostics().hasUncompilableErrorOccurred();
}

project::project(std::unique_ptr<clang::tooling::CompilationDatabase> database)
    : database_(std::move(database))
{
    std::set<std::string> files;
    for (const auto &command : database_->getAllCompileCommands())
        files.insert(file_of(command));
    files_.assign(files.begin(), files.end());
}

std::unique_ptr<project> project::open(const settings &settings, const std::string &near,
                                       std::string &error)
{
    std::unique_ptr<clang::tooling::CompilationDatabase> database;
    std::string reason;
    if (settings.has_flags) {
        database = std::make_unique<clang::tooling::FixedCompilationDatabase>(".", settings.flags);
    } else if (!settings.database.empty()) {
        std::string directory = settings.database;
        if (!llvm::sys::fs::is_directory(directory) &&
            path::filename(directory) == "compile_commands.json")
            directory = path::parent_path(absolute(directory));
        database = clang::tooling::CompilationDatabase::loadFromDirectory(directory, reason);
    } else {
        database = near.empty()
                       ? clang::tooling::CompilationDatabase::autoDetectFromDirectory(".", reason)
                       : clang::tooling::CompilationDatabase::autoDetectFromSource(near, reason);
    }
    if (!database) {
        while (!reason.empty() && reason.back() == '\n')
            reason.pop_back();
        error = settings.database.empty()
                    ? "no compile_commands.json was found; name its directory with -p, or give the "
                      "compiler's options behind --"
                    : settings.database + ": " + reason;
        return nullptr;
    }
    std::unique_ptr<project> result(new project(std::move(database)));
    result->every_file_ = settings.has_flags;
    if (!settings.source_root.empty())
        result->source_root_ = absolute(settings.source_root);
    return result;
}

std::string project::resolve(const std::string &name) const
{
    if (name.empty())
        return "";
    if (!source_root_.empty()) {
        llvm::StringRef rest(name);
        for (auto i = path::begin(rest), end = path::end(rest); i != end; ++i) {
            llvm::SmallString<256> moved(source_root_);
            path::append(moved, i, end);
            if (*i != "/" && llvm::sys::fs::is_regular_file(moved))
                return absolute(std::string(moved));
        }
    }
    bool here = path::is_absolute(name) && llvm::sys::fs::is_regular_file(name);
    if (here && (every_file_ || !is_source(name) || !listed(absolute(name)).empty()))
        return absolute(name);
    // Of another copy of the sources than the database's: the file there that is called the same.
    std::string same = file_ending_like(name);
    if (!same.empty())
        return same;
    return here || llvm::sys::fs::is_regular_file(name) ? absolute(name) : "";
}

void project::tell(const std::string &trouble)
{
    if (told_.insert(trouble).second)
        troubles_.push_back(trouble);
}

std::string project::listed(const std::string &file) const
{
    for (const std::string &name : {file, real(file)})
        if (std::binary_search(files_.begin(), files_.end(), name))
            return name;
    return "";
}

std::string project::file_ending_like(const std::string &name) const
{
    std::string best;
    std::size_t most = 0;
    bool twice = false;
    for (const std::string &file : files_) {
        std::size_t common = common_end(file, name);
        twice = common == most ? twice || common > 0 : common > most ? false : twice;
        if (common > most)
            most = common, best = file;
    }
    // All of a relative path has to be there.
    bool whole = path::is_absolute(name) || most >= common_end(name, name);
    return most > 0 && !twice && whole && llvm::sys::fs::is_regular_file(best) ? best : "";
}

std::unique_ptr<clang::ASTUnit> project::parse_once(const std::string &file,
                                                    std::set<std::string> &unknown,
                                                    std::string &reason,
                                                    const std::map<std::string, std::string> &texts)
{
    clang::tooling::ClangTool tool(*database_, {file},
                                   std::make_shared<clang::PCHContainerOperations>(),
                                   llvm::vfs::createPhysicalFileSystem());
    for (const auto &[name, text] : texts)
        tool.mapVirtualFile(name, text);
    listener diagnostics;
    tool.setDiagnosticConsumer(&diagnostics);
    tool.setPrintErrorMessage(false);
    tool.appendArgumentsAdjuster([&](const CommandLineArguments &arguments, llvm::StringRef) {
        return without(arguments, unknown);
    });
    tool.appendArgumentsAdjuster(clang::tooling::getInsertArgumentAdjuster(
        extra_arguments(), clang::tooling::ArgumentInsertPosition::END));
    for (const auto &command : database_->getCompileCommands(file))
        if (!llvm::sys::fs::is_directory(command.Directory)) {
            reason = command.Directory + ": there is no such directory"; // the tool would abort
            return nullptr;
        }
    std::vector<std::unique_ptr<clang::ASTUnit>> asts;
    tool.buildASTs(asts);
    reason = diagnostics.first_error;
    std::size_t before = unknown.size();
    unknown.insert(diagnostics.unknown.begin(), diagnostics.unknown.end());
    if (unknown.size() > before)
        return parse_once(file, unknown, reason, texts);
    if (asts.empty() || !asts[0])
        return nullptr;
    // What was left out has to be told: a file that is missing leaves hardly anything.
    if (asts[0]->getDiagnostics().hasFatalErrorOccurred())
        return nullptr;
    return std::move(asts[0]);
}

std::vector<project::remark> project::remarks(const std::string &file,
                                              const std::map<std::string, std::string> &contents,
                                              const std::vector<std::string> &flags) const
{
    std::set<std::string> unknown;
    for (;;) {
        clang::tooling::ClangTool tool(*database_, {file},
                                       std::make_shared<clang::PCHContainerOperations>(),
                                       llvm::vfs::createPhysicalFileSystem());
        collector diagnostics;
        tool.setDiagnosticConsumer(&diagnostics);
        tool.setPrintErrorMessage(false);
        for (const auto &[name, text] : contents)
            tool.mapVirtualFile(name, text);
        tool.appendArgumentsAdjuster([&](const CommandLineArguments &arguments, llvm::StringRef) {
            CommandLineArguments result = without_warnings(without(arguments, unknown));
            result.insert(result.end(),
                          {"-ferror-limit=0", "-Wno-everything", "-fno-caret-diagnostics",
                           "-resource-dir=" SNARL_CLANG_RESOURCES});
            result.insert(result.end(), flags.begin(), flags.end());
            return result;
        });
        tool.run(clang::tooling::newFrontendActionFactory<clang::SyntaxOnlyAction>().get());
        std::size_t before = unknown.size();
        unknown.insert(diagnostics.unknown.begin(), diagnostics.unknown.end());
        if (unknown.size() == before)
            return diagnostics.remarks;
    }
}

std::shared_ptr<unit> project::parse(const std::string &file)
{
    for (auto i = kept_.begin(); i != kept_.end(); ++i)
        if ((*i)->main_file() == file) {
            kept_.splice(kept_.begin(), kept_, i);
            return kept_.front();
        }
    if (failed_.count(file))
        return nullptr;
    std::set<std::string> unknown;
    std::string reason;
    std::unique_ptr<clang::ASTUnit> ast = parse_once(file, unknown, reason);
    if (!ast) {
        failed_.insert(file);
        tell(file + ": could not be parsed" + (reason.empty() ? "" : ": " + reason));
        return nullptr;
    }
    if (!reason.empty())
        tell(file + ": parsed with errors, the first: " + reason);
    kept_.push_front(std::make_shared<unit>(file, std::move(ast)));
    if (kept_.size() > units_kept)
        kept_.pop_back();
    return kept_.front();
}

std::shared_ptr<unit> project::unit_with(const std::string &file,
                                         const std::vector<std::string> &hints)
{
    if (std::string name = listed(file); !name.empty())
        return parse(name);
    if (every_file_ && is_source(file))
        return parse(file);
    auto home = home_.find(file);
    if (home != home_.end())
        return home->second.empty() ? nullptr : parse(home->second);
    std::vector<std::string> candidates;
    for (const std::string &hint : hints)
        if (!listed(hint).empty() || (every_file_ && is_source(hint)))
            candidates.push_back(hint);
    std::size_t tried = candidates.size() + homes_tried;
    for (const std::string &other : files_)
        if (candidates.size() < tried && mentions(other, path::filename(file)))
            candidates.push_back(other);
    for (const std::string &candidate : candidates) {
        std::shared_ptr<unit> unit = parse(candidate);
        if (unit && unit->file(file).isValid()) {
            home_[file] = candidate;
            return unit;
        }
    }
    home_[file] = "";
    tell(file + (is_source(file) ? ": is not in the compile database"
                                 : ": no file of the compile database that could be parsed "
                                   "includes it"));
    return nullptr;
}

std::string project::parses_with(const std::string &file,
                                 const std::map<std::string, std::string> &texts)
{
    std::shared_ptr<unit> unit = unit_with(file);
    if (!unit)
        return file + " is in no file of the compile database";
    std::set<std::string> unknown;
    std::string reason;
    std::unique_ptr<clang::ASTUnit> ast = parse_once(unit->main_file(), unknown, reason, texts);
    return ast || !reason.empty() ? reason : file + " could not be parsed";
}

} // namespace snarl
