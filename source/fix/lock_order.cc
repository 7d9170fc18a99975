// SPDX-License-Identifier: Apache-2.0
#include "source/fix/lock_order.hh"

#include <clang/AST/ASTContext.h>
#include <clang/AST/ExprCXX.h>

namespace snarl
{

namespace
{

void calls_in(const clang::Stmt *code, std::vector<const clang::Expr *> &out)
{
    if (!code)
        return;
    if (llvm::isa<clang::CallExpr, clang::CXXConstructExpr>(code))
        out.push_back(llvm::cast<clang::Expr>(code));
    for (const clang::Stmt *child : code->children())
        calls_in(child, out);
}

} // namespace

std::string lock_order::key(const lock_name &lock)
{
    std::string wide = lock.wide_key();
    return wide.empty() ? lock.key() : wide;
}

void lock_order::add(const unit &unit, const effects_of &known)
{
    for (const clang::FunctionDecl *function : bodies_of(unit)) {
        doing &doing = functions_[usr_of(*function)];
        flow flow(*function, unit.context(), known);
        if (!flow.complete()) {
            unknown_ = function->getNameAsString() + "()";
            continue;
        }
        for (const flow::event &event : flow.events()) {
            bool takes = event.what == operation::acquire || event.what == operation::wait ||
                         event.what == operation::try_acquire || event.what == operation::take;
            if (!takes || !event.lock)
                continue;
            std::string taken = key(flow.locks()[*event.lock]);
            doing.takes.insert(taken);
            for (const flow::held &held : flow::sum(event.before).may)
                doing.orders[{key(flow.locks()[held.lock]), taken}]++;
        }
        std::vector<const clang::Expr *> calls;
        calls_in(function->getBody(), calls);
        for (const clang::Expr *call : calls) {
            const clang::FunctionDecl *callee = callee_of(*call);
            if (!callee || call_of(call))
                continue;
            std::string called = usr_of(*callee);
            doing.calls.insert(called);
            for (const flow::held &held : flow.before(call).may)
                doing.calls_held.insert({key(flow.locks()[held.lock]), called});
        }
    }
}

std::set<std::string> lock_order::taken_by(const std::string &function) const
{
    std::set<std::string> seen = {function}, takes;
    for (std::vector<std::string> open = {function}; !open.empty();) {
        auto here = functions_.find(open.back());
        open.pop_back();
        if (here == functions_.end())
            continue;
        takes.insert(here->second.takes.begin(), here->second.takes.end());
        for (const std::string &called : here->second.calls)
            if (seen.insert(called).second)
                open.push_back(called);
    }
    return takes;
}

bool lock_order::leads(const std::string &from, const std::string &to,
                       const std::set<step> &without) const
{
    std::map<std::string, std::set<std::string>> next;
    for (const auto &[name, doing] : functions_) {
        for (const auto &[locks, often] : doing.orders)
            if (!without.count({name, locks.first, locks.second}))
                next[locks.first].insert(locks.second);
        for (const auto &[held, called] : doing.calls_held)
            for (const std::string &taken : taken_by(called))
                next[held].insert(taken);
    }
    std::set<std::string> seen;
    for (std::vector<std::string> open = {from}; !open.empty();) {
        std::string here = open.back();
        open.pop_back();
        for (const std::string &taken : next[here]) {
            if (taken == to)
                return true;
            if (seen.insert(taken).second)
                open.push_back(taken);
        }
    }
    return false;
}

unsigned lock_order::count(const step &step) const
{
    auto here = functions_.find(step.function);
    if (here == functions_.end())
        return 0;
    auto often = here->second.orders.find({step.held, step.taken});
    return often == here->second.orders.end() ? 0 : often->second;
}

} // namespace snarl
