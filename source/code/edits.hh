// SPDX-License-Identifier: Apache-2.0
//
// Edits of the user's sources, and the ways to hand them out: for clang-apply-replacements, as a
// diff for patch and git apply, or in place. What belongs together is added together, and is there
// whole or not at all. Nothing that overlaps is taken: an edit is right in the text that it was
// made for.
//
//     edits edits;
//     std::string error;
//     if (!edits.add({insert_before_line(unit, at, "lock();", "the read races"), ...}, error))
//         say(error);
//     write_output(options, edits.diff(""));
//
// New text has lines that end by "\n"; in a file whose lines end by CR LF they get these.
#ifndef SN_SOURCE_EDITS_HH
#define SN_SOURCE_EDITS_HH

#include "source/code/project.hh"

#include <clang/Basic/SourceLocation.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace snarl
{

struct edit {
    std::string file;                   // absolute
    std::size_t offset = 0, length = 0; // in bytes; length 0 inserts
    std::string text;                   // that comes instead
    std::string why;                    // one line for people

    bool operator==(const edit &other) const
    {
        return file == other.file && offset == other.offset && length == other.length &&
               text == other.text;
    }
};

class edits
{
  public:
    // Adds all of a group, or nothing with `error` set: where one overlaps an edit of another group
    // or lies beyond the end of its file. An edit that is there already, to the letter, is shared.
    // Insertions of one group at one place come in the order of the group; one of another group at
    // that place would leave the order to chance, and is refused.
    bool add(const std::vector<edit> &group, std::string &error);
    bool empty() const
    {
        return files_.empty();
    }
    // All of them, by file and offset; insertions at one place are one.
    std::vector<edit> all() const;

    // As clang-apply-replacements takes it.
    std::string yaml() const;
    // As `patch -p1` and `git apply` take it in the directory `root`; "": where we are, or, if
    // files lie elsewhere, the innermost directory with all of them. `root` says afterwards which
    // it was.
    std::string diff(std::string &root) const;
    // Writes the files: all are written beside themselves first, then all renamed. False with
    // `error` set if one could not be written, or is not any more what the edits were made for.
    bool apply(std::string &error) const;

    // What this file (one of them) becomes.
    std::string edited(const std::string &file) const;

  private:
    struct changed {
        std::string text;        // the file as it is
        std::vector<edit> edits; // by offset
    };
    bool fits(const std::vector<edit> &group, std::string &error);

    std::map<std::string, changed> files_;
};

// The bytes of a file, as they are on the disk; none if it cannot be read.
std::optional<std::string> read_file(const std::string &file);

// Edits by places of a unit. None if the place is not in the user's own spelling: out of a macro,
// or in a header of the system.
std::optional<edit> replace(const unit &unit, clang::CharSourceRange range, const std::string &text,
                            const std::string &why);
std::optional<edit> replace(const unit &unit, clang::SourceRange tokens, const std::string &text,
                            const std::string &why);
std::optional<edit> insert(const unit &unit, clang::SourceLocation before, const std::string &text,
                           const std::string &why);
// Whole lines above or below the line of `at`, indented as that is. Lines in `text` are separated
// by
// "\n", and may be indented further themselves. None if something else stands before `at` on its
// line, or behind it, respectively, that is no comment.
std::optional<edit> insert_above(const unit &unit, clang::SourceLocation at,
                                 const std::string &text, const std::string &why);
std::optional<edit> insert_below(const unit &unit, clang::SourceLocation at,
                                 const std::string &text, const std::string &why);

// Takes a statement away, and its line if nothing else stands there.
std::optional<edit> remove(const unit &unit, const clang::Stmt &statement, const std::string &why);

// The white space that the line of this place begins with.
std::string indentation(const unit &unit, clang::SourceLocation at);
// Whether nothing but white space is before `at` on its line.
bool begins_line(const unit &unit, clang::SourceLocation at);
// By what the file of `at` goes further in: a tab, or as many spaces as its first indented line
// has.
std::string step_in(const unit &unit, clang::SourceLocation at);
// The place behind a statement and its semicolon; invalid if that is not the user's spelling.
clang::SourceLocation behind(const unit &unit, const clang::Stmt &statement);
// Whether this place is the user's own spelling: in a file, no macro, no header of the system.
bool is_spelled(const unit &unit, clang::SourceLocation at);

} // namespace snarl

#endif
