// SPDX-License-Identifier: Apache-2.0
#ifndef SN_SOURCE_INCLUDE_PLACE_HH
#define SN_SOURCE_INCLUDE_PLACE_HH

#include <cstddef>
#include <string>

namespace snarl
{

// Where another #include goes in a C or C++ file, as its first lines are written: behind the
// others, or behind the guard of a header, or the comment on top. `there` says whether it has that
// of snarl/thread_safety.h.
std::size_t include_offset(const std::string &text, bool &there);

} // namespace snarl

#endif
