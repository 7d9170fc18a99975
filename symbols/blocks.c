/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Of what type a heap block is. Nothing says so, but whoever makes one has a pointer to its type
 * and asks for its size: in the function that calls the allocator, or, where that is a wrapper,
 * further out; or the pointer is a variable of the file.
 */
#include "symbols/names.h"
#include "symbols/places.h"
#include "symbols/types.h"

#include <dwarf.h>
#include <stdio.h>
#include <string.h>

enum { DEPTH_MAX = 64, FRAMES_MAX = 8 };

struct guess {
    uint64_t size;
    Dwarf_Die type; /* as far as `types` is 1 */
    char name[256];
    unsigned types; /* of that size; 2: several */
};

/* The structure to which DIE, a variable, points; NAME gets what the programmer calls it. */
static bool points_to(Dwarf_Die *die, Dwarf_Die *type, char *name, size_t room)
{
    Dwarf_Die pointer, at;
    Dwarf_Attribute attribute;
    const char *word = NULL, *kind = "";
    if (!sn_type_of(die, &pointer) || dwarf_tag(&pointer) != DW_TAG_pointer_type ||
        !sn_type_of(&pointer, type))
        return false;
    int tag = dwarf_tag(type);
    if (tag != DW_TAG_structure_type && tag != DW_TAG_class_type && tag != DW_TAG_union_type)
        return false;
    at = pointer;
    for (int depth = 0; depth < DEPTH_MAX && !word; depth++) {
        if (!dwarf_formref_die(dwarf_attr_integrate(&at, DW_AT_type, &attribute), &at))
            break;
        word = dwarf_diename(&at); /* a typedef's, or its own */
    }
    if (dwarf_tag(&at) == DW_TAG_structure_type)
        kind = "struct ";
    else if (dwarf_tag(&at) == DW_TAG_union_type)
        kind = "union ";
    return word && (size_t)snprintf(name, room, "%s%s", kind, word) < room;
}

static void consider(struct guess *guess, Dwarf_Die *variable)
{
    Dwarf_Die type;
    char name[sizeof guess->name];
    if (!points_to(variable, &type, name, sizeof name) || sn_size_of(&type) != guess->size)
        return;
    if (guess->types && strcmp(name, guess->name) == 0)
        return;
    guess->types += guess->types < 2;
    guess->type = type;
    memcpy(guess->name, name, sizeof name);
}

/* The variables of PARENT, a function or a unit, and of the blocks in it. */
static void consider_all(struct guess *guess, Dwarf_Die *parent, int depth)
{
    Dwarf_Die die;
    if (depth == DEPTH_MAX || !sn_die_child(parent, &die))
        return;
    do {
        if (dwarf_tag(&die) == DW_TAG_variable)
            consider(guess, &die);
        else if (dwarf_tag(&die) == DW_TAG_lexical_block)
            consider_all(guess, &die, depth + 1);
    } while (sn_die_next(&die));
}

/* The function DIE as it was written: what was inlined refers to that. */
static Dwarf_Die written(Dwarf_Die *die)
{
    Dwarf_Attribute attribute;
    Dwarf_Die origin;
    return dwarf_formref_die(dwarf_attr(die, DW_AT_abstract_origin, &attribute), &origin) ? origin
                                                                                          : *die;
}

static void guess_at(struct guess *guess, struct sn_symbols *symbols, uint64_t pc, bool of_file)
{
    struct sn_module *module = sn_symbols_module_at(symbols, pc - 1);
    uint64_t address = module ? pc - 1 - module->of->base : 0;
    struct sn_unit *unit = module ? sn_module_unit_at(module, address) : NULL;
    struct sn_chain chain;
    if (unit && of_file)
        consider_all(guess, &unit->die, 0);
    if (!unit || of_file)
        return;
    sn_chain_at(&chain, unit, address);
    for (size_t i = chain.count; i-- > 0 && !guess->types;) {
        Dwarf_Die function = written(&chain.dies[i]);
        consider_all(guess, &function, 0);
    }
}

const char *sn_member_of_block(struct sn_symbols *symbols, const uint64_t *pcs, size_t count,
                               uint64_t block_size, uint64_t offset, uint64_t size,
                               struct sn_arena *arena)
{
    struct guess guess = {.size = block_size};
    const char *told = NULL;
    for (int of_file = 0; of_file < 2; of_file++)
        for (size_t i = 0; i < count && i < FRAMES_MAX && !guess.types; i++)
            guess_at(&guess, symbols, pcs[i], of_file);
    if (guess.types != 1)
        return NULL;
    struct sn_text path = {0};
    struct sn_piece piece = {guess.type, offset, size};
    sn_add_path(&path, &piece, false);
    if (path.length && !piece.offset)
        told = sn_sprintf(arena, "%s of %s", path.at + (*path.at == '.'), guess.name);
    sn_text_release(&path);
    return told;
}
