/* SPDX-License-Identifier: Apache-2.0 */
/* Ranges of the C library's functions: whose are told, and those in parts. */
#include "interpose/access/ranges.h"

#include <netinet/in.h>
#include <sys/uio.h>

#include "interpose/core/poison.h"

enum { PARTS_AT_ONCE = 16, PARTS = 1024 };

__attribute__((noinline, cold)) bool rec_tells_slow(uint64_t pc)
{
    return rec_live.on && rec_module_source(pc) != TR_SOURCE_NONE;
}

static uint64_t tell(const struct iovec *parts, uint64_t count, uint64_t size, bool write,
                     uint64_t pc, uint64_t sp)
{
    for (uint64_t i = 0; i < count && size; i++) {
        uint64_t here = parts[i].iov_len < size ? parts[i].iov_len : size;
        rec_access_range((uint64_t)parts[i].iov_base, here, write, pc, sp);
        size -= here;
    }
    return size;
}

void rec_access_parts(const struct iovec *parts, uint64_t count, uint64_t size, bool write,
                      uint64_t pc, uint64_t sp)
{
    rec_access_range((uint64_t)parts, count * sizeof *parts, false, pc, sp);
    tell(parts, count, size, write, pc, sp);
}

void rec_access_parts_ahead(const struct iovec *parts, uint64_t count, uint64_t pc, uint64_t sp)
{
    struct iovec copy[PARTS_AT_ONCE];
    if (count > PARTS)
        return;
    for (uint64_t at = 0, left = REC_AHEAD; at < count && left; at += PARTS_AT_ONCE) {
        uint64_t some = count - at < PARTS_AT_ONCE ? count - at : PARTS_AT_ONCE;
        if (rec_sys_peek(copy, parts + at, some * sizeof *copy) != (long)(some * sizeof *copy))
            return;
        rec_access_range((uint64_t)(parts + at), some * sizeof *copy, false, pc, sp);
        left = tell(copy, some, left, false, pc, sp);
    }
}

void rec_access_address(const void *address, const unsigned *size, uint64_t pc, uint64_t sp)
{
    const unsigned surely = sizeof(struct sockaddr_in);
    if (!address || !size)
        return;
    rec_access_range((uint64_t)address, *size < surely ? *size : surely, true, pc, sp);
    rec_access_range((uint64_t)size, sizeof *size, true, pc, sp);
}
