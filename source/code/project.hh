// SPDX-License-Identifier: Apache-2.0
//
// The user's sources as their compile database says that they are built. Translation units are
// parsed when they are asked for, and a few are kept. What cannot be parsed is told once, and
// passed over: one file that this compiler does not take must not cost the answers about all
// others.
#ifndef SN_SOURCE_PROJECT_HH
#define SN_SOURCE_PROJECT_HH

#include <clang/Basic/SourceLocation.h>
#include <clang/Frontend/ASTUnit.h>
#include <clang/Tooling/CompilationDatabase.h>

#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace snarl
{

// The name of a file as a unit has it, made absolute.
std::string absolute_path(const clang::SourceManager &sources, llvm::StringRef name);

// A translation unit as parsed. What is declared in it (declarations, types, statements) lives as
// long as it does.
class unit
{
  public:
    unit(std::string main_file, std::unique_ptr<clang::ASTUnit> ast);

    const std::string &main_file() const // absolute
    {
        return main_file_;
    }
    clang::ASTContext &context() const
    {
        return ast_->getASTContext();
    }
    const clang::SourceManager &sources() const
    {
        return ast_->getSourceManager();
    }
    // The file as it was read in this unit, if it was; the path is absolute.
    clang::FileID file(const std::string &path) const;
    // Errors that the parser got over: declarations around them may be incomplete.
    bool has_errors() const;

  private:
    std::string main_file_;
    std::unique_ptr<clang::ASTUnit> ast_;
};

class project
{
  public:
    struct settings {
        std::string database;    // a directory with compile_commands.json, or that file; "": look
        std::string source_root; // where sources lie now, if elsewhere than when compiled; or ""
        std::vector<std::string> flags; // of files, if there is no database: what stood behind --
        bool has_flags = false;
    };

    // Null with `error` set if there is no database. `near` is a path beside which to look for one
    // where no directory was named, or "".
    static std::unique_ptr<project> open(const settings &settings, const std::string &near,
                                         std::string &error);

    // The absolute path of a file that a report names, if it is there now: as it stands; below the
    // source root, with as much of its path as is there; or the one file of the database that ends
    // so. "" if none is.
    std::string resolve(const std::string &path) const;
    // All files that the database compiles, absolute, sorted.
    const std::vector<std::string> &files() const
    {
        return files_;
    }

    // The unit of this file of the database; null if it could not be parsed, and then told in
    // `troubles`.
    std::shared_ptr<unit> parse(const std::string &file);
    // A unit that reads this file: its own, or for a header that of one of `hints`, or of any file
    // of the database that seems to include it.
    std::shared_ptr<unit> unit_with(const std::string &file,
                                    const std::vector<std::string> &hints = {});

    // What clang says of a file of the database, warnings that `flags` ask for and errors, if some
    // files held other text than they do.
    struct remark {
        std::string file; // absolute
        unsigned line;
        bool error;
        std::string text;
    };
    std::vector<remark> remarks(const std::string &file,
                                const std::map<std::string, std::string> &contents,
                                const std::vector<std::string> &flags) const;
    // "" if this file can be parsed without an error as long as others (absolute) hold these texts
    // instead of their own; else the first error. A header is parsed where unit_with() has it from.
    std::string parses_with(const std::string &file,
                            const std::map<std::string, std::string> &texts);

    // What was passed over, and why; one line each.
    const std::vector<std::string> &troubles() const
    {
        return troubles_;
    }

  private:
    explicit project(std::unique_ptr<clang::tooling::CompilationDatabase> database);
    void tell(const std::string &trouble);
    // The same file as the database names it; "" if it does not.
    std::string listed(const std::string &file) const;
    std::string file_ending_like(
        const std::string &name) const; // "" if none, or more than one, does
    std::unique_ptr<clang::ASTUnit> parse_once(
        const std::string &file, std::set<std::string> &unknown, std::string &reason,
        const std::map<std::string, std::string> &texts = {});

    std::unique_ptr<clang::tooling::CompilationDatabase> database_;
    std::vector<std::string> files_;
    std::string source_root_;
    bool every_file_ = false;               // flags instead of a database: any file can be compiled
    std::list<std::shared_ptr<unit>> kept_; // the newest first
    std::set<std::string> failed_;
    std::map<std::string, std::string>
        home_; // of a header: the main file of a unit that reads it, or ""
    std::vector<std::string> troubles_;
    std::set<std::string> told_; // the same; a unit may be parsed more than once
};

} // namespace snarl

#endif
