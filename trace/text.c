/* SPDX-License-Identifier: Apache-2.0 */
/* Prints events as lines. What the words are is in words.c; text_parse.c reads them back. */
#include "trace/text.h"

#include "trace/names.h"
#include "trace/words.h"

#include <inttypes.h>

static void put_string(struct sn_text *out, const uint8_t *bytes, uint32_t length)
{
    sn_text_puts(out, "\"");
    for (uint32_t i = 0; i < length; i++) {
        uint8_t c = bytes[i];
        if (c == '"' || c == '\\')
            sn_text_printf(out, "\\%c", c);
        else if (c == '\n')
            sn_text_puts(out, "\\n");
        else if (c == '\t')
            sn_text_puts(out, "\\t");
        else if (c < 0x20 || c >= 0x7f)
            sn_text_printf(out, "\\x%02x", c);
        else
            sn_text_add(out, (const char *)&c, 1);
    }
    sn_text_puts(out, "\"");
}

static void put_thread(struct sn_text *out, uint64_t number)
{
    if (number == TR_NO_THREAD)
        sn_text_puts(out, "T?");
    else
        sn_text_printf(out, "T%" PRIu64, number);
}

/* Says what TABLE knows of BITS, a blank before each word; returns the bits that it does not. */
static uint64_t put_words(struct sn_text *out, const struct tr_word *table, uint64_t bits)
{
    uint64_t rest = bits;
    for (const struct tr_word *word = table; word && word->name; word++) {
        if ((bits & word->mask) != word->value)
            continue;
        sn_text_printf(out, " %s", word->name);
        rest &= ~(uint64_t)word->mask;
    }
    return rest;
}

/* The words in front of the object; returns what is left of the mode. */
static uint64_t put_lead(struct sn_text *out, const struct tr_saying *saying,
                         const struct tr_event *ev)
{
    uint64_t rest = ev->mode;
    if (saying->sized) {
        sn_text_printf(out, " %u", tr_access_size(ev->mode));
        rest &= ~(uint64_t)TR_ACC_SIZE_MASK;
    }
    if (saying->implied && tr_type(ev->mode) == saying->implied)
        return rest & ~(uint64_t)TR_TYPE_MASK;
    return put_words(out, saying->lead, rest);
}

static uint64_t ticks(const struct tr_reader *reader, uint64_t tsc)
{
    return tsc - tr_reader_header(reader)->start_tsc;
}

/* VERSION, A0 to A2 and the order of an access. Returns REST without the bits that they tell. */
static uint64_t put_order(struct sn_text *out, const struct tr_reader *reader,
                          const struct tr_event *ev, uint64_t rest)
{
    switch (tr_access_order(ev->mode)) {
    case TR_ACC_ORDER_VERSION:
        sn_text_printf(out, " v%" PRIu64, ev->version);
        break;
    case TR_ACC_ORDER_OWNER:
        sn_text_puts(out, " after=");
        put_thread(out, ev->a1);
        sn_text_printf(out, ":%" PRIu64, ev->a2);
        break;
    case TR_ACC_ORDER_TIME:
        sn_text_printf(out, " at=%" PRIu64, ticks(reader, ev->a1));
        break;
    default:
        break;
    }
    return rest & ~(uint64_t)TR_ACC_ORDER_MASK;
}

static void put_argument(struct sn_text *out, const struct tr_saying *saying, unsigned i,
                         uint64_t value)
{
    const char *name = saying->a[i].name;
    switch (saying->a[i].style) {
    case TR_SAY_THREAD:
        sn_text_puts(out, " ");
        put_thread(out, value);
        return;
    case TR_SAY_PARENT:
        sn_text_printf(out, " %s=", name);
        put_thread(out, value);
        return;
    case TR_SAY_HOLDER:
        if (value == TR_NO_THREAD)
            return;
        sn_text_printf(out, " %s=", name);
        put_thread(out, value);
        return;
    case TR_SAY_WORDS:
        value = put_words(out, saying->words, value);
        name = NULL;
        break;
    case TR_SAY_HEX:
    case TR_SAY_DECIMAL:
        break;
    }
    if (value && name && saying->a[i].style == TR_SAY_DECIMAL)
        sn_text_printf(out, " %s=%" PRIu64, name, value);
    else if (value && name)
        sn_text_printf(out, " %s=0x%" PRIx64, name, value);
    else if (value)
        sn_text_printf(out, " a%u=0x%" PRIx64, i, value);
}

