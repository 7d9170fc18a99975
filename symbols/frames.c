/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One address, several frames: the function whose code it is, and within it the calls that the
 * compiler inlined there, found by going down to whichever child holds the address. The line table
 * knows the innermost place; each inlined call knows the line from which it was called, which is
 * the place of the frame around it.
 */
#include "symbols/places.h"

#include "finding/stack.h"
#include "symbols/names.h"

#include <dwarf.h>
#include <stdlib.h>

/* Moves DIE on to the first of it and its siblings that is a block or an inlined call with ADDRESS
 * in it. Returns its tag, or 0. */
static int find_scope(Dwarf_Die *die, uint64_t address)
{
    do {
        int tag = dwarf_tag(die);
        if ((tag == DW_TAG_inlined_subroutine || tag == DW_TAG_lexical_block) &&
            dwarf_haspc(die, address) > 0)
            return tag;
    } while (sn_die_next(die));
    return 0;
}

void sn_chain_at(struct sn_chain *chain, struct sn_unit *unit, uint64_t address)
{
    Dwarf_Die die, parent;
    chain->count = 0;
    if (!sn_unit_function_at(unit, address, &chain->dies[0]))
        return;
    chain->count = 1;
    parent = chain->dies[0];
    for (int depth = 0; depth < SN_CHAIN_MAX && sn_die_child(&parent, &die); depth++) {
        int tag = find_scope(&die, address);
        if (!tag)
            return;
        if (tag == DW_TAG_inlined_subroutine)
            chain->dies[chain->count++] = die;
        parent = die;
    }
}

static unsigned number(Dwarf_Die *die, unsigned name)
{
    Dwarf_Attribute attribute;
    Dwarf_Word value;
    if (dwarf_formudata(dwarf_attr(die, name, &attribute), &value) != 0)
        return 0;
    return (unsigned)value;
}

/* The place from which the inlined CALL was made. */
static void fill_call_place(struct sn_frame *frame, struct sn_unit *unit, Dwarf_Die *call,
                            struct sn_arena *arena)
{
    Dwarf_Files *files;
    size_t count, file = number(call, DW_AT_call_file);
    if (dwarf_getsrcfiles(&unit->die, &files, &count) == 0 && file < count)
        frame->file = sn_source_path(arena, &unit->cu, dwarf_filesrc(files, file, NULL, NULL));
    frame->line = number(call, DW_AT_call_line);
    frame->column = number(call, DW_AT_call_column);
}

static void fill_line(struct sn_frame *frame, struct sn_unit *unit, uint64_t address,
                      struct sn_arena *arena)
{
    int line = 0, column = 0;
    Dwarf_Line *at = dwarf_getsrc_die(&unit->cu, address);
    if (!at)
        return;
    frame->file = sn_source_path(arena, &unit->cu, dwarf_linesrc(at, NULL, NULL));
    if (dwarf_lineno(at, &line) == 0 && line > 0)
        frame->line = (uint32_t)line;
    if (dwarf_linecol(at, &column) == 0 && column > 0)
        frame->column = (uint32_t)column;
}

/* Where the kernel lets a signal handler return to: nameless code, but the tables for unwinding
 * know it. */
static bool is_signal_frame(struct sn_module *module, uint64_t address)
{
    Dwarf_Addr bias;
    Dwarf_CFI *cfi = module->file ? dwfl_module_eh_cfi(module->file, &bias) : NULL;
    Dwarf_Frame *frame;
    bool is = false;
    if (!cfi || dwarf_cfi_addrframe(cfi, address - bias, &frame) != 0)
        return false;
    (void)dwarf_frame_info(frame, NULL, NULL, &is);
    free(frame);
    return is;
}

struct sn_stack sn_frames_at(struct sn_module *module, uint64_t address, struct sn_arena *arena)
{
    struct sn_unit *unit = sn_module_unit_at(module, address);
    struct sn_chain chain = {.count = 0};
    if (unit)
        sn_chain_at(&chain, unit, address);
    size_t count = chain.count ? chain.count : 1;
    struct sn_frame *frames = SN_NEW_ARRAY(arena, struct sn_frame, count);
    if (unit)
        fill_line(&frames[0], unit, address, arena);
    for (size_t i = 0; i < chain.count; i++) {
        Dwarf_Die *die = &chain.dies[chain.count - 1 - i];
        frames[i].function = sn_die_name(arena, die);
        frames[i].inlined = i + 1 < chain.count;
        if (frames[i].inlined)
            fill_call_place(&frames[i + 1], unit, die, arena);
    }
    if (!frames[count - 1].function) {
        const struct sn_symbol *symbol = sn_module_symbol_at(module, address, true);
        frames[count - 1].function = symbol ? sn_symbol_name(arena, symbol->name)
                                     : is_signal_frame(module, address) ? SN_SIGNAL_FRAME
                                                                        : NULL;
    }
    return (struct sn_stack){frames, count};
}
