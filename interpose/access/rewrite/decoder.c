/* SPDX-License-Identifier: Apache-2.0 */
#include "interpose/access/rewrite/decoder.h"

#include <Zydis/Zydis.h>
#include <dlfcn.h> /* and not poison.h: Zydis brings assert along */

static ZyanStatus (*decoder_init)(ZydisDecoder *, ZydisMachineMode, ZydisStackWidth);
static ZyanStatus (*decode)(const ZydisDecoder *, ZydisDecoderContext *, const void *, ZyanUSize,
                            ZydisDecodedInstruction *);
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
    if (!decoder_init || !decode ||
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
