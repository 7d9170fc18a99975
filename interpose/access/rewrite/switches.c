/* SPDX-License-Identifier: Apache-2.0 */
#include "interpose/access/rewrite/switches.h"

#include "interpose/core/poison.h"

enum { NEAR = 8 }; /* instructions before a jump that are looked at */

/* Instructions. ---------------------------------------------------------------------------------
 */

struct load { /* movslq of an element of 4 bytes */
    unsigned base, to;
};

static bool is_load(const uint8_t *at, struct load *load)
{
    if ((at[0] & 0xf8) != 0x48 || at[1] != 0x63 || at[2] >> 6 == 3 || (at[2] & 7) != 4 ||
        at[3] >> 6 != 2)
        return false;
    unsigned low = at[3] & 7;
    load->base = low | (at[0] & 1) << 3;
    load->to = (at[2] >> 3 & 7) | (at[0] & 4) << 1;
    return low != 5 || at[2] >> 6; /* with that one there is no base */
}

/* add %base, %to */
static bool is_sum(const uint8_t *at, const struct load *load)
{
    if ((at[0] & 0xf8) != 0x48 || at[2] >> 6 != 3)
        return false;
    unsigned reg = (at[2] >> 3 & 7) | (at[0] & 4) << 1, rm = (at[2] & 7) | (at[0] & 1) << 3;
    return at[1] == 0x01   ? reg == load->base && rm == load->to
           : at[1] == 0x03 ? rm == load->base && reg == load->to
                           : false;
}

/* jmp *%reg; which, or -1. */
static int jumps_by(const uint8_t *at)
{
    at += *at == 0x3e;
    unsigned high = *at == 0x41 ? 8 : 0;
    at += high != 0;
    return at[0] == 0xff && (at[1] & 0xf8) == 0xe0 ? (int)((at[1] & 7) | high) : -1;
}

/* jmp *table(,%index,8), and where the table's address stands in it; 0: it is something else. */
static unsigned jumps_through(const uint8_t *at)
{
    unsigned n = at[0] == 0x3e;
    n += (at[n] & 0xfd) == 0x40;
    return at[n] == 0xff && at[n + 1] == 0x24 && at[n + 2] >> 6 == 3 && (at[n + 2] & 7) == 5 ? n + 3
                                                                                             : 0;
}

/* mov table(,%index,8), %to: the table, or 0. */
static uint64_t loads_place(const uint8_t *at, unsigned to)
{
    int32_t table;
    if ((at[0] & 0xf9) != 0x48 || at[1] != 0x8b || (at[2] & 0xc7) != 4 || (at[3] & 0xc7) != 0xc5 ||
        ((at[2] >> 3 & 7) | (at[0] & 4) << 1) != (int)to)
        return 0;
    __builtin_memcpy(&table, at + 4, sizeof table);
    return (uint64_t)(int64_t)table;
}

/* pop, leave, or what takes off the stack what the function has put there. */
static bool restores_stack(const uint8_t *at)
{
    at += *at == 0x41;
    bool adds = at[0] == 0x48 && (at[1] == 0x83 || at[1] == 0x81) && at[2] == 0xc4;
    return (at[0] & 0xf8) == 0x58 || at[0] == 0xc9 || adds;
}

/* lea place(%rip), %any: the place, or 0. */
static uint64_t names_place(const struct rw_code *code, const struct rw_insn *insn)
{
    const uint8_t *at = code->module->text + insn->offset;
    int32_t distance;
    if (insn->length != 7 || insn->relative != 3 || (at[0] & 0xfb) != 0x48 || at[1] != 0x8d)
        return 0;
    __builtin_memcpy(&distance, at + 3, sizeof distance);
    return (uint64_t)(at + 7) + (uint64_t)(int64_t)distance;
}

/* Finding. --------------------------------------------------------------------------------------
 */

/* How far the constants go on behind AT; 0: it is none. */
static uint64_t constants_from(const struct rw_module *module, uint64_t at)
{
    for (uint32_t i = 0; i < module->constant_count; i++)
        if (at >= module->constants[i].start && at < module->constants[i].end)
            return module->constants[i].end - at;
    return 0;
}

/* A register's value at JUMP that an instruction shortly before it has loaded from a table. */
static bool find_load(struct rw_code *code, const struct rw_function *function,
                      struct rw_insn *jump, unsigned by)
{
    const uint8_t *text = code->module->text;
    struct rw_insn *first = &code->insns.at[function->first], *sum = NULL;
    for (unsigned n = 1; n <= NEAR && jump - n >= first; n++) {
        struct rw_insn *insn = jump - n;
        const uint8_t *at = text + insn->offset;
        struct load load;
        if (insn[1].leads || insn->kind != RW_PLAIN)
            return false;
        uint64_t table = code->module->base ? 0 : loads_place(at, by);
        bool distance =
            sum && is_load(at, &load) && load.to == by && is_sum(text + sum->offset, &load);
        if ((table && constants_from(code->module, table)) || distance) {
            insn->kind = RW_TABLE_LOAD;
            jump->kind = RW_TABLE_JUMP;
            return true;
        }
        sum = sum ? sum : insn;
    }
    return false;
}

/* Does the function leave? Its stack is as at its beginning then. */
static bool leaves(const struct rw_code *code, const struct rw_function *function,
                   const struct rw_insn *jump)
{
    const struct rw_insn *first = &code->insns.at[function->first];
    for (unsigned n = 1; n <= NEAR && jump - n >= first && !jump[1 - (int)n].leads; n++)
        if (restores_stack(code->module->text + jump[-(int)n].offset))
            return true;
    return false;
}

