/* SPDX-License-Identifier: Apache-2.0 */
#include "interpose/access/rewrite/unwind.h"

#include "interpose/core/poison.h"

enum { NOP = 0, INDEX_HEAD = 12, INDEX_ENTRY = 8, LONGEST_LEB = 10 };

struct tables {
    const struct rw_code *code;
    struct rw_output *out;
    RW_LIST(struct copied) cies;
    RW_LIST(struct entry) entries;
};

struct copied {
    const uint8_t *from;
    uint32_t to;
};

struct entry {                         /* of the index */
    uint32_t begin, frame, lsda_field; /* places in the output; field 0: no LSDA */
    uint32_t function;
};

static void put_uleb(struct rw_output *out, uint64_t number)
{
    do {
        uint8_t byte = number & 0x7f;
        number >>= 7;
        rw_put_number(out, byte | (number ? 0x80 : 0), 1);
    } while (number);
}

/* In as many bytes as the longest, so that what comes behind is known to begin there. */
static void put_long_uleb(struct rw_output *out, uint64_t number)
{
    for (unsigned i = 0; i < LONGEST_LEB; i++, number >>= 7)
        rw_put_number(out, (number & 0x7f) | (i + 1 < LONGEST_LEB ? 0x80 : 0), 1);
}

/* Four bytes: the distance from themselves to TO. */
static void put_distance(struct rw_output *out, uint32_t to)
{
    rw_put_number(out, (uint64_t)(int64_t)((int32_t)to - (int32_t)out->count), 4);
}

static void put_distance_to_module(struct tables *tables, uint64_t address)
{
    int64_t value = (int64_t)(address - tables->code->module->base);
    rw_put_fix(tables->out, RW_FIX_MODULE, value + 4);
}

static void set_number(struct rw_output *out, uint32_t at, uint32_t number)
{
    if (!out->full)
        __builtin_memcpy(&out->at[at], &number, 4);
}

/* Ends the entry that begins at AT with its length. */
static void end_entry(struct rw_output *out, uint32_t at)
{
    rw_put_fill(out, NOP, 8);
    set_number(out, at, out->count - at - 4);
}

/* Where in the new code what stood at OFFSET of the text is: an instruction of FUNCTION, or its
 * end. */
static uint32_t moved(const struct rw_code *code, const struct rw_function *function,
                      int64_t offset)
{
    return offset == function->end ? function->new_end : rw_code_at(code, offset)->moved;
}

/* Common entries. -------------------------------------------------------------------------------
 */

/* All pointers of ours are of four bytes that count from themselves. */
static void put_cie(struct tables *tables, const struct rw_cie *cie)
{
    struct rw_output *out = tables->out;
    uint32_t at = out->count;
    bool personality = cie->personality != 0;
    rw_put_number(out, 0, 8); /* length; a common entry */
    rw_put_number(out, 1, 1);
    if (personality)
        rw_put(out, "zPLR", 5);
    else
        rw_put(out, "zLR", 4);
    rw_put(out, cie->alignments, (uint32_t)(cie->augmentation - cie->alignments));
    put_uleb(out, personality ? 7 : 2);
    if (personality) {
        bool indirect = cie->personality_as & RW_POINTER_INDIRECT;
        rw_put_number(out, RW_POINTER_S32_FROM_HERE | (indirect ? RW_POINTER_INDIRECT : 0), 1);
        put_distance_to_module(tables, cie->personality);
    }
    rw_put_number(out, RW_POINTER_S32_FROM_HERE, 1);
    rw_put_number(out, RW_POINTER_S32_FROM_HERE, 1);
    rw_put(out, cie->instructions, (uint32_t)(cie->end - cie->instructions));
    end_entry(out, at);
}

static uint32_t copy_of(struct tables *tables, const struct rw_cie *cie)
{
    for (uint32_t i = 0; i < tables->cies.count; i++)
        if (tables->cies.at[i].from == cie->at)
            return tables->cies.at[i].to;
    *rw_list_add(&tables->cies) = (struct copied){cie->at, tables->out->count};
    tables->out->full |= rw_list_full(&tables->cies);
    uint32_t to = tables->out->count;
    put_cie(tables, cie);
    return to;
}

/* Functions. ------------------------------------------------------------------------------------
 */

static void put_advance(struct rw_output *out, uint32_t distance)
{
    if (!distance)
        return;
    if (distance < 0x40) {
        rw_put_number(out, 0x40 | distance, 1);
        return;
    }
    unsigned bytes = distance <= 0xff ? 1 : distance <= 0xffff ? 2 : 4;
    rw_put_number(out, bytes == 4 ? 4 : bytes + 1, 1); /* advance_loc1, 2, 4 */
    rw_put_number(out, distance, bytes);
}

static void put_instructions(struct tables *tables, const struct rw_function *function,
                             const struct rw_frame *frame)
{
    struct rw_table table = {frame->instructions, frame->instructions_end, false};
    struct rw_cfa cfa;
    uint32_t offset = function->begin, at = function->new_begin;
    while (rw_cfa_next(&table, &cfa)) {
        if (!cfa.advances) {
            rw_put(tables->out, cfa.at, (uint32_t)(cfa.end - cfa.at));
            continue;
        }
        offset += cfa.advance;
        uint32_t to = moved(tables->code, function, offset);
        put_advance(tables->out, to - at);
        at = to;
    }
}

