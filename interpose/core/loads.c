/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hears of each library that is loaded, before any of its code runs, and unloaded. The linker calls
 * an empty function, r_brk, whenever its list of modules has changed, so that debuggers stop there;
 * it is made a jump to here. dlopen itself is nobody's to hook: it asks its return address who
 * calls.
 */
#include "interpose/core/loads.h"

#include "interpose/core/rec.h"

#include <link.h>

#include "interpose/core/poison.h"

enum { PAGE = 4096, JUMP = 5 };

/* By the linker, which has its locks, in the midst of dlopen or dlclose. */
static void changed(void)
{
    int error = errno;
    struct rec_stream *s = _r_debug.r_state == RT_CONSISTENT ? rec_enter() : NULL;
    if (s) {
        rec_modules_gone(s);
        rec_modules_loaded(s, _r_debug.r_map);
        rec_leave(s);
    }
    errno = error;
}

/* A return, and behind it what assemblers fill with. */
static bool is_empty(const uint8_t *function)
{
    static const uint8_t fillers[] = {0x66, 0x2e, 0x0f, 0x1f, 0x84, 0x44, 0x40, 0x00, 0x90, 0xcc};
    unsigned i = 1, k = 0;
    while (i < JUMP && k < sizeof fillers)
        if (function[i] == fillers[k])
            i++, k = 0;
        else
            k++;
    return function[0] == 0xc3 && i == JUMP;
}

/* At FUNCTION a jump to DISTANCE behind it. */
static bool put_jump(uint8_t *function, int32_t distance)
{
    uint64_t low = (uint64_t)function & ~(PAGE - 1ull);
    uint64_t size = (((uint64_t)function + JUMP + PAGE - 1) & ~(PAGE - 1ull)) - low;
    if (rec_syscall3(SYS_mprotect, (long)low, (long)size, PROT_READ | PROT_WRITE))
        return false;
    function[0] = 0xe9;
    __builtin_memcpy(function + 1, &distance, sizeof distance);
    return rec_syscall3(SYS_mprotect, (long)low, (long)size, PROT_READ | PROT_EXEC) == 0;
}

bool rec_loads_watch(void)
{
    static bool watched; /* also in fork children */
    uint8_t *function = (uint8_t *)_r_debug.r_brk;
    int64_t distance = (int64_t)((uint64_t)changed - (uint64_t)function - JUMP);
    if (watched || !function || distance != (int32_t)distance || !is_empty(function))
        return watched;
    uint64_t blocked = rec_sys_mask(~REC_FAULTS);
    watched = put_jump(function, (int32_t)distance);
    rec_sys_mask(blocked);
    return watched;
}
