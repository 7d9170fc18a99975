/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Types, and the way down in them to a member. Private to symbols/.
 */
#ifndef SN_SYMBOLS_TYPES_H
#define SN_SYMBOLS_TYPES_H

#include "base/text.h"

#include <elfutils/libdw.h>
#include <stdbool.h>
#include <stdint.h>

struct sn_piece { /* of a variable: what is left to explain */
    Dwarf_Die type;
    uint64_t offset, size; /* size 0: not known */
};

/* The type of DIE without names and qualifiers. */
bool sn_type_of(Dwarf_Die *die, Dwarf_Die *type);
/* Bytes of TYPE; 0: not known. */
uint64_t sn_size_of(Dwarf_Die *type);
/* Appends to NAME the way from PIECE's type down to the member that is meant, ".count[3]", and
 * leaves in PIECE what cannot be explained further. NUMBERED: elements have numbers. Members whose
 * names are reserved for the implementation are not entered. */
void sn_add_path(struct sn_text *name, struct sn_piece *piece, bool numbered);

#endif
