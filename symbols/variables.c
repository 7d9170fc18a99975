/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The variable at an address is the one that begins last before it and is long enough. Its type
 * then leads down, member by member and element by element, as long as the access lies within one
 * of them: `table[3].count`. Where DWARF says nothing the ELF symbol's name has to do.
 */
#include "symbols/places.h"

#include "base/text.h"
#include "symbols/names.h"
#include "symbols/types.h"

enum { LOOK_BACK = 16 };

/* The variable at ADDRESS; *ACCESS gets its type and what is left to explain. */
static const struct sn_global *find(struct sn_module *module, uint64_t address, uint64_t size,
                                    struct sn_piece *access)
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
        if (dwarf_diename(&die) && sn_type_of(&die, &access->type) &&
            access->offset < sn_size_of(&access->type))
            return global;
    }
    return NULL;
}

static void fill_declaration(struct sn_frame *frame, struct sn_module *module,
                             const struct sn_global *global, struct sn_arena *arena)
{
    Dwarf_Die die = global->die;
    int line = 0, column = 0;
    frame->file = sn_declaring_file(arena, &module->units.at[global->unit].cu, &die);
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
    struct sn_piece access;
    const struct sn_global *global = find(module, address, size, &access);
    if (!global)
        return name_by_symbol(module, address, arena);
    Dwarf_Die die = global->die;
    struct sn_text name = {0};
    sn_die_qualified_name(&name, &die, false);
    sn_add_path(&name, &access, true);
    if (declared_at)
        fill_declaration(declared_at, module, global, arena);
    const char *kept = sn_strndup(arena, name.at, name.length);
    sn_text_release(&name);
    return kept;
}
