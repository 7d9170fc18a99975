/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading, writing, and what descriptors there are. What goes into a channel comes before what
 * comes out of it; the end of what goes in, by a close, comes before the end that a reader meets.
 * Calls on files pass: they carry no order, and say nothing when they wait. So do pread and pwrite,
 * which channels refuse.
 *
 * Calls that may wait tell of it each time: to ask first whether they would have to is a system
 * call more, which costs more than the two events.
 */
#include "interpose/core/channel.h"

#include <stdarg.h>
#include <sys/uio.h>

#define CLOSE_RANGE_KEEPS 4 /* CLOSE_RANGE_CLOEXEC */

/* From a signalfd: what it says of the signals is order. */
#define READ(real_call)                                                                            \
    do {                                                                                           \
        if (rec_live.on && rec_unlikely(rec_way_kind(rec_way_of(fd)) == REC_WAY_SIGNALS)) {        \
            ssize_t result =                                                                       \
                REC_WAITING(rec_way_waits(rec_way_of(fd)), TR_BLOCK_SIGNAL, 0, real_call);         \
            rec_way_got_signals(bytes, result, rec_here());                                        \
            return result;                                                                         \
        }                                                                                          \
        REC_TAKES(fd, false, real_call);                                                           \
    } while (0)

REC_EXPORT ssize_t read(int fd, void *bytes, size_t size)
{
    READ(REAL(read)(fd, bytes, size));
}

REC_EXPORT ssize_t __read_chk(int fd, void *bytes, size_t size, size_t room)
{
    READ(REAL(__read_chk)(fd, bytes, size, room));
}

REC_EXPORT ssize_t write(int fd, const void *bytes, size_t size)
{
    REC_GIVES(fd, false, REAL(write)(fd, bytes, size));
}

REC_EXPORT ssize_t readv(int fd, const struct iovec *parts, int count)
{
    REC_TAKES(fd, false, REAL(readv)(fd, parts, count));
}

REC_EXPORT ssize_t writev(int fd, const struct iovec *parts, int count)
{
    REC_GIVES(fd, false, REAL(writev)(fd, parts, count));
}

/* At offset -1 they are readv and writev. */

REC_EXPORT ssize_t preadv2(int fd, const struct iovec *parts, int count, off_t at, int flags)
{
    REC_TAKES(fd, flags & RWF_NOWAIT, REAL(preadv2)(fd, parts, count, at, flags));
}

REC_EXPORT ssize_t preadv64v2(int fd, const struct iovec *parts, int count, off64_t at, int flags)
{
    REC_TAKES(fd, flags & RWF_NOWAIT, REAL(preadv64v2)(fd, parts, count, at, flags));
}

REC_EXPORT ssize_t pwritev2(int fd, const struct iovec *parts, int count, off_t at, int flags)
{
    REC_GIVES(fd, flags & RWF_NOWAIT, REAL(pwritev2)(fd, parts, count, at, flags));
}

REC_EXPORT ssize_t pwritev64v2(int fd, const struct iovec *parts, int count, off64_t at, int flags)
{
    REC_GIVES(fd, flags & RWF_NOWAIT, REAL(pwritev64v2)(fd, parts, count, at, flags));
}

/* From one descriptor to another: what is given comes first, then it is a taking call. */
#define MOVES(from, to, prompt, real_call)                                                         \
    do {                                                                                           \
        if (rec_live.on)                                                                           \
            rec_way_puts(rec_way_of(to), rec_here());                                              \
        REC_TAKES(from, prompt, real_call);                                                        \
    } while (0)

REC_EXPORT ssize_t splice(int from, off64_t *from_at, int to, off64_t *to_at, size_t size,
                          unsigned flags)
{
    MOVES(from, to, flags & SPLICE_F_NONBLOCK, REAL(splice)(from, from_at, to, to_at, size, flags));
}

REC_EXPORT ssize_t tee(int from, int to, size_t size, unsigned flags)
{
    MOVES(from, to, flags & SPLICE_F_NONBLOCK, REAL(tee)(from, to, size, flags));
}

REC_EXPORT ssize_t vmsplice(int to, const struct iovec *parts, size_t count, unsigned flags)
{
    REC_GIVES(to, flags & SPLICE_F_NONBLOCK, REAL(vmsplice)(to, parts, count, flags));
}

