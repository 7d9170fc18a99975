/* SPDX-License-Identifier: Apache-2.0 */
#include "interpose/access/rewrite/frames.h"

#include "interpose/core/poison.h"

/* Tables. ---------------------------------------------------------------------------------------
 */

uint64_t rw_table_number(struct rw_table *table, unsigned bytes)
{
    uint64_t number = 0;
    if ((uint64_t)(table->end - table->at) < bytes) {
        table->bad = true;
        table->at = table->end;
        return 0;
    }
    for (unsigned i = 0; i < bytes; i++)
        number |= (uint64_t)*table->at++ << 8 * i;
    return number;
}

static uint64_t leb(struct rw_table *table, unsigned *bits, bool *negative)
{
    uint64_t number = 0, byte;
    *bits = 0;
    do {
        byte = rw_table_number(table, 1);
        if (*bits < 64)
            number |= (byte & 0x7f) << *bits;
        *bits += 7;
    } while (byte & 0x80);
    *negative = byte & 0x40;
    return number;
}

uint64_t rw_table_uleb(struct rw_table *table)
{
    unsigned bits;
    bool negative;
    return leb(table, &bits, &negative);
}

int64_t rw_table_sleb(struct rw_table *table)
{
    unsigned bits;
    bool negative;
    uint64_t number = leb(table, &bits, &negative);
    return (int64_t)(negative && bits < 64 ? number | ~0ull << bits : number);
}

enum { FORM = 0x0f, FROM = 0x70, FROM_HERE = 0x10 };

uint64_t rw_table_pointer(struct rw_table *table, uint8_t encoding)
{
    uint64_t here = (uint64_t)table->at, number = 0;
    switch (encoding & FORM) {
    case 0x00: /* absptr */
    case 0x04: /* udata8 */
    case 0x0c: /* sdata8 */
        number = rw_table_number(table, 8);
        break;
    case 0x01:
        number = rw_table_uleb(table);
        break;
    case 0x02:
        number = rw_table_number(table, 2);
        break;
    case 0x03:
        number = rw_table_number(table, 4);
        break;
    case 0x09:
        number = (uint64_t)rw_table_sleb(table);
        break;
    case 0x0a:
        number = (uint64_t)(int16_t)rw_table_number(table, 2);
        break;
    case 0x0b:
        number = (uint64_t)(int32_t)rw_table_number(table, 4);
        break;
    default:
        table->bad = true;
    }
    if ((encoding & FROM) == FROM_HERE && number)
        number += here;
    else if (encoding & FROM)
        table->bad |= (encoding & FROM) != FROM_HERE;
    return number;
}

/* The index. ------------------------------------------------------------------------------------
 */

enum { INDEX_HEAD = 12, INDEX_ENTRY = 8 };

static struct rw_table table_at(const struct rw_module *module, const uint8_t *at)
{
    struct rw_table table = {at, (const uint8_t *)module->end, false};
    if ((uint64_t)at < module->start || (uint64_t)at >= module->end) {
        table.at = table.end;
        table.bad = true;
    }
    return table;
}

/* All linkers write it in the same way: version 1, pointers of 4 bytes, from the index on. */
uint32_t rw_frames_count(const struct rw_module *module)
{
    struct rw_table table = table_at(module, module->index);
    if (rw_table_number(&table, 4) != 0x3b031b01)
        return 0;
    rw_table_number(&table, 4);
    uint64_t count = rw_table_number(&table, 4);
    uint64_t room = (uint64_t)(table.end - table.at) / INDEX_ENTRY;
    return table.bad || count > room ? 0 : (uint32_t)count;
}

static uint64_t index_entry(const struct rw_module *module, uint32_t n, unsigned which)
{
    struct rw_table table =
        table_at(module, module->index + INDEX_HEAD + (uint64_t)n * INDEX_ENTRY + which * 4);
    return (uint64_t)module->index + (uint64_t)(int32_t)rw_table_number(&table, 4);
}

uint64_t rw_frame_begin(const struct rw_module *module, uint32_t n)
{
    return index_entry(module, n, 0);
}

/* Entries. --------------------------------------------------------------------------------------
 */

/* An entry of .eh_frame: its content. */
static struct rw_table entry_at(const struct rw_module *module, const uint8_t *at)
{
    struct rw_table table = table_at(module, at);
    uint64_t length = rw_table_number(&table, 4);
    if (!length || length >= 0xfffffff0 || length > (uint64_t)(table.end - table.at))
        table.bad = true;
    else
        table.end = table.at + length;
    return table;
}

