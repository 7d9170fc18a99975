// SPDX-License-Identifier: Apache-2.0
#include "source/code/edits.hh"

#include <clang/Tooling/ReplacementsYaml.h>
#include <llvm/Support/FileSystem.h>
#include <llvm/Support/MemoryBuffer.h>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace snarl
{

namespace
{

// Lines as the file ends them.
std::string with_its_ends(const std::string &text, const std::string &file)
{
    std::size_t end = file.find('\n');
    if (end == std::string::npos || end == 0 || file[end - 1] != '\r')
        return text;
    std::string result;
    for (char c : text)
        result +=
            c == '\n' && (result.empty() || result.back() != '\r') ? "\r\n" : std::string(1, c);
    return result;
}

// Whether two edits of different groups can't both be made: their texts touch in more than an edge,
// or both insert at one place, or one inserts where the other takes away.
bool conflict(const edit &a, const edit &b)
{
    std::size_t begin = std::max(a.offset, b.offset);
    std::size_t end = std::min(a.offset + a.length, b.offset + b.length);
    return begin < end || (a.length == 0 && b.length == 0 && a.offset == b.offset) ||
           (a.length == 0 && a.offset > b.offset && a.offset < b.offset + b.length) ||
           (b.length == 0 && b.offset > a.offset && b.offset < a.offset + a.length);
}

std::string place(const edit &edit, const std::string &text)
{
    auto line = 1 + std::count(text.begin(), text.begin() + std::ptrdiff_t(edit.offset), '\n');
    return edit.file + ":" + std::to_string(line);
}

// A file that takes the place of another when all are written.
class replacement
{
  public:
    replacement(const std::string &file, const std::string &text) : file_(file)
    {
        llvm::SmallString<256> real;
        if (!llvm::sys::fs::real_path(file, real))
            file_ = std::string(real); // a link stays one
        temporary_ = file_ + ".XXXXXX";
        int descriptor = ::mkstemp(temporary_.data());
        if (descriptor < 0) {
            error_ = errno, temporary_.clear();
            return;
        }
        struct stat status;
        bool fine = write(descriptor, text) && ::stat(file_.c_str(), &status) == 0 &&
                    ::fchmod(descriptor, status.st_mode & 07777) == 0;
        error_ = fine ? 0 : errno;
        if (::close(descriptor) != 0 && fine)
            error_ = errno;
    }
    replacement(replacement &&other) noexcept
        : file_(std::move(other.file_)), temporary_(std::move(other.temporary_)),
          error_(other.error_)
    {
        other.temporary_.clear();
    }
    ~replacement()
    {
        if (!temporary_.empty())
            ::unlink(temporary_.c_str());
    }

    bool rename()
    {
        if (::rename(temporary_.c_str(), file_.c_str()) != 0)
            error_ = errno;
        else
            temporary_.clear();
        return error_ == 0;
    }
    int error() const // as errno, or 0
    {
        return error_;
    }

  private:
    static bool write(int descriptor, const std::string &text)
    {
        for (std::size_t done = 0; done < text.size();) {
            ssize_t now = ::write(descriptor, text.data() + done, text.size() - done);
            if (now < 0 && errno != EINTR)
                return false;
            done += now < 0 ? 0 : std::size_t(now);
        }
        return ::fsync(descriptor) == 0;
    }

    std::string file_, temporary_;
    int error_ = 0;
};

} // namespace

std::optional<std::string> read_file(const std::string &file)
{
    auto text = llvm::MemoryBuffer::getFile(file, false, false);
    if (!text)
        return std::nullopt;
    return (*text)->getBuffer().str();
}

bool edits::fits(const std::vector<edit> &group, std::string &error)
{
    for (const edit &one : group) {
        auto there = files_.find(one.file);
        std::optional<std::string> text =
            there == files_.end() ? read_file(one.file) : std::optional(there->second.text);
        if (!text || one.length > text->size() || one.offset > text->size() - one.length) {
            error = one.file + (text ? ": an edit lies beyond its end" : ": cannot be read");
            return false;
        }
        if (there == files_.end())
            continue;
        for (const edit &other : there->second.edits)
            if (!(one == other) && conflict(one, other)) {
                error = place(one, *text) + ": is edited already: " + other.why;
                return false;
            }
    }
    for (std::size_t i = 0; i < group.size(); i++)
        for (std::size_t j = 0; j < i; j++)
            if (group[i].file == group[j].file && (group[i].length || group[j].length) &&
                conflict(group[i], group[j])) {
                error = group[i].file + ": two edits of one place";
                return false;
            }
    return true;
}

bool edits::add(const std::vector<edit> &group, std::string &error)
{
    std::vector<edit> here = group;
    for (edit &one : here) {
        auto there = files_.find(one.file);
        one.text = with_its_ends(one.text, there == files_.end() ? read_file(one.file).value_or("")
                                                                 : there->second.text);
    }
    if (!fits(here, error))
        return false;
    std::map<std::string, std::vector<edit>> before;
    for (auto &[name, file] : files_)
        before[name] = file.edits;
    for (const edit &one : here) {
        auto [there, added] = files_.try_emplace(one.file);
        if (added)
            there->second.text = *read_file(one.file);
        const std::vector<edit> &old = before[one.file];
        if (std::find(old.begin(), old.end(), one) != old.end())
            continue;
        std::vector<edit> &all = there->second.edits;
        all.insert(std::upper_bound(all.begin(), all.end(), one,
                                    [](const edit &a, const edit &b) {
                                        return a.offset != b.offset ? a.offset < b.offset
                                                                    : a.length < b.length;
                                    }),
                   one);
    }
    return true;
}

std::vector<edit> edits::all() const
{
    std::vector<edit> result;
    for (const auto &[name, file] : files_)
        for (const edit &one : file.edits) {
            edit *last = result.empty() ? nullptr : &result.back();
            if (last && last->file == name && last->length == 0 && one.length == 0 &&
                last->offset == one.offset)
                last->text += one.text;
            else
                result.push_back(one);
        }
    return result;
}

std::string edits::edited(const std::string &file) const
{
    auto there = files_.find(file);
    if (there == files_.end())
        return "";
    const std::string &text = there->second.text;
    std::string result;
    std::size_t done = 0;
    for (const edit &one : there->second.edits) {
        result.append(text, done, one.offset - done).append(one.text);
        done = one.offset + one.length;
    }
    return result.append(text, done);
}

std::string edits::yaml() const
{
    clang::tooling::TranslationUnitReplacements document;
    for (const edit &one : all())
        document.Replacements.emplace_back(one.file, one.offset, one.length, one.text);
    std::string result;
    llvm::raw_string_ostream stream(result);
    llvm::yaml::Output output(stream);
    output << document;
    return stream.str();
}

bool edits::apply(std::string &error) const
{
    std::vector<replacement> written;
    for (const auto &[name, file] : files_) {
        if (read_file(name) != file.text) {
            error = name + ": has changed meanwhile";
            return false;
        }
        written.emplace_back(name, edited(name));
        if (written.back().error()) {
            error = name + ": " + std::strerror(written.back().error());
            return false;
        }
    }
    auto at = written.begin();
    for (const auto &[name, file] : files_)
        if (!(at++)->rename()) {
            error = name + ": " + std::strerror((at - 1)->error());
            return false;
        }
    return true;
}

} // namespace snarl
