// SPDX-License-Identifier: Apache-2.0
//
// What traces show of locks and accesses (snarl-locking/1), and where that is in the source: each
// variable, member and lock by its declaration.
#ifndef SN_SOURCE_LOCKING_HH
#define SN_SOURCE_LOCKING_HH

#include "source/code/project.hh"
#include "source/code/spot.hh"
#include "source/json.hh"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace snarl
{

// A variable or member as declared; plain data, which outlives the unit it was found in.
struct thing {
    enum kinds { global, member, local, unknown } kind = unknown;
    std::string id;    // the same in all units; of an unknown one its name in the trace
    std::string name;  // "total", "box::count"
    std::string bare;  // "count"
    std::string owner; // id of the record, of a member
    place at;          // of the name in its declaration: the definition, where one is seen
    std::int64_t offset = 0, size = 0; // bytes; of a member in its record
    bool atomic = false;
    bool lock = false; // its type is a lock's
};

// A lock that was held, seen from what was accessed.
struct held_lock {
    enum forms {
        sibling, // a member of the same object
        global,  // a variable, or a part of one, that has a name of its own
        other,   // of another object, or nobody knows which one
    } form = other;
    std::string lock; // id of a thing
    std::string text; // how it is named from there: "lock", "cache.lock"; other: for people
    bool shared = false;
    bool operator<(const held_lock &other) const; // but for `shared`
};

struct sighting {
    std::string subject; // id of a thing
    enum { reads, writes, atomic } kind = reads;
    place at;
    std::string function;
    std::uint64_t count = 0;   // that need a lock, if any does
    std::uint64_t alone = 0;   // while there was no other thread
    std::uint64_t initial = 0; // by whoever made the block, before others knew of it
    std::uint64_t users = 0;   // a bit for each thread
    std::size_t process = 0;
    std::vector<held_lock> held; // innermost last
};

// A lock of the trace; one for all that were made alike.
struct lock_class {
    std::string thing;      // id
    std::string text;       // a global's path: "pencil", "cache.lock"; else ""
    bool ambiguous = false; // several pointers lead to it: only the trace has a name
};

class locking
{
  public:
    locking(project &project, json document);

    const json &document() const
    {
        return document_;
    }
    // A stack as look() takes it.
    json stack(std::size_t process, std::size_t number) const;

    std::map<std::string, thing> things;
    std::vector<std::vector<lock_class>> classes; // by process and lock
    std::vector<sighting> accesses;
    std::uint64_t found = 0, lost = 0; // uses whose variable is, is not, in the source

    // How an access in JSON is told: the thing's id of a declaration, entered if new.
    std::string enter(const clang::ValueDecl &declaration, const unit &unit);

  private:
    void name_locks(std::size_t process);
    void name_lock(std::size_t process, const json &use);
    void name_global(lock_class &one, const std::string &name, const unit &unit);
    void name_pointee(lock_class &one, const clang::ValueDecl &pointer, const std::string &path,
                      const unit &unit);
    void add_access(std::size_t process, const json &use);
    std::string subject_of(std::size_t process, const json &use, sighting &out);
    held_lock held_of(std::size_t process, const json &held, const thing &subject) const;

    project &project_;
    json document_;
};

// The document that a file holds, or that `snarl analyze` makes of the traces; null, and told, if
// there is none. `snarl` is the command, or "": beside this one, or on the path.
json load_locking(const std::vector<std::string> &inputs, const std::string &snarl);

} // namespace snarl

#endif
