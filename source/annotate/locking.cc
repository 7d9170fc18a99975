// SPDX-License-Identifier: Apache-2.0
//
// A lock of the trace is named first, by where it is taken: through wrappers, up to the call that
// says which member or variable it is. An access is then seen together with the locks that were
// held, wherever they were taken: the distance between the two tells whether a lock is a member of
// the same object, since no two objects overlap.
#include "source/annotate/locking.hh"

#include "source/code/stack.hh"
#include "source/command.hh"

#include <clang/AST/ASTContext.h>
#include <clang/AST/DeclCXX.h>
#include <clang/AST/RecordLayout.h>
#include <clang/Basic/SourceManager.h>
#include <llvm/Support/Path.h>

#include <algorithm>
#include <regex>
#include <tuple>

namespace snarl
{

namespace
{

std::string id_of(const clang::Decl &declaration, const clang::SourceManager &sources)
{
    std::string id = usr_of(declaration);
    return id.empty() ? declaration.getLocation().printToString(sources) : id;
}

place place_of(clang::SourceLocation at, const unit &unit)
{
    const clang::SourceManager &sources = unit.sources();
    clang::SourceLocation here = sources.getExpansionLoc(at);
    auto file = sources.getFileEntryRefForID(sources.getFileID(here));
    if (!file)
        return {};
    return {absolute_path(sources, file->getName()), sources.getExpansionLineNumber(here),
            sources.getExpansionColumnNumber(here)};
}

// Typedefs are looked through one by one: pthread_mutex_t is a union without a name.
bool is_lock_type(clang::QualType type, const clang::ASTContext &context)
{
    static const std::regex names("(.*::)?(pthread_(mutex|rwlock|spinlock)_t|mtx_t|"
                                  "(recursive_|shared_)?(timed_)?mutex|snarl_lock<.*>)");
    for (;;) {
        std::string name = type.getUnqualifiedType().getAsString();
        name = name.substr(name.rfind(' ') + 1);
        if (std::regex_match(name, names))
            return true;
        clang::QualType next = type.getSingleStepDesugaredType(context);
        if (next == type)
            return false;
        type = next;
    }
}

// The record around a member that has a name to its fields, and where the member lies in it.
const clang::RecordDecl *record_around(const clang::FieldDecl &field,
                                       const clang::ASTContext &context, std::int64_t &bits)
{
    const clang::RecordDecl *record = field.getParent();
    bits = std::int64_t(context.getFieldOffset(&field));
    while (record->isAnonymousStructOrUnion()) {
        const auto *outer = llvm::dyn_cast<clang::RecordDecl>(record->getDeclContext());
        if (!outer)
            break;
        for (const clang::FieldDecl *at : outer->fields())
            if (at->getType()->getAsRecordDecl() == record)
                bits += std::int64_t(context.getFieldOffset(at));
        record = outer;
    }
    return record;
}

std::string record_name(const clang::RecordDecl &record)
{
    if (const clang::TypedefNameDecl *named = record.getTypedefNameForAnonDecl())
        return named->getNameAsString();
    std::string name = record.getQualifiedNameAsString();
    return record.getIdentifier() ? name : "(unnamed)";
}

// The name by which the trace calls a part of a variable or of a block; "" if it has none.
std::string usable_name(const std::string &name)
{
    static const std::regex path("[A-Za-z_$~][^ ]*( of .*| \\(.*)?");
    bool is = std::regex_match(name, path) && !name.starts_with("block of ") &&
              !name.starts_with("local variable of ") && !name.starts_with("memory at ");
    return is ? name : "";
}

bool is_path(const std::string &name)
{
    static const std::regex path("[A-Za-z_]\\w*(::[A-Za-z_]\\w*|\\.[A-Za-z_]\\w*)*");
    return std::regex_match(name, path);
}

// What an expression names: a declaration, and whether it is that itself or what it points to.
struct target {
    const clang::ValueDecl *declaration = nullptr;
    bool pointed_to = false;
    std::string path; // of a global, if every step has a name
};

target target_of(const clang::Expr *expression, const clang::ASTContext &context)
{
    std::optional<lvalue> named = lvalue_of(expression, context);
    target result;
    if (!named)
        return result;
    result.declaration = named->declaration();
    bool path = named->is_global();
    result.path = path ? named->root->getNameAsString() : "";
    for (const lvalue::step &step : named->steps) {
        if (step.kind == lvalue::step::member) {
            result.pointed_to = false;
            result.path += "." + step.field->getNameAsString();
        } else if (step.kind == lvalue::step::followed) {
            result.pointed_to = step.index != "&";
            path = path && step.index == "&";
        } else {
            path = false;
        }
    }
    if (!path)
        result.path.clear();
    return result;
}

} // namespace

bool held_lock::operator<(const held_lock &other) const
{
    return std::tie(form, lock, text) < std::tie(other.form, other.lock, other.text);
}

locking::locking(project &project, json document)
    : project_(project), document_(std::move(document))
{
    std::size_t count = document_["processes"].items().size();
    classes.resize(count);
    for (std::size_t process = 0; process < count; process++)
        name_locks(process);
    for (std::size_t process = 0; process < count; process++)
        for (const json &use : document_["processes"][process]["uses"].items())
            if (!use["variable"].is_null())
                add_access(process, use);
}

json locking::stack(std::size_t process, std::size_t number) const
{
    json of = document_["processes"][process], result = json::array();
    json frames = of["frames"];
    for (const json &frame : of["stacks"][number].items())
        result.append(frames[std::size_t(frame.integer())]);
    return result;
}

std::string locking::enter(const clang::ValueDecl &declaration, const unit &unit)
{
    const clang::SourceManager &sources = unit.sources();
    std::string id = id_of(declaration, sources);
    const auto *variable = llvm::dyn_cast<clang::VarDecl>(&declaration);
    const clang::VarDecl *definition = variable ? variable->getDefinition() : nullptr;
    auto known = things.find(id);
    if (known != things.end() && !definition)
        return id;
    thing made;
    made.id = id;
    made.bare = made.name = declaration.getNameAsString();
    made.at = place_of(definition ? definition->getLocation() : declaration.getLocation(), unit);
    clang::QualType type = declaration.getType();
    const clang::CXXRecordDecl *record = type->getBaseElementTypeUnsafe()->getAsCXXRecordDecl();
    made.atomic = type->isAtomicType() ||
                  (record && record->isInStdNamespace() && record->getName().starts_with("atomic"));
    clang::QualType element = unit.context().getBaseElementType(type);
    made.lock = is_lock_type(element, unit.context());
    if (variable)
        made.kind = variable->hasGlobalStorage() ? thing::global : thing::local;
    const auto *field = llvm::dyn_cast<clang::FieldDecl>(&declaration);
    if (field && !field->getParent()->isDependentType() && !field->getParent()->isInvalidDecl()) {
        std::int64_t bits = 0;
        const clang::RecordDecl *around = record_around(*field, unit.context(), bits);
        made.kind = thing::member;
        made.owner = id_of(*around, sources);
        made.name = record_name(*around) + "::" + made.bare;
        made.offset = bits / 8;
        made.size =
            type->isIncompleteType() ? 0 : unit.context().getTypeSizeInChars(type).getQuantity();
    }
    things[id] = made;
    return id;
}

// Locks -----------------------------------------------------------------------------------------

void locking::name_locks(std::size_t process)
{
    json of = document_["processes"][process];
    classes[process].resize(of["locks"].items().size());
    for (const json &use : of["uses"].items())
        if (use["kind"].string() == "acquire")
            name_lock(process, use);
    for (std::size_t i = 0; i < classes[process].size(); i++) {
        lock_class &one = classes[process][i];
        if (!one.thing.empty() && !one.ambiguous)
            continue;
        std::string name = of["locks"][i]["name"].string();
        one.thing = "lock " + name;
        thing made;
        made.id = one.thing;
        made.name = made.bare = name;
        made.lock = true;
        things[made.id] = made;
    }
}

void locking::name_lock(std::size_t process, const json &use)
{
    std::size_t number = std::size_t(use["lock"].integer());
    if (number >= classes[process].size())
        return;
    lock_class &one = classes[process][number];
    json lock = document_["processes"][process]["locks"][number];
    question question{act::calls, "", {operation::acquire, operation::try_acquire}};
    std::vector<seen> seen =
        look(project_, stack(process, std::size_t(use["stack"].integer())), question);
    if (seen.empty() || !seen.back().found.object)
        return;
    const unit &unit = *seen.back().in;
    const clang::Expr *object = seen.back().found.object;
    target named = target_of(object, unit.context());
    bool pointer = object->getType()->isPointerType();
    std::string name = lock["name"].string();
    if (!named.declaration || named.pointed_to || pointer) {
        if (lock["place"].string() == "global" && is_path(name))
            name_global(one, name, unit);
        else if (named.declaration && pointer != named.pointed_to)
            name_pointee(one, *named.declaration, named.path, unit);
        return;
    }
    std::string id = enter(*named.declaration, unit);
    bool other =
        lock["place"].string() == "global" && is_path(name) && last_name(name) != things[id].bare;
    if (!things[id].lock || other)
        return;
    one.thing = id;
    if (lock["place"].string() == "global" && is_path(name))
        one.text =
            named.path.empty() ? (name.find("::") == std::string::npos ? name : "") : named.path;
}

// The source names it nowhere here, but the trace knows the variable.
void locking::name_global(lock_class &one, const std::string &name, const unit &unit)
{
    if (!one.thing.empty())
        return;
    for (const clang::Decl *at : unit.context().getTranslationUnitDecl()->decls())
        if (const auto *variable = llvm::dyn_cast<clang::VarDecl>(at))
            if (variable->getNameAsString() == name) {
                one.thing = enter(*variable, unit);
                one.text = name;
            }
}

// What a variable or member points to. Where two of them lead to one lock it has no name.
void locking::name_pointee(lock_class &one, const clang::ValueDecl &pointer,
                           const std::string &path, const unit &unit)
{
    thing made = things[enter(pointer, unit)];
    if (made.kind == thing::local)
        return;
    made.id += "*";
    made.name = "*" + (path.empty() ? made.name : path);
    made.lock = true;
    made.owner.clear();
    if (!one.thing.empty() && one.thing != made.id) {
        one.ambiguous = true;
        one.text.clear();
        return;
    }
    things[made.id] = made;
    one.thing = made.id;
    one.text = path.empty() ? "" : "*" + path;
}

// Accesses --------------------------------------------------------------------------------------

std::string locking::subject_of(std::size_t process, const json &use, sighting &out)
{
    json variable =
        document_["processes"][process]["variables"][std::size_t(use["variable"].integer())];
    std::string name = usable_name(variable["name"].string());
    std::string last = name.empty() ? "" : last_name(name);
    json where = stack(process, std::size_t(use["stack"].integer()));
    std::vector<seen> seen;
    for (const std::string &asked : {last, std::string()}) {
        for (act what : {act::writes, act::reads}) {
            if (!seen.empty() || (out.kind == sighting::reads && what == act::writes) ||
                (out.kind == sighting::writes && what == act::reads))
                continue;
            seen = look(project_, where, {what, asked, {}});
        }
    }
    if (seen.empty() || !seen.back().found.object)
        return "";
    out.at = seen.front().at;
    const clang::FunctionDecl *function = seen.front().found.function;
    out.function = function ? function->getNameAsString() : "";
    const unit &unit = *seen.back().in;
    target named = target_of(seen.back().found.object, unit.context());
    if (!named.declaration)
        return "";
    std::string id = enter(*named.declaration, unit);
    // Handed to a function as its object or argument: what that has accessed may be elsewhere.
    bool by_call = seen.front().frame > 0;
    if (!last.empty() ? things[id].bare != last && !named.pointed_to : by_call)
        return "";
    if (!named.pointed_to)
        return id;
    thing pointee = things[id];
    if (!last.empty() && (by_call || variable["place"].string() == "global"))
        return ""; // a variable that has a name of its own
    pointee.id += "*";
    pointee.name = "*" + pointee.name;
    pointee.lock = pointee.atomic = false;
    pointee.owner.clear();
    things[pointee.id] = pointee;
    return pointee.id;
}

held_lock locking::held_of(std::size_t process, const json &held, const thing &subject) const
{
    std::size_t number = std::size_t(held["lock"].integer());
    held_lock result;
    result.shared = held["mode"].string() == "read";
    if (number >= classes[process].size())
        return result;
    const lock_class &one = classes[process][number];
    const thing &lock = things.at(one.thing);
    result.lock = one.thing;
    result.text = lock.name;
    json distance = held["distance"];
    std::int64_t apart = lock.offset - subject.offset;
    std::int64_t size = std::max<std::int64_t>(subject.size, 1);
    if (subject.kind == thing::member && lock.kind == thing::member && !subject.owner.empty() &&
        subject.owner == lock.owner && distance.is_array() &&
        distance[std::size_t(0)].integer() > apart - size &&
        distance[std::size_t(1)].integer() <= apart) {
        result.form = held_lock::sibling;
        result.text = lock.bare;
    } else if (!one.text.empty()) {
        result.form = held_lock::global;
        result.text = one.text;
    }
    return result;
}

void locking::add_access(std::size_t process, const json &use)
{
    sighting made;
    std::string kind = use["kind"].string();
    made.kind = kind == "read"    ? sighting::reads
                : kind == "write" ? sighting::writes
                                  : sighting::atomic;
    made.process = process;
    made.alone = std::uint64_t(use["alone"].integer());
    made.initial = std::uint64_t(use["initial"].integer());
    std::uint64_t all = std::uint64_t(use["count"].integer());
    made.count = all - std::min(all, made.alone + made.initial);
    made.users = std::strtoull(use["users"].string("0").c_str(), nullptr, 16);
    made.subject = subject_of(process, use, made);
    (made.subject.empty() ? lost : found)++;
    if (made.subject.empty())
        return;
    for (const json &held : use["held"].items())
        made.held.push_back(held_of(process, held, things.at(made.subject)));
    accesses.push_back(made);
}

} // namespace snarl
