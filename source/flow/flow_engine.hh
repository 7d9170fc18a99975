// SPDX-License-Identifier: Apache-2.0
//
// The inside of flow.hh: states at the entry of each block, and what an element makes of one.
#ifndef SN_SOURCE_FLOW_ENGINE_HH
#define SN_SOURCE_FLOW_ENGINE_HH

#include "source/flow/flow.hh"

#include <clang/AST/ParentMap.h>

namespace snarl
{

class flow::engine
{
  public:
    engine(const clang::FunctionDecl &function, const clang::ASTContext &context, effects_of known);

    using states = std::vector<state>;

    void run();
    // What becomes of a state by an element; it may become several. `seen` is told of each event.
    using listener = std::function<void(event &&)>;
    states step(const clang::CFGElement &element, const state &from, const listener *seen);
    // The states before element `index` of a block.
    states before(const clang::CFGBlock &block, std::size_t index, const listener *seen = nullptr);
    unsigned number(const lock_name &name);
    const std::vector<effect> *effects_for(const clang::FunctionDecl *callee) const;

    bool exact() const
    {
        return crowded_.empty();
    }

    const clang::FunctionDecl &function;
    const clang::ASTContext &context;
    namer names;
    std::unique_ptr<clang::CFG> graph;
    std::vector<lock_name> locks;
    std::vector<exit> exits;
    std::map<const clang::CFGBlock *, std::set<state>> entries;
    std::map<const clang::Stmt *, std::pair<const clang::CFGBlock *, std::size_t>> places;
    bool complete = false;

  private:
    // flow.cc: blocks and branches
    void enter(const clang::CFGBlock &block, state next);
    void leave(const clang::CFGBlock &block, state last);
    void branch(const clang::CFGBlock &block, const state &last);
    void branch_switch(const clang::CFGBlock &block, const clang::SwitchStmt &choice,
                       const state &last);
    void add_exit(way how, const clang::Stmt *at, const state &last);
    bool does_something() const;

    // flow_step.cc: elements
    void statement(const clang::Stmt &s, states &now, const listener *seen);
    void call_of_table(const call &known, states &now, const listener *seen);
    void call_of_function(const clang::Expr &call, states &now, const listener *seen);
    void apply(const std::vector<effect> &effects, const clang::Expr &call, states &now);
    void apply(const effect &effect, const lock_name &lock, const clang::Expr &call, states &now);
    void acquire(unsigned lock, bool shared, const clang::VarDecl *guard, const clang::Stmt &at,
                 state &now) const;
    void release(unsigned lock, const clang::Stmt &at, state &now) const;
    void try_or_take(unsigned lock, const call &known, states &now);
    void adopt(unsigned lock, const guard &made, const clang::Stmt &at, state &now) const;
    void made_guard(const guard &made, const clang::Stmt &at, states &now, const listener *seen);
    void guard_operation(const clang::VarDecl &variable, const call &known, states &now,
                         const listener *seen);
    void scope_ends(const clang::VarDecl &variable, const clang::Stmt *trigger, states &now);
    void cancel_routine(const clang::CallExpr &call, states &now);
    void declared(const clang::VarDecl &variable, const clang::Stmt &at, states &now,
                  const listener *seen);
    void assigned(const clang::ValueDecl *declaration, states &now) const;
    void handed_out(const clang::Expr &call, states &now);
    void escape_guard(const clang::VarDecl *variable, states &now) const;
    void unsure(unsigned lock, const clang::Expr *why, states &now) const;
    void all_unsure(const clang::Expr *why, states &now) const;
    bool unique(const clang::CallExpr &call) const;
    bool consumed(const clang::Stmt &call) const;
    void tell(const listener *seen, const clang::Stmt &at, std::optional<operation> what,
              const clang::FunctionDecl *callee, std::optional<unsigned> lock, bool shared,
              bool timed, const states &now) const;

    effects_of known_;
    std::unique_ptr<clang::ParentMap> parents_;
    std::unique_ptr<conditions> conditions_;
    std::map<std::string, unsigned> numbers_;
    std::vector<std::pair<const clang::CFGBlock *, state>> work_;
    std::set<const clang::CFGBlock *> crowded_;
    bool follow_facts_ = true;
    std::size_t steps_ = 0;
};

} // namespace snarl

#endif
