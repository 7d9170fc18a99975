// SPDX-License-Identifier: Apache-2.0
//
// The stacks of a report, frame by frame, and what the source says of them. A site's deed happens
// in its innermost frame, but that may be in a header of the system (an inlined std::mutex::lock),
// or in a wrapper that was handed the lock: then the caller's frame has the expression that names
// it.
#ifndef SN_SOURCE_STACK_HH
#define SN_SOURCE_STACK_HH

#include "source/code/spot.hh"
#include "source/json.hh"

#include <memory>
#include <string>
#include <vector>

namespace snarl
{

// What was found in one frame of a stack; the unit keeps what `found` points to.
struct seen {
    std::size_t frame = 0;
    std::shared_ptr<unit> in;
    place at;
    spot found;
};

// The question that a site's role puts to its innermost frame; `variable` is the finding's, or "".
question question_of(const std::string &role, const std::string &variable);

// What the frames of a stack (JSON) show of the deed, from the inside out: first where it is done,
// then, as long as what it is done to is a parameter, the calls that handed it on. The last one
// names it.
std::vector<seen> look(project &project, const json &stack, const question &question);

// "take" for "kitchen::shelf<int>::take(int) const".
std::string plain_name(const std::string &function);

// The parameter that an lvalue is, or points to, and nothing more; null otherwise.
const clang::ParmVarDecl *as_parameter(const clang::Expr *object, const clang::ASTContext &context);

} // namespace snarl

#endif
