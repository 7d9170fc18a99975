/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a descriptor is: whether it carries data from one thread to another, and whether a call on
 * it may wait. A hook asks once, before the real call, and keeps the answer for after it:
 *
 *     rec_way way = rec_way_of(fd);
 *     if (rec_way_is_dull(way))
 *         return REAL(read)(fd, bytes, size);
 *     ... the real call ...
 *     rec_way_got(fd, way, result, rec_here());
 *
 * Both ends of a channel give the same key. Where that cannot be told, all channels of a kind share
 * one: more order than there is hides a race, less would invent one.
 */
#ifndef REC_CORE_CHANNEL_H
#define REC_CORE_CHANNEL_H

#include "interpose/core/order.h"

/* The kind, whether it waits, and the keys for what comes in and what goes out. */
typedef uint64_t rec_way;

enum rec_way_kind {
    REC_WAY_UNKNOWN,
    REC_WAY_FILE,     /* carries no order and never waits for long: files, directories, devices */
    REC_WAY_TERMINAL, /* no order, but it waits; timers and the like too */
    REC_WAY_PIPE,     /* and FIFOs */
    REC_WAY_SOCKET,
    REC_WAY_EVENT,   /* eventfd */
    REC_WAY_EPOLL,   /* the instance itself */
    REC_WAY_SIGNALS, /* signalfd */
    REC_WAY_QUEUE,   /* mq_* */
    REC_WAY_KIND_MASK = 15,
    REC_WAY_PROMPT = 1 << 4, /* does not wait: O_NONBLOCK, as far as is known */
    REC_WAY_OWN = 1 << 5,    /* made by this process (rec_way_own) */
    REC_WAY_IN_SHIFT = 16,   /* 16 bits each */
    REC_WAY_OUT_SHIFT = 32,
};

enum {
    REC_WAYS = 1 << 16
}; /* descriptors that are remembered; higher ones are looked at each time */

extern rec_way rec_ways[REC_WAYS];

rec_way rec_way_find(int fd);

static inline rec_way rec_way_of(int fd)
{
    rec_way way = (unsigned)fd < REC_WAYS ? __atomic_load_n(&rec_ways[fd], __ATOMIC_RELAXED) : 0;
    return rec_likely(way) ? way : rec_way_find(fd);
}

/* A message queue's, which by its descriptor alone would be taken for a file. */
rec_way rec_way_of_queue(int fd);

static inline enum rec_way_kind rec_way_kind(rec_way way)
{
    return (enum rec_way_kind)(way & REC_WAY_KIND_MASK);
}

static inline bool rec_way_is_dull(rec_way way)
{
    return rec_likely(rec_way_kind(way) == REC_WAY_FILE);
}

static inline bool rec_way_waits(rec_way way)
{
    return rec_way_kind(way) >= REC_WAY_TERMINAL && !(way & REC_WAY_PROMPT);
}

static inline bool rec_way_carries(rec_way way)
{
    return rec_way_kind(way) >= REC_WAY_PIPE;
}

/* Locks of files, and of parts of them: each call is taken to come behind all calls of before on
 * the same file, which hides races and invents none. The file's key, NULL for none; and KIND,
 * HB_BEFORE or HB_AFTER the call. */
const void *rec_file_key(int fd);
void rec_file_order(uint8_t kind, const void *key, uint64_t cfa);

/* The descriptor's number now means something else, or nothing: to be called before it is closed,
 * and after it was made. */
void rec_way_forget(int fd);
/* The same of a new channel of KIND: it comes behind the close of the channel whose number it got,
 * wherever that was. */
