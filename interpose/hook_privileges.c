/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Privileges that are given up: behind chroot, in other name spaces, as another user or with fewer
 * groups or capabilities, the trace is perhaps not to be opened again by its name, as it is for
 * every chunk. So a piece of it is put aside just before (reserve.c); it is used when the file
 * cannot be opened.
 */
#include "interpose/core/rec.h"

#include <grp.h>
#include <sched.h>
#include <sys/fsuid.h>
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

REC_EXPORT int setfsuid(uid_t user)
{
    becomes(user);
    return REAL(setfsuid)(user);
}

/* Groups may be what opens the directory. Most programs only say again which they have. */
static void joins(gid_t group)
{
    if (group != (gid_t)-1 && rec_live.on && group != (gid_t)rec_syscall3(SYS_getegid, 0, 0, 0))
        gives_up();
}

REC_EXPORT int setgid(gid_t group)
{
    joins(group);
    return REAL(setgid)(group);
}

REC_EXPORT int setegid(gid_t group)
{
    joins(group);
    return REAL(setegid)(group);
}

REC_EXPORT int setregid(gid_t real, gid_t effective)
{
    joins(effective);
    return REAL(setregid)(real, effective);
}

REC_EXPORT int setresgid(gid_t real, gid_t effective, gid_t saved)
{
    joins(effective);
    return REAL(setresgid)(real, effective, saved);
}

REC_EXPORT int setfsgid(gid_t group)
{
    joins(group);
    return REAL(setfsgid)(group);
}

REC_EXPORT int setgroups(size_t count, const gid_t *groups)
{
    gives_up();
    return REAL(setgroups)(count, groups);
}

REC_EXPORT int initgroups(const char *user, gid_t group)
{
    gives_up();
    return REAL(initgroups)(user, group);
}

/* No header of the C library has it. */
REC_EXPORT int capset(void *header, const void *data);
REC_EXPORT int capset(void *header, const void *data)
{
    gives_up();
    return REAL(capset)(header, data);
}

/* Other name spaces. */

REC_EXPORT int unshare(int what)
{
    if (what & (CLONE_NEWNS | CLONE_NEWUSER))
        gives_up();
    return REAL(unshare)(what);
}

REC_EXPORT int setns(int fd, int kind)
{
    gives_up();
    return REAL(setns)(fd, kind);
}
