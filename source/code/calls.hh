// SPDX-License-Identifier: Apache-2.0
//
// What a call does to locks and threads, by the table calls.def.
#ifndef SN_SOURCE_CALLS_HH
#define SN_SOURCE_CALLS_HH

#include <clang/AST/Decl.h>
#include <clang/AST/Expr.h>

#include <optional>

namespace snarl
{

enum class operation {
    acquire,
    try_acquire, // may come back without the lock
    release,
    wait, // at a condition
    signal,
    meet, // at a barrier or latch
    take, // a semaphore's token
    post,
    create,
    join,
    detach,
    init,
    destroy,
    once,        // runs a function, unless one has
    free_memory, // whatever lies in it
    annotate,    // tells of a lock of the program's own (include/snarl.h)
    block,       // may take long: sleeps, waits for the network or the disk
    transfer,    // may do so, by what it reads from or writes to
};

enum call_flags : unsigned {
    always = 0,
    zero = 1,    // returns zero when it succeeded
    nonzero = 2, // returns something else than zero when it succeeded
    shared = 4,  // a reader's
    timed = 8,   // gives up at some time, or at once
};

struct call {
    operation what;
    unsigned flags;        // enum call_flags
    const clang::Expr *at; // the call itself
    const clang::Expr
        *object;              // the lock, condition, thread: `&` and parentheses taken off; or null
    const clang::Expr *mutex; // of a wait; or null
};

// What this expression calls, if it is in the table. It looks through casts and parentheses, but
// not into arguments.
std::optional<call> call_of(const clang::Expr *expression);

// The function's name as calls.def has it: qualified, without template arguments.
std::string table_name(const clang::FunctionDecl &function);

// A lock as an operand names it: `lock` in `&lock`, `lock` in `(lock)`, the operand itself
// otherwise.
const clang::Expr *named_object(const clang::Expr *operand);

// A variable that holds locks from here to the end of its scope: std::lock_guard and the like.
struct guard {
    const clang::VarDecl *variable;
    llvm::SmallVector<const clang::Expr *, 2> locks;
    bool shared;   // std::shared_lock
    bool takes;    // at once; not with std::defer_lock, std::adopt_lock, std::try_to_lock
    bool adopts;   // holds what was taken before: std::adopt_lock
    bool may_fail; // std::try_to_lock, and those with a time
};

std::optional<guard> guard_of(const clang::VarDecl *variable);

} // namespace snarl

#endif
