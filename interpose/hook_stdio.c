/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streams. The C library reads and writes for them within itself, where read and write are not
 * ours; so the stream's descriptor is asked whether it is a channel, and what is put into a
 * stream comes before what leaves it, however long it stays in its buffer. Streams on files pass.
 *
 * Nothing is looked at in a stream but its descriptor and whether it has characters left, which
 * getc tests as well: one that is in the buffer is as good as read. Which stream is stdout the C
 * library decides, and the program may have changed it; here it is taken for what it was at first.
 */
#define __NO_INLINE__ 1 /* stdio.h would define some of these itself */
#include "interpose/access/transfers.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static inline rec_way way_of(const FILE *stream)
{
    return rec_live.on && stream->_fileno >= 0 ? rec_way_of(stream->_fileno) : REC_WAY_FILE;
}

static inline rec_way way_of_number(int fd)
{
    return rec_live.on ? rec_way_of(fd) : REC_WAY_FILE;
}

static inline bool has(const FILE *stream, size_t size)
{
    return (size_t)(stream->_IO_read_end - stream->_IO_read_ptr) >= size &&
           stream->_IO_read_end > stream->_IO_read_ptr;
}

/* What the call returns. A wait is told unless AT_HAND: all that is asked for is in the buffer. */
#define TAKEN(stream, at_hand, real_call)                                                          \
    ({                                                                                             \
        __typeof__(real_call) result;                                                              \
        rec_unsafe("stdio", rec_here());                                                           \
        rec_way way = way_of(stream);                                                              \
        if (rec_way_is_dull(way)) {                                                                \
            result = real_call;                                                                    \
        } else {                                                                                   \
            int fd = (stream)->_fileno;                                                            \
            result = REC_WAITING(rec_way_waits(way) && !(at_hand), TR_BLOCK_INPUT,                 \
                                 rec_way_on(fd, way, false), real_call);                           \
            rec_way_got(fd, way, 0, rec_here());                                                   \
        }                                                                                          \
        result;                                                                                    \
    })

#define TAKES(stream, at_hand, real_call) return TAKEN(stream, at_hand, real_call)

#define GIVES(stream, real_call) GIVES_WAY(way_of(stream), real_call)
#define SAYS(real_call)          GIVES_WAY(way_of_number(STDOUT_FILENO), real_call)

#define GIVES_WAY(to, real_call)                                                                   \
    do {                                                                                           \
        rec_unsafe("stdio", rec_here());                                                           \
        rec_way way = to;                                                                          \
        if (!rec_way_is_dull(way))                                                                 \
            rec_way_puts(way, rec_here());                                                         \
        return real_call;                                                                          \
    } while (0)

/* Reading.
 * -------------------------------------------------------------------------------------------- */

/* Elements that came in part are not told. */
#define READ(real_call)                                                                            \
    do {                                                                                           \
        size_t got = TAKEN(stream, has(stream, size * count), real_call);                          \
        if (got && REC_TELLS)                                                                      \
            REC_WRITES(bytes, got *size);                                                          \
        return got;                                                                                \
    } while (0)

REC_EXPORT size_t fread(void *restrict bytes, size_t size, size_t count, FILE *restrict stream)
{
    READ(REAL(fread)(bytes, size, count, stream));
}

REC_EXPORT size_t fread_unlocked(void *restrict bytes, size_t size, size_t count,
                                 FILE *restrict stream)
{
    READ(REAL(fread_unlocked)(bytes, size, count, stream));
}

REC_EXPORT size_t __fread_chk(void *restrict bytes, size_t room, size_t size, size_t count,
                              FILE *restrict stream)
{
    READ(REAL(__fread_chk)(bytes, room, size, count, stream));
}

#define READ_LINE(real_call)                                                                       \
    do {                                                                                           \
        char *got = TAKEN(stream, false, real_call);                                               \
        if (got && REC_TELLS)                                                                      \
            REC_WRITES(got, REAL(strlen)(got) + 1);                                                \
        return got;                                                                                \
    } while (0)