REC_EXPORT ssize_t sendfile(int to, int from, off_t *at, size_t size)
{
    REC_GIVES(to, false, REAL(sendfile)(to, from, at, size));
}

REC_EXPORT ssize_t sendfile64(int to, int from, off64_t *at, size_t size)
{
    REC_GIVES(to, false, REAL(sendfile64)(to, from, at, size));
}

/* Which descriptors there are.
 * -------------------------------------------------------------------------------------------- */

/* A call that makes descriptors returned RESULT, and them, if that is not negative. */
static int made(int result, const int *fds)
{
    if (rec_live.on && result >= 0) {
        rec_way_forget(fds[0]);
        rec_way_forget(fds[1]);
    }
    return result;
}

REC_EXPORT int close(int fd)
{
    rec_way_closes(fd, rec_here());
    return REAL(close)(fd);
}

static void closes_all(unsigned first, unsigned last, uint64_t cfa)
{
    if (!rec_live.on)
        return;
    for (unsigned fd = first; fd < REC_WAYS && fd <= last; fd++)
        if (__atomic_load_n(&rec_ways[fd], __ATOMIC_RELAXED))
            rec_way_closes((int)fd, cfa);
}

REC_EXPORT int close_range(unsigned first, unsigned last, int flags)
{
    if (!(flags & CLOSE_RANGE_KEEPS))
        closes_all(first, last, rec_here());
    return REAL(close_range)(first, last, flags);
}

REC_EXPORT void closefrom(int first)
{
    closes_all(first < 0 ? 0 : (unsigned)first, REC_WAYS, rec_here());
    REAL(closefrom)(first);
}

static int copied(int fd, int copy)
{
    if (rec_live.on && copy >= 0 && copy != fd)
        rec_way_copy(fd, copy);
    return copy;
}

REC_EXPORT int dup(int fd)
{
    return copied(fd, REAL(dup)(fd));
}

/* COPY, if it is open, is closed. */
static void replaces(int fd, int copy, uint64_t cfa)
{
    if (rec_live.on && fd != copy)
        rec_way_ends(rec_way_of(copy), false, cfa);
}

REC_EXPORT int dup2(int fd, int copy)
{
    replaces(fd, copy, rec_here());
    return copied(fd, REAL(dup2)(fd, copy));
}

REC_EXPORT int dup3(int fd, int copy, int flags)
{
    replaces(fd, copy, rec_here());
    return copied(fd, REAL(dup3)(fd, copy, flags));
}

REC_EXPORT int pipe(int ends[2])
{
    return made(REAL(pipe)(ends), ends);
}

REC_EXPORT int pipe2(int ends[2], int flags)
{
    return made(REAL(pipe2)(ends, flags), ends);
}

/* The argument is a number or a pointer, or none was given: then this one is not looked at. */
#define CONTROL(name)                                                                              \
    do {                                                                                           \
        va_list arguments;                                                                         \
        va_start(arguments, command);                                                              \
        void *argument = va_arg(arguments, void *);                                                \
        va_end(arguments);                                                                         \
        int (*real)(int, int, ...) = REAL(name);                                                   \
        if (!rec_live.on)                                                                          \
            return real(fd, command, argument);                                                    \
        if (command == F_SETLKW || command == F_OFD_SETLKW) {                                      \
            REC_BLOCK(block, TR_BLOCK_FILE_LOCK, (unsigned)fd);                                    \
            return real(fd, command, argument);                                                    \
        }                                                                                          \
        int result = real(fd, command, argument);                                                  \
        if (command == F_DUPFD || command == F_DUPFD_CLOEXEC)                                      \
            return copied(fd, result);                                                             \
        if (command == F_SETFL && result == 0)                                                     \
            rec_way_prompt(fd, (uintptr_t)argument &O_NONBLOCK);                                   \
        return result;                                                                             \
    } while (0)

REC_EXPORT int fcntl(int fd, int command, ...)
{
    CONTROL(fcntl);
}

REC_EXPORT int fcntl64(int fd, int command, ...)
{
    CONTROL(fcntl64);
}
