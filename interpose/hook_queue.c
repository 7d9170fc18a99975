/* SPDX-License-Identifier: Apache-2.0 */
/* POSIX message queues: a message is sent before it is received. Their descriptors are the
 * system's; the C library closes them without close. */
#include "interpose/access/transfers.h"

#include <mqueue.h>

#define SEND(what, real_call)                                                                      \
    do {                                                                                           \
        if (!rec_live.on)                                                                          \
            return real_call;                                                                      \
        if (size <= REC_AHEAD && REC_TELLS)                                                        \
            REC_READS(bytes, size);                                                                \
        rec_way way = rec_way_of_queue(queue);                                                     \
        rec_way_puts(way, rec_here());                                                             \
        return REC_WAITING(rec_way_waits(way), (what), (unsigned)queue, real_call);                \
    } while (0)

#define RECEIVE(what, real_call)                                                                   \
    do {                                                                                           \
        if (!rec_live.on)                                                                          \
            return real_call;                                                                      \
        rec_way way = rec_way_of_queue(queue);                                                     \
        ssize_t result = REC_WAITING(rec_way_waits(way), (what), (unsigned)queue, real_call);      \
        rec_way_got(queue, way, result, rec_here());                                               \
        REC_CAME(bytes, size, result);                                                             \
        if (result >= 0 && priority && REC_TELLS)                                                  \
            REC_WRITES(priority, sizeof *priority);                                                \
        return result;                                                                             \
    } while (0)

REC_EXPORT int mq_send(mqd_t queue, const char *bytes, size_t size, unsigned priority)
{
    SEND(TR_BLOCK_OUTPUT, REAL(mq_send)(queue, bytes, size, priority));
}

REC_EXPORT int mq_timedsend(mqd_t queue, const char *bytes, size_t size, unsigned priority,
                            const struct timespec *limit)
{
    SEND(TR_BLOCK_OUTPUT | TR_BLOCK_TIMED, REAL(mq_timedsend)(queue, bytes, size, priority, limit));
}

REC_EXPORT ssize_t mq_receive(mqd_t queue, char *bytes, size_t size, unsigned *priority)
{
    RECEIVE(TR_BLOCK_INPUT, REAL(mq_receive)(queue, bytes, size, priority));
}

REC_EXPORT ssize_t mq_timedreceive(mqd_t queue, char *restrict bytes, size_t size,
                                   unsigned *restrict priority,
                                   const struct timespec *restrict limit)
{
    RECEIVE(TR_BLOCK_INPUT | TR_BLOCK_TIMED,
            REAL(mq_timedreceive)(queue, bytes, size, priority, limit));
}

REC_EXPORT int mq_close(mqd_t queue)
{
    if (rec_live.on)
        rec_way_forget(queue);
    return REAL(mq_close)(queue);
}
