/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A string that grows. `at` is always terminated, never NULL after the first append; all zero is an
 * empty one.
 */
#ifndef SN_BASE_TEXT_H
#define SN_BASE_TEXT_H

#include <stddef.h>

struct sn_text {
    char *at;
    size_t length, room;
};

void sn_text_add(struct sn_text *text, const char *bytes, size_t length);
void sn_text_puts(struct sn_text *text, const char *string);
void sn_text_printf(struct sn_text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void sn_text_clear(struct sn_text *text);
void sn_text_release(struct sn_text *text);

#endif
