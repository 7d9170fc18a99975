/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

size_t sn_utf8_decode(const char *text, uint32_t *code)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *at = (const unsigned char *)text;
    size_t length = at[0] < 0x80   ? 1
                    : at[0] < 0xc0 ? 0
                    : at[0] < 0xe0 ? 2
                    : at[0] < 0xf0 ? 3
                    : at[0] < 0xf8 ? 4
                                   : 0;
    uint32_t value = length < 2 ? at[0] : at[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
        value = value << 6 | (at[i] & 0x3f);
    }
    if (value < smallest[length] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
        return 0;
    if (length && code)
        *code = value;
    return length;
}

const char *sn_utf8_skip(const char *text, uint32_t count)
{
    for (; *text && count; count--) {
        size_t length = sn_utf8_decode(text, NULL);
        text += length ? length : 1;
    }
    return text;
}

void sn_utf8_clean(struct sn_text *out, const char *text)
{
    sn_text_puts(out, "");
    while (*text) {
        size_t length = sn_utf8_decode(text, NULL);
        sn_text_add(out, length ? text : "\xef\xbf\xbd", length ? length : 3);
        text += length ? length : 1;
    }
}
