/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The caller's memory in calls that read and write descriptors. What comes in is told as a write
 * behind the order that it brings, as much as came. What goes out is told as a read before the
 * order that it carries: who receives it may then use the memory anew. So it is told whole, and
 * before it is known how much will go; only where there is no order it is told afterwards.
 */
#ifndef REC_ACCESS_TRANSFERS_H
#define REC_ACCESS_TRANSFERS_H

#include "interpose/access/ranges.h"
#include "interpose/core/channel.h"

/* RESULT bytes came, or as many as there was room for. */
#define REC_CAME(bytes, size, result)                                                              \
    do {                                                                                           \
        if ((result) > 0 && REC_TELLS)                                                             \
            REC_WRITES(bytes, (size_t)(result) < (size) ? (size_t)(result) : (size));              \
    } while (0)

#define REC_CAME_IN_PARTS(parts, count, result)                                                    \
    do {                                                                                           \
        if ((result) > 0 && REC_TELLS)                                                             \
            rec_access_parts(parts, (uint64_t)(count), (uint64_t)(result), true,                   \
                             rec_return_address(), rec_here());                                    \
    } while (0)

/* Is what goes out through FD to be told before it does? */
static inline bool rec_tells_ahead(int fd, uint64_t pc)
{
    return rec_tells(pc) && !rec_way_is_dull(rec_way_of(fd));
}

/* What SENT, a call that sends BYTES through FD, returns. */
#define REC_GOES(fd, bytes, size, sent)                                                            \
    ({                                                                                             \
        bool rec_ahead = (size) <= REC_AHEAD && rec_tells_ahead(fd, rec_return_address());         \
        if (rec_ahead)                                                                             \
            REC_READS(bytes, size);                                                                \
        ssize_t rec_went = sent;                                                                   \
        if (!rec_ahead && rec_went > 0 && REC_TELLS)                                               \
            REC_READS(bytes, (size_t)rec_went);                                                    \
        rec_went;                                                                                  \
    })

#define REC_GOES_IN_PARTS(fd, parts, count, sent)                                                  \
    ({                                                                                             \
        bool rec_ahead = rec_tells_ahead(fd, rec_return_address());                                \
        if (rec_ahead)                                                                             \
            rec_access_parts_ahead(parts, (uint64_t)(count), rec_return_address(), rec_here());    \
        ssize_t rec_went = sent;                                                                   \
        if (!rec_ahead && rec_went > 0 && REC_TELLS)                                               \
            rec_access_parts(parts, (uint64_t)(count), (uint64_t)rec_went, false,                  \
                             rec_return_address(), rec_here());                                    \
        rec_went;                                                                                  \
    })

#endif
