/* SPDX-License-Identifier: Apache-2.0 */
#include "interpose/access/rewrite/code.h"

#include "interpose/core/poison.h"

/* Which functions there are. ---------------------------------------------------------------------
 */

static void find_text(struct rw_module *module, uint32_t count)
{
    uint64_t low = rw_frame_begin(module, 0), high = low;
    struct rw_frame frame;
    for (uint32_t n = 0; n < count; n++)
        if (rw_frame_read(module, n, &frame) && frame.end > high && frame.end <= module->end)
            high = frame.end;
    module->text = (const uint8_t *)low;
    module->size = low >= module->start && high - low < INT32_MAX ? (uint32_t)(high - low) : 0;
}

static uint32_t entry_of(const struct rw_module *module, uint64_t begin, uint64_t end)
{
    enum { ENDBR64 = 4 };
    const uint8_t *at = module->text + begin;
    bool marked = end - begin >= ENDBR64 && end <= module->size && at[0] == 0xf3 && at[1] == 0x0f &&
                  at[2] == 0x1e && at[3] == 0xfa;
    return (uint32_t)begin + (marked ? ENDBR64 : 0);
}

static void add_function(struct rw_code *code, uint32_t n)
{
    const struct rw_module *module = code->module;
    uint64_t begin = rw_frame_begin(module, n) - (uint64_t)module->text;
    struct rw_frame frame;
    if (begin >= module->size)
        return;
    bool known = rw_frame_read(module, n, &frame);
    uint64_t end = known ? frame.end - (uint64_t)module->text : begin + 1;
    struct rw_function *last =
        code->functions.count ? &code->functions.at[code->functions.count - 1] : NULL;
    if (last && last->end > begin) { /* the index is sorted */
        last->reason = RW_NO_FRAME;
        last->end = (uint32_t)begin;
        if (last->begin == last->end)
            code->functions.count--;
    }
    *rw_list_add(&code->functions) = (struct rw_function){
        .begin = (uint32_t)begin,
        .end = (uint32_t)end,
        .entry = entry_of(module, begin, end),
        .frame = n,
        .reason = known && end <= module->size ? RW_MOVED : RW_NO_FRAME,
    };
}

