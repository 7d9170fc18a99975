/* SPDX-License-Identifier: Apache-2.0 */
/*
 * New code as it is written, and what in it depends on where things come to lie. Places that count
 * from themselves are four bytes that are filled in at the end.
 */
#ifndef REC_ACCESS_REWRITE_OUTPUT_H
#define REC_ACCESS_REWRITE_OUTPUT_H

#include "interpose/access/rewrite/list.h"

enum rw_fix_kind {
    RW_FIX_INSN,   /* to the instruction at an offset of the text, wherever that stands then */
    RW_FIX_CODE,   /* to an offset of the new code */
    RW_FIX_MODULE, /* to an address of the module, from its base on */
    RW_FIX_COPY,   /* not from here: the distance from the module to the copy of its constants, and
                      so much more */
    RW_FIX_SLOT,   /* not from here: a slot of the thread's, from the thread pointer on */
    RW_FIX_WORDS,  /* the same: an offset in struct rec_words (filter/words.h) */
    RW_FIX_TYPES,  /* to an address of the module, as a number of 10 bytes: see unwind.c */
};

struct rw_fix {
    uint32_t at;   /* of the four bytes, in the new code */
    uint8_t kind;  /* enum rw_fix_kind */
    int64_t value; /* what it goes to; for RW_FIX_MODULE as if the instruction ended behind them */
};

/* What a thread keeps while an indirect jump looks up where to go, and while an access is checked.
 */
enum rw_slot {
    RW_SLOT_RAX,
    RW_SLOT_RCX,
    RW_SLOT_RDX,
    RW_SLOT_TARGET,
    RW_SLOT_SCRATCH,
    RW_SLOT_SECOND,
    RW_SLOT_FLAGS,
    RW_SLOT_IMAGE,
    RW_SLOT_SITE,
    RW_SLOT_ADDRESS,
    RW_SLOT_COUNT
};

/* Where the thread's own lie, from its thread pointer on. */
struct rw_places {
    int32_t slots, words;
};

/* Where an instruction stands, from the image's and from the text's beginning on. */
struct rw_place {
    uint32_t new, old;
};

struct rw_output {
    uint8_t *at;
    uint32_t count, room;
    bool full;
    RW_LIST(struct rw_fix) fixes; /* by place */
};

void rw_put(struct rw_output *out, const void *bytes, uint32_t count);
#define rw_put_text(out, literal) rw_put((out), (literal), sizeof(literal) - 1)
void rw_put_number(struct rw_output *out, uint64_t number, unsigned bytes);
void rw_put_fill(struct rw_output *out, uint8_t byte, uint32_t alignment);
/* Four bytes to be filled in. */
void rw_put_fix(struct rw_output *out, enum rw_fix_kind kind, int64_t value);

#endif
