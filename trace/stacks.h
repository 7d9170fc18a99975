/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stacks of a trace, each once. Numbers are given in the order of first use, so that they
 * depend on the events alone. Private to the reader.
 */
#ifndef SN_TRACE_STACKS_H
#define SN_TRACE_STACKS_H

#include "base/map.h"
#include "base/vec.h"
#include "trace/modules.h"

struct tr_known_stack {
    struct tr_stack stack;
    uint32_t next; /* another one with the same hash, or 0 */
};

struct tr_stacks { /* all zero: none yet */
    struct sn_arena arena;
    VEC(struct tr_known_stack) known; /* number N is at N - 1 */
    struct sn_map by_hash;
    VEC(uint64_t) scratch;
};

/* The number of the stack that the LENGTH bytes of a STACK_DEF, of TIME, hold: 0 for the empty
 * stack. False if they are damaged. */
bool tr_stacks_number(struct tr_stacks *stacks, const uint8_t *bytes, uint32_t length,
                      const struct tr_modules *modules, uint64_t time, uint32_t *number);
struct tr_stack tr_stacks_get(const struct tr_stacks *stacks, uint32_t number);
void tr_stacks_release(struct tr_stacks *stacks);

#endif
