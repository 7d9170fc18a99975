/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Libraries that go. That one was loaded is seen when its first address is (core/module.c): dlopen
 * and dlmopen search by their caller's run path and namespace, and ask their return address who
 * that is, so nobody may stand between.
 */
#include "interpose/core/rec.h"

REC_EXPORT int dlclose(void *library)
{
    int result = REAL(dlclose)(library);
    if (!rec_live.on)
        return result;
    int error = errno;
    struct rec_stream *s = rec_enter();
    if (s) {
        rec_modules_gone(s);
        rec_stack_refresh(s);
        rec_leave(s);
    }
    errno = error;
    return result;
}
