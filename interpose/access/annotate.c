/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one entry behind include/snarl.h. Programs that were built with an older header, or a newer
 * one, find what both know.
 */
#include "include/snarl.h"

#include "interpose/access/user_lock.h"

#include "interpose/core/poison.h"

static uint32_t how(unsigned long flags)
{
    return (flags & SNARL_SHARED ? TR_LOCK_SHARED : 0u) | (flags & SNARL_TRY ? TR_LOCK_TRY : 0u) |
           (flags & SNARL_TIMED ? TR_LOCK_TIMED : 0u);
}

static void ignore(unsigned long what, int change)
{
    if (what & SNARL_READS)
        rec_user_ignore(false, change);
    if (what & SNARL_WRITES)
        rec_user_ignore(true, change);
}

static void annotate(unsigned what, const void *address, unsigned long number, const char *text,
                     uint64_t cfa)
{
    switch (what) {
    case SNARL_LOCK_CREATED:
        rec_user_created(address, number & SNARL_RECURSIVE ? TR_ATTR_RECURSIVE : 0, text, cfa);
        break;
    case SNARL_LOCK_DESTROYED:
        rec_user_destroyed(address, cfa);
        break;
    case SNARL_LOCK_REQUEST:
        rec_user_requests(address, how(number), cfa);
        break;
    case SNARL_LOCK_ACQUIRED:
        rec_user_acquired(address, how(number), cfa);
        break;
    case SNARL_LOCK_FAILED:
        rec_user_failed(address, how(number), cfa);
        break;
    case SNARL_LOCK_RELEASES:
        rec_user_releases(address, how(number), cfa);
        break;
    case SNARL_HAPPENS_BEFORE:
        rec_user_before(address, cfa);
        break;
    case SNARL_HAPPENS_AFTER:
        rec_user_after(address, cfa);
        break;
    case SNARL_BENIGN_RACE:
        rec_user_benign(address, number, text, cfa);
        break;
    case SNARL_IGNORE_BEGIN:
        ignore(number, 1);
        break;
    case SNARL_IGNORE_END:
        ignore(number, -1);
        break;
    case SNARL_THREAD_NAME:
        rec_user_thread_name(text);
        break;
    default:
        break;
    }
}

REC_EXPORT snarl_annotate_function snarl_annotate;

void snarl_annotate(unsigned what, unsigned long address, unsigned long number, const char *text)
{
    int error = errno;
    annotate(what, (const void *)address, number, text, rec_here());
    errno = error;
}
