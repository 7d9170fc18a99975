/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The variable at an address is the one that begins last before it and is long enough. Its type
 * then leads down, member by member and element by element, as long as the access lies within one
 * of them: `table[3].count`. Where DWARF says nothing the ELF symbol's name has to do.
 */
#include "symbols/places.h"

#include "base/text.h"
#include "symbols/names.h"

#include <ctype.h>
#include <dwarf.h>

enum { DEPTH_MAX = 64, LOOK_BACK = 16, DIMENSIONS_MAX = 8 };

static bool has(Dwarf_Die *die, unsigned name, uint64_t *value)
{
    Dwarf_Attribute attribute;
    Dwarf_Word word;
    if (dwarf_formudata(dwarf_attr_integrate(die, name, &attribute), &word) != 0)
        return false;
    *value = word;
    return true;
}

static bool is_qualifier(int tag)
{
    return tag == DW_TAG_typedef || tag == DW_TAG_const_type || tag == DW_TAG_volatile_type ||
           tag == DW_TAG_restrict_type || tag == DW_TAG_atomic_type;
}

/* The type of DIE without names and qualifiers. Not libdw's own, which never ends where damaged
 * types name each other. */
static bool type_of(Dwarf_Die *die, Dwarf_Die *type)
{
    Dwarf_Die at = *die;
    for (int depth = 0; depth < DEPTH_MAX; depth++) {
        Dwarf_Attribute attribute;
        if (!dwarf_formref_die(dwarf_attr_integrate(&at, DW_AT_type, &attribute), type))
            return false;
        if (dwarf_attr(type, DW_AT_signature, &attribute)) /* it stands in a unit of its own */
            return dwarf_formref_die(&attribute, type);
        if (!is_qualifier(dwarf_tag(type)))
            return true;
        at = *type;
    }
    return false;
}

struct array {
    Dwarf_Die element;
    uint64_t element_size;
    uint64_t counts[DIMENSIONS_MAX]; /* 0: not known */
    size_t dimensions;
};

static uint64_t size_of(Dwarf_Die *type, int depth);

static bool array_of(Dwarf_Die *type, struct array *array, int depth)
{
    Dwarf_Die die;
    *array = (struct array){0};
    if (!type_of(type, &array->element) || !sn_die_child(type, &die))
        return false;
    array->element_size = size_of(&array->element, depth + 1);
    do {
        uint64_t count = 0, upper, lower = 0;
        if (dwarf_tag(&die) != DW_TAG_subrange_type)
            continue;
        if (array->dimensions == DIMENSIONS_MAX)
            return false;
        has(&die, DW_AT_lower_bound, &lower);
        if (!has(&die, DW_AT_count, &count) && has(&die, DW_AT_upper_bound, &upper))
            count = upper - lower + 1;
        array->counts[array->dimensions++] = count;
    } while (sn_die_next(&die));
    return array->dimensions && array->element_size;
}

/* Bytes of TYPE; 0: not known. */
static uint64_t size_of(Dwarf_Die *type, int depth)
{
    uint64_t size = 0;
    struct array array;
    if (has(type, DW_AT_byte_size, &size) || depth > DEPTH_MAX)
        return size;
    switch (dwarf_tag(type)) {
    case DW_TAG_pointer_type:
    case DW_TAG_reference_type:
    case DW_TAG_rvalue_reference_type:
        return sizeof(uint64_t);
    case DW_TAG_array_type:
        if (!array_of(type, &array, depth))
            return 0;
        size = array.element_size;
        for (size_t i = 0; i < array.dimensions; i++)
            if (__builtin_mul_overflow(size, array.counts[i], &size))
                return 0;
        return size;
    default:
        return 0;
    }
}

struct access { /* what is left to explain */
    Dwarf_Die type;
    uint64_t offset, size;
};

/* Enters the element of an array. */
static bool enter_element(struct access *access, struct sn_text *name)
{
    struct array array;
    if (!array_of(&access->type, &array, 0))
        return false;
    uint64_t index = access->offset / array.element_size, rest[DIMENSIONS_MAX];
    uint64_t offset = access->offset % array.element_size;
    if (offset + access->size > array.element_size)
        return false;
    for (size_t i = array.dimensions; i-- > 0;) {
        bool bounded = i > 0 && array.counts[i];
        rest[i] = bounded ? index % array.counts[i] : index;
        index = bounded ? index / array.counts[i] : 0;
    }
    for (size_t i = 0; i < array.dimensions; i++)
        sn_text_printf(name, "[%llu]", (unsigned long long)rest[i]);
    access->type = array.element;
    access->offset = offset;
    return true;
}

/* C and C++ reserve __x and _X for the implementation: how a mutex is made is nobody's business. */
static bool is_reserved(const char *name)
{
    return name[0] == '_' && (name[1] == '_' || isupper((unsigned char)name[1]));
}

