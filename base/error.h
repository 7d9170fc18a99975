/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What went wrong, said once, in a form that the command line can print.
 *
 * Every offline function that can fail returns 0 or a negative SN_E value and, where it takes a
 * `struct sn_error *`, fills it with one sentence and the place. Nothing below cli/ prints or
 * exits.
 *
 *     struct sn_error err;
 *     if (tr_reader_open(&reader, path, &err) < 0)
 *         return report_trouble(&err);
 */
#ifndef SN_BASE_ERROR_H
#define SN_BASE_ERROR_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

enum sn_code {
    SN_OK = 0,
    SN_E_SYSTEM = -1,  /* a system call failed */
    SN_E_FORMAT = -2,  /* the input is damaged or not what it should be */
    SN_E_VERSION = -3, /* the input is of a version that this build cannot read */
    SN_E_EMPTY = -4,   /* the input holds nothing */
    SN_E_USAGE = -5,   /* the caller asked for something that does not exist */
    SN_E_LIMIT = -6,   /* the input is larger than a stated limit */
};

#define SN_NO_OFFSET UINT64_MAX

struct sn_error {
    int code;
    uint64_t offset; /* byte offset in the input, or SN_NO_OFFSET */
    char path[256];  /* the input, or empty; long paths keep their end */
    char text[512];  /* one sentence without a full stop */
};

/* Fills ERR (which may be NULL) and returns CODE, so that a caller can write `return sn_fail(...)`.
 */
int sn_fail(struct sn_error *err, int code, const char *path, uint64_t offset, const char *format,
            ...) __attribute__((format(printf, 5, 6)));

/* Writes "PATH: byte OFFSET: TEXT" to BUFFER, leaving out what is not known. Returns BUFFER. */
char *sn_error_format(const struct sn_error *err, char *buffer, size_t size);

#endif
