/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waiting for one of several descriptors. A call without a time limit is told as a wait. What poll
 * finds ready is order already, also if nobody reads it then; epoll_ctl comes before the waits on
 * the same instance. What select leaves in its set is order as with poll. An instance of epoll
 * returns what the program gave it, not descriptors: data that it says is there is order where it
 * is read.
 *
 * Nothing is looked at through the caller's pointers before the real call has accepted them, but
 * for times, which the C library copies itself.
 */
#include "interpose/access/ranges.h"
#include "interpose/core/channel.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>

/* REAL_CALL for WHAT, which waits unless NOW, and no longer than a time if LIMITED. With a mask of
 * its own it also lets signals in, without waiting. */
#define WAIT(what, on, now, limited, real_call)                                                    \
    ({                                                                                             \
        uint32_t rec_what = (what);                                                                \
        REC_WAITING(!(now) || rec_what & TR_BLOCK_MASKED,                                          \
                    (limited) ? rec_what | TR_BLOCK_TIMED : rec_what, (on), real_call);            \
    })

/* Who looks at nothing sleeps. */
static uint32_t polls(bool something, const sigset_t *mask)
{
    return (something ? TR_BLOCK_POLL : TR_BLOCK_SLEEP) | (mask ? TR_BLOCK_MASKED : 0);
}

static bool is_now(const struct timespec *limit)
{
    return limit && !limit->tv_sec && !limit->tv_nsec;
}

/* The call has looked at all of them, and written what it found of each. */
static void tell_found(const struct pollfd *fds, nfds_t count, uint64_t pc, uint64_t sp)
{
    rec_access_range((uint64_t)fds, count * sizeof *fds, false, pc, sp);
    for (nfds_t i = 0; i < count; i++)
        rec_access_range((uint64_t)&fds[i].revents, sizeof fds[i].revents, true, pc, sp);
}

static int polled(const struct pollfd *fds, nfds_t count, int result, uint64_t pc, uint64_t cfa)
{
    int left = result;
    if (result >= 0 && rec_tells(pc))
        tell_found(fds, count, pc, cfa);
    for (nfds_t i = 0; i < count && left > 0; i++) {
        if (!fds[i].revents)
            continue;
        left--;
        if (fds[i].revents & (POLLIN | POLLPRI | POLLHUP | POLLRDHUP)) {
            rec_way way = rec_way_of(fds[i].fd);
            if (rec_way_carries(way))
                rec_way_got(fds[i].fd, way, 0, cfa);
        }
    }
    return result;
}

REC_EXPORT int poll(struct pollfd *fds, nfds_t count, int limit)
{
    int (*real)(struct pollfd *, nfds_t, int) = REAL(poll);
    if (!rec_live.on)
        return real(fds, count, limit);
    int result = WAIT(polls(count, NULL), 0, limit == 0, limit > 0, real(fds, count, limit));
    return polled(fds, count, result, rec_return_address(), rec_here());
}

REC_EXPORT int __poll_chk(struct pollfd *fds, nfds_t count, int limit, size_t room)
{
    int (*real)(struct pollfd *, nfds_t, int, size_t) = REAL(__poll_chk);
    if (!rec_live.on)
        return real(fds, count, limit, room);
    int result = WAIT(polls(count, NULL), 0, limit == 0, limit > 0, real(fds, count, limit, room));
    return polled(fds, count, result, rec_return_address(), rec_here());
}

REC_EXPORT int ppoll(struct pollfd *fds, nfds_t count, const struct timespec *limit,
                     const sigset_t *mask)
{
    int (*real)(struct pollfd *, nfds_t, const struct timespec *, const sigset_t *) = REAL(ppoll);
    if (!rec_live.on)
        return real(fds, count, limit, mask);
    int result = WAIT(polls(count, mask), 0, is_now(limit), limit, real(fds, count, limit, mask));
    return polled(fds, count, result, rec_return_address(), rec_here());
}

REC_EXPORT int __ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *limit,
                           const sigset_t *mask, size_t room)
{
    int (*real)(struct pollfd *, nfds_t, const struct timespec *, const sigset_t *, size_t) =
        REAL(__ppoll_chk);
    if (!rec_live.on)
        return real(fds, count, limit, mask, room);
    int result =
        WAIT(polls(count, mask), 0, is_now(limit), limit, real(fds, count, limit, mask, room));
    return polled(fds, count, result, rec_return_address(), rec_here());
}

/* The call has left in IN what is ready, and has written all of the sets that it was given: of more
 * than FD_SETSIZE descriptors only as many as the process may have, and who knows what lies there.
 */
