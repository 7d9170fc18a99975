/* SPDX-License-Identifier: Apache-2.0 */
#include "interpose/access/rewrite/escapes.h"

#include "interpose/core/poison.h"

enum {
    RSP = 4,
    RBP = 5,
    LEA = 0x8d,
    NO_INDEX = 0x24, /* the byte behind that of the mode, where the base is rsp */
};

static void add(struct rw_escapes *escapes, uint8_t base, int32_t displacement)
{
    if (escapes->count == RW_ESCAPES)
        return;
    escapes->at[escapes->count].base = base;
    escapes->at[escapes->count++].displacement = displacement;
}

/* mov %rsp to another register than rbp, or movq %rsp to a vector register. */
static bool is_move(const uint8_t *at, unsigned length)
{
    bool general = length == 3 && (at[0] & 0xfe) == 0x48 && at[1] == 0x89 &&
                   (at[2] & 0xf8) == 0xe0 && (at[0] & 1 || (at[2] & 7) != RBP);
    bool vector = length == 5 && at[0] == 0x66 && (at[1] & 0xfb) == 0x48 && at[2] == 0x0f &&
                  at[3] == 0x6e && (at[4] & 0xc7) == 0xc4;
    return general || vector;
}

/* lea DISPLACEMENT(%rsp or %rbp), of 8 bytes; or what moves rsp itself. */
static void look_at(struct rw_escapes *escapes, const uint8_t *at, unsigned length)
{
    if (is_move(at, length))
        add(escapes, RSP, 0);
    if (length < 4 || (at[0] & 0xfb) != 0x48 || at[1] != LEA)
        return;
    unsigned mode = at[2] >> 6, base = at[2] & 7, behind = base == RSP ? 4 : 3;
    int32_t displacement = 0;
    if ((base != RSP && base != RBP) || (base == RSP && at[3] != NO_INDEX) || mode == 3 ||
        (mode == 0 && base == RBP))
        return;
    if (mode == 1)
        displacement = (int8_t)at[behind];
    else if (mode == 2)
        __builtin_memcpy(&displacement, at + behind, sizeof displacement);
    add(escapes, (uint8_t)base, displacement);
}

void rw_escapes_find(struct rw_escapes *escapes, const struct rw_code *code,
                     const struct rw_function *function)
{
    if (escapes->function == function)
        return;
    escapes->function = function;
    escapes->count = 0;
    for (uint32_t i = function->first; i < function->first + function->count; i++) {
        const struct rw_insn *insn = &code->insns.at[i];
        look_at(escapes, code->module->text + insn->offset, insn->length);
    }
}

bool rw_escapes_hold(const struct rw_escapes *escapes, const struct rw_access *access)
{
    if (access->writes || access->index != RW_NO_REGISTER || access->size > 8)
        return false;
    for (unsigned i = 0; i < escapes->count; i++)
        if (escapes->at[i].base == access->base &&
            escapes->at[i].displacement == access->displacement)
            return true;
    return false;
}
