/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One instruction of x86-64, as far as moving it elsewhere needs to know it. Zydis decodes; it is
 * opened when the first binary is rewritten, out of the host's sight (RTLD_LOCAL).
 */
#ifndef REC_ACCESS_REWRITE_DECODER_H
#define REC_ACCESS_REWRITE_DECODER_H

#include <stdbool.h>
#include <stdint.h>

enum rw_kind {
    RW_PLAIN,
    RW_BRANCH,        /* conditional, to a target */
    RW_LOOP,          /* loop, loope, loopne, jrcxz, jecxz: conditional, and only short */
    RW_JUMP,          /* to a target */
    RW_CALL,          /* a target */
    RW_JUMP_TO,       /* what an operand says */
    RW_JUMP_AWAY,     /* what an operand says, and that is no place within this function */
    RW_TABLE_LOAD,    /* of a switch (switches.h): reads a distance or a place, */
    RW_TABLE_JUMP,    /* goes there, */
    RW_TABLE_JUMP_TO, /* or reads a place and goes there */
    RW_CALL_TO,       /* what an operand says */
    RW_RETURN,        /* and never on to the next one */
    RW_STOP,          /* ud2, hlt, int3 */
    RW_UNMOVABLE,     /* means something else elsewhere, or cannot be decoded */
};

struct rw_insn {
    uint32_t offset; /* in the text */
    int32_t target;  /* of those that have one: an offset in the text, or beyond either end */
    uint32_t moved;  /* where it stands in the new code, once it does */
    uint8_t length;  /* bytes */
    uint8_t kind;
    uint8_t relative; /* where its displacement stands that counts from rip (4 bytes); 0: none */
    uint8_t condition : 4;
    uint8_t leads : 1; /* something jumps here */
};

/* Sets of registers and flags: a bit for each of the 16 general registers, by their numbers, and
 * for each of the six flags of arithmetic. */
#define RW_REGISTERS 0xffffu
#define RW_FLAGS     0x3f0000u
#define RW_ALL       (RW_REGISTERS | RW_FLAGS)

/* What of memory an instruction reads or writes. */
struct rw_access {
    uint8_t base, index; /* registers; or RW_NO_REGISTER, RW_RIP */
    uint8_t scale;       /* log2 */
    int32_t displacement;
    uint16_t size; /* bytes; of a repeated one: of each element */
    bool reads, writes;
};

enum { RW_NO_REGISTER = 16, RW_RIP, RW_ACCESSES = 2 };

struct rw_accesses {
    struct rw_access at[RW_ACCESSES];
    uint8_t count;
    struct rw_access own; /* a load by the stack pointer; size 0: none */
    bool locked;          /* atomic */
    bool compares;        /* a compare-exchange */
    bool repeated;        /* as often as rcx says; where what is found ends it, it counts once */
    bool vector;          /* by vector registers */
    bool unknown;         /* it has others, or which bytes it accesses is not known */
    bool ahead;           /* it is none, and only says that at[0] will be accessed */
};

/* What an instruction does to them. */
struct rw_effect {
    uint32_t reads;
    uint32_t kills; /* writes whole, whatever was there */
    uint32_t live;  /* before it: see liveness.h */
};

/* False if there is no Zydis. */
bool rw_decoder_open(void);
/* Decodes what stands at TEXT + OFFSET, of which all up to END may be read. */
void rw_decode(const uint8_t *text, uint32_t offset, uint32_t end, struct rw_insn *insn);

/* The effect of the instruction there: in doubt it reads more and kills less. */
void rw_decode_effect(const uint8_t *text, uint32_t offset, uint32_t end, struct rw_effect *effect);

/* What it accesses, but for the thread's own: its stack by the stack pointer, which is `own`, and
 * its thread-local storage. */
void rw_decode_accesses(const uint8_t *text, uint32_t offset, uint32_t end,
                        struct rw_accesses *accesses);

#endif
