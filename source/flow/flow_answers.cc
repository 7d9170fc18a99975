// SPDX-License-Identifier: Apache-2.0
//
// What is asked of a flow: sums of the states at a place, and at the ways out.
#include "source/flow/flow_engine.hh"

#include <clang/AST/ASTContext.h>
#include <clang/AST/ExprCXX.h>
#include <clang/Basic/SourceManager.h>

#include <algorithm>

namespace snarl
{

namespace
{

// How an exit leaves a lock, compared with the entry.
enum class left { as_it_was, taken, given_back, unclear };

left left_by(const flow::exit &exit, unsigned lock)
{
    auto place = exit.left.locks.find(lock);
    if (place == exit.left.locks.end())
        return left::as_it_was;
    const flow::hold &h = place->second;
    if (h.unsure || (h.held() && h.guard))
        return left::unclear;
    if (h.net > 0)
        return left::taken;
    return h.net < 0 ? left::given_back : left::as_it_was;
}

struct tally {
    unsigned done = 0, not_done = 0;
    bool only_zero = true, only_nonzero = true;     // where it is done
    bool others_zero = true, others_nonzero = true; // where it is not
};

// Takes or gives back by what is returned, if these two go together.
std::optional<effect::when> told_apart(const std::vector<flow::exit> &exits, unsigned lock)
{
    tally t;
    for (const flow::exit &exit : exits) {
        if (exit.how == flow::way::thread_exit)
            continue;
        bool done = left_by(exit, lock) != left::as_it_was;
        (done ? t.done : t.not_done)++;
        bool &zero = done ? t.only_zero : t.others_zero;
        bool &nonzero = done ? t.only_nonzero : t.others_nonzero;
        zero = zero && exit.zero && *exit.zero;
        nonzero = nonzero && exit.zero && !*exit.zero;
    }
    if (t.not_done == 0)
        return effect::when::always;
    if (t.only_zero && t.others_nonzero)
        return effect::when::zero;
    if (t.only_nonzero && t.others_zero)
        return effect::when::nonzero;
    return std::nullopt;
}

bool contains(const std::vector<flow::held> &list, unsigned lock)
{
    return std::any_of(list.begin(), list.end(),
                       [&](const flow::held &h) { return h.lock == lock; });
}

} // namespace

flow::flow(const clang::FunctionDecl &function, const clang::ASTContext &context, effects_of known)
    : engine_(std::make_unique<engine>(function, context, std::move(known)))
{
}

flow::~flow() = default;

bool flow::complete() const
{
    return engine_->complete;
}

bool flow::exact() const
{
    return complete() && engine_->exact();
}

const clang::CFG *flow::graph() const
{
    return engine_->graph.get();
}

const namer &flow::names() const
{
    return engine_->names;
}

const std::vector<lock_name> &flow::locks() const
{
    return engine_->locks;
}

std::optional<unsigned> flow::lock(const clang::Expr *object) const
{
    std::optional<lock_name> name = object ? engine_->names.name(object) : std::nullopt;
    return name ? std::optional(engine_->number(*name)) : std::nullopt;
}

flow::holding flow::sum(const std::vector<state> &states)
{
    holding result;
    result.reached = !states.empty();
    for (const state &one : states)
        for (const auto &[lock, h] : one.locks)
            if ((h.held() || h.unsure) && !contains(result.may, lock))
                result.may.push_back({lock, h.taken, h.shared, h.guard});
    for (const held &one : result.may) {
        bool all = std::all_of(states.begin(), states.end(), [&](const state &s) {
            auto place = s.locks.find(one.lock);
            return place != s.locks.end() && place->second.held() && !place->second.unsure;
        });
        if (all)
            result.must.push_back(one);
    }
    return result;
}

flow::holding flow::before(const clang::Stmt *statement) const
{
    if (!complete())
        return {};
    // A statement that is no element begins with its first expression.
    const clang::Stmt *first = statement;
    auto place = engine_->places.find(first);
    while (place == engine_->places.end() && first && first->child_begin() != first->child_end()) {
        first = *first->child_begin();
        place = engine_->places.find(first);
    }
    if (place == engine_->places.end())
        return {};
    return sum(engine_->before(*place->second.first, place->second.second));
}

const std::vector<flow::exit> &flow::exits() const
{
    return engine_->exits;
}

std::vector<flow::leak> flow::leaks() const
{
    std::map<std::pair<unsigned, const clang::Stmt *>, leak> found;
    if (!exact())
        return {};
    for (const exit &exit : exits())
        for (const auto &[lock, h] : exit.left.locks)
            if (h.net > 0 && h.held() && !h.unsure && !h.guard && h.taken &&
                exit.left.cleanups == 0) {
                leak &one = found[{lock, h.taken}];
                one.lock = lock, one.taken = h.taken;
                one.kept.push_back(&exit);
            }
    std::vector<leak> result;
    for (auto &[key, one] : found) {
        for (const exit &exit : exits()) {
            auto place = exit.left.locks.find(one.lock);
            if (place != exit.left.locks.end() && !place->second.held() && !place->second.unsure &&
                place->second.taken && place->second.released)
                one.given_back.push_back(&exit);
        }
        if (!one.given_back.empty())
            result.push_back(one);
    }
    std::sort(result.begin(), result.end(), [](const leak &a, const leak &b) {
        return a.taken->getBeginLoc() < b.taken->getBeginLoc();
    });
    return result;
}

std::vector<effect> flow::effects() const
{
    std::vector<effect> result;
    if (!complete())
        return result;
    if (exits().empty())
        return {{effect::what::ends, effect::when::always, false, {}}};
    for (unsigned lock = 0; lock < locks().size(); lock++) {
        const lock_name &name = locks()[lock];
        if (name.from == lock_name::base::local)
            continue;
        bool takes = false, gives = false, unclear = false, shared = false;
        for (const exit &exit : exits()) {
            if (exit.how == way::thread_exit)
                continue;
            left how = left_by(exit, lock);
            takes = takes || how == left::taken;
            gives = gives || how == left::given_back;
            unclear = unclear || how == left::unclear;
            auto place = exit.left.locks.find(lock);
            shared = shared || (place != exit.left.locks.end() && place->second.shared);
        }
        if (!takes && !gives && !unclear)
            continue;
        std::optional<effect::when> when = told_apart(exits(), lock);
        bool clear = when && !unclear && takes != gives;
        lock_name outside = name;
        outside.by.clear();
        result.push_back({!clear  ? effect::what::unclear
                          : takes ? effect::what::takes
                                  : effect::what::gives_back,
                          clear ? *when : effect::when::always, shared, outside});
    }
    return result;
}

std::vector<flow::event> flow::events() const
{
    std::vector<event> result;
    using key = std::tuple<const clang::Stmt *, int, int, const clang::FunctionDecl *>;
    std::map<key, std::size_t> places;
    if (!complete())
        return result;
    engine::listener collect = [&](event &&one) {
        key key{one.at, one.what ? int(*one.what) : -1, one.lock ? int(*one.lock) : -1, one.callee};
        auto [place, added] = places.emplace(key, result.size());
        if (added)
            result.push_back(std::move(one));
        else
            for (state &s : one.before)
                result[place->second].before.push_back(std::move(s));
    };
    for (const clang::CFGBlock *block : *graph())
        engine_->before(*block, block->size(), &collect);
    const clang::SourceManager &sources = engine_->context.getSourceManager();
    auto number = [](const event &e) { return e.lock ? int(*e.lock) : -1; };
    std::sort(result.begin(), result.end(), [&](const event &a, const event &b) {
        clang::SourceLocation left = a.at->getBeginLoc(), right = b.at->getBeginLoc();
        return left == right ? number(a) < number(b)
                             : sources.isBeforeInTranslationUnit(left, right);
    });
    return result;
}

bool flow::gives_back(const clang::CFGElement &element, unsigned lock) const
{
    if (auto end = element.getAs<clang::CFGAutomaticObjDtor>()) {
        std::optional<guard> made = guard_of(end->getVarDecl());
        return made && std::any_of(made->locks.begin(), made->locks.end(),
                                   [&](const auto *object) { return this->lock(object) == lock; });
    }
    auto s = element.getAs<clang::CFGStmt>();
    const auto *expression = s ? llvm::dyn_cast<clang::CallExpr>(s->getStmt()) : nullptr;
    if (!expression)
        return false;
    if (std::optional<call> table = call_of(expression)) {
        if (table->what != operation::release)
            return false;
        const auto *name = llvm::dyn_cast_or_null<clang::DeclRefExpr>(table->object);
        const auto *variable = name ? llvm::dyn_cast<clang::VarDecl>(name->getDecl()) : nullptr;
        if (std::optional<guard> made = variable ? guard_of(variable) : std::nullopt)
            return !made->locks.empty() && this->lock(made->locks.front()) == lock;
        std::optional<unsigned> released = this->lock(table->object);
        return !released || *released == lock;
    }
    const clang::FunctionDecl *callee = expression->getDirectCallee();
    const std::vector<effect> *effects = engine_->effects_for(callee);
    return effects && std::any_of(effects->begin(), effects->end(), [&](const effect &one) {
               std::optional<lock_name> name = names().name(one.lock, *expression);
               return one.does == effect::what::gives_back && name &&
                      name->key() == locks()[lock].key();
           });
}

bool flow::comes_again(const clang::Stmt *from, unsigned lock) const
{
    auto start = engine_->places.find(from);
    if (!complete() || start == engine_->places.end())
        return false;
    std::vector<std::pair<const clang::CFGBlock *, std::size_t>> work{
        {start->second.first, start->second.second + 1}};
    std::set<const clang::CFGBlock *> seen;
    while (!work.empty()) {
        auto [block, index] = work.back();
        work.pop_back();
        bool stopped = false;
        for (; index < block->size() && !stopped; index++) {
            auto s = (*block)[index].getAs<clang::CFGStmt>();
            if (s && s->getStmt() == from)
                return true;
            stopped = gives_back((*block)[index], lock);
        }
        for (const clang::CFGBlock::AdjacentBlock &next : block->succs())
            if (const clang::CFGBlock *to = next.getReachableBlock())
                if (!stopped && seen.insert(to).second)
                    work.emplace_back(to, 0);
    }
    return false;
}

} // namespace snarl
