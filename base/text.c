/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void reserve(struct sn_text *text, size_t more)
{
    size_t need = text->length + more + 1;
    if (need <= text->room)
        return;
    text->room = need * 2;
    text->at = sn_realloc(text->at, text->room);
}

void sn_text_add(struct sn_text *text, const char *bytes, size_t length)
{
    reserve(text, length);
    memcpy(text->at + text->length, bytes, length);
    text->length += length;
    text->at[text->length] = 0;
}

void sn_text_puts(struct sn_text *text, const char *string)
{
    sn_text_add(text, string, strlen(string));
}

void sn_text_printf(struct sn_text *text, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    reserve(text, 0);
    size_t room = text->room - text->length;
    int length = vsnprintf(text->at + text->length, room, format, args);
    if ((size_t)length >= room) {
        reserve(text, (size_t)length);
        vsnprintf(text->at + text->length, (size_t)length + 1, format, again);
    }
    text->length += (size_t)length;
    va_end(args);
    va_end(again);
}

void sn_text_clear(struct sn_text *text)
{
    text->length = 0;
    if (text->at)
        text->at[0] = 0;
}

void sn_text_release(struct sn_text *text)
{
    free(text->at);
    memset(text, 0, sizeof *text);
}
