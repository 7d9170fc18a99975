/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Privileges that are given up: behind chroot, or as another user, the trace is perhaps not to be
 * opened again by its name, as it is for every chunk. So a piece of it is put aside just before
 * (reserve.c); it is used when the file cannot be opened.
 */
#include "interpose/core/rec.h"

#include <unistd.h>

static void gives_up(void)
{
    struct rec_stream *s = rec_enter();
    if (!s)
        return;
    rec_reserve_ahead();
    rec_leave(s);
}

/* Who is no superuser has the rights of one user all the time. */
static void becomes(uid_t user)
{
    if (user != 0 && user != (uid_t)-1 && rec_live.on && rec_syscall3(SYS_geteuid, 0, 0, 0) == 0)
        gives_up();
}

REC_EXPORT int chroot(const char *path)
{
    gives_up();
    return REAL(chroot)(path);
}

REC_EXPORT int setuid(uid_t user)
{
    becomes(user);
    return REAL(setuid)(user);
}

REC_EXPORT int seteuid(uid_t user)
{
    becomes(user);
    return REAL(seteuid)(user);
}

REC_EXPORT int setreuid(uid_t real, uid_t effective)
{
    becomes(effective);
    return REAL(setreuid)(real, effective);
}

REC_EXPORT int setresuid(uid_t real, uid_t effective, uid_t saved)
{
    becomes(effective);
    return REAL(setresuid)(real, effective, saved);
}
