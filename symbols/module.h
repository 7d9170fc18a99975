/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A module of the trace as a file on this disk: its ELF symbols, and its DWARF by compile unit.
 * Private to symbols/.
 *
 * Every module is opened by a libdwfl session of its own, at bias 0, when the first address in it
 * is asked for. So addresses below are always those in the file, and modules that took each other's
 * place in the process (dlclose, dlopen) do not meet. Nothing here fails: what cannot be opened or
 * read has no symbols, and `trouble` says why.
 */
#ifndef SN_SYMBOLS_MODULE_H
#define SN_SYMBOLS_MODULE_H

#include "base/arena.h"
#include "base/vec.h"
#include "symbols/symbols.h"

#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>

/* Where files lie on this machine. */
struct sn_search {
    const char *sysroot; /* or NULL */
    char *debug_path;    /* as libdwfl wants it, or NULL for its own */
};

struct sn_range { /* of addresses, and what they belong to: an index, see its user */
    uint64_t low, high;
    size_t index;
};

struct sn_ranges { /* sorted by low, once complete */
    VEC(struct sn_range) of;
};

void sn_ranges_add(struct sn_ranges *ranges, uint64_t low, uint64_t high, size_t index);
/* Adds all of DIE's code. */
void sn_ranges_add_die(struct sn_ranges *ranges, Dwarf_Die *die, size_t index);
void sn_ranges_sort(struct sn_ranges *ranges);
/* The range that holds ADDRESS, of several the one that begins last; or NULL. */
const struct sn_range *sn_ranges_find(const struct sn_ranges *ranges, uint64_t address);

struct sn_unit {
    Dwarf_Die die; /* its contents; with split DWARF, those of the .dwo */
    Dwarf_Die cu;  /* its line table */
    bool indexed;  /* by function: */
    VEC(Dwarf_Die) functions;
    struct sn_ranges code; /* of the functions, by index in them */
};

/* Where thread-local variables lie, as if it were in the file: each behind it by its place in the
 * module's part of a thread's memory. No module's code is there. */
#define SN_THREAD_LOCAL (UINT64_C(1) << 62)

/* A variable that has an address: global, static in a function, or thread-local. */
struct sn_global {
    uint64_t address;
    Dwarf_Die die;
    size_t unit;
};

struct sn_symbol {
    uint64_t address, size;
    const char *name; /* libelf's */
    bool function;
    bool second; /* where several have one address: the better name is another's */
};

struct sn_module {
    const struct tr_module *of; /* what the trace says of it */
    const char *name;           /* base name of the path, or NULL */
    bool opened;
    const char *trouble; /* why there are no symbols, for people; or NULL */
    Dwfl_Callbacks callbacks;
    Dwfl *dwfl;
    Dwfl_Module *file;                           /* NULL: no symbols */
    bool with_units, with_globals, with_symbols; /* looked for already: */
    VEC(struct sn_unit) units;
    struct sn_ranges code; /* of the units, by index in them */
    VEC(struct sn_global) globals;
    VEC(struct sn_symbol) symbols;
};

void sn_module_init(struct sn_module *module, const struct tr_module *of);
void sn_module_release(struct sn_module *module);

/* Opens the module's file unless that was tried before. ARENA keeps `trouble`. */
void sn_module_open(struct sn_module *module, const struct sn_search *search,
                    struct sn_arena *arena);

/* The unit with code at ADDRESS, indexed by function; NULL if there is no DWARF for it. */
struct sn_unit *sn_module_unit_at(struct sn_module *module, uint64_t address);
/* The function of UNIT with code at ADDRESS. False: none. */
bool sn_unit_function_at(struct sn_unit *unit, uint64_t address, Dwarf_Die *function);

/* Variables by address, and how many; reads all of the module's DWARF on first use. */
const struct sn_global *sn_module_globals(struct sn_module *module, size_t *count);

/* The ELF symbol of a function (or of an object) that holds ADDRESS, or NULL. */
const struct sn_symbol *sn_module_symbol_at(struct sn_module *module, uint64_t address,
                                            bool function);

/* The ELF symbol of a function of that name (as the linker knows it), or NULL. */
const struct sn_symbol *sn_module_symbol_named(struct sn_module *module, const char *name);

/* Where OFFSET from a thread's descriptor (its pthread_t) lies in what the thread has of MODULE's
 * thread-local variables, as an address at SN_THREAD_LOCAL; 0: it is not there. Only of the
 * executable is that known: it is next to the descriptor. */
uint64_t sn_module_thread_local(struct sn_module *module, int64_t offset);

/* Moves DIE to its first child, or to its next sibling. False at the end, and where damaged DWARF
 * leads back. */
bool sn_die_child(Dwarf_Die *die, Dwarf_Die *child);
bool sn_die_next(Dwarf_Die *die);

#endif
