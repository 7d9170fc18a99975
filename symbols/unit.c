/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a module's DWARF holds, by address. Units are found by the ranges in their own first entry,
 * not by .debug_aranges, which clang does not write. A unit's functions are indexed when the first
 * of its addresses is asked for, so that a stack costs as much DWARF as the units it passes
 * through. Variables are different: nothing tells which unit has the one at an address, so all
 * units are walked once.
 *
 * Damaged DWARF may lead anywhere. Every step goes forward in the file, depth is limited, and what
 * libdw refuses is not there.
 */
#include "symbols/module.h"

#include <dwarf.h>
#include <stdlib.h>

enum { DEPTH_MAX = 64, LOOK_BACK = 16, RANGES_MAX = 1 << 20 };

void sn_ranges_add(struct sn_ranges *ranges, uint64_t low, uint64_t high, size_t index)
{
    /* Code that the linker dropped is left with an address of 0 or 1, or of none at all. */
    if (low > 1 && low < high && high < UINT64_MAX - 2)
        *vec_push(&ranges->of) = (struct sn_range){low, high, index};
}

void sn_ranges_add_die(struct sn_ranges *ranges, Dwarf_Die *die, size_t index)
{
    Dwarf_Addr base, low, high;
    ptrdiff_t at = 0;
    for (int i = 0; i < RANGES_MAX && (at = dwarf_ranges(die, at, &base, &low, &high)) > 0; i++)
        sn_ranges_add(ranges, low, high, index);
}

static int compare_ranges(const void *left, const void *right)
{
    const struct sn_range *a = left, *b = right;
    if (a->low != b->low)
        return a->low < b->low ? -1 : 1;
    if (a->high != b->high)
        return a->high > b->high ? -1 : 1;
    return a->index < b->index ? -1 : a->index > b->index;
}

void sn_ranges_sort(struct sn_ranges *ranges)
{
    if (ranges->of.count)
        qsort(ranges->of.at, ranges->of.count, sizeof *ranges->of.at, compare_ranges);
}

const struct sn_range *sn_ranges_find(const struct sn_ranges *ranges, uint64_t address)
{
    size_t low = vec_count_while(struct sn_range, range, &ranges->of, range->low <= address);
    for (size_t back = 0; back < LOOK_BACK && low > 0; back++)
        if (address < ranges->of.at[--low].high)
            return &ranges->of.at[low];
    return NULL;
}

bool sn_die_child(Dwarf_Die *die, Dwarf_Die *child)
{
    return dwarf_child(die, child) == 0;
}

bool sn_die_next(Dwarf_Die *die)
{
    Dwarf_Die next;
    if (dwarf_siblingof(die, &next) != 0 || next.addr <= die->addr)
        return false;
    *die = next;
    return true;
}

static void index_units(struct sn_module *module)
{
    module->with_units = true;
    Dwarf_Addr bias = 0;
    Dwarf *dwarf = module->file ? dwfl_module_getdwarf(module->file, &bias) : NULL;
    Dwarf_CU *at = NULL;
    Dwarf_Half version;
    uint8_t type;
    Dwarf_Die cu = {0}, split = {0};
    if (!dwarf || bias != 0)
        return;
    while (dwarf_get_units(dwarf, at, &at, &version, &type, &cu, &split) == 0) {
        if (type == DW_UT_type || type == DW_UT_split_type)
            continue;
        bool is_split = type == DW_UT_skeleton && dwarf_tag(&split) == DW_TAG_compile_unit;
        sn_ranges_add_die(&module->code, &cu, module->units.count);
        *vec_push(&module->units) = (struct sn_unit){.die = is_split ? split : cu, .cu = cu};
        cu = split = (Dwarf_Die){0};
    }
    sn_ranges_sort(&module->code);
}

/* Walking a unit ------------------------------------------------------------------------------- */

static uint64_t thread_local_address(Dwarf_Attribute *attribute)
{
    Dwarf_Op *ops;
    size_t count;
    if (dwarf_getlocation(attribute, &ops, &count) != 0 || count != 2 ||
        (ops[1].atom != DW_OP_GNU_push_tls_address && ops[1].atom != DW_OP_form_tls_address) ||
        (ops[0].atom != DW_OP_const4u && ops[0].atom != DW_OP_const8u && ops[0].atom != DW_OP_addr))
        return 0;
    return SN_THREAD_LOCAL + ops[0].number;
}

