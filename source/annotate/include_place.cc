// SPDX-License-Identifier: Apache-2.0
#include "source/annotate/include_place.hh"

namespace snarl
{

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