/* One letter of the augmentation, with what it says. */
static bool augment(struct rw_cie *cie, uint8_t letter, struct rw_table *table)
{
    switch (letter) {
    case 'R':
        cie->pointer = (uint8_t)rw_table_number(table, 1);
        return true;
    case 'L':
        cie->lsda = (uint8_t)rw_table_number(table, 1);
        return true;
    case 'P':
        cie->personality_as = (uint8_t)rw_table_number(table, 1);
        cie->personality = rw_table_pointer(table, cie->personality_as);
        return true;
    default: /* 'S', a signal's frame, for one: whoever looks for such code looks at its bytes */
        return false;
    }
}

static bool read_cie(const struct rw_module *module, const uint8_t *at, struct rw_cie *cie)
{
    struct rw_table table = entry_at(module, at);
    *cie = (struct rw_cie){.at = at, .lsda = RW_POINTER_OMITTED, .end = table.end};
    bool is_cie = rw_table_number(&table, 4) == 0;
    uint64_t version = rw_table_number(&table, 1);
    const uint8_t *letters = table.at;
    while (rw_table_number(&table, 1))
        ;
    if (table.bad || !is_cie || version != 1)
        return false;
    cie->alignments = table.at;
    bool single = rw_table_uleb(&table) == 1;
    rw_table_sleb(&table);
    rw_table_number(&table, 1); /* the return address's register */
    cie->augmentation = table.at;
    cie->augmented = *letters == 'z';
    const uint8_t *after = table.at;
    if (cie->augmented) {
        uint64_t length = rw_table_uleb(&table);
        after = table.at + length;
        if (length > (uint64_t)(table.end - table.at))
            return false;
        while (*++letters)
            if (!augment(cie, *letters, &table))
                return false;
    } else if (*letters) {
        return false;
    }
    cie->instructions = after;
    return !table.bad && single;
}

bool rw_frame_read(const struct rw_module *module, uint32_t n, struct rw_frame *frame)
{
    const uint8_t *at = (const uint8_t *)index_entry(module, n, 1);
    struct rw_table table = entry_at(module, at);
    *frame = (struct rw_frame){0};
    const uint8_t *field = table.at;
    uint64_t back = rw_table_number(&table, 4);
    if (table.bad || !back || !read_cie(module, field - (int32_t)back, &frame->cie))
        return false;
    const struct rw_cie *cie = &frame->cie;
    frame->begin = rw_table_pointer(&table, cie->pointer);
    frame->end = frame->begin + rw_table_pointer(&table, cie->pointer & FORM);
    if (cie->augmented) {
        uint64_t length = rw_table_uleb(&table);
        const uint8_t *after = table.at + length;
        if (length > (uint64_t)(table.end - table.at))
            return false;
        if (cie->lsda != RW_POINTER_OMITTED && length)
            frame->lsda = rw_table_pointer(&table, cie->lsda);
        table.at = after;
    }
    frame->instructions = table.at;
    frame->instructions_end = table.end;
    return !table.bad && frame->begin == rw_frame_begin(module, n) && frame->end > frame->begin;
}

/* How frames are unwound. -----------------------------------------------------------------------
 */

/* One operation of an expression, DWARF's DW_OP_...; false if it looks at the place itself, as
 * those of a PLT do, which is true there alone, or is not known. */
static bool pass_operation(struct rw_table *table)
{
    enum { LIT0 = 0x30, LIT31 = 0x4f, BREG0 = 0x70, BREG_RIP = BREG0 + 16, BREG31 = 0x8f };
    uint8_t operation = (uint8_t)rw_table_number(table, 1);
    if (operation >= BREG0 && operation <= BREG31) {
        rw_table_sleb(table);
        return operation != BREG_RIP;
    }
    if (operation >= LIT0 && operation <= LIT31)
        return true;
    switch (operation) {
    case 0x08: /* const1u to const8s */
    case 0x09:
    case 0x0a:
    case 0x0b:
    case 0x0c:
    case 0x0d:
    case 0x0e:
    case 0x0f:
        rw_table_number(table, 1u << (operation - 0x08) / 2);
        return true;
    case 0x10: /* constu */
    case 0x11: /* consts */
    case 0x23: /* plus_uconst */
        rw_table_uleb(table);
        return true;
    case 0x06: /* deref; then arithmetic and comparisons */
        return true;
    default:
        return operation >= 0x19 && operation <= 0x2e && operation != 0x28; /* bra */
    }
}

