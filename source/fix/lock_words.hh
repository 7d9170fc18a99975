// SPDX-License-Identifier: Apache-2.0
//
// The statements that take and release a lock, in the words of a call that does one of both.
#ifndef SN_SOURCE_LOCK_WORDS_HH
#define SN_SOURCE_LOCK_WORDS_HH

#include "source/code/calls.hh"

#include <clang/AST/ASTContext.h>

#include <optional>
#include <string>

namespace snarl
{

struct lock_words {
    std::string function; // "pthread_mutex_", or "" for member functions
    std::string argument; // "&pencil", "self->first"; "pencil." or "queue->lock." for members
    bool rwlock = false;  // readers may share it

    std::string take(bool shared) const; // "pthread_mutex_lock(&pencil);"
    std::string release(bool shared) const;
    // The same lock by another text of its argument.
    lock_words of(const std::string &object) const;
};

// Of a call that takes or releases a lock; none for locks that are taken by no such words, or if
// that stands in a macro.
std::optional<lock_words> words_of(const call &call, const clang::ASTContext &context);
// Of a lock that a guard holds.
std::optional<lock_words> words_of_guarded(const clang::Expr &lock,
                                           const clang::ASTContext &context);

} // namespace snarl

#endif
