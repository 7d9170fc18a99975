/* SPDX-License-Identifier: Apache-2.0 */
#include "interpose/access/rewrite/callers.h"

#include "interpose/access/rewrite/dynamic.h"

#include "interpose/core/poison.h"

/* What the module imports. ----------------------------------------------------------------------
 */

static bool asks(const char *name)
{
    static const char asking[][8] = {"dlopen", "dlmopen", "dlsym", "dlvsym"};
    for (unsigned i = 0; i < sizeof asking / sizeof *asking; i++) {
        unsigned n = 0;
        while (asking[i][n] && asking[i][n] == name[n])
            n++;
        if (!asking[i][n] && !name[n])
            return true;
    }
    return false;
}

static void find_slots(struct rw_askers *askers, const struct rec_dynamic *dynamic, unsigned which)
{
    const Elf64_Rela *entry = dynamic->relocations[which], *end = entry + dynamic->counts[which];
    for (; entry < end && askers->count < RW_ASKERS; entry++) {
        const char *name = rec_dynamic_name(dynamic, entry);
        if (name && asks(name))
            askers->slots[askers->count++] = dynamic->base + entry->r_offset;
    }
}

/* The way back. ---------------------------------------------------------------------------------
 */

static bool is_way_back(const struct rw_code *code, const struct rw_insn *insn)
{
    const uint8_t *at = code->module->text + insn->offset;
    return insn->length == 4 && at[0] == 0x48 && at[1] == 0x83 && at[2] == 0xc4 && at[3] == 8 &&
           insn[1].kind == RW_RETURN && insn[1].offset == insn->offset + 4;
}

/* 0 if there is none. Not where a jump to the new code may come to stand. */
static uint32_t find_way_back(const struct rw_code *code)
{
    for (uint32_t f = 0; f < code->functions.count; f++) {
        const struct rw_function *function = &code->functions.at[f];
        for (uint32_t i = 0; i + 1 < function->count; i++) {
            const struct rw_insn *insn = &code->insns.at[function->first + i];
            if (insn->offset >= function->entry + RW_ENTRY_JUMP && is_way_back(code, insn))
                return insn->offset;
        }
    }
    return 0;
}

void rw_askers_find(struct rw_askers *askers, const struct rw_code *code)
{
    struct rec_dynamic dynamic;
    *askers = (struct rw_askers){0};
    if (!rec_dynamic_read(&dynamic, code->module->dynamic, code->module->base))
        return;
    find_slots(askers, &dynamic, 0);
    find_slots(askers, &dynamic, 1);
    if (askers->count)
        askers->return_at = find_way_back(code);
    if (!askers->return_at)
        askers->count = 0;
}

unsigned rw_asker_at(const struct rw_askers *askers, uint64_t address)
{
    unsigned i = 0;
    while (i < askers->count && askers->slots[i] != address)
        i++;
    return i < askers->count ? i : RW_ASKERS;
}

unsigned rw_asker_behind(const struct rw_askers *askers, const struct rw_code *code, int64_t target)
{
    const uint8_t *stub = askers->count ? rw_code_stub(code, target) : NULL;
    int32_t distance;
    if (!stub)
        return RW_ASKERS;
    __builtin_memcpy(&distance, stub + 2, sizeof distance);
    return rw_asker_at(askers, (uint64_t)(stub + 6) + (uint64_t)(int64_t)distance);
}
