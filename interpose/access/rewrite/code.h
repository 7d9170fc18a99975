/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A module's text as functions and instructions. Functions are what .eh_frame says; each is decoded
 * from its beginning to its end. Where that meets anything doubtful the function is refused, and
 * stays where it is: nothing else depends on it, since all text stays in its place.
 */
#ifndef REC_ACCESS_REWRITE_CODE_H
#define REC_ACCESS_REWRITE_CODE_H

#include "interpose/access/rewrite/decoder.h"
#include "interpose/access/rewrite/frames.h"
#include "interpose/access/rewrite/list.h"

enum rw_reason {
    RW_MOVED,
    RW_NO_FRAME,  /* its frame is described in a way that is not known here */
    RW_NO_DECODE, /* an instruction could not be decoded, or means something else elsewhere */
    RW_NO_BRANCH, /* a branch goes into the middle of an instruction */
    RW_NO_UNWIND, /* its unwinding, or its exceptions, count from within an instruction */
    RW_NO_WISH,   /* it was left out on request */
    RW_LINKERS,   /* the linker's stubs of calls: nothing would be gained */
    RW_REASON_COUNT,
};

struct rw_function {
    uint32_t begin, end;         /* offsets in the text */
    uint32_t entry;              /* its begin, or behind the endbr64 there */
    uint32_t frame;              /* which of the module's */
    uint32_t first, count;       /* its instructions */
    uint32_t new_begin, new_end; /* in the new code */
    uint32_t new_tail;           /* what stands there behind its last instruction */
    uint8_t reason;              /* enum rw_reason */
    bool switches;               /* by tables (switches.h) */
    bool enters_late;            /* something jumps into the bytes that a jump at its entry takes */
};

enum { RW_ENTRY_JUMP = 5 }; /* bytes */

struct rw_code {
    const struct rw_module *module;
    RW_LIST(struct rw_function) functions; /* by address; none overlaps another */
    RW_LIST(struct rw_insn) insns;
    uint32_t *at; /* of each byte of the text: the instruction that begins there, plus 1 */
};

/* Finds MODULE's text and decodes it. False, with nothing to close, if there is none or no memory.
 */
bool rw_code_open(struct rw_code *code, struct rw_module *module);
void rw_code_close(struct rw_code *code);

/* The instruction at OFFSET, or NULL if none begins there. */
static inline struct rw_insn *rw_code_at(const struct rw_code *code, int64_t offset)
{
    uint32_t number = offset >= 0 && offset < code->module->size ? code->at[offset] : 0;
    return number ? &code->insns.at[number - 1] : NULL;
}

/* The function that holds OFFSET, or NULL. */
struct rw_function *rw_code_function(const struct rw_code *code, int64_t offset);

/* The linker's stub at OFFSET of the text: its jump through a slot, `ff 25` and a distance; NULL if
 * none stands there. */
const uint8_t *rw_code_stub(const struct rw_code *code, int64_t offset);

/* Is OFFSET the beginning of one of FUNCTION's instructions, or its end? */
static inline bool rw_function_cuts(const struct rw_code *code, const struct rw_function *function,
                                    int64_t offset)
{
    return offset == function->end ||
           (offset >= function->begin && offset < function->end && rw_code_at(code, offset));
}

#endif