void rec_way_made(int fd, enum rec_way_kind kind, uint64_t cfa);
/* COPY is another number for what FD is. */
void rec_way_copy(int fd, int copy);
/* O_NONBLOCK was set or cleared. */
void rec_way_prompt(int fd, bool prompt);
/* FD is a new object of KIND that only its number tells from others: EVENT, EPOLL. */
void rec_way_new(int fd, enum rec_way_kind kind);
/* The ends of a new pair of sockets. */
void rec_way_pair(const int ends[2]);
/* FD is a new channel, both of whose ends the process has just made. */
void rec_way_own(int fd);
/* Descriptors are sent to somebody: whose other ends are where is not known any more. */
void rec_ways_sent(void);
/* WHAT a call on it waits for (enum tr_block), TR_BLOCK_OWN where that holds. */
uint32_t rec_way_block(rec_way way, enum tr_block what);

/* Order: before data goes out; before the end of what goes out (and comes in); after data, or the
 * end, came in. RESULT is the call's: nothing has come if it is negative. errno is kept. */
void rec_way_puts(rec_way way, uint64_t cfa);
void rec_way_ends(rec_way way, bool in_too, uint64_t cfa);
void rec_way_closes(int fd, uint64_t cfa); /* about to be: it ends, and is forgotten */
void rec_way_got(int fd, rec_way way, long result, uint64_t cfa);
/* What a wait for input (or OUTPUT) on FD is told to be on (tr_block_channel). */
uint64_t rec_way_on(int fd, rec_way way, bool output);
/* After signals, as many as the RESULT of a read from a signalfd tells. */
void rec_way_got_signals(const void *bytes, long result, uint64_t cfa);
/* The same for what connects sockets, from connect to accept. */
void rec_way_connects(uint64_t cfa);
void rec_way_accepted(int fd, uint64_t cfa);
/* A call on FD failed by errno: if it would have had to wait, calls like it do not. */
void rec_way_failed(int fd, rec_way way);

/*
 * The body of a hook on one descriptor: what the call returns. PROMPT: this call does not wait. The
 * real call stands outside the recorder's guard, and its wait is told to its end also if the thread
 * is cancelled.
 */
#define REC_TAKEN(fd, prompt, real_call)                                                           \
    ({                                                                                             \
        __typeof__(real_call) rec_took;                                                            \
        rec_way rec_its = rec_live.on ? rec_way_of(fd) : REC_WAY_FILE;                             \
        if (rec_way_is_dull(rec_its)) {                                                            \
            rec_took = real_call;                                                                  \
        } else {                                                                                   \
            if (prompt)                                                                            \
                rec_its |= REC_WAY_PROMPT;                                                         \
            rec_took = REC_WAITING(rec_way_waits(rec_its), rec_way_block(rec_its, TR_BLOCK_INPUT), \
                                   rec_way_on((fd), rec_its, false), real_call);                   \
            rec_way_got((fd), rec_its, rec_took, rec_here());                                      \
        }                                                                                          \
        rec_took;                                                                                  \
    })

#define REC_GIVEN(fd, prompt, real_call)                                                           \
    ({                                                                                             \
        __typeof__(real_call) rec_gave;                                                            \
        rec_way rec_its = rec_live.on ? rec_way_of(fd) : REC_WAY_FILE;                             \
        if (rec_way_is_dull(rec_its)) {                                                            \
            rec_gave = real_call;                                                                  \
        } else {                                                                                   \
            if (prompt)                                                                            \
                rec_its |= REC_WAY_PROMPT;                                                         \
            rec_way_puts(rec_its, rec_here());                                                     \
            rec_gave =                                                                             \
                REC_WAITING(rec_way_waits(rec_its), rec_way_block(rec_its, TR_BLOCK_OUTPUT),       \
                            rec_way_on((fd), rec_its, true), real_call);                           \
            if (rec_gave < 0)                                                                      \
                rec_way_failed((fd), rec_its);                                                     \
        }                                                                                          \
        rec_gave;                                                                                  \
    })

#define REC_TAKES(fd, prompt, real_call) return REC_TAKEN(fd, prompt, real_call)
#define REC_GIVES(fd, prompt, real_call) return REC_GIVEN(fd, prompt, real_call)

#endif
