/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses of sockets that are asked for and spelled, in the caller's memory. */
#include "interpose/access/ranges.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

#include "interpose/core/poison.h"

#define ASKS(name)                                                                                 \
    REC_RANGED(int, name, (int fd, struct sockaddr *restrict address, socklen_t *restrict size),   \
               (fd, address, size))                                                                \
    {                                                                                              \
        REC_UNTOLD(REAL(name)(fd, address, size));                                                 \
        int error = REAL(name)(fd, address, size);                                                 \
        if (!error)                                                                                \
            rec_access_address(address, size, rec_return_address(), rec_here());                   \
        return error;                                                                              \
    }

ASKS(getsockname)
ASKS(getpeername)

static size_t size_of(int family)
{
    return family == AF_INET ? sizeof(struct in_addr) : sizeof(struct in6_addr);
}

REC_RANGED(const char *, inet_ntop,
           (int family, const void *restrict from, char *restrict to, socklen_t room),
           (family, from, to, room))
{
    REC_UNTOLD(REAL(inet_ntop)(family, from, to, room));
    const char *text = REAL(inet_ntop)(family, from, to, room);
    if (text) {
        REC_READS(from, size_of(family));
        REC_WRITES(to, REAL(strlen)(text) + 1);
    }
    return text;
}

REC_RANGED(int, inet_pton, (int family, const char *restrict from, void *restrict to),
           (family, from, to))
{
    REC_UNTOLD(REAL(inet_pton)(family, from, to));
    int result = REAL(inet_pton)(family, from, to);
    if (result == 1) {
        REC_READS(from, REAL(strlen)(from) + 1);
        REC_WRITES(to, size_of(family));
    }
    return result;
}
