/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a function of the C library reads and writes for its caller, told as the caller's own
 * accesses: compilers tell of none of it. Only calls from code that tells its other accesses count:
 * a library that tells none would be half known.
 *
 *     REC_RANGED(size_t, strlen, (const char *text), (text))
 *     {
 *         REC_UNTOLD(REAL(strlen)(text));
 *         size_t length = REAL(strlen)(text);
 *         REC_READS(text, length + 1);
 *         return length;
 *     }
 *
 * What is told is what the function must have looked at, never more: what lies behind may be
 * another's. Nothing is read here that the real function does not read as well.
 */
#ifndef REC_ACCESS_RANGES_H
#define REC_ACCESS_RANGES_H

#include "interpose/access/access.h"

bool rec_tells_slow(uint64_t pc);

/* Does the code at PC tell its accesses? */
static inline bool rec_tells(uint64_t pc)
{
    return rec_unlikely(__atomic_load_n(&rec_any_tells, __ATOMIC_RELAXED)) && rec_tells_slow(pc);
}

/*
 * A hook, of which the body follows: it comes there only where a caller may tell its accesses, or
 * the real function is not known yet. Else the hook is the real function: a test of a flag and a
 * jump. It jumps to the body as well, which so has the hook's caller for its own.
 */
#define REC_RANGED(result, name, parameters, arguments)                                            \
    REC_EXPORT result name parameters;                                                             \
    static __attribute__((noinline, cold)) result rec_told_##name parameters;                      \
    REC_EXPORT result name parameters                                                              \
    {                                                                                              \
        __typeof__(rec_real.name) rec_its_real = rec_real.name;                                    \
        if (rec_unlikely(!rec_its_real || __atomic_load_n(&rec_any_tells, __ATOMIC_RELAXED)))      \
            return rec_told_##name arguments;                                                      \
        return rec_its_real arguments;                                                             \
    }                                                                                              \
    static result rec_told_##name parameters

/* The body's beginning: REAL_CALL is all there is to do unless the caller tells its accesses. */
#define REC_UNTOLD(real_call)                                                                      \
    do {                                                                                           \
        if (!rec_tells(rec_return_address()))                                                      \
            return real_call;                                                                      \
    } while (0)

/* In a hook without a body of its own: of its caller. */
#define REC_TELLS rec_tells(rec_return_address())

#define REC_READS(address, size)                                                                   \
    rec_access_range((uint64_t)(address), (size), false, rec_return_address(), rec_here())
#define REC_WRITES(address, size)                                                                  \
    rec_access_range((uint64_t)(address), (size), true, rec_return_address(), rec_here())

struct iovec;

/* The first SIZE bytes of the COUNT parts, and the list of them, which is read. */
void rec_access_parts(const struct iovec *parts, uint64_t count, uint64_t size, bool write,
                      uint64_t pc, uint64_t sp);
/* The same where nobody has looked at PARTS yet, and it may point to nowhere. */
void rec_access_parts_ahead(const struct iovec *parts, uint64_t count, uint64_t pc, uint64_t sp);

/* What the system wrote of a socket's address, if it was asked to: its size is behind SIZE, also
 * where there was less room; so no more is told than there is always room for. */
void rec_access_address(const void *address, const unsigned *size, uint64_t pc, uint64_t sp);

enum { REC_AHEAD = 1 << 30 }; /* bytes: what is larger is told afterwards, if it was possible */

#endif
