// SPDX-License-Identifier: Apache-2.0
//
// The diff of edits. What changed is known, so nothing has to be compared: each edit changes the
// lines that it touches, lines that come out as they were are left off at both ends, and changes
// that are nearer than twice the context share a hunk.
#include "source/code/edits.hh"

#include <llvm/Support/FileSystem.h>
#include <llvm/Support/Path.h>

#include <algorithm>
#include <cstdio>

namespace snarl
{

namespace
{

namespace path = llvm::sys::path;

constexpr std::size_t context = 3;

using lines = std::vector<std::string>; // each with its end

lines split(const std::string &text)
{
    lines result;
    for (std::size_t begin = 0; begin < text.size();) {
        std::size_t end = std::min(text.find('\n', begin), text.size() - 1) + 1;
        result.push_back(text.substr(begin, end - begin));
        begin = end;
    }
    return result;
}

// Lines [first, first + count) become others.
struct change {
    std::size_t first, count;
    lines now;
};

// The bytes of whole lines that an edit touches.
struct region {
    std::size_t begin, end;
    std::string now;
};

std::vector<region> regions(const std::string &text, const std::vector<edit> &all)
{
    std::vector<region> result;
    for (std::size_t i = 0; i < all.size();) {
        std::size_t begin = all[i].offset == 0 ? 0 : text.rfind('\n', all[i].offset - 1) + 1;
        std::size_t done = begin, end = begin;
        std::string now;
        for (; i < all.size() && (end == begin || all[i].offset < end); i++) {
            now.append(text, done, all[i].offset - done).append(all[i].text);
            done = all[i].offset + all[i].length;
            std::size_t newline = text.find('\n', done);
            end = newline == std::string::npos ? text.size() : newline + 1;
        }
        result.push_back({begin, end, now.append(text, done, end - done)});
    }
    return result;
}

std::vector<change> changes(const std::string &text, const std::vector<edit> &all)
{
    std::vector<change> result;
    for (const region &region : regions(text, all)) {
        auto first = std::size_t(
            std::count(text.begin(), text.begin() + std::ptrdiff_t(region.begin), '\n'));
        lines old = split(text.substr(region.begin, region.end - region.begin));
        lines now = split(region.now);
        std::size_t same = 0;
        while (same < old.size() && same < now.size() && old[same] == now[same])
            same++;
        old.erase(old.begin(), old.begin() + std::ptrdiff_t(same));
        now.erase(now.begin(), now.begin() + std::ptrdiff_t(same));
        while (!old.empty() && !now.empty() && old.back() == now.back())
            old.pop_back(), now.pop_back();
        if (!old.empty() || !now.empty())
            result.push_back({first + same, old.size(), now});
    }
    return result;
}

std::string marked(char mark, const std::string &line)
{
    bool whole = line.back() == '\n';
    return mark + line + (whole ? "" : "\n\\ No newline at end of file\n");
}

std::string range(std::size_t first, std::size_t count)
{
    // Of no lines, the line before is named.
    return std::to_string(count ? first + 1 : first) +
           (count == 1 ? "" : "," + std::to_string(count));
}

class hunks
{
  public:
    hunks(const lines &old, const std::vector<change> &all) : old_(old)
    {
        for (std::size_t i = 0; i < all.size();) {
            std::size_t last = i;
            while (last + 1 < all.size() &&
                   all[last + 1].first <= all[last].first + all[last].count + 2 * context)
                last++;
            add(&all[i], &all[last] + 1);
            i = last + 1;
        }
    }
    std::string text;

  private:
    void add(const change *begin, const change *end)
    {
        std::size_t first = begin->first > context ? begin->first - context : 0;
        std::size_t behind = (end - 1)->first + (end - 1)->count;
        std::size_t last = std::min(behind + context, old_.size());
        std::string body;
        std::size_t at = first, grown = 0, shrunk = 0;
        for (const change *one = begin; one < end; one++) {
            keep(body, at, one->first);
            for (at = one->first; at < one->first + one->count; at++)
                body += marked('-', old_[at]);
            for (const std::string &line : one->now)
                body += marked('+', line);
            grown += one->now.size(), shrunk += one->count;
        }
        keep(body, at, last);
        std::size_t now = last - first + grown - shrunk;
        text += "@@ -" + range(first, last - first) + " +" + range(first + moved_, now) + " @@\n" +
                body;
        moved_ += grown - shrunk; // may wrap around, as sums of it do
    }

    void keep(std::string &body, std::size_t from, std::size_t to) const
    {
        for (; from < to; from++)
            body += marked(' ', old_[from]);
    }

    const lines &old_;
    std::size_t moved_ = 0;
};

// A name in a diff's head: quoted as git does where it has to be; a name with spaces ends by a tab.
std::string quoted(const std::string &name)
{
    std::string result;
    bool quotes = false;
    for (char c : name) {
        bool odd = c == '"' || c == '\\' || static_cast<unsigned char>(c) < ' ' || c == 0x7f;
        quotes = quotes || odd;
        char octal[5];
        std::snprintf(octal, sizeof octal, "\\%03o", static_cast<unsigned char>(c));
        result += odd ? octal : std::string(1, c);
    }
    if (quotes)
        return "\"" + result + "\"";
    return result + (result.find(' ') == std::string::npos ? "" : "\t");
}

bool below(const std::string &file, const std::string &root)
{
    llvm::SmallString<256> start(root);
    if (start.empty() || start.back() != '/')
        start += '/';
    return llvm::StringRef(file).starts_with(start);
}

} // namespace

std::string edits::diff(std::string &root) const
{
    llvm::SmallString<256> directory(root.empty() ? "." : root);
    llvm::sys::fs::make_absolute(directory);
    path::remove_dots(directory, true);
    for (const auto &[name, file] : files_)
        while (!below(name, std::string(directory)) && directory != "/")
            path::remove_filename(directory);
    root = std::string(directory);
    std::string result;
    for (const auto &[name, file] : files_) {
        std::vector<change> all = changes(file.text, file.edits);
        if (all.empty())
            continue;
        std::string relative = name.substr(root == "/" ? 1 : root.size() + 1);
        result += "--- " + quoted("a/" + relative) + "\n+++ " + quoted("b/" + relative) + "\n" +
                  hunks(split(file.text), all).text;
    }
    return result;
}

} // namespace snarl