/* "build_id=HEX" and the path of a MODULE; false if the bytes are not of that form. */
static bool put_module(struct sn_text *out, const uint8_t *bytes, uint32_t length)
{
    uint32_t rest = length;
    const char *path = tr_names_path(bytes, &rest);
    if (rest == length)
        return false;
    if (bytes[0])
        sn_text_puts(out, " build_id=");
    for (uint32_t i = 1; i <= bytes[0]; i++)
        sn_text_printf(out, "%02x", bytes[i]);
    sn_text_puts(out, " ");
    put_string(out, (const uint8_t *)path, rest);
    return true;
}

/* "threads=1,2,3" of a DEADLOCK; false if the bytes are not of that form. */
static bool put_threads(struct sn_text *out, const uint8_t *bytes, uint32_t length)
{
    const uint8_t *p = bytes, *end = bytes + length;
    size_t before = out->length;
    sn_text_puts(out, " threads=");
    while (p && p < end) {
        uint8_t again[TR_VARINT_MAX];
        uint64_t number;
        const uint8_t *next = tr_get(p, end, &number);
        if (!next || tr_put(again, number) - again != next - p) {
            out->length = before;
            return false;
        }
        sn_text_printf(out, "%s%" PRIu64, p == bytes ? "" : ",", number);
        p = next;
    }
    return true;
}

static void put_bytes(struct sn_text *out, const struct tr_event *ev)
{
    if (ev->kind == TR_MODULE && put_module(out, ev->bytes, ev->bytes_length))
        return;
    if (ev->kind == TR_DEADLOCK && ev->bytes_length &&
        put_threads(out, ev->bytes, ev->bytes_length))
        return;
    bool formed = ev->kind == TR_MODULE || ev->kind == TR_DEADLOCK;
    if (!ev->bytes_length && ev->kind != TR_MODULE)
        return;
    sn_text_puts(out, formed ? " raw=" : " ");
    put_string(out, ev->bytes, ev->bytes_length);
}

static void put_stack(struct sn_text *out, const struct tr_reader *reader, uint32_t number)
{
    struct tr_stack stack = tr_reader_stack(reader, number);
    sn_text_printf(out, " @%" PRIu32 " [", number);
    for (uint32_t i = 0; i < stack.count; i++) {
        uint64_t pc = stack.pcs[i];
        const struct tr_module *module = tr_reader_module_at(reader, pc);
        if (module && module->name)
            sn_text_printf(out, "%s%s+0x%" PRIx64, i ? " " : "", module->name, pc - module->base);
        else
            sn_text_printf(out, "%s0x%" PRIx64, i ? " " : "", pc - (module ? module->moved : 0));
    }
    sn_text_puts(out, "]");
}

void tr_text_event(struct sn_text *out, const struct tr_reader *reader, const struct tr_event *ev)
{
    const struct tr_kind_info *info = &tr_kinds[ev->kind];
    const struct tr_saying *saying = &tr_sayings[ev->kind];
    sn_text_printf(out, "%" PRIu64 " T%" PRIu32 " %s", ev->index, ev->thread, info->name);
    uint64_t rest = put_lead(out, saying, ev);
    if (info->fields & TR_OBJECT)
        sn_text_printf(out, " 0x%" PRIx64, ev->object);
    if (info->fields & TR_VERSION)
        sn_text_printf(out, " v%" PRIu64, ev->version);
    if (info->fields & TR_A0)
        put_argument(out, saying, 0, ev->a0);
    if (info->fields & TR_A1)
        put_argument(out, saying, 1, ev->a1);
    if (info->fields & TR_A2)
        put_argument(out, saying, 2, ev->a2);
    if (info->fields & TR_ORDER)
        rest = put_order(out, reader, ev, rest);
    rest = put_words(out, saying->flags, rest);
    if (tr_is_deferred(ev) && ev->teller != ev->thread) {
        sn_text_puts(out, " teller=");
        put_thread(out, ev->teller);
    }
    if (rest)
        sn_text_printf(out, " mode=0x%" PRIx64, rest);
    if (info->fields & TR_BYTES)
        put_bytes(out, ev);
    sn_text_printf(out, " t=%" PRIu64 " e=%" PRIu64, ticks(reader, ev->time), ev->epoch);
    if (ev->stack)
        put_stack(out, reader, ev->stack);
    sn_text_puts(out, "\n");
}

void tr_text_header(struct sn_text *out, const struct tr_reader *reader)
{
    const struct tr_header *header = tr_reader_header(reader);
    sn_text_printf(out, "#: snarl trace %" PRIu32 "\n", header->version);
    if (header->program[0]) {
        sn_text_puts(out, "#: program ");
        put_string(out, (const uint8_t *)header->program, (uint32_t)strlen(header->program));
        sn_text_puts(out, "\n");
    }
    for (const struct tr_header_word *word = tr_header_words; word->name; word++) {
        uint64_t value = tr_header_get(header, word);
        if (value)
            sn_text_printf(out, "#: %s %" PRIu64 "\n", word->name, value);
    }
}
