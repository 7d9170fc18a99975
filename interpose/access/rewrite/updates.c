/* SPDX-License-Identifier: Apache-2.0 */
#include "interpose/access/rewrite/updates.h"

#include "interpose/core/poison.h"

enum {
    RBP = 5,
    MODE_BYTE = 1, /* of an address with a displacement of one byte; 2: of four */
    NEAR = 6,      /* instructions between an update's load and store, and one more */
    STORE = 0x89,
    KEPT = 1 << 3 | 0xf << 12, /* rbx, r12 to r15: a call leaves them alone, as it does rbp */
    ARGUMENTS = 1 << 7 | 1 << 6 | 1 << 2 | 1 << 1 | 3 << 8,
};

bool rw_has_frame_pointer(const struct rw_code *code, const struct rw_function *function)
{
    const uint8_t *at = code->module->text + function->entry;
    static const uint8_t begin[] = {0x55, 0x48, 0x89, 0xe5}; /* push %rbp; mov %rsp, %rbp */
    for (unsigned i = 0; i < sizeof begin; i++)
        if (function->entry + i >= function->end || at[i] != begin[i])
            return false;
    return true;
}

/* sub $SIZE, %rsp */
static bool makes_frame(const uint8_t *at, unsigned length)
{
    return length >= 4 && at[0] == 0x48 && (at[1] == 0x83 || at[1] == 0x81) && at[2] == 0xec;
}

/* mov %ARGUMENT, DISPLACEMENT(%rbp), of four or eight bytes */
static bool keeps_argument(const uint8_t *at, unsigned length)
{
    unsigned prefix = (at[0] & 0xf0) == 0x40 ? at[0] : 0, from = prefix != 0;
    if (length < from + 3 || at[from] != STORE || prefix & 3)
        return false;
    unsigned mode = at[from + 1] >> 6, reg = (at[from + 1] >> 3 & 7) | (prefix & 4) << 1;
    return (mode == MODE_BYTE || mode == 2) && (at[from + 1] & 7) == RBP && ARGUMENTS >> reg & 1;
}

static bool begins_with_argument(const struct rw_code *code, const struct rw_function *function)
{
    const struct rw_insn *insn = rw_code_at(code, function->entry);
    const struct rw_insn *end = &code->insns.at[function->first] + function->count;
    if (!insn || !rw_has_frame_pointer(code, function))
        return false;
    insn += 2;
    insn += insn < end && makes_frame(code->module->text + insn->offset, insn->length);
    return insn < end && keeps_argument(code->module->text + insn->offset, insn->length);
}

static bool keeps_registers(const struct rw_effect *effects, const struct rw_function *function)
{
    for (uint32_t i = function->first; i < function->first + function->count; i++)
        if (effects[i].kills & KEPT)
            return true;
    return false;
}

static bool is_module_unoptimized(const struct rw_code *code)
{
    enum { SHARE = 3 };
    uint32_t begin = 0, all = 0;
    for (uint32_t i = 0; i < code->functions.count; i++) {
        all += rw_has_frame_pointer(code, &code->functions.at[i]);
        begin += begins_with_argument(code, &code->functions.at[i]);
    }
    return begin && begin >= all / SHARE;
}

static void look_at_function(struct rw_updates *updates, const struct rw_code *code,
                             const struct rw_effect *effects, const struct rw_function *function)
{
    if (!updates->function)
        updates->all = is_module_unoptimized(code);
    updates->function = function;
    updates->unoptimized = rw_has_frame_pointer(code, function) &&
                           (updates->all || (begins_with_argument(code, function) &&
                                             !keeps_registers(effects, function)));
}

/* A variable at a place of its own. */
static bool is_global(const struct rw_access *access)
{
    return access->index == RW_NO_REGISTER &&
           (access->base == RW_RIP || access->base == RW_NO_REGISTER) && access->size <= 8;
}

static int64_t place_of(const struct rw_insn *insn, const struct rw_access *access)
{
    return access->displacement +
           (access->base == RW_RIP ? (int64_t)insn->offset + insn->length : 0);
}

enum between { NOTHING, OTHER_END, STOP };

/* What INSN does between the two: by registers and by loads from the frame the value comes about.
 * The OTHER_END of an update whose load or store is ACCESS of AT? */
static enum between look_at(const struct rw_code *code, const struct rw_function *function,
                            const struct rw_insn *insn, const struct rw_insn *at,
                            const struct rw_access *access)
{
    struct rw_accesses accesses;
    if (insn->kind != RW_PLAIN)
        return STOP;
    rw_decode_accesses(code->module->text, insn->offset, function->end, &accesses);
    if (accesses.unknown || accesses.locked || accesses.repeated || accesses.own.size)
        return STOP;
    for (unsigned i = 0; i < accesses.count; i++) {
        const struct rw_access *other = &accesses.at[i];
        if (other->base == access->base && other->index == access->index &&
            other->size == access->size && other->reads != other->writes &&
            other->writes == access->reads && place_of(insn, other) == place_of(at, access))
            return OTHER_END;
        if (other->base != RBP || other->writes)
            return STOP;
    }
    return NOTHING;
}

bool rw_is_update(struct rw_updates *updates, const struct rw_code *code,
                  const struct rw_effect *effects, const struct rw_function *function,
                  const struct rw_insn *insn, const struct rw_access *access)
{
    const struct rw_insn *first = &code->insns.at[function->first];
    if (!is_global(access) || access->reads == access->writes)
        return false;
    if (updates->function != function)
        look_at_function(updates, code, effects, function);
    int step = access->writes ? -1 : 1;
    const struct rw_insn *at = insn;
    for (unsigned n = 0; n < NEAR && updates->unoptimized; n++) {
        if (step < 0 ? at == first || at->leads : at + 1 == first + function->count || at[1].leads)
            return false;
        at += step;
        enum between between = look_at(code, function, at, insn, access);
        if (between != NOTHING)
            return between == OTHER_END;
    }
    return false;
}