/* Is ACCESS within MEMBER, one that may be named? Then *INTO is what is left to explain, and
 * *ROOM how much the member is larger. */
static bool is_within(const struct access *access, Dwarf_Die *member, struct access *into,
                      uint64_t *room)
{
    int tag = dwarf_tag(member);
    const char *name = dwarf_diename(member);
    uint64_t at = 0;
    if ((tag != DW_TAG_member && tag != DW_TAG_inheritance) || (name && is_reserved(name)) ||
        !type_of(member, &into->type))
        return false;
    /* Bit-fields share their bytes: none of them is the one. Static members are elsewhere, and so
     * are virtual bases, whose place is computed. */
    if (dwarf_hasattr(member, DW_AT_bit_size) || dwarf_hasattr(member, DW_AT_declaration) ||
        (!has(member, DW_AT_data_member_location, &at) &&
         dwarf_hasattr(member, DW_AT_data_member_location)))
        return false;
    uint64_t size = size_of(&into->type, 0);
    into->offset = access->offset - at;
    into->size = access->size;
    *room = size - access->size;
    return access->offset >= at && into->offset < size && access->size <= size - into->offset;
}

/* Enters the member of a structure; of a union's, the one that fits best. */
static bool enter_member(struct access *access, struct sn_text *name)
{
    Dwarf_Die member, best_member;
    struct access into, best;
    uint64_t room, best_room = 0;
    bool found = false;
    if (!sn_die_child(&access->type, &member))
        return false;
    do {
        if (is_within(access, &member, &into, &room) && (!found || room < best_room)) {
            found = true;
            best = into;
            best_room = room;
            best_member = member;
        }
    } while (sn_die_next(&member));
    if (!found)
        return false;
    const char *its = dwarf_tag(&best_member) == DW_TAG_member ? dwarf_diename(&best_member) : NULL;
    if (its)
        sn_text_printf(name, ".%s", its);
    *access = best;
    return true;
}

/* Appends to NAME the way down to the member that is accessed. */
static void add_path(struct sn_text *name, struct access access)
{
    bool entered = true;
    for (int depth = 0; depth < DEPTH_MAX && entered; depth++) {
        switch (dwarf_tag(&access.type)) {
        case DW_TAG_array_type:
            entered = enter_element(&access, name);
            break;
        case DW_TAG_structure_type:
        case DW_TAG_class_type:
        case DW_TAG_union_type:
            entered = enter_member(&access, name);
            break;
        default:
            return;
        }
    }
}

/* The variable at ADDRESS; *ACCESS gets its type and what is left to explain. */
static const struct sn_global *find(struct sn_module *module, uint64_t address, uint64_t size,
                                    struct access *access)
{
    size_t low = 0, high;
    const struct sn_global *globals = sn_module_globals(module, &high);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (globals[middle].address <= address)
            low = middle + 1;
        else
            high = middle;
    }
    for (size_t back = 0; back < LOOK_BACK && low > 0; back++) {
        const struct sn_global *global = &globals[--low];
        Dwarf_Die die = global->die;
        access->offset = address - global->address;
        access->size = size;
        if (dwarf_diename(&die) && type_of(&die, &access->type) &&
            access->offset < size_of(&access->type, 0))
            return global;
    }
    return NULL;
}

static void fill_declaration(struct sn_frame *frame, struct sn_module *module,
                             const struct sn_global *global, struct sn_arena *arena)
{
    Dwarf_Die die = global->die;
    int line = 0, column = 0;
    frame->file = sn_source_path(arena, &module->units.at[global->unit].cu, dwarf_decl_file(&die));
    if (dwarf_decl_line(&die, &line) == 0 && line > 0)
        frame->line = (uint32_t)line;
    if (dwarf_decl_column(&die, &column) == 0 && column > 0)
        frame->column = (uint32_t)column;
}

static const char *name_by_symbol(struct sn_module *module, uint64_t address,
                                  struct sn_arena *arena)
{
    const struct sn_symbol *symbol = sn_module_symbol_at(module, address, false);
    if (!symbol)
        return NULL;
    const char *name = sn_symbol_name(arena, symbol->name);
    uint64_t offset = address - symbol->address;
    return offset ? sn_sprintf(arena, "%s+0x%llx", name, (unsigned long long)offset) : name;
}

const char *sn_variable_at(struct sn_module *module, uint64_t address, uint64_t size,
                           struct sn_frame *declared_at, struct sn_arena *arena)
{
    struct access access;
    const struct sn_global *global = find(module, address, size, &access);
    if (!global)
        return name_by_symbol(module, address, arena);
    Dwarf_Die die = global->die;
    struct sn_text name = {0};
    sn_die_qualified_name(&name, &die, false);
    add_path(&name, access);
    if (declared_at)
        fill_declaration(declared_at, module, global, arena);
    const char *kept = sn_strndup(arena, name.at, name.length);
    sn_text_release(&name);
    return kept;
}
