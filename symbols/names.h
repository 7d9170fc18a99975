/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names as the programmer wrote them. Private to symbols/.
 */
#ifndef SN_SYMBOLS_NAMES_H
#define SN_SYMBOLS_NAMES_H

#include "base/arena.h"
#include "base/text.h"

#include <elfutils/libdw.h>

/* SYMBOL demangled (C++, Rust's older form), without the linker's version and the compiler's
 * suffixes for clones (".part.0"). Lives in ARENA. */
const char *sn_symbol_name(struct sn_arena *arena, const char *symbol);

/* The name of DIE, a function: demangled where it has a linkage name, else, but for C, with what is
 * around it. NULL if it has none. */
const char *sn_die_name(struct sn_arena *arena, Dwarf_Die *die);

/* Where DIE was declared: in a class, in a namespace, or, with LTO, in its own unit. */
Dwarf_Die sn_die_declaration(Dwarf_Die *die);

/* Appends the namespaces and classes around DIE, which has a name, and that name. Not by its
 * linkage name: not every compiler gives one to what is static. FUNCTIONS: and the functions around
 * it. */
void sn_die_qualified_name(struct sn_text *name, Dwarf_Die *die, bool functions);

/* The file in which DIE was declared, as sn_source_path gives it; NULL: not known. UNIT is where
 * its line table is. */
const char *sn_declaring_file(struct sn_arena *arena, Dwarf_Die *unit, Dwarf_Die *die);

/* FILE as an absolute path where UNIT tells the directory it was compiled in. */
const char *sn_source_path(struct sn_arena *arena, Dwarf_Die *unit, const char *file);

#endif
