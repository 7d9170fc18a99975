/* SPDX-License-Identifier: Apache-2.0 */
/*
 * longjmp and its names. Only who jumps out of a signal handler is of interest: the place to go on
 * at says which handlers are left. The stack pointer in a jump buffer is its seventh word,
 * disguised by the C library.
 */
#include "interpose/core/rec.h"

#include "interpose/core/poison.h"

static uint64_t stack_pointer_in(const void *buffer)
{
    enum { STACK_POINTER = 6 };
    uint64_t value = ((const uint64_t *)buffer)[STACK_POINTER];
    __asm__("ror $17, %0\n\txor %%fs:0x30, %0" : "+r"(value));
    return value;
}

/* The real function is jumped to, not called: one of them looks at how deep the stack is. */
#define JUMPS(name)                                                                                \
    void rec_##name(void *buffer, int value) __asm__(#name);                                       \
    REC_EXPORT void rec_##name(void *buffer, int value)                                            \
    {                                                                                              \
        struct rec_stream *s = rec_self;                                                           \
        if (rec_unlikely(s->resting))                                                              \
            rec_handlers_leave(s, stack_pointer_in(buffer));                                       \
        REAL(name)(buffer, value);                                                                 \
    }

JUMPS(longjmp)
JUMPS(_longjmp)
JUMPS(siglongjmp)
JUMPS(__longjmp_chk)