REC_EXPORT char *fgets(char *restrict line, int size, FILE *restrict stream)
{
    READ_LINE(REAL(fgets)(line, size, stream));
}

REC_EXPORT char *fgets_unlocked(char *restrict line, int size, FILE *restrict stream)
{
    READ_LINE(REAL(fgets_unlocked)(line, size, stream));
}

REC_EXPORT char *__fgets_chk(char *restrict line, size_t room, int size, FILE *restrict stream)
{
    READ_LINE(REAL(__fgets_chk)(line, room, size, stream));
}

struct block {
    char *at;
    size_t size;
};

/* LENGTH characters and an end are in *LINE now. What the call was GIVEN is read, and written where
 * it is not enough. */
static void tell_line(char **line, size_t *size, struct block given, ssize_t length, uint64_t pc,
                      uint64_t sp)
{
    rec_access_range((uint64_t)line, sizeof *line, false, pc, sp);
    rec_access_range((uint64_t)size, sizeof *size, false, pc, sp);
    if (*line != given.at)
        rec_access_range((uint64_t)line, sizeof *line, true, pc, sp);
    if (*size != given.size)
        rec_access_range((uint64_t)size, sizeof *size, true, pc, sp);
    if (length >= 0)
        rec_access_range((uint64_t)*line, (size_t)length + 1, true, pc, sp);
}

#define READ_ANY_LINE(real_call)                                                                   \
    do {                                                                                           \
        bool tells = line && size && REC_TELLS;                                                    \
        struct block given = {tells ? *line : NULL, tells ? *size : 0};                            \
        ssize_t length = TAKEN(stream, false, real_call);                                          \
        if (tells)                                                                                 \
            tell_line(line, size, given, length, rec_return_address(), rec_here());                \
        return length;                                                                             \
    } while (0)

REC_EXPORT ssize_t getline(char **restrict line, size_t *restrict size, FILE *restrict stream)
{
    READ_ANY_LINE(REAL(getline)(line, size, stream));
}

REC_EXPORT ssize_t getdelim(char **restrict line, size_t *restrict size, int end,
                            FILE *restrict stream)
{
    READ_ANY_LINE(REAL(getdelim)(line, size, end, stream));
}

REC_EXPORT ssize_t __getdelim(char **restrict line, size_t *restrict size, int end,
                              FILE *restrict stream)
{
    READ_ANY_LINE(REAL(__getdelim)(line, size, end, stream));
}

/* One character, many times: the buffer first. */
#define TAKES_ONE(stream, real_call)                                                               \
    do {                                                                                           \
        if (rec_likely(has(stream, 1)))                                                            \
            return real_call;                                                                      \
        TAKES(stream, false, real_call);                                                           \
    } while (0)

REC_EXPORT int fgetc(FILE *stream)
{
    TAKES_ONE(stream, REAL(fgetc)(stream));
}

REC_EXPORT int getc(FILE *stream)
{
    TAKES_ONE(stream, REAL(getc)(stream));
}

REC_EXPORT int getchar(void)
{
    TAKES_ONE(*REAL(stdin), REAL(getchar)());
}

/* With their arguments, the others of a kind are called as the C library does itself. */
#define WITH_ARGUMENTS(last, result_type, call)                                                    \
    va_list arguments;                                                                             \
    va_start(arguments, last);                                                                     \
    result_type result = call;                                                                     \
    va_end(arguments);                                                                             \
    return result

/* The names by which compilers since C99 know scanf and the others. */

static inline __attribute__((always_inline)) int scan(FILE *stream, const char *format,
                                                      va_list arguments)
{
    TAKES(stream, false, REAL(__isoc99_vfscanf)(stream, format, arguments));
}

static inline __attribute__((always_inline)) int scan_input(const char *format, va_list arguments)
{
    TAKES(*REAL(stdin), false, REAL(__isoc99_vscanf)(format, arguments));
}