/* The fixed address of the variable DIE, or 0: it has none (a local, a constant). Thread-local ones
 * lie at SN_THREAD_LOCAL. */
static uint64_t address_of(Dwarf_Die *die)
{
    Dwarf_Attribute attribute, in_table;
    Dwarf_Block block;
    Dwarf_Op *ops;
    Dwarf_Addr address = 0;
    size_t count;
    if (!dwarf_attr(die, DW_AT_location, &attribute) || dwarf_formblock(&attribute, &block) != 0 ||
        block.length == 0)
        return 0;
    /* Most variables are locals: do not let libdw parse and keep the places of all of them. */
    uint8_t first = block.data[0], last = block.data[block.length - 1];
    if (last == DW_OP_GNU_push_tls_address || last == DW_OP_form_tls_address)
        return thread_local_address(&attribute);
    if (first != DW_OP_addr && first != DW_OP_addrx && first != DW_OP_GNU_addr_index)
        return 0;
    if (dwarf_getlocation(&attribute, &ops, &count) != 0 || count < 1 || count > 2)
        return 0;
    if (ops[0].atom == DW_OP_addr)
        address = ops[0].number;
    else if (dwarf_getlocation_attr(&attribute, &ops[0], &in_table) != 0 ||
             dwarf_formaddr(&in_table, &address) != 0)
        return 0;
    if (count == 2 && ops[1].atom != DW_OP_plus_uconst)
        return 0;
    return address + (count == 2 ? ops[1].number : 0);
}

struct walk {
    struct sn_unit *unit;   /* whose functions are wanted, or NULL */
    struct sn_module *into; /* whose variables are wanted, or NULL */
    size_t index;           /* of the unit */
};

static void walk(const struct walk *w, Dwarf_Die *parent, int depth)
{
    Dwarf_Die die;
    if (depth == DEPTH_MAX || !sn_die_child(parent, &die))
        return;
    do {
        uint64_t address;
        switch (dwarf_tag(&die)) {
        case DW_TAG_subprogram:
            if (w->unit) {
                size_t before = w->unit->code.of.count;
                sn_ranges_add_die(&w->unit->code, &die, w->unit->functions.count);
                if (w->unit->code.of.count > before)
                    *vec_push(&w->unit->functions) = die;
            }
            walk(w, &die, depth + 1);
            break;
        case DW_TAG_namespace:
        case DW_TAG_module:
        case DW_TAG_lexical_block:
            walk(w, &die, depth + 1);
            break;
        case DW_TAG_class_type:
        case DW_TAG_structure_type:
            if (!dwarf_diename(&die)) /* gcc: a lambda's, with its code */
                walk(w, &die, depth + 1);
            break;
        case DW_TAG_variable:
            if (w->into && (address = address_of(&die)))
                *vec_push(&w->into->globals) = (struct sn_global){address, die, w->index};
            break;
        default:
            break;
        }
    } while (sn_die_next(&die));
}

struct sn_unit *sn_module_unit_at(struct sn_module *module, uint64_t address)
{
    if (!module->with_units)
        index_units(module);
    const struct sn_range *range = sn_ranges_find(&module->code, address);
    if (!range)
        return NULL;
    struct sn_unit *unit = &module->units.at[range->index];
    if (!unit->indexed) {
        unit->indexed = true;
        walk(&(struct walk){.unit = unit}, &unit->die, 0);
        sn_ranges_sort(&unit->code);
    }
    return unit;
}

bool sn_unit_function_at(struct sn_unit *unit, uint64_t address, Dwarf_Die *function)
{
    const struct sn_range *range = sn_ranges_find(&unit->code, address);
    if (range)
        *function = unit->functions.at[range->index];
    return range;
}

static int compare_globals(const void *left, const void *right)
{
    const struct sn_global *a = left, *b = right;
    if (a->address != b->address)
        return a->address < b->address ? -1 : 1;
    return a->die.addr < b->die.addr ? -1 : a->die.addr > b->die.addr;
}

const struct sn_global *sn_module_globals(struct sn_module *module, size_t *count)
{
    if (!module->with_units)
        index_units(module);
    if (!module->with_globals) {
        module->with_globals = true;
        for (size_t i = 0; i < module->units.count; i++)
            walk(&(struct walk){.into = module, .index = i}, &module->units.at[i].die, 0);
        if (module->globals.count)
            qsort(module->globals.at, module->globals.count, sizeof *module->globals.at,
                  compare_globals);
    }
    *count = module->globals.count;
    return module->globals.at;
}
