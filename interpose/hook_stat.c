/* SPDX-License-Identifier: Apache-2.0 */
/* What the system says of a file, written into the caller's memory. */
#include "interpose/access/ranges.h"

#include <sys/stat.h>

#include "interpose/core/poison.h"

#define SAYS(name, parameters, arguments)                                                          \
    REC_RANGED(int, name, parameters, arguments)                                                   \
    {                                                                                              \
        REC_UNTOLD(REAL(name) arguments);                                                          \
        int error = REAL(name) arguments;                                                          \
        if (!error)                                                                                \
            REC_WRITES(to, sizeof *to);                                                            \
        return error;                                                                              \
    }

#define SAYS_OF_PATH(name, type)                                                                   \
    SAYS(name, (const char *restrict path, struct type *restrict to), (path, to))
#define SAYS_OF_FILE(name, type) SAYS(name, (int fd, struct type *to), (fd, to))
#define SAYS_AT(name, type)                                                                        \
    SAYS(name, (int fd, const char *restrict path, struct type *restrict to, int flags),           \
         (fd, path, to, flags))

SAYS_OF_PATH(stat, stat)
SAYS_OF_PATH(stat64, stat64)
SAYS_OF_PATH(lstat, stat)
SAYS_OF_PATH(lstat64, stat64)
SAYS_OF_FILE(fstat, stat)
SAYS_OF_FILE(fstat64, stat64)
SAYS_AT(fstatat, stat)
SAYS_AT(fstatat64, stat64)