REC_EXPORT int __isoc99_scanf(const char *format, ...)
{
    WITH_ARGUMENTS(format, int, scan_input(format, arguments));
}

REC_EXPORT int __isoc99_fscanf(FILE *stream, const char *format, ...)
{
    WITH_ARGUMENTS(format, int, scan(stream, format, arguments));
}

REC_EXPORT int __isoc99_vscanf(const char *format, va_list arguments)
{
    return scan_input(format, arguments);
}

REC_EXPORT int __isoc99_vfscanf(FILE *stream, const char *format, va_list arguments)
{
    return scan(stream, format, arguments);
}

/* Writing.
 * -------------------------------------------------------------------------------------------- */

/* Before the call: streams are seldom refused, and who gets it may use the memory anew. */
static void tell_elements(const void *bytes, size_t size, size_t count, uint64_t pc, uint64_t sp)
{
    size_t all;
    if (rec_tells(pc) && !__builtin_mul_overflow(size, count, &all) && all <= REC_AHEAD)
        rec_access_range((uint64_t)bytes, all, false, pc, sp);
}

REC_EXPORT size_t fwrite(const void *restrict bytes, size_t size, size_t count,
                         FILE *restrict stream)
{
    tell_elements(bytes, size, count, rec_return_address(), rec_here());
    GIVES(stream, REAL(fwrite)(bytes, size, count, stream));
}

REC_EXPORT size_t fwrite_unlocked(const void *restrict bytes, size_t size, size_t count,
                                  FILE *restrict stream)
{
    tell_elements(bytes, size, count, rec_return_address(), rec_here());
    GIVES(stream, REAL(fwrite_unlocked)(bytes, size, count, stream));
}

#define TELL_TEXT(text)                                                                            \
    do {                                                                                           \
        if (REC_TELLS)                                                                             \
            REC_READS(text, REAL(strlen)(text) + 1);                                               \
    } while (0)

REC_EXPORT int fputs(const char *restrict line, FILE *restrict stream)
{
    TELL_TEXT(line);
    GIVES(stream, REAL(fputs)(line, stream));
}

REC_EXPORT int fputs_unlocked(const char *restrict line, FILE *restrict stream)
{
    TELL_TEXT(line);
    GIVES(stream, REAL(fputs_unlocked)(line, stream));
}

REC_EXPORT int puts(const char *line)
{
    TELL_TEXT(line);
    SAYS(REAL(puts)(line));
}

REC_EXPORT int fputc(int character, FILE *stream)
{
    GIVES(stream, REAL(fputc)(character, stream));
}

REC_EXPORT int putc(int character, FILE *stream)
{
    GIVES(stream, REAL(putc)(character, stream));
}

REC_EXPORT int putchar(int character)
{
    SAYS(REAL(putchar)(character));
}

static inline __attribute__((always_inline)) int print(FILE *stream, const char *format,
                                                       va_list arguments)
{
    GIVES(stream, REAL(vfprintf)(stream, format, arguments));
}

static inline __attribute__((always_inline)) int say(const char *format, va_list arguments)
{
    SAYS(REAL(vprintf)(format, arguments));
}

static inline __attribute__((always_inline)) int say_checked(int flag, const char *format,
                                                             va_list arguments)
{
    SAYS(REAL(__vprintf_chk)(flag, format, arguments));
}

REC_EXPORT int printf(const char *format, ...)
{
    WITH_ARGUMENTS(format, int, say(format, arguments));
}

REC_EXPORT int fprintf(FILE *stream, const char *format, ...)
{
    WITH_ARGUMENTS(format, int, print(stream, format, arguments));
}

REC_EXPORT int vprintf(const char *format, va_list arguments)
{
    return say(format, arguments);
}

REC_EXPORT int vfprintf(FILE *stream, const char *format, va_list arguments)
{
    return print(stream, format, arguments);
}

