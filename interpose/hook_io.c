/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading, writing, and what descriptors there are. What goes into a channel comes before what
 * comes out of it; the end of what goes in, by a close, comes before the end that a reader meets.
 * Calls on files carry no order, and say nothing when they wait. Nor do pread and pwrite, which
 * channels refuse.
 *
 * Calls that may wait tell of it each time: to ask first whether they would have to is a system
 * call more, which costs more than the two events.
 */
#include "interpose/access/transfers.h"

#include <stdarg.h>
#include <sys/uio.h>

#define CLOSE_RANGE_KEEPS 4 /* CLOSE_RANGE_CLOEXEC */

/* From a signalfd: what it says of the signals is order. */
#define READ(real_call)                                                                            \
    do {                                                                                           \
        ssize_t result;                                                                            \
        if (rec_live.on && rec_unlikely(rec_way_kind(rec_way_of(fd)) == REC_WAY_SIGNALS)) {        \
            result = REC_WAITING(rec_way_waits(rec_way_of(fd)), TR_BLOCK_SIGNAL, 0, real_call);    \
            rec_way_got_signals(bytes, result, rec_here());                                        \
        } else {                                                                                   \
            result = REC_TAKEN(fd, false, real_call);                                              \
        }                                                                                          \
        REC_CAME(bytes, size, result);                                                             \
        return result;                                                                             \
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
    return REC_GOES(fd, bytes, size, REC_GIVEN(fd, false, REAL(write)(fd, bytes, size)));
}

#define READ_PARTS(prompt, real_call)                                                              \
    do {                                                                                           \
        ssize_t result = REC_TAKEN(fd, prompt, real_call);                                         \
        REC_CAME_IN_PARTS(parts, count, result);                                                   \
        return result;                                                                             \
    } while (0)

#define WRITE_PARTS(to, prompt, real_call)                                                         \
    return REC_GOES_IN_PARTS(to, parts, count, REC_GIVEN(to, prompt, real_call))

REC_EXPORT ssize_t readv(int fd, const struct iovec *parts, int count)
{
    READ_PARTS(false, REAL(readv)(fd, parts, count));
}

REC_EXPORT ssize_t writev(int fd, const struct iovec *parts, int count)
{
    WRITE_PARTS(fd, false, REAL(writev)(fd, parts, count));
}

/* At offset -1 they are readv and writev. */

REC_EXPORT ssize_t preadv2(int fd, const struct iovec *parts, int count, off_t at, int flags)
{
    READ_PARTS(flags & RWF_NOWAIT, REAL(preadv2)(fd, parts, count, at, flags));
}

REC_EXPORT ssize_t preadv64v2(int fd, const struct iovec *parts, int count, off64_t at, int flags)
{
    READ_PARTS(flags & RWF_NOWAIT, REAL(preadv64v2)(fd, parts, count, at, flags));
}

REC_EXPORT ssize_t pwritev2(int fd, const struct iovec *parts, int count, off_t at, int flags)
{
    WRITE_PARTS(fd, flags & RWF_NOWAIT, REAL(pwritev2)(fd, parts, count, at, flags));
}

REC_EXPORT ssize_t pwritev64v2(int fd, const struct iovec *parts, int count, off64_t at, int flags)
{
    WRITE_PARTS(fd, flags & RWF_NOWAIT, REAL(pwritev64v2)(fd, parts, count, at, flags));
}

/* Files alone: only the memory counts. */

#define READ_AT(name, offset)                                                                      \
    REC_EXPORT ssize_t name(int fd, void *bytes, size_t size, offset at)                           \
    {                                                                                              \
        ssize_t result = REAL(name)(fd, bytes, size, at);                                          \
        REC_CAME(bytes, size, result);                                                             \
        return result;                                                                             \
    }

#define READ_AT_CHECKED(name, offset)                                                              \
    REC_EXPORT ssize_t name(int fd, void *bytes, size_t size, offset at, size_t room);             \
    REC_EXPORT ssize_t name(int fd, void *bytes, size_t size, offset at, size_t room)              \
    {                                                                                              \
        ssize_t result = REAL(name)(fd, bytes, size, at, room);                                    \
        REC_CAME(bytes, size, result);                                                             \
        return result;                                                                             \
    }

#define WRITE_AT(name, offset)                                                                     \
    REC_EXPORT ssize_t name(int fd, const void *bytes, size_t size, offset at)                     \
    {                                                                                              \
        ssize_t result = REAL(name)(fd, bytes, size, at);                                          \
        if (result > 0 && REC_TELLS)                                                               \
            REC_READS(bytes, (size_t)result);                                                      \
        return result;                                                                             \
    }

#define PARTS_AT(name, offset, writes)                                                             \
    REC_EXPORT ssize_t name(int fd, const struct iovec *parts, int count, offset at)               \
    {                                                                                              \
        ssize_t result = REAL(name)(fd, parts, count, at);                                         \
        if (result > 0 && REC_TELLS)                                                               \
            rec_access_parts(parts, (uint64_t)count, (uint64_t)result, writes,                     \
                             rec_return_address(), rec_here());                                    \
        return result;                                                                             \
    }

READ_AT(pread, off_t)
READ_AT(pread64, off64_t)
READ_AT_CHECKED(__pread_chk, off_t)
READ_AT_CHECKED(__pread64_chk, off64_t)
WRITE_AT(pwrite, off_t)
WRITE_AT(pwrite64, off64_t)
PARTS_AT(preadv, off_t, true)
PARTS_AT(preadv64, off64_t, true)
PARTS_AT(pwritev, off_t, false)
PARTS_AT(pwritev64, off64_t, false)

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
    WRITE_PARTS(to, flags & SPLICE_F_NONBLOCK, REAL(vmsplice)(to, parts, count, flags));
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
static int made(int result, const int *fds, uint64_t pc, uint64_t sp)
{
    if (rec_live.on && result >= 0) {
        rec_way_made(fds[0], REC_WAY_PIPE, sp);
        rec_way_made(fds[1], REC_WAY_PIPE, sp);
        rec_way_own(fds[0]);
        rec_way_own(fds[1]);
        if (rec_tells(pc))
            rec_access_range((uint64_t)fds, 2 * sizeof *fds, true, pc, sp);
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
    return made(REAL(pipe)(ends), ends, rec_return_address(), rec_here());
}

REC_EXPORT int pipe2(int ends[2], int flags)
{
    return made(REAL(pipe2)(ends, flags), ends, rec_return_address(), rec_here());
}

static int lock_file(int (*real)(int, int, ...), int fd, int command, void *lock, uint64_t cfa)
{
    bool waits = command == F_SETLKW || command == F_OFD_SETLKW;
    const void *key = rec_file_key(fd);
    rec_file_order(TR_HB_BEFORE, key, cfa);
    int result = REC_WAITING(waits, TR_BLOCK_FILE_LOCK, (unsigned)fd, real(fd, command, lock));
    rec_file_order(TR_HB_AFTER, key, cfa);
    return result;
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
        if (command == F_SETLK || command == F_SETLKW || command == F_OFD_SETLK ||                 \
            command == F_OFD_SETLKW)                                                               \
            return lock_file(real, fd, command, argument, rec_here());                             \
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
