/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls that optimization has turned into jumps. A function whose last act is a call jumps to the
 * other, which then returns to its caller's caller: no stack shows it, and often it is a wrapper
 * around a lock. But debug information tells whom each call means to call. Where that is another
 * function than the one that returns there, it has gone on by jumps; if only one way of jumps leads
 * from the one to the other, it is known, else that the first of them was there.
 */
#include "symbols/names.h"
#include "symbols/places.h"

#include <dwarf.h>
#include <string.h>

enum {
    DEPTH_MAX = 64, /* of blocks */
    JUMPS_MAX = 5,  /* in a row */
    SITES_MAX = 32, /* jumps of one function */
    LOOKS_MAX = 64, /* functions looked through for one call: state machines jump everywhere */
};

struct call { /* as debug information has it */
    Dwarf_Die target;
    uint64_t address; /* in it */
};

struct calls {
    struct call at[SITES_MAX];
    size_t count;
    bool more;
};

struct search {
    struct sn_module *module;
    Dwarf_Die *callee; /* the function that is wanted; NULL: one of another module */
    struct call path[JUMPS_MAX], found[JUMPS_MAX];
    size_t length; /* of `found` */
    unsigned ways, looks;
};

static bool has_flag(Dwarf_Die *die, unsigned name)
{
    Dwarf_Attribute attribute;
    bool flag = false;
    return dwarf_formflag(dwarf_attr(die, name, &attribute), &flag) == 0 && flag;
}

static uint64_t address_in(Dwarf_Die *die, unsigned name)
{
    Dwarf_Attribute attribute;
    Dwarf_Addr address;
    return dwarf_formaddr(dwarf_attr(die, name, &attribute), &address) == 0 ? address : 0;
}

/* Where the call SITE returns to, or, of a jump, any address in it plus one. */
static uint64_t behind_call(Dwarf_Die *site)
{
    uint64_t address = address_in(site, DW_AT_call_return_pc);
    if (!address && (address = address_in(site, DW_AT_call_pc)))
        return address + 1;
    return address ? address : address_in(site, DW_AT_low_pc); /* DWARF 4 */
}

static bool target_of(Dwarf_Die *site, Dwarf_Die *target)
{
    Dwarf_Attribute attribute;
    return dwarf_formref_die(dwarf_attr(site, DW_AT_call_origin, &attribute), target) ||
           dwarf_formref_die(dwarf_attr(site, DW_AT_abstract_origin, &attribute), target);
}

static bool is_jump(Dwarf_Die *site)
{
    return has_flag(site, DW_AT_call_tail_call) || has_flag(site, DW_AT_GNU_tail_call);
}

/* The calls in FUNCTION that return to ADDRESS, or, for 0, its jumps. */
static void collect(struct calls *calls, Dwarf_Die *parent, uint64_t address, int depth)
{
    Dwarf_Die die;
    if (depth == DEPTH_MAX || !sn_die_child(parent, &die))
        return;
    do {
        int tag = dwarf_tag(&die);
        if (tag == DW_TAG_lexical_block || tag == DW_TAG_inlined_subroutine)
            collect(calls, &die, address, depth + 1);
        if (tag != DW_TAG_call_site && tag != DW_TAG_GNU_call_site)
            continue;
        uint64_t behind = behind_call(&die);
        struct call call = {.address = behind - 1};
        if (!behind || is_jump(&die) != !address || (address && behind != address))
            continue;
        if (calls->count == SITES_MAX || !target_of(&die, &call.target))
            calls->more = true;
        else
            calls->at[calls->count++] = call;
    } while (sn_die_next(&die));
}

static const char *symbol_name(Dwarf_Die *die)
{
    Dwarf_Attribute attribute;
    const char *name = dwarf_formstring(dwarf_attr_integrate(die, DW_AT_linkage_name, &attribute));
    return name ? name : dwarf_diename(die);
}