static inline __attribute__((always_inline)) int print_checked(FILE *stream, int flag,
                                                               const char *format,
                                                               va_list arguments)
{
    GIVES(stream, REAL(__vfprintf_chk)(stream, flag, format, arguments));
}

REC_EXPORT int __printf_chk(int flag, const char *format, ...)
{
    WITH_ARGUMENTS(format, int, say_checked(flag, format, arguments));
}

REC_EXPORT int __fprintf_chk(FILE *stream, int flag, const char *format, ...)
{
    WITH_ARGUMENTS(format, int, print_checked(stream, flag, format, arguments));
}

REC_EXPORT int __vprintf_chk(int flag, const char *format, va_list arguments)
{
    return say_checked(flag, format, arguments);
}

REC_EXPORT int __vfprintf_chk(FILE *stream, int flag, const char *format, va_list arguments)
{
    return print_checked(stream, flag, format, arguments);
}

static inline __attribute__((always_inline)) int print_into(int fd, const char *format,
                                                            va_list arguments)
{
    rec_way_puts(way_of_number(fd), rec_here());
    return REAL(vdprintf)(fd, format, arguments);
}

static inline __attribute__((always_inline)) int print_checked_into(int fd, int flag,
                                                                    const char *format,
                                                                    va_list arguments)
{
    rec_way_puts(way_of_number(fd), rec_here());
    return REAL(__vdprintf_chk)(fd, flag, format, arguments);
}

REC_EXPORT int dprintf(int fd, const char *format, ...)
{
    WITH_ARGUMENTS(format, int, print_into(fd, format, arguments));
}

REC_EXPORT int vdprintf(int fd, const char *format, va_list arguments)
{
    return print_into(fd, format, arguments);
}

REC_EXPORT int __dprintf_chk(int fd, int flag, const char *format, ...)
{
    WITH_ARGUMENTS(format, int, print_checked_into(fd, flag, format, arguments));
}

REC_EXPORT int __vdprintf_chk(int fd, int flag, const char *format, va_list arguments)
{
    return print_checked_into(fd, flag, format, arguments);
}

/* All streams: which of them are channels is not known. */
REC_EXPORT int fflush(FILE *stream)
{
    rec_unsafe("stdio", rec_here());
    rec_way way = stream ? way_of(stream) : REC_WAY_FILE;
    if (rec_way_is_dull(way))
        return REAL(fflush)(stream);
    rec_way_puts(way, rec_here());
    return REC_WAITING(rec_way_waits(way), TR_BLOCK_OUTPUT, rec_way_on(stream->_fileno, way, true),
                       REAL(fflush)(stream));
}

/* Closing.
 * -------------------------------------------------------------------------------------------- */

static inline __attribute__((always_inline)) void closes(const FILE *stream)
{
    if (stream->_fileno >= 0)
        rec_way_closes(stream->_fileno, rec_here());
}

REC_EXPORT int fclose(FILE *stream)
{
    rec_unsafe("stdio", rec_here());
    closes(stream);
    return REAL(fclose)(stream);
}

/* Its wait is for the command that it ran. */
REC_EXPORT int pclose(FILE *stream)
{
    closes(stream);
    return REC_WAITING(rec_live.on, TR_BLOCK_CHILD, 0, REAL(pclose)(stream));
}

REC_EXPORT FILE *freopen(const char *restrict path, const char *restrict mode,
                         FILE *restrict stream)
{
    closes(stream);
    return REAL(freopen)(path, mode, stream);
}

REC_EXPORT FILE *freopen64(const char *restrict path, const char *restrict mode,
                           FILE *restrict stream)
{
    closes(stream);
    return REAL(freopen64)(path, mode, stream);
}

REC_EXPORT int closedir(DIR *directory)
{
    const DIR *given = directory;
    __asm__("" : "+r"(given)); /* the C library refuses NULL, though its header knows of none */
    if (rec_live.on && given)
        rec_way_forget(REAL(dirfd)(directory));
    return REAL(closedir)(directory);
}
