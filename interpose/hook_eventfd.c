/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Descriptors that stand for events. eventfds have no identity that could be asked for: they get
 * one here. The C library's own eventfd_read and eventfd_write make their system calls without our
 * read and write.
 */
#include "interpose/access/ranges.h"
#include "interpose/core/channel.h"

#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

REC_EXPORT int eventfd_read(int fd, eventfd_t *value)
{
    int error = REC_TAKEN(fd, false, REAL(eventfd_read)(fd, value));
    if (!error && REC_TELLS)
        REC_WRITES(value, sizeof *value);
    return error;
}

REC_EXPORT int eventfd_write(int fd, eventfd_t value)
{
    REC_GIVES(fd, false, REAL(eventfd_write)(fd, value));
}

REC_EXPORT int eventfd(unsigned count, int flags)
{
    int fd = REAL(eventfd)(count, flags);
    if (rec_live.on && fd >= 0)
        rec_way_new(fd, REC_WAY_EVENT);
    return fd;
}

REC_EXPORT int signalfd(int fd, const sigset_t *mask, int flags)
{
    int result = REAL(signalfd)(fd, mask, flags);
    if (rec_live.on && result >= 0)
        rec_way_forget(result);
    return result;
}

REC_EXPORT int timerfd_create(clockid_t clock, int flags)
{
    int fd = REAL(timerfd_create)(clock, flags);
    if (rec_live.on && fd >= 0)
        rec_way_forget(fd);
    return fd;
}