static int selected(int count, const fd_set *in, const fd_set *out, const fd_set *bad, int result,
                    uint64_t pc, uint64_t cfa)
{
    const fd_set *sets[] = {in, out, bad};
    if (count > FD_SETSIZE)
        count = FD_SETSIZE;
    const size_t size = ((size_t)count + NFDBITS - 1) / NFDBITS * sizeof(fd_mask);
    if (result >= 0 && rec_tells(pc))
        for (unsigned i = 0; i < 3; i++)
            if (sets[i])
                rec_access_range((uint64_t)sets[i], size, true, pc, cfa);
    for (int fd = 0; in && result > 0 && fd < count; fd++) {
        if (!(__FDS_BITS(in)[fd / NFDBITS] >> fd % NFDBITS & 1))
            continue;
        rec_way way = rec_way_of(fd);
        if (rec_way_carries(way))
            rec_way_got(fd, way, 0, cfa);
    }
    return result;
}

REC_EXPORT int select(int count, fd_set *restrict in, fd_set *restrict out, fd_set *restrict bad,
                      struct timeval *restrict limit)
{
    int (*real)(int, fd_set *, fd_set *, fd_set *, struct timeval *) = REAL(select);
    if (!rec_live.on)
        return real(count, in, out, bad, limit);
    int result =
        WAIT(polls(count > 0 && (in || out || bad), NULL), 0,
             limit && !limit->tv_sec && !limit->tv_usec, limit, real(count, in, out, bad, limit));
    return selected(count, in, out, bad, result, rec_return_address(), rec_here());
}

REC_EXPORT int pselect(int count, fd_set *restrict in, fd_set *restrict out, fd_set *restrict bad,
                       const struct timespec *restrict limit, const sigset_t *restrict mask)
{
    int (*real)(int, fd_set *, fd_set *, fd_set *, const struct timespec *, const sigset_t *) =
        REAL(pselect);
    if (!rec_live.on)
        return real(count, in, out, bad, limit, mask);
    int result = WAIT(polls(count > 0 && (in || out || bad), mask), 0, is_now(limit), limit,
                      real(count, in, out, bad, limit, mask));
    return selected(count, in, out, bad, result, rec_return_address(), rec_here());
}

/* epoll.
 * -------------------------------------------------------------------------------------------- */

static int made(int fd)
{
    if (rec_live.on && fd >= 0)
        rec_way_new(fd, REC_WAY_EPOLL);
    return fd;
}

REC_EXPORT int epoll_create(int size)
{
    return made(REAL(epoll_create)(size));
}

REC_EXPORT int epoll_create1(int flags)
{
    return made(REAL(epoll_create1)(flags));
}

REC_EXPORT int epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event)
{
    if (rec_live.on)
        rec_way_puts(rec_way_of(epoll), rec_here());
    return REAL(epoll_ctl)(epoll, operation, fd, event);
}

static int woken(int epoll, const struct epoll_event *events, int result, uint64_t pc, uint64_t cfa)
{
    if (result <= 0)
        return result;
    rec_way_got(epoll, rec_way_of(epoll), 0, cfa);
    if (rec_tells(pc))
        rec_access_range((uint64_t)events, (size_t)result * sizeof *events, true, pc, cfa);
    return result;
}

REC_EXPORT int epoll_wait(int epoll, struct epoll_event *events, int room, int limit)
{
    int (*real)(int, struct epoll_event *, int, int) = REAL(epoll_wait);
    if (!rec_live.on)
        return real(epoll, events, room, limit);
    int result = WAIT(TR_BLOCK_POLL, (unsigned)epoll, limit == 0, limit > 0,
                      real(epoll, events, room, limit));
    return woken(epoll, events, result, rec_return_address(), rec_here());
}

REC_EXPORT int epoll_pwait(int epoll, struct epoll_event *events, int room, int limit,
                           const sigset_t *mask)
{
    int (*real)(int, struct epoll_event *, int, int, const sigset_t *) = REAL(epoll_pwait);
    if (!rec_live.on)
        return real(epoll, events, room, limit, mask);
    int result = WAIT(polls(true, mask), (unsigned)epoll, limit == 0, limit > 0,
                      real(epoll, events, room, limit, mask));
    return woken(epoll, events, result, rec_return_address(), rec_here());
}

REC_EXPORT int epoll_pwait2(int epoll, struct epoll_event *events, int room,
                            const struct timespec *limit, const sigset_t *mask)
{
    int (*real)(int, struct epoll_event *, int, const struct timespec *, const sigset_t *) =
        REAL(epoll_pwait2);
    if (!rec_live.on)
        return real(epoll, events, room, limit, mask);
    int result = WAIT(polls(true, mask), (unsigned)epoll, false, limit,
                      real(epoll, events, room, limit, mask));
    return woken(epoll, events, result, rec_return_address(), rec_here());
}
