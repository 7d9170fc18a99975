// SPDX-License-Identifier: Apache-2.0
#include "source/annotate/insertions.hh"

#include <clang/Tooling/Core/Replacement.h>
#include <clang/Tooling/ReplacementsYaml.h>
#include <llvm/Support/FileSystem.h>
#include <llvm/Support/MemoryBuffer.h>
#include <llvm/Support/raw_ostream.h>

#include <algorithm>

namespace snarl
{

namespace
{

constexpr std::size_t context_lines = 3;

// Where each line begins, and the end.
std::vector<std::size_t> line_starts(const std::string &text)
{
    std::vector<std::size_t> starts = {0};
    for (std::size_t i = 0; i < text.size(); i++)
        if (text[i] == '\n' && i + 1 < text.size())
            starts.push_back(i + 1);
    if (text.empty())
        starts.clear();
    starts.push_back(text.size());
    return starts;
}

std::size_t line_at(const std::vector<std::size_t> &starts, std::size_t offset)
{
    std::size_t line =
        std::size_t(std::upper_bound(starts.begin(), starts.end(), offset) - starts.begin());
    return std::min(line ? line - 1 : 0, starts.size() - 2);
}

void add_lines(std::string &out, char mark, const std::string &text)
{
    std::size_t begin = 0;
    while (begin < text.size()) {
        std::size_t end = text.find('\n', begin);
        bool cut = end == std::string::npos;
        end = cut ? text.size() : end;
        out += mark + text.substr(begin, end - begin) + "\n";
        if (cut)
            out += "\\ No newline at end of file\n";
        begin = end + 1;
    }
}

std::size_t count_lines(const std::string &text)
{
    std::size_t lines = std::size_t(std::count(text.begin(), text.end(), '\n'));
    return lines + (!text.empty() && text.back() != '\n');
}

struct change {               // of whole lines
    std::size_t first, count; // old ones
    std::string before, after;
};

// Lines that edits touch, as changes that do not touch each other.
std::vector<change> changes_of(const std::vector<insertions::edit> &edits, const std::string &text,
                               const std::vector<std::size_t> &starts)
{
    std::vector<change> changes;
    for (std::size_t i = 0; i < edits.size();) {
        std::size_t first = line_at(starts, edits[i].offset), last = first, end = i;
        while (end < edits.size() && line_at(starts, edits[end].offset) <= last) {
            last = std::max(last, line_at(starts, edits[end].offset + edits[end].length));
            end++;
        }
        std::size_t begin = starts[first], stop = starts[last + 1];
        std::string after;
        std::size_t at = begin;
        for (; i < end; i++) {
            after += text.substr(at, edits[i].offset - at) + edits[i].text;
            at = edits[i].offset + edits[i].length;
        }
        after += text.substr(at, stop - at);
        std::string before = text.substr(begin, stop - begin);
        // What is put in front of lines, or behind them, leaves them as they are.
        changes.push_back({first, last + 1 - first, before, after});
        change &made = changes.back();
        if (made.after.size() > before.size() && made.after.ends_with(before) &&
            made.after[made.after.size() - before.size() - 1] == '\n') {
            made.after.resize(made.after.size() - before.size());
            made.before.clear();
            made.count = 0;
        }
    }
    return changes;
}

std::string hunk(const std::vector<change> &changes, std::size_t from, std::size_t to,
                 const std::string &text, const std::vector<std::size_t> &starts, long &shift)
{
    std::size_t lines = starts.size() - 1;
    std::size_t first = changes[from].first;
    std::size_t begin = first > context_lines ? first - context_lines : 0;
    std::size_t stop =
        std::min(lines, changes[to - 1].first + changes[to - 1].count + context_lines);
    std::string body;
    long added = 0;
    std::size_t at = begin;
    for (std::size_t i = from; i < to; i++) {
        add_lines(body, ' ', text.substr(starts[at], starts[changes[i].first] - starts[at]));
        add_lines(body, '-', changes[i].before);
        add_lines(body, '+', changes[i].after);
        added += long(count_lines(changes[i].after)) - long(changes[i].count);
        at = changes[i].first + changes[i].count;
    }
    add_lines(body, ' ', text.substr(starts[at], starts[stop] - starts[at]));
    std::size_t old_count = stop - begin;
    std::string head = "@@ -" + std::to_string(begin + (old_count != 0)) + "," +
                       std::to_string(old_count) + " +" + std::to_string(long(begin) + shift + 1) +
                       "," + std::to_string(long(old_count) + added) + " @@\n";
    shift += added;
    return head + body;
}

} // namespace

bool read_file(const std::string &path, std::string &text)
{
    auto buffer = llvm::MemoryBuffer::getFile(path, false, false);
    if (!buffer)
        return false;
    text = (*buffer)->getBuffer().str();
    return true;
}

bool insertions::replace(const std::string &file, std::size_t offset, std::size_t length,
                         const std::string &text)
{
    std::vector<edit> &list = files_[file];
    auto at = std::upper_bound(list.begin(), list.end(), offset,
                               [](std::size_t o, const edit &e) { return o < e.offset; });
    for (auto same = list.begin(); same != at; ++same)
        if (same->offset == offset && same->length == length && same->text == text)
            return true;
    bool overlaps =
        (at != list.begin() && std::prev(at)->offset + std::prev(at)->length > offset) ||
        (at != list.end() && offset + length > at->offset);
    if (overlaps)
        return false;
    list.insert(at, {offset, length, text});
    return true;
}

std::vector<std::string> insertions::files() const
{
    std::vector<std::string> names;
    for (const auto &[name, list] : files_)
        names.push_back(name);
    return names;
}

std::string insertions::applied(const std::string &file, const std::string &before) const
{
    auto found = files_.find(file);
    if (found == files_.end())
        return before;
    std::string after;
    std::size_t at = 0;
    for (const edit &edit : found->second) {
        if (edit.offset + edit.length > before.size())
            break; // of another version of the file
        after += before.substr(at, edit.offset - at) + edit.text;
        at = edit.offset + edit.length;
    }
    return after + before.substr(at);
}

std::string insertions::yaml(const std::string &main_file) const
{
    clang::tooling::TranslationUnitReplacements document;
    document.MainSourceFile = main_file;
    for (const auto &[file, list] : files_)
        for (const edit &edit : list)
            document.Replacements.emplace_back(file, unsigned(edit.offset), unsigned(edit.length),
                                               edit.text);
    std::string text;
    llvm::raw_string_ostream out(text);
    llvm::yaml::Output yaml(out);
    yaml << document;
    return out.str();
}

std::string insertions::diff(std::string &error) const
{
    std::string out;
    for (const auto &[file, list] : files_) {
        std::string text;
        if (!read_file(file, text)) {
            error = file + ": cannot be read";
            return "";
        }
        std::vector<std::size_t> starts = line_starts(text);
        std::vector<change> changes = changes_of(list, text, starts);
        out += "--- " + file + "\n+++ " + file + "\n";
        long shift = 0;
        for (std::size_t from = 0, to; from < changes.size(); from = to) {
            to = from + 1;
            while (to < changes.size() && changes[to].first <= changes[to - 1].first +
                                                                   changes[to - 1].count +
                                                                   2 * context_lines)
                to++;
            out += hunk(changes, from, to, text, starts, shift);
        }
    }
    return out;
}

bool insertions::make(std::string &error) const
{
    for (const auto &[file, list] : files_) {
        std::string text;
        if (!read_file(file, text)) {
            error = file + ": cannot be read";
            return false;
        }
        std::string after = applied(file, text);
        llvm::Error failed = llvm::writeToOutput(file, [&](llvm::raw_ostream &out) {
            out << after;
            return llvm::Error::success();
        });
        if (failed) {
            error = file + ": " + llvm::toString(std::move(failed));
            return false;
        }
    }
    return true;
}

std::size_t include_offset(const std::string &text, bool &there)
{
    std::size_t best = 0, begin = 0, guard = std::string::npos, comment_end = 0;
    int depth = 0;
    bool seen_include = false, in_comment = false, code = false;
    there = false;
    while (begin < text.size()) {
        std::size_t end = text.find('\n', begin);
        end = end == std::string::npos ? text.size() : end + 1;
        std::string line = text.substr(begin, end - begin);
        std::size_t word = line.find_first_not_of(" \t");
        std::string rest = word == std::string::npos ? "" : line.substr(word);
        if (in_comment || rest.starts_with("/*")) {
            in_comment = rest.find("*/") == std::string::npos;
            if (!code && !in_comment && !seen_include)
                comment_end = end;
        } else if (rest.starts_with("//")) {
            if (!code && !seen_include)
                comment_end = end;
        } else if (rest.starts_with("#")) {
            std::string directive =
                rest.substr(rest.find_first_not_of("# \t", 1) == std::string::npos
                                ? rest.size()
                                : rest.find_first_not_of("# \t", 1));
            if (directive.starts_with("if"))
                depth++;
            else if (directive.starts_with("endif"))
                depth--;
            else if (directive.starts_with("define") && depth == 1 && guard == std::string::npos &&
                     !seen_include && !code)
                guard = end; // of #ifndef at the top of a header
            else if (directive.starts_with("include")) {
                there |= rest.find("snarl/thread_safety.h") != std::string::npos;
                int top = guard == std::string::npos ? 0 : 1;
                if (depth <= top)
                    best = end, seen_include = true;
            }
        } else if (!rest.empty() && rest != "\n" && rest != "\r\n") {
            if (depth <= (guard == std::string::npos ? 0 : 1) &&
                !rest.starts_with("extern \"C\"") && rest[0] != '}')
                code = true;
        }
        if (code)
            break;
        begin = end;
    }
    if (seen_include)
        return best;
    return guard != std::string::npos ? guard : comment_end;
}

} // namespace snarl
