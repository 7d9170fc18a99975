/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The namespaces, classes and functions around what DWARF describes: an entry knows its children,
 * not its parent, so they are met on the way down from the unit.
 */
#include "symbols/module.h"
#include "symbols/names.h"

#include <dwarf.h>
#include <string.h>

enum { DEPTH_MAX = 64 };

static const char *scope_name(Dwarf_Die *scope)
{
    Dwarf_Attribute attribute;
    Dwarf_Die type;
    if (dwarf_attr(scope, DW_AT_signature, &attribute) && dwarf_formref_die(&attribute, &type))
        return dwarf_diename(&type);
    return dwarf_diename(scope);
}

Dwarf_Die sn_die_declaration(Dwarf_Die *die)
{
    Dwarf_Die at = *die, next;
    Dwarf_Attribute attribute;
    for (int depth = 0; depth < DEPTH_MAX; depth++) {
        if (!dwarf_formref_die(dwarf_attr(&at, DW_AT_specification, &attribute), &next) &&
            !dwarf_formref_die(dwarf_attr(&at, DW_AT_abstract_origin, &attribute), &next))
            break;
        at = next;
    }
    return at;
}

/* Moves DIE down to its child that holds or is TARGET. */
static bool step_towards(Dwarf_Die *die, const Dwarf_Die *target)
{
    Dwarf_Die child, next;
    if (!sn_die_child(die, &child) || child.addr > target->addr)
        return false;
    for (next = child; sn_die_next(&next) && next.addr <= target->addr;)
        child = next;
    *die = child;
    return true;
}

/* FUNCTION is of a class without a name: a lambda's, if it is its call. */
static bool is_lambda(Dwarf_Die *scope, Dwarf_Die *function)
{
    const char *name = dwarf_diename(function);
    int tag = dwarf_tag(scope);
    return (tag == DW_TAG_class_type || tag == DW_TAG_structure_type) && !scope_name(scope) &&
           name && strcmp(name, "operator()") == 0;
}

static void add_scope(struct sn_text *name, Dwarf_Die *scope, bool functions)
{
    int tag = dwarf_tag(scope);
    bool qualifies = tag == DW_TAG_namespace || tag == DW_TAG_class_type ||
                     tag == DW_TAG_structure_type || tag == DW_TAG_union_type ||
                     (functions && tag == DW_TAG_subprogram);
    if (tag == DW_TAG_subprogram && !functions) /* what is local needs no scope */
        sn_text_clear(name);
    else if (qualifies && scope_name(scope))
        sn_text_printf(name, "%s::", scope_name(scope));
}

void sn_die_qualified_name(struct sn_text *name, Dwarf_Die *die, bool functions)
{
    Dwarf_Die scope, declared = sn_die_declaration(die);
    bool inside = dwarf_diecu(&declared, &scope, NULL, NULL);
    for (int depth = 0; inside && depth < DEPTH_MAX; depth++) {
        add_scope(name, &scope, functions);
        if (functions && is_lambda(&scope, &declared))
            sn_text_puts(name, "{lambda}::");
        inside = step_towards(&scope, &declared) && scope.addr != declared.addr;
    }
    sn_text_puts(name, dwarf_diename(die));
}
