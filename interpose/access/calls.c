/* SPDX-License-Identifier: Apache-2.0 */
/* The rare cases of calls.h. */
#include "interpose/access/calls.h"

#include "interpose/core/poison.h"

void rec_calls_heal(struct rec_calls *calls, uint64_t sp, bool at)
{
    uint32_t n = calls->depth;
    if (sp < calls->low || sp >= calls->high)
        return; /* a handler's own stack, a coroutine's */
    while (n && calls->call[n - 1].sp < sp + at)
        n--;
    if (n == calls->depth)
        return;
    calls->depth = n;
    calls->beyond = 0; /* they were deeper still */
}

/*
 * The innermost call may not be the one that ends: calls within it may have missed their exit. They
 * lie below SP, and the one that ends does not, for it is where SP was. Unless its exit is told by
 * a jump, its frame gone already: then what returns is the call itself.
 */
void rec_calls_leave_slow(struct rec_calls *calls, uint64_t sp, uint64_t return_address)
{
    uint32_t n = calls->depth;
    if (calls->beyond) {
        calls->beyond--;
        return;
    }
    if (!n)
        return;
    bool native = sp >= calls->low && sp < calls->high;
    bool itself = false;
    while (native && !itself && n && calls->call[n - 1].sp < sp)
        itself = calls->call[--n].pc == return_address;
    calls->depth = itself || !n ? n : n - 1;
}
