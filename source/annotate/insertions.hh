// SPDX-License-Identifier: Apache-2.0
//
// Edits of the user's files: what is put where. They are given as YAML for
// clang-apply-replacements, as a unified diff, or made.
//
//     insertions edits;
//     edits.insert("/src/a.c", offset, " SNARL_GUARDED_BY(lock)");
//     std::string text = edits.diff();
#ifndef SN_SOURCE_INSERTIONS_HH
#define SN_SOURCE_INSERTIONS_HH

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace snarl
{

class insertions
{
  public:
    struct edit {
        std::size_t offset; // in bytes
        std::size_t length; // of what is replaced; 0: something is put in
        std::string text;
    };

    // False if it overlaps another one: then it is left out. What is put in at one offset stays in
    // the order of the calls; the same text there once.
    bool replace(const std::string &file, std::size_t offset, std::size_t length,
                 const std::string &text);
    bool insert(const std::string &file, std::size_t offset, const std::string &text)
    {
        return replace(file, offset, 0, text);
    }

    bool empty() const
    {
        return files_.empty();
    }
    std::vector<std::string> files() const;
    // The file's text with its insertions made; `before` is what it holds.
    std::string applied(const std::string &file, const std::string &before) const;

    // As clang-apply-replacements reads it; `main_file` is what it is told as the translation unit.
    std::string yaml(const std::string &main_file) const;
    // Null-free text of all files, with three lines of context; paths as they are. Files are read
    // from the disk; `error` names the one that cannot be.
    std::string diff(std::string &error) const;
    // Writes the files. On error some may be written; each of them is whole.
    bool make(std::string &error) const;

  private:
    std::map<std::string, std::vector<edit>> files_; // by offset
};

// Where another #include goes in a C or C++ file, as its first lines are written: behind the
// others, or behind the guard of a header, or the comment on top. `there` says whether it has that
// of snarl/thread_safety.h.
std::size_t include_offset(const std::string &text, bool &there);

// The bytes of a file; false if it cannot be read.
bool read_file(const std::string &path, std::string &text);

} // namespace snarl

#endif