static void put_frame(struct tables *tables, uint32_t number)
{
    const struct rw_function *function = &tables->code->functions.at[number];
    struct rw_output *out = tables->out;
    struct rw_frame frame;
    if (!rw_frame_read(tables->code->module, function->frame, &frame))
        return; /* it was read before */
    uint32_t cie = copy_of(tables, &frame.cie);
    struct entry *entry = rw_list_add(&tables->entries);
    *entry = (struct entry){function->new_begin, out->count, 0, number};
    rw_put_number(out, 0, 4);
    rw_put_number(out, out->count - cie, 4);
    put_distance(out, function->new_begin);
    rw_put_number(out, function->new_end - function->new_begin, 4);
    put_uleb(out, 4);
    entry->lsda_field = frame.lsda ? out->count : 0;
    rw_put_number(out, 0, 4);
    put_instructions(tables, function, &frame);
    end_entry(out, entry->frame);
}

/* Exceptions. -----------------------------------------------------------------------------------
 */

/* The actions that CALL leads to; returns where the furthest ends. */
static const uint8_t *end_of_actions(const struct rw_module *module, const struct rw_lsda *lsda,
                                     uint64_t action)
{
    const uint8_t *end = lsda->actions;
    for (unsigned steps = 0; action && steps < 1000; steps++) {
        struct rw_table table = {lsda->actions + action - 1, (const uint8_t *)module->end, false};
        rw_table_sleb(&table);
        const uint8_t *from = table.at;
        int64_t next = rw_table_sleb(&table);
        end = table.at > end ? table.at : end;
        action = next ? (uint64_t)(from + next - lsda->actions) + 1 : 0;
    }
    return end;
}

static void put_call(struct tables *tables, const struct rw_function *function,
                     const struct rw_call *call)
{
    const struct rw_code *code = tables->code;
    uint32_t begin = moved(code, function, (int64_t)(function->begin + call->begin));
    uint32_t end = moved(code, function, (int64_t)(function->begin + call->begin + call->length));
    rw_put_number(tables->out, begin - function->new_begin, 4);
    rw_put_number(tables->out, end - begin, 4);
    uint32_t pad = 0;
    if (call->pad)
        pad = moved(code, function, (int64_t)(call->pad - (uint64_t)code->module->text)) -
              function->new_begin;
    rw_put_number(tables->out, pad, 4);
    put_uleb(tables->out, call->action);
}

static void put_lsda(struct tables *tables, const struct entry *entry)
{
    const struct rw_function *function = &tables->code->functions.at[entry->function];
    struct rw_output *out = tables->out;
    const struct rw_module *module = tables->code->module;
    struct rw_frame frame;
    struct rw_lsda lsda;
    struct rw_call call;
    if (!rw_frame_read(module, function->frame, &frame) || !rw_lsda_read(module, &frame, &lsda))
        return;
    rw_put_fill(out, NOP, 4);
    set_number(out, entry->lsda_field, out->count - entry->lsda_field);
    rw_put_number(out, RW_POINTER_OMITTED, 1);
    rw_put_number(out, lsda.types_as, 1);
    if (lsda.types_as != RW_POINTER_OMITTED) {
        /* The types stay: so far from behind this number, modulo 2^64. Filled in when loaded. */
        rw_put_fix(out, RW_FIX_TYPES, (int64_t)(lsda.types - module->base));
        rw_put_number(out, 0, LONGEST_LEB - 4);
    }
    rw_put_number(out, RW_POINTER_U32, 1);
    uint32_t length_at = out->count;
    put_long_uleb(out, 0);
    uint32_t calls = out->count;
    const uint8_t *end = lsda.actions;
    while (rw_lsda_next(&lsda, &call)) {
        const uint8_t *last = end_of_actions(module, &lsda, call.action);
        end = last > end ? last : end;
        put_call(tables, function, &call);
    }
    struct rw_output length = *out;
    length.count = length_at;
    put_long_uleb(&length, out->count - calls);
    rw_put(out, lsda.actions, (uint32_t)(end - lsda.actions));
}

/* All of it. ------------------------------------------------------------------------------------
 */

/* Functions stand in the order of the text, and so does the new code. */
static uint32_t put_index(struct tables *tables, uint32_t frames)
{
    struct rw_output *out = tables->out;
    rw_put_fill(out, NOP, 8);
    uint32_t index = out->count;
    rw_put_number(out, 0x3b031b01, 4);
    put_distance(out, frames);
    rw_put_number(out, tables->entries.count, 4);
    for (uint32_t i = 0; i < tables->entries.count; i++) {
        rw_put_number(out, (uint64_t)((int64_t)tables->entries.at[i].begin - index), 4);
        rw_put_number(out, (uint64_t)((int64_t)tables->entries.at[i].frame - index), 4);
    }
    return index;
}

uint32_t rw_unwind(const struct rw_code *code, struct rw_output *out)
{
    struct tables tables = {.code = code, .out = out};
    uint32_t index = 0;
    if (rw_list_open(&tables.cies, code->functions.count + 1) &&
        rw_list_open(&tables.entries, code->functions.count + 1)) {
        rw_put_fill(out, 0xcc, 16);
        uint32_t frames = out->count;
        for (uint32_t i = 0; i < code->functions.count; i++)
            if (code->functions.at[i].reason == RW_MOVED)
                put_frame(&tables, i);
        rw_put_number(out, 0, 4); /* the end */
        for (uint32_t i = 0; i < tables.entries.count; i++)
            if (tables.entries.at[i].lsda_field)
                put_lsda(&tables, &tables.entries.at[i]);
        index = put_index(&tables, frames);
    }
    rw_list_close(&tables.cies);
    rw_list_close(&tables.entries);
    return out->full ? 0 : index;
}