static bool is_same(Dwarf_Die *a, Dwarf_Die *b)
{
    Dwarf_Die one = sn_die_declaration(a), other = sn_die_declaration(b);
    const char *name = symbol_name(a), *other_name = symbol_name(b);
    return one.addr == other.addr || (name && other_name && strcmp(name, other_name) == 0);
}

/* The code of TARGET, which may be a declaration; false: it is in no unit of the module. */
static bool code_of(struct sn_module *module, Dwarf_Die *target, Dwarf_Die *code)
{
    Dwarf_Addr address;
    if (dwarf_lowpc(target, &address) != 0) {
        const char *name = symbol_name(target);
        const struct sn_symbol *symbol = name ? sn_module_symbol_named(module, name) : NULL;
        if (!symbol)
            return false;
        address = symbol->address;
    }
    struct sn_unit *unit = sn_module_unit_at(module, address);
    return unit && sn_unit_function_at(unit, address, code);
}

/* The ways from CODE to the callee. */
static void follow(struct search *search, Dwarf_Die *code, size_t depth)
{
    struct calls jumps = {.count = 0};
    if (++search->looks > LOOKS_MAX) {
        search->ways = 2;
        return;
    }
    collect(&jumps, code, 0, 0);
    search->ways += jumps.more; /* where that leads nobody knows */
    for (size_t i = 0; i < jumps.count && search->ways < 2; i++) {
        Dwarf_Die next;
        bool here = code_of(search->module, &jumps.at[i].target, &next);
        bool arrives = search->callee ? is_same(&jumps.at[i].target, search->callee) : !here;
        search->path[depth] = jumps.at[i];
        if (arrives) {
            search->ways++;
            search->length = depth + 1;
            memcpy(search->found, search->path, sizeof search->path);
        } else if (here && depth + 1 < JUMPS_MAX) {
            follow(search, &next, depth + 1);
        }
    }
}

static void add_frames(struct sn_frame_list *frames, struct sn_module *module, uint64_t address,
                       struct sn_arena *arena)
{
    struct sn_stack stack = sn_frames_at(module, address, arena);
    for (size_t i = 0; i < stack.count; i++) {
        struct sn_frame *frame = vec_push(&frames->of);
        *frame = stack.frames[i];
        frame->pc = module->of->base + address + 1;
        frame->module = module->name;
        frame->offset = address;
    }
}

/* FUNCTION was there, but nobody knows where in it. */
static void add_whole(struct sn_frame_list *frames, struct sn_module *module, struct sn_unit *unit,
                      Dwarf_Die *function, struct sn_arena *arena)
{
    Dwarf_Addr begin;
    int line = 0;
    if (dwarf_lowpc(function, &begin) != 0)
        return;
    (void)dwarf_decl_line(function, &line);
    *vec_push(&frames->of) = (struct sn_frame){
        .pc = module->of->base + begin + 1,
        .function = sn_die_name(arena, function),
        .file = sn_declaring_file(arena, &unit->cu, function),
        .line = line > 0 ? (uint32_t)line : 0,
        .module = module->name,
        .offset = begin,
    };
}

void sn_tail_calls(struct sn_frame_list *frames, struct sn_module *module, Dwarf_Die *callee,
                   uint64_t address, struct sn_arena *arena)
{
    struct sn_unit *unit = sn_module_unit_at(module, address - 1);
    struct calls calls = {.count = 0};
    struct search search = {.module = module, .callee = callee};
    Dwarf_Die caller, first;
    if (!unit || !sn_unit_function_at(unit, address - 1, &caller))
        return;
    collect(&calls, &caller, address, 0);
    if (calls.count != 1 || (callee && is_same(&calls.at[0].target, callee)) ||
        !code_of(module, &calls.at[0].target, &first))
        return;
    follow(&search, &first, 0);
    if (search.ways == 1 && search.length)
        for (size_t i = search.length; i-- > 0;)
            add_frames(frames, module, search.found[i].address, arena);
    else if (search.ways) /* else the two do not fit: a signal handler, a stack that was cut */
        add_whole(frames, module, unit, &first, arena);
}
