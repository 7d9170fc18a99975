/* SPDX-License-Identifier: Apache-2.0 */
#include "symbols/types.h"

#include "symbols/module.h"

#include <ctype.h>
#include <dwarf.h>

enum { DEPTH_MAX = 64, DIMENSIONS_MAX = 8 };

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

/* Not libdw's own, which never ends where damaged types name each other. */
bool sn_type_of(Dwarf_Die *die, Dwarf_Die *type)
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
    if (!sn_type_of(type, &array->element) || !sn_die_child(type, &die))
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

/* Enters the element of an array. */
static bool enter_element(struct sn_piece *access, struct sn_text *name, bool numbered)
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
    for (size_t i = 0; i < array.dimensions; i++) {
        if (numbered)
            sn_text_printf(name, "[%llu]", (unsigned long long)rest[i]);
        else
            sn_text_puts(name, "[]");
    }
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
static bool is_within(const struct sn_piece *access, Dwarf_Die *member, struct sn_piece *into,
                      uint64_t *room)
{
    int tag = dwarf_tag(member);
    const char *name = dwarf_diename(member);
    uint64_t at = 0;
    if ((tag != DW_TAG_member && tag != DW_TAG_inheritance) || (name && is_reserved(name)) ||
        !sn_type_of(member, &into->type))
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
static bool enter_member(struct sn_piece *access, struct sn_text *name)
{
    Dwarf_Die member, best_member;
    struct sn_piece into, best;
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

uint64_t sn_size_of(Dwarf_Die *type)
{
    return size_of(type, 0);
}

void sn_add_path(struct sn_text *name, struct sn_piece *piece, bool numbered)
{
    bool entered = true;
    for (int depth = 0; depth < DEPTH_MAX && entered; depth++) {
        switch (dwarf_tag(&piece->type)) {
        case DW_TAG_array_type:
            entered = enter_element(piece, name, numbered);
            break;
        case DW_TAG_structure_type:
        case DW_TAG_class_type:
        case DW_TAG_union_type:
            entered = enter_member(piece, name);
            break;
        default:
            return;
        }
    }
}
