/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sockets. connect comes before the accept that it leads to, and what is sent before what is
 * received. Where a message goes is looked up by the descriptor alone: addresses stand in memory
 * that the real call may find invalid, and that would be a crash of ours.
 */
#include "interpose/access/transfers.h"

#include <sys/socket.h>
#include <sys/uio.h>

static int made(int fd, uint64_t cfa)
{
    if (rec_live.on && fd >= 0)
        rec_way_made(fd, REC_WAY_SOCKET, cfa);
    return fd;
}

REC_EXPORT int socket(int domain, int type, int protocol)
{
    return made(REAL(socket)(domain, type, protocol), rec_here());
}

REC_EXPORT int socketpair(int domain, int type, int protocol, int ends[2])
{
    int result = REAL(socketpair)(domain, type, protocol, ends);
    if (rec_live.on && result == 0) {
        rec_way_pair(ends);
        rec_way_own(ends[0]);
        rec_way_own(ends[1]);
        if (REC_TELLS)
            REC_WRITES(ends, 2 * sizeof *ends);
    }
    return result;
}

static bool waits(int fd)
{
    return rec_way_waits(rec_way_of(fd));
}

REC_EXPORT int connect(int fd, const struct sockaddr *address, socklen_t size)
{
    int (*real)(int, const struct sockaddr *, socklen_t) = REAL(connect);
    if (!rec_live.on)
        return real(fd, address, size);
    rec_way_connects(rec_here());
    int result = REC_WAITING(waits(fd), TR_BLOCK_CONNECT, (unsigned)fd, real(fd, address, size));
    rec_way_forget(fd); /* it has a peer now */
    return result;
}

static int accepted(int fd, const struct sockaddr *address, const socklen_t *size, uint64_t pc,
                    uint64_t cfa)
{
    if (fd >= 0) {
        rec_way_accepted(fd, cfa);
        if (rec_tells(pc))
            rec_access_address(address, size, pc, cfa);
    }
    return fd;
}

#define ACCEPT(real_call)                                                                          \
    do {                                                                                           \
        if (!rec_live.on)                                                                          \
            return real_call;                                                                      \
        int result = REC_WAITING(waits(fd), TR_BLOCK_ACCEPT, (unsigned)fd, real_call);             \
        return accepted(result, address, size, rec_return_address(), rec_here());                  \
    } while (0)

REC_EXPORT int accept(int fd, struct sockaddr *address, socklen_t *size)
{
    ACCEPT(REAL(accept)(fd, address, size));
}

REC_EXPORT int accept4(int fd, struct sockaddr *address, socklen_t *size, int flags)
{
    ACCEPT(REAL(accept4)(fd, address, size, flags));
}

/* Readers of this end and of the other are woken. */
REC_EXPORT int shutdown(int fd, int how)
{
    if (rec_live.on)
        rec_way_ends(rec_way_of(fd), true, rec_here());
    return REAL(shutdown)(fd, how);
}

/* Sending.
 * -------------------------------------------------------------------------------------------- */

#define PROMPT (flags & MSG_DONTWAIT)

REC_EXPORT ssize_t send(int fd, const void *bytes, size_t size, int flags)
{
    return REC_GOES(fd, bytes, size, REC_GIVEN(fd, PROMPT, REAL(send)(fd, bytes, size, flags)));
}

REC_EXPORT ssize_t sendto(int fd, const void *bytes, size_t size, int flags,
                          const struct sockaddr *to, socklen_t to_size)
{
    return REC_GOES(fd, bytes, size,
                    REC_GIVEN(fd, PROMPT, REAL(sendto)(fd, bytes, size, flags, to, to_size)));
}

/* What nobody has looked at yet may not be there. */
static void tell_message_ahead(const struct msghdr *message, uint64_t pc, uint64_t sp)
{
    struct msghdr copy;
    if (rec_sys_peek(&copy, message, sizeof copy) != (long)sizeof copy)
        return;
    rec_access_range((uint64_t)message, sizeof *message, false, pc, sp);
    rec_access_parts_ahead(copy.msg_iov, copy.msg_iovlen, pc, sp);
}

REC_EXPORT ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    if (rec_live.on)
        rec_ways_sent(); /* what it carries is not looked at: the kernel may find no message there
                          */
    if (REC_TELLS)
        tell_message_ahead(message, rec_return_address(), rec_here());
    REC_GIVES(fd, PROMPT, REAL(sendmsg)(fd, message, flags));
}

REC_EXPORT int sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
    if (rec_live.on)
        rec_ways_sent();
    if (REC_TELLS)
        for (unsigned i = 0; i < count && i < UIO_MAXIOV; i++)
            tell_message_ahead(&messages[i].msg_hdr, rec_return_address(), rec_here());
    REC_GIVES(fd, PROMPT, REAL(sendmmsg)(fd, messages, count, flags));
}

/* Receiving.
 * -------------------------------------------------------------------------------------------- */

#define RECEIVE(real_call)                                                                         \
    ssize_t result = REC_TAKEN(fd, PROMPT, real_call);                                             \
    REC_CAME(bytes, size, result)

#define RECEIVE_FROM(real_call)                                                                    \
    RECEIVE(real_call);                                                                            \
    if (result >= 0 && REC_TELLS)                                                                  \
    rec_access_address(from, from_size, rec_return_address(), rec_here())

REC_EXPORT ssize_t recv(int fd, void *bytes, size_t size, int flags)
{
    RECEIVE(REAL(recv)(fd, bytes, size, flags));
    return result;
}

REC_EXPORT ssize_t __recv_chk(int fd, void *bytes, size_t size, size_t room, int flags)
{
    RECEIVE(REAL(__recv_chk)(fd, bytes, size, room, flags));
    return result;
}

REC_EXPORT ssize_t recvfrom(int fd, void *bytes, size_t size, int flags, struct sockaddr *from,
                            socklen_t *from_size)
{
    RECEIVE_FROM(REAL(recvfrom)(fd, bytes, size, flags, from, from_size));
    return result;
}

REC_EXPORT ssize_t __recvfrom_chk(int fd, void *bytes, size_t size, size_t room, int flags,
                                  struct sockaddr *from, socklen_t *from_size)
{
    RECEIVE_FROM(REAL(__recvfrom_chk)(fd, bytes, size, room, flags, from, from_size));
    return result;
}

static void tell_message(const struct msghdr *message, size_t size, uint64_t pc, uint64_t sp)
{
    rec_access_range((uint64_t)message, sizeof *message, false, pc, sp);
    rec_access_parts(message->msg_iov, message->msg_iovlen, size, true, pc, sp);
    rec_access_range((uint64_t)&message->msg_flags, sizeof message->msg_flags, true, pc, sp);
}

REC_EXPORT ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
    ssize_t result = REC_TAKEN(fd, PROMPT, REAL(recvmsg)(fd, message, flags));
    if (result >= 0 && REC_TELLS)
        tell_message(message, (size_t)result, rec_return_address(), rec_here());
    return result;
}

REC_EXPORT int recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags,
                        struct timespec *limit)
{
    int result = REC_TAKEN(fd, PROMPT, REAL(recvmmsg)(fd, messages, count, flags, limit));
    if (result > 0 && REC_TELLS)
        for (int i = 0; i < result; i++) {
            tell_message(&messages[i].msg_hdr, messages[i].msg_len, rec_return_address(),
                         rec_here());
            REC_WRITES(&messages[i].msg_len, sizeof messages[i].msg_len);
        }
    return result;
}
