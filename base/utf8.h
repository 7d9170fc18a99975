/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Telling characters from arbitrary bytes: names come from programs, which may call things as they
 * please.
 */
#ifndef SN_BASE_UTF8_H
#define SN_BASE_UTF8_H

#include "base/text.h"

#include <stddef.h>
#include <stdint.h>

/* Decodes the character at TEXT (terminated, not at its end) by RFC 3629. Returns its length in
 * bytes, or 0 if there is none; CODE (may be NULL) is then not set. */
size_t sn_utf8_decode(const char *text, uint32_t *code);

/* TEXT behind its first COUNT characters, or its end; a byte that belongs to none counts as one. */
const char *sn_utf8_skip(const char *text, uint32_t count);

/* Appends TEXT, with U+FFFD in the place of each byte that belongs to no character. */
void sn_utf8_clean(struct sn_text *out, const char *text);

#endif
