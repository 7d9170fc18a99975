/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a random assembly program finds, and leaves: see assembly.py. Each function takes all
 * registers and flags from the state, does what it does with the buffer and with what lies near
 * (by rip), and puts them all back.
 */
#ifndef TESTS_DIFFERENTIAL_HOST_ASM_H
#define TESTS_DIFFERENTIAL_HOST_ASM_H

#include <stdint.h>

struct asm_state {
    uint8_t vectors[32][64];
    uint64_t masks[8];
    uint64_t registers[16]; /* by number; that of the stack pointer is not used */
    uint64_t flags;
};

extern struct asm_state asm_state;

enum { ASM_NEAR = 1024 };
extern uint8_t asm_near[ASM_NEAR];

/* By the program: */
extern void (*const asm_functions[])(void);
extern const uint64_t asm_count, asm_buffer, asm_buffer_size, asm_seed;

#endif
