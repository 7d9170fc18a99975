/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The session: which module an address belongs to, and the places of the addresses that were asked
 * for so far.
 */
#include "symbols/symbols.h"

#include "symbols/places.h"

#include <stdlib.h>

/* libdwfl's list of directories for debug files: next to the file, the user's, the sysroot's, the
 * system's. NULL for its own list. */
static char *debug_path(struct sn_arena *arena, const struct sn_symbols_options *options)
{
    if (!options || (!options->debug_path && !options->sysroot))
        return NULL;
    const char *own = options->debug_path ? options->debug_path : "";
    const char *root = options->sysroot ? options->sysroot : "";
    return sn_sprintf(arena, ":.debug%s%s%s%s%s:/usr/lib/debug", *own ? ":" : "", own,
                      *root ? ":" : "", root, *root ? "/usr/lib/debug" : "");
}

struct sn_symbols *sn_symbols_open_modules(const struct tr_module *modules, size_t count,
                                           const struct sn_symbols_options *options)
{
    struct sn_symbols *symbols = sn_calloc(1, sizeof *symbols);
    symbols->search.sysroot = options ? options->sysroot : NULL;
    symbols->search.debug_path = debug_path(&symbols->arena, options);
    for (size_t i = 0; i < count; i++)
        sn_module_init(vec_push(&symbols->modules), &modules[i]);
    return symbols;
}

struct sn_symbols *sn_symbols_open(const struct tr_reader *reader,
                                   const struct sn_symbols_options *options)
{
    size_t count = 0;
    const struct tr_module *modules = tr_reader_modules(reader, &count);
    return sn_symbols_open_modules(modules, count, options);
}

void sn_symbols_close(struct sn_symbols *symbols)
{
    if (!symbols)
        return;
    vec_each (struct sn_module, module, &symbols->modules)
        sn_module_release(module);
    vec_release(&symbols->modules);
    vec_release(&symbols->places);
    sn_map_release(&symbols->known);
    vec_release(&symbols->jumps);
    sn_map_release(&symbols->known_jumps);
    sn_arena_release(&symbols->arena);
    free(symbols);
}

struct sn_module *sn_symbols_module_at(struct sn_symbols *symbols, uint64_t address)
{
    for (size_t i = symbols->modules.count; i-- > 0;) {
        struct sn_module *module = &symbols->modules.at[i];
        if (address < module->of->start || address >= module->of->end)
            continue;
        sn_module_open(module, &symbols->search, &symbols->arena);
        return module;
    }
    return NULL;
}

/* PC is where the call returns to: the call itself lies before it. */
static struct sn_stack find_places(struct sn_symbols *symbols, uint64_t pc)
{
    struct sn_module *module = sn_symbols_module_at(symbols, pc - 1);
    if (!module) {
        struct sn_frame *frame = SN_NEW(&symbols->arena, struct sn_frame);
        frame->pc = pc;
        return (struct sn_stack){frame, 1};
    }
    uint64_t offset = pc - module->of->base;
    struct sn_stack places = sn_frames_at(module, offset - 1, &symbols->arena);
    for (size_t i = 0; i < places.count; i++) {
        places.frames[i].pc = pc;
        places.frames[i].module = module->name;
        places.frames[i].offset = offset;
    }
    return places;
}

struct sn_stack sn_symbols_places(struct sn_symbols *symbols, uint64_t pc)
{
    uint64_t *known = sn_map_at(&symbols->known, pc);
    if (!*known) {
        *vec_push(&symbols->places) = find_places(symbols, pc);
        *known = symbols->places.count;
    }
    return symbols->places.at[*known - 1];
}

void sn_symbols_frame(struct sn_symbols *symbols, struct sn_frame *frame)
{
    *frame = sn_symbols_places(symbols, frame->pc).frames[0];
}

static struct sn_stack find_jumps(struct sn_symbols *symbols, uint64_t callee, uint64_t caller)
{
    struct sn_module *module = sn_symbols_module_at(symbols, caller - 1);
    struct sn_frame_list list = {0};
    struct sn_unit *unit = NULL;
    Dwarf_Die function;
    if (!module)
        return (struct sn_stack){0};
    uint64_t base = module->of->base;
    bool within = callee > module->of->start && callee <= module->of->end;
    if (within)
        unit = sn_module_unit_at(module, callee - base - 1);
    if (!within || (unit && sn_unit_function_at(unit, callee - base - 1, &function)))
        sn_tail_calls(&list, module, within ? &function : NULL, caller - base, &symbols->arena);
    struct sn_stack jumps = {NULL, list.of.count};
    if (list.of.count) {
        jumps.frames = SN_NEW_ARRAY(&symbols->arena, struct sn_frame, list.of.count);
        memcpy(jumps.frames, list.of.at, list.of.count * sizeof *list.of.at);
    }
    vec_release(&list.of);
    return jumps;
}

struct sn_stack sn_symbols_jumps(struct sn_symbols *symbols, uint64_t callee, uint64_t caller)
{
    uint64_t *index = sn_map_at(&symbols->known_jumps, sn_mix(callee) ^ caller);
    if (!*index) {
        *vec_push(&symbols->jumps) = find_jumps(symbols, callee, caller);
        *index = symbols->jumps.count;
    }
    return symbols->jumps.at[*index - 1];
}
