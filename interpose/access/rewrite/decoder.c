/* SPDX-License-Identifier: Apache-2.0 */
#include "interpose/access/rewrite/decoder.h"

#include <Zydis/Zydis.h>
#include <dlfcn.h> /* and not poison.h: Zydis brings assert along */

static ZyanStatus (*decoder_init)(ZydisDecoder *, ZydisMachineMode, ZydisStackWidth);
static ZyanStatus (*decode)(const ZydisDecoder *, ZydisDecoderContext *, const void *, ZyanUSize,
                            ZydisDecodedInstruction *);
static ZyanStatus (*decode_operands)(const ZydisDecoder *, const ZydisDecoderContext *,
                                     const ZydisDecodedInstruction *, ZydisDecodedOperand *,
                                     ZyanU8);
static ZydisDecoder decoder;

bool rw_decoder_open(void)
{
    if (decode)
        return true;
    void *library = dlopen(RW_ZYDIS, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return false;
    *(void **)&decoder_init = dlsym(library, "ZydisDecoderInit");
    *(void **)&decode = dlsym(library, "ZydisDecoderDecodeInstruction");
    *(void **)&decode_operands = dlsym(library, "ZydisDecoderDecodeOperands");
    if (!decoder_init || !decode || !decode_operands ||
        ZYAN_FAILED(decoder_init(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64)))
        decode = NULL;
    return decode != NULL;
}

static bool is_loop(ZydisMnemonic mnemonic)
{
    switch (mnemonic) {
    case ZYDIS_MNEMONIC_JCXZ:
    case ZYDIS_MNEMONIC_JECXZ:
    case ZYDIS_MNEMONIC_JRCXZ:
    case ZYDIS_MNEMONIC_LOOP:
    case ZYDIS_MNEMONIC_LOOPE:
    case ZYDIS_MNEMONIC_LOOPNE:
        return true;
    default:
        return false;
    }
}

static bool is_stop(ZydisMnemonic mnemonic)
{
    return mnemonic == ZYDIS_MNEMONIC_UD2 || mnemonic == ZYDIS_MNEMONIC_HLT ||
           mnemonic == ZYDIS_MNEMONIC_INT3;
}

/* Transactions name the place to go on at after they have failed. */
static bool is_transaction(ZydisMnemonic mnemonic)
{
    return mnemonic == ZYDIS_MNEMONIC_XBEGIN;
}

/* What operands would say, from the bytes alone: to take them apart takes as long as all else. */
static bool has_target(const ZydisDecodedInstruction *decoded)
{
    return decoded->raw.imm[0].size && decoded->raw.imm[0].is_relative;
}

static bool counts_from_rip(const ZydisDecodedInstruction *decoded)
{
    return decoded->attributes & ZYDIS_ATTRIB_HAS_MODRM && decoded->raw.modrm.mod == 0 &&
           decoded->raw.modrm.rm == 5;
}

/* A member of something, such as a function that an object names: no switch reads its table so. */
static bool names_member(const ZydisDecodedInstruction *decoded)
{
    enum { HAS_SIB = 4, NO_INDEX = 4 };
    bool index = decoded->raw.modrm.rm == HAS_SIB &&
                 (decoded->raw.sib.index != NO_INDEX || decoded->raw.rex.X);
    return decoded->raw.modrm.mod != 3 && !index;
}

static uint8_t kind_of(const ZydisDecodedInstruction *decoded, bool relative)
{
    if (is_transaction(decoded->mnemonic))
        return RW_UNMOVABLE;
    switch (decoded->meta.category) {
    case ZYDIS_CATEGORY_COND_BR:
        return !relative ? RW_UNMOVABLE : is_loop(decoded->mnemonic) ? RW_LOOP : RW_BRANCH;
    case ZYDIS_CATEGORY_UNCOND_BR:
        if (relative)
            return RW_JUMP;
        return decoded->meta.branch_type == ZYDIS_BRANCH_TYPE_FAR ? RW_UNMOVABLE
               : names_member(decoded)                            ? RW_JUMP_AWAY
                                                                  : RW_JUMP_TO;
    case ZYDIS_CATEGORY_CALL:
        return relative ? RW_CALL : RW_CALL_TO;
    case ZYDIS_CATEGORY_RET:
        return RW_RETURN;
    default:
        return relative ? RW_UNMOVABLE : is_stop(decoded->mnemonic) ? RW_STOP : RW_PLAIN;
    }
}

void rw_decode(const uint8_t *text, uint32_t offset, uint32_t end, struct rw_insn *insn)
{
    ZydisDecodedInstruction decoded;
    *insn = (struct rw_insn){.offset = offset, .length = 1, .kind = RW_UNMOVABLE};
    if (ZYAN_FAILED(decode(&decoder, NULL, text + offset, end - offset, &decoded)))
        return;
    bool to = has_target(&decoded), from_rip = counts_from_rip(&decoded);
    insn->length = decoded.length;
    insn->kind = kind_of(&decoded, to);
    if (from_rip && decoded.raw.disp.size == 32 && decoded.address_width == 64)
        insn->relative = decoded.raw.disp.offset;
    else if (from_rip)
        insn->kind = RW_UNMOVABLE;
    if (insn->kind == RW_BRANCH)
        insn->condition = decoded.opcode & 15;
    if (!to || insn->kind == RW_UNMOVABLE)
        return;
    int64_t target = (int64_t)offset + decoded.length + decoded.raw.imm[0].value.s;
    if (target != (int32_t)target)
        insn->kind = RW_UNMOVABLE;
    else
        insn->target = (int32_t)target;
}

/* Effects. --------------------------------------------------------------------------------------
 */

/* The bit of a general register, whatever part of it; 0: it is none. */
static uint32_t bit_of(ZydisRegister reg)
{
    static const uint8_t bytes[] = {0, 1, 2, 3, 0,  1,  2,  3,  4,  5,
                                    6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    if (reg >= ZYDIS_REGISTER_AL && reg <= ZYDIS_REGISTER_R15B)
        return 1u << bytes[reg - ZYDIS_REGISTER_AL];
    if (reg >= ZYDIS_REGISTER_AX && reg <= ZYDIS_REGISTER_R15)
        return 1u << (reg - ZYDIS_REGISTER_AX) % 16;
    return 0;
}

static uint32_t flags_of(ZydisAccessedFlagsMask mask)
{
    static const ZydisAccessedFlagsMask flags[] = {ZYDIS_CPUFLAG_CF, ZYDIS_CPUFLAG_PF,
                                                   ZYDIS_CPUFLAG_AF, ZYDIS_CPUFLAG_ZF,
                                                   ZYDIS_CPUFLAG_SF, ZYDIS_CPUFLAG_OF};
    uint32_t set = 0;
    for (unsigned i = 0; i < sizeof flags / sizeof *flags; i++)
        set |= mask & flags[i] ? 1u << (16 + i) : 0;
    return set;
}

/* By a count that may be 0, which leaves the flags as they are; and what leaves some of them. */
static bool may_keep_flags(const ZydisDecodedInstruction *decoded,
                           const ZydisDecodedOperand *operands)
{
    switch (decoded->mnemonic) {
    case ZYDIS_MNEMONIC_SHL:
    case ZYDIS_MNEMONIC_SHR:
    case ZYDIS_MNEMONIC_SAR:
        return operands[1].type != ZYDIS_OPERAND_TYPE_IMMEDIATE ||
               !(operands[1].imm.value.u & 0x1f);
    case ZYDIS_MNEMONIC_ROL:
    case ZYDIS_MNEMONIC_ROR:
    case ZYDIS_MNEMONIC_RCL:
    case ZYDIS_MNEMONIC_RCR:
    case ZYDIS_MNEMONIC_SHLD:
    case ZYDIS_MNEMONIC_SHRD:
        return true;
    default:
        return decoded->attributes &
               (ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE | ZYDIS_ATTRIB_HAS_REPNE);
    }
}

/* The result does not depend on what was in the register. */
static bool is_zero_idiom(const ZydisDecodedInstruction *decoded,
                          const ZydisDecodedOperand *operands)
{
    return (decoded->mnemonic == ZYDIS_MNEMONIC_XOR || decoded->mnemonic == ZYDIS_MNEMONIC_SUB) &&
           operands[0].type == ZYDIS_OPERAND_TYPE_REGISTER &&
           operands[1].type == ZYDIS_OPERAND_TYPE_REGISTER &&
           operands[0].reg.value == operands[1].reg.value && operands[0].size >= 32;
}

/* Where nothing is found, or without a shadow stack, they leave their register as it was; who uses
 * them knows that. */
static bool may_keep_result(ZydisMnemonic mnemonic)
{
    switch (mnemonic) {
    case ZYDIS_MNEMONIC_BSF:
    case ZYDIS_MNEMONIC_BSR:
    case ZYDIS_MNEMONIC_TZCNT:
    case ZYDIS_MNEMONIC_LZCNT:
    case ZYDIS_MNEMONIC_RDSSPD:
    case ZYDIS_MNEMONIC_RDSSPQ:
        return true;
    default:
        return false;
    }
}

static void add_register(const ZydisDecodedInstruction *decoded, const ZydisDecodedOperand *operand,
                         bool zeroed, struct rw_effect *effect)
{
    enum { READS = ZYDIS_OPERAND_ACTION_READ | ZYDIS_OPERAND_ACTION_CONDREAD };
    uint32_t bit = bit_of(operand->reg.value);
    bool whole = operand->actions & ZYDIS_OPERAND_ACTION_WRITE && operand->size >= 32;
    if ((operand->actions & READS && !zeroed) || may_keep_result(decoded->mnemonic))
        effect->reads |= bit;
    if (whole)
        effect->kills |= bit;
}

/* What talks to the system, or to who stands outside of the program, shows everything. */
static bool shows_all(const ZydisDecodedInstruction *decoded)
{
    switch (decoded->meta.category) {
    case ZYDIS_CATEGORY_SYSCALL:
    case ZYDIS_CATEGORY_SYSRET:
    case ZYDIS_CATEGORY_SYSTEM:
    case ZYDIS_CATEGORY_INTERRUPT:
        return true;
    default:
        return is_stop(decoded->mnemonic);
    }
}

static bool decode_whole(const uint8_t *at, uint32_t size, ZydisDecodedInstruction *decoded,
                         ZydisDecodedOperand *operands)
{
    ZydisDecoderContext context;
    return ZYAN_SUCCESS(decode(&decoder, &context, at, size, decoded)) &&
           ZYAN_SUCCESS(
               decode_operands(&decoder, &context, decoded, operands, decoded->operand_count));
}

void rw_decode_effect(const uint8_t *text, uint32_t offset, uint32_t end, struct rw_effect *effect)
{
    ZydisDecodedInstruction decoded;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    *effect = (struct rw_effect){.reads = RW_REGISTERS};
    if (!decode_whole(text + offset, end - offset, &decoded, operands) || shows_all(&decoded))
        return;
    bool zeroed = is_zero_idiom(&decoded, operands);
    effect->reads = 0;
    for (unsigned i = 0; i < decoded.operand_count; i++) {
        if (operands[i].type == ZYDIS_OPERAND_TYPE_REGISTER)
            add_register(&decoded, &operands[i], zeroed, effect);
        else if (operands[i].type == ZYDIS_OPERAND_TYPE_MEMORY)
            effect->reads |= bit_of(operands[i].mem.base) | bit_of(operands[i].mem.index);
    }
    const ZydisAccessedFlags *flags = decoded.cpu_flags;
    if (!flags)
        return;
    effect->reads |= flags_of(flags->tested);
    if (!may_keep_flags(&decoded, operands))
        effect->kills |= flags_of(flags->modified | flags->set_0 | flags->set_1);
}

/* Accesses. -------------------------------------------------------------------------------------
 */

/* Instructions that name memory without touching it. */
static bool is_idle(const ZydisDecodedInstruction *decoded)
{
    switch (decoded->meta.category) {
    case ZYDIS_CATEGORY_NOP:
    case ZYDIS_CATEGORY_WIDENOP:
        return true;
    default:
        return false;
    }
}

/* Which bytes those access is said by something else than their operand. */
static bool is_partial(const ZydisDecodedInstruction *decoded, const ZydisDecodedOperand *operands)
{
    switch (decoded->mnemonic) {
    case ZYDIS_MNEMONIC_BT:
    case ZYDIS_MNEMONIC_BTC:
    case ZYDIS_MNEMONIC_BTR:
    case ZYDIS_MNEMONIC_BTS:
        return operands[1].type == ZYDIS_OPERAND_TYPE_REGISTER;
    case ZYDIS_MNEMONIC_XLAT: /* its index is not said */
    case ZYDIS_MNEMONIC_MASKMOVDQU:
    case ZYDIS_MNEMONIC_MASKMOVQ:
    case ZYDIS_MNEMONIC_VMASKMOVDQU:
    case ZYDIS_MNEMONIC_VMASKMOVPD:
    case ZYDIS_MNEMONIC_VMASKMOVPS:
    case ZYDIS_MNEMONIC_VPMASKMOVD:
    case ZYDIS_MNEMONIC_VPMASKMOVQ:
        return true;
    default:
        return decoded->avx.mask.mode > ZYDIS_MASK_MODE_DISABLED;
    }
}

/* The number of a general register of 8 bytes, RW_RIP, RW_NO_REGISTER; or above, if it is another.
 */
static uint8_t number_of(ZydisRegister reg)
{
    if (reg == ZYDIS_REGISTER_NONE)
        return RW_NO_REGISTER;
    if (reg == ZYDIS_REGISTER_RIP)
        return RW_RIP;
    return reg >= ZYDIS_REGISTER_RAX && reg <= ZYDIS_REGISTER_R15
               ? (uint8_t)(reg - ZYDIS_REGISTER_RAX)
               : UINT8_MAX;
}

static void add_access(const ZydisDecodedInstruction *decoded, const ZydisDecodedOperand *operand,
                       struct rw_accesses *accesses)
{
    enum { RSP = 4, MOST = 64 };
    const ZydisDecodedOperandMem *mem = &operand->mem;
    bool reads = operand->actions & (ZYDIS_OPERAND_ACTION_READ | ZYDIS_OPERAND_ACTION_CONDREAD);
    bool writes = operand->actions & (ZYDIS_OPERAND_ACTION_WRITE | ZYDIS_OPERAND_ACTION_CONDWRITE);
    uint8_t base = number_of(mem->base), index = number_of(mem->index);
    uint64_t size = operand->size / 8;
    if (base == RSP && mem->type == ZYDIS_MEMOP_TYPE_MEM && reads && !writes &&
        index == RW_NO_REGISTER && mem->disp.value == (int32_t)mem->disp.value && size <= 8 &&
        decoded->address_width == 64 && operand->visibility != ZYDIS_OPERAND_VISIBILITY_HIDDEN)
        accesses->own = (struct rw_access){.base = RSP,
                                           .index = RW_NO_REGISTER,
                                           .displacement = (int32_t)mem->disp.value,
                                           .size = (uint16_t)size,
                                           .reads = true};
    if (mem->type == ZYDIS_MEMOP_TYPE_AGEN || base == RSP || mem->segment == ZYDIS_REGISTER_FS ||
        mem->segment == ZYDIS_REGISTER_GS || (!reads && !writes))
        return;
    if (mem->type != ZYDIS_MEMOP_TYPE_MEM || base == UINT8_MAX || index == UINT8_MAX ||
        decoded->address_width != 64 || !size || size > MOST ||
        mem->disp.value != (int32_t)mem->disp.value || accesses->count == RW_ACCESSES) {
        accesses->unknown = true;
        return;
    }
    accesses->at[accesses->count++] = (struct rw_access){
        .base = base,
        .index = index,
        .scale = mem->scale ? (uint8_t)__builtin_ctz(mem->scale) : 0,
        .displacement = (int32_t)mem->disp.value,
        .size = (uint16_t)size,
        .reads = reads,
        .writes = writes,
    };
}

void rw_decode_accesses(const uint8_t *text, uint32_t offset, uint32_t end,
                        struct rw_accesses *accesses)
{
    ZydisDecodedInstruction decoded;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    *accesses = (struct rw_accesses){.count = 0};
    if (!decode_whole(text + offset, end - offset, &decoded, operands) || is_idle(&decoded))
        return;
    bool memory = false;
    for (unsigned i = 0; i < decoded.operand_count; i++) {
        if (operands[i].type == ZYDIS_OPERAND_TYPE_MEMORY) {
            add_access(&decoded, &operands[i], accesses);
            memory |= accesses->count > 0;
        } else if (operands[i].type == ZYDIS_OPERAND_TYPE_REGISTER &&
                   operands[i].reg.value >= ZYDIS_REGISTER_XMM0 &&
                   operands[i].reg.value <= ZYDIS_REGISTER_ZMM31) {
            accesses->vector = true;
        }
    }
    if (decoded.meta.category == ZYDIS_CATEGORY_PREFETCH) {
        *accesses = (struct rw_accesses){.at = {accesses->at[0]}, .ahead = accesses->count > 0};
        return;
    }
    accesses->locked = decoded.attributes & ZYDIS_ATTRIB_HAS_LOCK ||
                       (decoded.mnemonic == ZYDIS_MNEMONIC_XCHG && memory);
    accesses->compares = decoded.mnemonic == ZYDIS_MNEMONIC_CMPXCHG ||
                         decoded.mnemonic == ZYDIS_MNEMONIC_CMPXCHG8B ||
                         decoded.mnemonic == ZYDIS_MNEMONIC_CMPXCHG16B;
    accesses->repeated = decoded.attributes & ZYDIS_ATTRIB_HAS_REP;
    if (memory && is_partial(&decoded, operands)) {
        accesses->count = 0;
        accesses->unknown = true;
    }
}
