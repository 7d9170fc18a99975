/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From addresses to places in the source. Private to symbols/.
 */
#ifndef SN_SYMBOLS_PLACES_H
#define SN_SYMBOLS_PLACES_H

#include "base/map.h"
#include "symbols/module.h"

struct sn_symbols {
    struct sn_arena arena;
    struct sn_search search;
    VEC(struct sn_module) modules; /* in the trace's order */
    struct sn_map known;           /* pc to 1 + index in places */
    VEC(struct sn_stack) places;
    struct sn_map known_jumps; /* both pcs, hashed, to 1 + index in jumps */
    VEC(struct sn_stack) jumps;
};

/* The same as sn_symbols_open, for modules that no trace holds. */
struct sn_symbols *sn_symbols_open_modules(const struct tr_module *modules, size_t count,
                                           const struct sn_symbols_options *options);

/* The module that holds ADDRESS (in the process), opened; NULL if none does. */
struct sn_module *sn_symbols_module_at(struct sn_symbols *symbols, uint64_t address);

/* The frames of the return address PC, inlined calls first: at least one. They belong to SYMBOLS,
 * which remembers them: findings share most of their frames. */
struct sn_stack sn_symbols_places(struct sn_symbols *symbols, uint64_t pc);

enum { SN_CHAIN_MAX = 256 };

struct sn_chain { /* a function, and the calls inlined in each other within it, innermost last */
    Dwarf_Die dies[SN_CHAIN_MAX + 1];
    size_t count;
};

/* The function of UNIT with code at ADDRESS, and what is inlined there; count 0: none. */
void sn_chain_at(struct sn_chain *chain, struct sn_unit *unit, uint64_t address);

/*
 * The frames at ADDRESS (in the file) of MODULE: inlined calls first, then the function itself.
 * Always at least one. Function, file, line, column and inlined are filled in, as far as they are
 * known. Lives in ARENA.
 */
struct sn_stack sn_frames_at(struct sn_module *module, uint64_t address, struct sn_arena *arena);

struct sn_frame_list {
    VEC(struct sn_frame) of;
};

/*
 * Appends the frames, innermost first, of functions that were called at the call that returns to
 * ADDRESS (in the file) of MODULE, and went on by jumps (tail calls) until CALLEE, a function of
 * that module, or, if NULL, any function of another one. Most often there are none. They live in
 * ARENA.
 */
void sn_tail_calls(struct sn_frame_list *frames, struct sn_module *module, Dwarf_Die *callee,
                   uint64_t address, struct sn_arena *arena);

/* The same between the frames of the return addresses CALLEE (0: what was called is of another
 * module) and CALLER. They belong to SYMBOLS, which remembers them. */
struct sn_stack sn_symbols_jumps(struct sn_symbols *symbols, uint64_t callee, uint64_t caller);

/*
 * The variable that holds SIZE bytes at ADDRESS (in the file) of MODULE, down to the member:
 * "table[3].count". SIZE 0 means an object whose size is not known, and goes down to the innermost
 * member that holds the address. Members whose names are reserved for the implementation are not
 * entered: a pthread_mutex_t is one thing. NULL if there is none. DECLARED_AT (may be NULL) gets
 * file, line and column. Lives in ARENA.
 */
const char *sn_variable_at(struct sn_module *module, uint64_t address, uint64_t size,
                           struct sn_frame *declared_at, struct sn_arena *arena);

/*
 * What the SIZE bytes at OFFSET of a heap block of BLOCK_SIZE bytes are, by who made it:
 * "level.rice of struct pot". PCS are the return addresses of its allocation, innermost first. A
 * guess, where it is a good one: the first function there that has pointers to a structure of just
 * that size has them to one alone, and it has a member there. Elements have no numbers. NULL: not
 * known. Lives in ARENA.
 */
const char *sn_member_of_block(struct sn_symbols *symbols, const uint64_t *pcs, size_t count,
                               uint64_t block_size, uint64_t offset, uint64_t size,
                               struct sn_arena *arena);

#endif