struct rw_function *rw_code_function(const struct rw_code *code, int64_t offset)
{
    uint32_t low = 0, high = code->functions.count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (code->functions.at[middle].end <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    struct rw_function *function = &code->functions.at[low];
    return low < code->functions.count && offset >= function->begin ? function : NULL;
}

/* A stub may begin with endbr64, and its jump with bnd. */
const uint8_t *rw_code_stub(const struct rw_code *code, int64_t offset)
{
    enum { LONGEST = 11 };
    const struct rw_module *module = code->module;
    const uint8_t *at = module->text + offset;
    if ((uint64_t)at < module->start || (uint64_t)at + LONGEST > module->end)
        return NULL;
    if (at[0] == 0xf3 && at[1] == 0x0f && at[2] == 0x1e && at[3] == 0xfa)
        at += 4;
    at += *at == 0xf2;
    return at[0] == 0xff && at[1] == 0x25 ? at : NULL;
}

/* What they consist of. --------------------------------------------------------------------------
 */

static void decode_function(struct rw_code *code, struct rw_function *function)
{
    function->first = code->insns.count;
    for (uint32_t offset = function->begin; offset < function->end;) {
        struct rw_insn *insn = rw_list_add(&code->insns);
        rw_decode(code->module->text, offset, function->end, insn);
        if (insn->kind == RW_UNMOVABLE) {
            function->reason = RW_NO_DECODE;
            code->insns.count = function->first;
            break;
        }
        offset += insn->length;
    }
    function->count = code->insns.count - function->first;
    for (uint32_t i = function->first; i < code->insns.count; i++)
        code->at[code->insns.at[i].offset] = i + 1;
}

static bool has_target(const struct rw_insn *insn)
{
    return insn->kind == RW_BRANCH || insn->kind == RW_LOOP || insn->kind == RW_JUMP ||
           insn->kind == RW_CALL;
}

/* A call of what follows it asks where it stands. */
static bool asks_where(const struct rw_insn *insn)
{
    return insn->kind == RW_CALL && insn->target == (int32_t)(insn->offset + insn->length);
}

static void look_at_target(struct rw_code *code, struct rw_function *function,
                           const struct rw_insn *insn)
{
    struct rw_insn *target = rw_code_at(code, insn->target);
    struct rw_function *into =
        target && insn->target >= (int32_t)function->begin && insn->target < (int32_t)function->end
            ? function
            : rw_code_function(code, insn->target);
    if (target)
        target->leads = 1;
    else if (into == function)
        function->reason = RW_NO_BRANCH;
    if (asks_where(insn))
        function->reason = RW_NO_DECODE;
    if (into && insn->target > (int32_t)into->entry &&
        insn->target < (int32_t)(into->entry + RW_ENTRY_JUMP))
        into->enters_late = true;
}

static void look_at_targets(struct rw_code *code, struct rw_function *function)
{
    for (uint32_t i = function->first; i < function->first + function->count; i++)
        if (has_target(&code->insns.at[i]))
            look_at_target(code, function, &code->insns.at[i]);
}

/* Whether all that is said of the function's places is said of whole instructions. ---------------
 */

static bool cfa_cuts(const struct rw_code *code, const struct rw_function *function,
                     const struct rw_frame *frame)
{
    struct rw_table table = {frame->instructions, frame->instructions_end, false};
    struct rw_cfa cfa;
    uint64_t offset = function->begin;
    bool cuts = true;
    while (rw_cfa_next(&table, &cfa))
        if (cfa.advances) {
            offset += cfa.advance;
            cuts &= rw_function_cuts(code, function, (int64_t)offset);
        }
    return cuts && !table.bad;
}

static bool lsda_cuts(const struct rw_code *code, const struct rw_function *function,
                      const struct rw_frame *frame)
{
    struct rw_lsda lsda;
    struct rw_call call;
    if (!frame->lsda)
        return true;
    if (!rw_lsda_read(code->module, frame, &lsda))
        return false;
    while (rw_lsda_next(&lsda, &call)) {
        int64_t begin = function->begin + (int64_t)call.begin, end = begin + (int64_t)call.length;
        int64_t pad = (int64_t)(call.pad - (uint64_t)code->module->text);
        if (!rw_function_cuts(code, function, begin) || !rw_function_cuts(code, function, end) ||
            (call.pad && (pad == function->end || !rw_function_cuts(code, function, pad))))
            return false;
    }
    return !lsda.calls.bad;
}

/* push GOT+8(%rip); jmp or bnd jmp *GOT+16(%rip): what all stubs share stands first. */
static bool is_linkers(const struct rw_code *code, const struct rw_function *function)
{
    static const uint8_t push[] = {0xff, 0x35}, jump[] = {0xff, 0x25}, bound[] = {0xf2, 0xff, 0x25};
    const uint8_t *at = code->module->text + function->begin;
    return function->end - function->begin >= 16 && !__builtin_memcmp(at, push, sizeof push) &&
           (!__builtin_memcmp(at + 6, jump, sizeof jump) ||
            !__builtin_memcmp(at + 6, bound, sizeof bound));
}

static void check_function(struct rw_code *code, struct rw_function *function)
{
    struct rw_frame frame;
    if (function->reason != RW_MOVED)
        return;
    if (!rw_frame_read(code->module, function->frame, &frame))
        function->reason = RW_NO_FRAME;
    else if (!cfa_cuts(code, function, &frame) || !lsda_cuts(code, function, &frame))
        function->reason = is_linkers(code, function) ? RW_LINKERS : RW_NO_UNWIND;
}

/* All of it. ------------------------------------------------------------------------------------
 */

static bool reserve(struct rw_code *code, uint32_t functions)
{
    uint32_t size = code->module->size;
    code->at = rw_memory((uint64_t)size * sizeof *code->at);
    return rw_list_open(&code->functions, functions) && rw_list_open(&code->insns, size) &&
           code->at;
}

bool rw_code_open(struct rw_code *code, struct rw_module *module)
{
    uint32_t count = rw_frames_count(module);
    *code = (struct rw_code){.module = module};
    if (count)
        find_text(module, count);
    if (!count || !module->size)
        return false;
    if (!reserve(code, count)) {
        rw_code_close(code);
        return false;
    }
    for (uint32_t n = 0; n < count; n++)
        add_function(code, n);
    for (uint32_t i = 0; i < code->functions.count; i++)
        if (code->functions.at[i].reason == RW_MOVED)
            decode_function(code, &code->functions.at[i]);
    for (uint32_t i = 0; i < code->functions.count; i++) {
        look_at_targets(code, &code->functions.at[i]);
        check_function(code, &code->functions.at[i]);
    }
    return true;
}

void rw_code_close(struct rw_code *code)
{
    rw_list_close(&code->functions);
    rw_list_close(&code->insns);
    if (code->at)
        rec_sys_unmap(code->at, (uint64_t)code->module->size * sizeof *code->at);
}