static void pass_expression(struct rw_table *table)
{
    uint64_t length = rw_table_uleb(table);
    if (length > (uint64_t)(table->end - table->at)) {
        table->bad = true;
        return;
    }
    struct rw_table expression = {table->at, table->at + length, false};
    while (expression.at < expression.end && !table->bad)
        table->bad = !pass_operation(&expression) || expression.bad;
    table->at = expression.end;
}

static void pass_operands(struct rw_table *table, unsigned code, struct rw_cfa *cfa)
{
    switch (code) {
    case 0x00: /* nop */
    case 0x0a: /* remember_state */
    case 0x0b: /* restore_state */
        return;
    case 0x02: /* advance_loc1, 2, 4 */
    case 0x03:
    case 0x04:
        cfa->advances = true;
        cfa->advance = (uint32_t)rw_table_number(table, 1u << (code - 2));
        return;
    case 0x05: /* offset_extended */
    case 0x09: /* register */
    case 0x0c: /* def_cfa */
    case 0x11: /* offset_extended_sf */
    case 0x12: /* def_cfa_sf */
    case 0x14: /* val_offset */
    case 0x15: /* val_offset_sf */
        rw_table_uleb(table);
        rw_table_uleb(table);
        return;
    case 0x06: /* restore_extended */
    case 0x07: /* undefined */
    case 0x08: /* same_value */
    case 0x0d: /* def_cfa_register */
    case 0x0e: /* def_cfa_offset */
    case 0x13: /* def_cfa_offset_sf */
    case 0x2e: /* GNU_args_size */
        rw_table_uleb(table);
        return;
    case 0x10: /* expression */
    case 0x16: /* val_expression */
        rw_table_uleb(table);
        pass_expression(table);
        return;
    case 0x0f: /* def_cfa_expression */
        pass_expression(table);
        return;
    default: /* 0x01, set_loc, for one: nobody writes it */
        table->bad = true;
    }
}

bool rw_cfa_next(struct rw_table *table, struct rw_cfa *cfa)
{
    *cfa = (struct rw_cfa){.at = table->at};
    if (table->at == table->end || table->bad)
        return false;
    unsigned code = (unsigned)rw_table_number(table, 1);
    switch (code >> 6) {
    case 1: /* advance_loc */
        cfa->advances = true;
        cfa->advance = code & 0x3f;
        break;
    case 2: /* offset */
        rw_table_uleb(table);
        break;
    case 3: /* restore */
        break;
    default:
        pass_operands(table, code, cfa);
    }
    cfa->end = table->at;
    return !table->bad;
}

/* Where exceptions are caught. ------------------------------------------------------------------
 */

bool rw_lsda_read(const struct rw_module *module, const struct rw_frame *frame,
                  struct rw_lsda *lsda)
{
    struct rw_table table = table_at(module, (const uint8_t *)frame->lsda);
    *lsda = (struct rw_lsda){.pads = frame->begin};
    uint8_t pads_as = (uint8_t)rw_table_number(&table, 1);
    if (pads_as != RW_POINTER_OMITTED)
        lsda->pads = rw_table_pointer(&table, pads_as);
    lsda->types_as = (uint8_t)rw_table_number(&table, 1);
    if (lsda->types_as != RW_POINTER_OMITTED) {
        uint64_t distance = rw_table_uleb(&table);
        lsda->types = (uint64_t)table.at + distance;
    }
    lsda->calls_as = (uint8_t)rw_table_number(&table, 1);
    uint64_t length = rw_table_uleb(&table);
    if (table.bad || length > (uint64_t)(table.end - table.at))
        return false;
    lsda->actions = table.at + length;
    lsda->calls = (struct rw_table){table.at, table.at + length, false};
    return true;
}

bool rw_lsda_next(struct rw_lsda *lsda, struct rw_call *call)
{
    struct rw_table *calls = &lsda->calls;
    if (calls->at == calls->end || calls->bad)
        return false;
    call->begin = rw_table_pointer(calls, lsda->calls_as);
    call->length = rw_table_pointer(calls, lsda->calls_as);
    uint64_t pad = rw_table_pointer(calls, lsda->calls_as);
    call->pad = pad ? lsda->pads + pad : 0;
    call->action = rw_table_uleb(calls);
    return !calls->bad;
}