static void look_at_jump(struct rw_code *code, struct rw_function *function, struct rw_insn *jump)
{
    const uint8_t *at = code->module->text + jump->offset;
    int by = jumps_by(at);
    if (by >= 0 && find_load(code, function, jump, (unsigned)by)) {
        function->switches = true;
    } else if (!code->module->base && jumps_through(at)) {
        jump->kind = RW_TABLE_JUMP_TO;
        function->switches = true;
    } else if (by >= 0 && leaves(code, function, jump)) {
        jump->kind = RW_JUMP_AWAY;
    }
}

bool rw_switches_find(struct rw_code *code)
{
    bool any = false;
    for (uint32_t f = 0; f < code->functions.count; f++) {
        struct rw_function *function = &code->functions.at[f];
        for (uint32_t i = 0; i < function->count; i++) {
            struct rw_insn *insn = &code->insns.at[function->first + i];
            if (insn->kind == RW_JUMP_TO)
                look_at_jump(code, function, insn);
        }
        any |= function->switches;
    }
    return any;
}

/* Tables. ---------------------------------------------------------------------------------------
 */

struct filler {
    const struct rw_code *code;
    uint64_t image;
    uint8_t *copy;
    uint8_t *named; /* a bit for each byte of the module up to the last constant */
    uint64_t size;  /* in bytes */
};

static void name(struct filler *filler, uint64_t place)
{
    uint64_t at = place - filler->code->module->start;
    if (at / 8 < filler->size)
        filler->named[at / 8] |= (uint8_t)(1 << at % 8);
}

/* A table ends where something else begins that the code names, such as the next table: taken for a
 * part of this one, its distances would count from the wrong place. */
static bool is_named(const struct filler *filler, uint64_t place)
{
    uint64_t at = place - filler->code->module->start;
    return at / 8 < filler->size && filler->named[at / 8] >> at % 8 & 1;
}

/* Where what stood at ADDRESS of the text is now; 0: it was no instruction that has moved. */
static uint64_t new_place(const struct filler *filler, uint64_t address)
{
    int64_t offset = (int64_t)(address - (uint64_t)filler->code->module->text);
    const struct rw_insn *insn = rw_code_at(filler->code, offset);
    const struct rw_function *function = insn ? rw_code_function(filler->code, offset) : NULL;
    return function && function->reason == RW_MOVED ? filler->image + insn->moved : 0;
}

static void fill_distances(const struct filler *filler, uint64_t table)
{
    const struct rw_module *module = filler->code->module;
    uint64_t end = table + (constants_from(module, table) & ~3ull);
    for (uint64_t at = table; at < end && (at == table || !is_named(filler, at)); at += 4) {
        int32_t distance;
        __builtin_memcpy(&distance, (const void *)at, sizeof distance);
        uint64_t to = new_place(filler, table + (uint64_t)(int64_t)distance);
        if (!to)
            return;
        distance = (int32_t)(to - table);
        __builtin_memcpy(filler->copy + (at - module->start), &distance, sizeof distance);
    }
}

static void fill_places(const struct filler *filler, uint64_t table)
{
    const struct rw_module *module = filler->code->module;
    uint64_t end = table + (constants_from(module, table) & ~7ull);
    for (uint64_t at = table; at < end && (at == table || !is_named(filler, at)); at += 8) {
        uint64_t to;
        __builtin_memcpy(&to, (const void *)at, sizeof to);
        if (!(to = new_place(filler, to)))
            return;
        __builtin_memcpy(filler->copy + (at - module->start), &to, sizeof to);
    }
}

/* The table of places that INSN reads, or 0. */
static uint64_t table_of(const struct rw_code *code, const struct rw_insn *insn)
{
    const uint8_t *at = code->module->text + insn->offset;
    unsigned where = insn->kind == RW_TABLE_JUMP_TO                 ? jumps_through(at)
                     : insn->kind == RW_TABLE_LOAD && at[1] == 0x8b ? 4
                                                                    : 0;
    int32_t table;
    if (!where)
        return 0;
    __builtin_memcpy(&table, at + where, sizeof table);
    return (uint64_t)(int64_t)table;
}

uint64_t rw_constants_end(const struct rw_module *module)
{
    uint64_t end = module->start;
    for (uint32_t i = 0; i < module->constant_count; i++)
        end = module->constants[i].end > end ? module->constants[i].end : end;
    return end;
}

static void name_all(struct filler *filler)
{
    for (uint32_t i = 0; i < filler->code->insns.count; i++) {
        const struct rw_insn *insn = &filler->code->insns.at[i];
        uint64_t place = names_place(filler->code, insn), table = table_of(filler->code, insn);
        if (place || table)
            name(filler, place ? place : table);
    }
}

void rw_switches_fill(const struct rw_code *code, uint64_t image, uint8_t *copy)
{
    struct filler filler = {.code = code, .image = image, .copy = copy};
    filler.size = (rw_constants_end(code->module) - code->module->start) / 8 + 1;
    filler.named = rw_memory(filler.size);
    if (!filler.named)
        return; /* all leads to the old text */
    name_all(&filler);
    for (uint32_t f = 0; f < code->functions.count; f++) {
        const struct rw_function *function = &code->functions.at[f];
        for (uint32_t i = 0; function->switches && i < function->count; i++) {
            const struct rw_insn *insn = &code->insns.at[function->first + i];
            uint64_t place = names_place(code, insn), table = table_of(code, insn);
            if (place)
                fill_distances(&filler, place);
            if (table)
                fill_places(&filler, table);
        }
    }
    rec_sys_unmap(filler.named, filler.size);
}
