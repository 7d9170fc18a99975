// SPDX-License-Identifier: Apache-2.0
//
// Which locks a function holds where, by the paths through it (Clang's CFG): all paths are followed
// with what each has locked, and what it knows of the conditions that it has tested
// (facts.hh), until nothing new comes. Calls do what the table says (calls.def), or what is known
// of their functions (`effects_of`). Guards release at the end of their scope.
//
//     flow flow(function, context);
//     for (const flow::leak &leak : flow.leaks())
//         ... leak.lock, taken at leak.taken, is kept at leak.kept[0]->at
//     flow::holding here = flow.before(statement);
//     ... here.must and here.may
//
// Nothing is guessed. A lock that has no name here (lock_name.hh) is left out. What may have been
// released out of sight is `unsure`; a lock whose name came to mean another one is forgotten. Where
// there are more paths than can be followed, `complete` is false and nothing is known. Ways out by
// exit, abort and longjmp are no exits, and neither are exceptions.
#ifndef SN_SOURCE_FLOW_HH
#define SN_SOURCE_FLOW_HH

#include "source/code/calls.hh"
#include "source/flow/facts.hh"
#include "source/flow/lock_name.hh"

#include <clang/AST/Stmt.h>
#include <clang/Analysis/CFG.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

namespace snarl
{

// What a call of a function does to a lock, when it is back.
struct effect {
    enum class what { takes, gives_back, unclear, ends }; // ends: it does not come back
    enum class when { always, zero, nonzero };            // by what it returns
    what does;
    when if_returned;
    bool shared;
    lock_name lock; // by the function's parameters, or a global

    bool operator==(const effect &other) const
    {
        return does == other.does && if_returned == other.if_returned &&
               lock.key() == other.lock.key();
    }
};

// Null if nothing is known of the function, an empty list if it does nothing to locks.
using effects_of = std::function<const std::vector<effect> *(const clang::FunctionDecl &)>;

class flow
{
  public:
    // What one path did to one lock until now.
    struct hold {
        int net = 0;              // how many times more it was taken than given back
        bool from_caller = false; // it was given back first, so it was held at the beginning
        bool unsure = false;
        bool shared = false;
        const clang::VarDecl *guard = nullptr; // which will release it
        const clang::Stmt *taken = nullptr;    // call, or declaration of the guard
        const clang::Stmt *released = nullptr; // the last release
        const clang::Expr *unclear = nullptr;  // the call that made it unsure

        bool held() const
        {
            return net + (from_caller ? 1 : 0) > 0;
        }
        auto operator<=>(const hold &) const = default;
    };
    struct state {
        std::map<unsigned, hold> locks; // by their number; of others nothing was done
        knowledge known;
        const clang::Stmt *returning = nullptr;
        unsigned cleanups = 0; // pthread_cleanup_push without pop

        auto operator<=>(const state &) const = default;
    };
    struct held {
        unsigned lock;
        const clang::Stmt *taken; // on one of the paths
        bool shared;
        const clang::VarDecl *guard; // or null
    };
    struct holding {
        std::vector<held> must, may; // must: on all paths, and sure; may: or unsure
        bool reached = false;
    };
    enum class way { returns, ends, thread_exit }; // ends: at the closing brace
    struct exit {
        way how;
        const clang::Stmt *at;    // the return statement, the call; null at the end
        std::optional<bool> zero; // what is returned, if it is known
        state left;
    };
    struct leak {
        unsigned lock;
        const clang::Stmt *taken;
        std::vector<const exit *> kept, given_back;
    };
    // A place where something is done to locks or that may block, and with what before it.
    struct event {
        const clang::Stmt *at;                       // call, construction, guard's declaration
        std::optional<operation> what;               // by the table; none: of a call
        const clang::FunctionDecl *callee = nullptr; // of a call that has an effect or a body
        std::optional<unsigned> lock;                // taken, released; the mutex of a wait
        bool shared = false, timed = false;
        std::vector<state> before;
    };

    flow(const clang::FunctionDecl &function, const clang::ASTContext &context,
         effects_of known = {});
    ~flow();
    flow(const flow &) = delete;
    flow &operator=(const flow &) = delete;

    bool complete() const; // false: there are no answers
    bool exact() const;    // false: some paths forgot what they had tested
    const clang::CFG *graph() const;
    const namer &names() const;
    const std::vector<lock_name> &locks() const;                   // by number
    std::optional<unsigned> lock(const clang::Expr *object) const; // by its name

    // Before a statement or expression is evaluated.
    holding before(const clang::Stmt *statement) const;
    const std::vector<exit> &exits() const;
    // Locks that were taken here, and are kept on some ways out and given back on others.
    std::vector<leak> leaks() const;
    // What a call of the function does to locks that a caller can name.
    std::vector<effect> effects() const;
    // All events in the order of the text.
    std::vector<event> events() const;
    // Whether control can come from behind `from` to it again without a release of the lock.
    bool comes_again(const clang::Stmt *from, unsigned lock) const;
    // Whether an element of the graph is, or may be, a release of the lock.
    bool gives_back(const clang::CFGElement &element, unsigned lock) const;

    static holding sum(const std::vector<state> &states);

  private:
    class engine;
    std::unique_ptr<engine> engine_;
};

} // namespace snarl

#endif
