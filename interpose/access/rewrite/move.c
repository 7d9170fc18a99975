/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A branch is written long first. Within its function it becomes short where that reaches: what
 * makes one shorter only brings others nearer to their targets, so one look after another finds all
 * of them, and then the function is pushed together.
 */
#include "interpose/access/rewrite/move.h"

#include "interpose/access/rewrite/liveness.h"

#include "interpose/core/poison.h"

struct branch {      /* within its function, and not a loop's */
    uint32_t at;     /* of its first byte */
    uint32_t fix;    /* the number of its fix */
    uint32_t target; /* an instruction's number */
    uint8_t size;    /* as it stands there: 6 for a conditional one, else 5 */
    bool short_one;
};

struct mover {
    struct rw_code *code;
    struct rw_askers *askers;
    const struct rw_effect *clobbered; /* or NULL */
    struct rw_checks *checks;          /* or NULL */
    uint32_t stub;                     /* where those of checks go on */
    struct rw_output *out;
    RW_LIST(struct branch) branches; /* of this function */
    uint32_t *shift; /* of each instruction of this function: bytes saved before it */
};

enum { SHORT = 2 };

static const uint8_t *bytes_of(const struct mover *mover, const struct rw_insn *insn)
{
    return mover->code->module->text + insn->offset;
}

/* What an instruction that counts from rip counts to. */
static uint64_t address_of(const struct rw_code *code, const struct rw_insn *insn)
{
    const uint8_t *bytes = code->module->text + insn->offset;
    int32_t distance;
    __builtin_memcpy(&distance, bytes + insn->relative, sizeof distance);
    return (uint64_t)(bytes + insn->length) + (uint64_t)(int64_t)distance;
}

/* The lookup. -----------------------------------------------------------------------------------
 */

static void put_slot(struct rw_output *out, enum rw_slot slot)
{
    rw_put_fix(out, RW_FIX_SLOT, (int64_t)slot);
}

/*
 * Begins with RAX in its slot and the target in RAX, and goes on there with all registers and flags
 * as they were.
 */
static void put_lookup(struct rw_output *out)
{
    rw_put_text(out, "\x64\x48\x89\x0c\x25"); /* mov %rcx, %fs:slot */
    put_slot(out, RW_SLOT_RCX);
    rw_put_text(out, "\x64\x48\x89\x14\x25"); /* mov %rdx, %fs:slot */
    put_slot(out, RW_SLOT_RDX);
    rw_put_text(out, "\x64\x48\x89\x04\x25"); /* mov %rax, %fs:slot */
    put_slot(out, RW_SLOT_TARGET);
    rw_put_text(out, "\x48\x89\xc1"   /* mov %rax, %rcx */
                     "\x9f"           /* lahf */
                     "\x0f\x90\xc0"   /* seto %al */
                     "\x48\x2b\x0d"); /* sub text(%rip), %rcx */
    rw_put_fix(out, RW_FIX_CODE, RW_HEAD_TEXT);
    rw_put_text(out, "\x8b\x15"); /* mov size(%rip), %edx */
    rw_put_fix(out, RW_FIX_CODE, RW_HEAD_SIZE);
    rw_put_text(out, "\x48\x39\xd1"   /* cmp %rdx, %rcx */
                     "\x73\x25"       /* jae 1f */
                     "\x48\x63\x15"); /* movslq map(%rip), %rdx */
    rw_put_fix(out, RW_FIX_CODE, RW_HEAD_MAP);
    rw_put_text(out, "\x48\x8d\x0c\x8a" /* lea (%rdx,%rcx,4), %rcx */
                     "\x48\x8d\x15");   /* lea begin(%rip), %rdx */
    rw_put_fix(out, RW_FIX_CODE, 0);
    rw_put_text(out, "\x8b\x0c\x0a"           /* mov (%rdx,%rcx), %ecx */
                     "\x85\xc9"               /* test %ecx, %ecx */
                     "\x74\x0c"               /* je 1f */
                     "\x48\x01\xd1"           /* add %rdx, %rcx */
                     "\x64\x48\x89\x0c\x25"); /* mov %rcx, %fs:slot */
    put_slot(out, RW_SLOT_TARGET);
    rw_put_text(out, "\x04\x7f"               /* 1: add $127, %al */
                     "\x9e"                   /* sahf */
                     "\x64\x48\x8b\x0c\x25"); /* mov %fs:slot, %rcx */
    put_slot(out, RW_SLOT_RCX);
    rw_put_text(out, "\x64\x48\x8b\x14\x25"); /* mov %fs:slot, %rdx */
    put_slot(out, RW_SLOT_RDX);
    rw_put_text(out, "\x64\x48\x8b\x04\x25"); /* mov %fs:slot, %rax */
    put_slot(out, RW_SLOT_RAX);
    rw_put_text(out, "\x64\xff\x24\x25"); /* jmp *%fs:slot */
    put_slot(out, RW_SLOT_TARGET);
}

/* Thunks. ---------------------------------------------------------------------------------------
 */

/* As if called from the text: what is called returns there, takes this 8 bytes off, and comes back
 * to who called the thunk. */
static void put_thunks(struct mover *mover)
{
    struct rw_output *out = mover->out;
    for (uint32_t i = 0; i < mover->askers->count; i++) {
        rw_put_fill(out, 0xcc, 8);
        mover->askers->thunks[i] = out->count;
        rw_put_text(out, "\x48\x8d\x64\x24\xf8" /* lea -8(%rsp), %rsp */
                         "\xff\x35");           /* push back(%rip) */
        rw_put_fix(out, RW_FIX_CODE, RW_HEAD_BACK);
        rw_put_text(out, "\xff\x25"); /* jmp *slot(%rip) */
        rw_put_fix(out, RW_FIX_MODULE,
                   (int64_t)(mover->askers->slots[i] - mover->code->module->base));
    }
}

/* The asker that INSN calls or jumps to; RW_ASKERS: none. */
static unsigned asker_of(const struct mover *mover, const struct rw_insn *insn)
{
    if (!mover->askers->count)
        return RW_ASKERS;
    if (insn->kind == RW_CALL || insn->kind == RW_JUMP)
        return rw_asker_behind(mover->askers, mover->code, insn->target);
    if ((insn->kind != RW_CALL_TO && insn->kind != RW_JUMP_AWAY) || !insn->relative)
        return RW_ASKERS;
    return rw_asker_at(mover->askers, address_of(mover->code, insn));
}

/* One instruction. ------------------------------------------------------------------------------
 */

void rw_put_operand(const struct rw_code *code, const struct rw_insn *insn, unsigned skip,
                    struct rw_output *out)
{
    const uint8_t *bytes = code->module->text + insn->offset;
    if (!insn->relative) {
        rw_put(out, bytes + skip, insn->length - skip);
        return;
    }
    unsigned behind = insn->length - insn->relative - 4u;
    int64_t target = (int64_t)(address_of(code, insn) - code->module->base);
    rw_put(out, bytes + skip, insn->relative - skip);
    rw_put_fix(out, RW_FIX_MODULE, target - behind);
    rw_put(out, bytes + insn->length - behind, behind);
}

static bool is_within(const struct rw_function *function, const struct rw_insn *insn)
{
    return insn->target >= (int32_t)function->begin && insn->target < (int32_t)function->end;
}

static void put_branch(struct mover *mover, const struct rw_function *function,
                       const struct rw_insn *insn)
{
    struct rw_output *out = mover->out;
    bool conditional = insn->kind == RW_BRANCH;
    if (insn->kind != RW_CALL && is_within(function, insn))
        *rw_list_add(&mover->branches) =
            (struct branch){.at = out->count,
                            .fix = out->fixes.count,
                            .target = mover->code->at[insn->target] - 1,
                            .size = conditional ? 6 : 5};
    if (conditional)
        rw_put(out, (uint8_t[]){0x0f, 0x80 | insn->condition}, 2);
    else
        rw_put(out, (uint8_t[]){insn->kind == RW_CALL ? 0xe8 : 0xe9}, 1);
    rw_put_fix(out, RW_FIX_INSN, insn->target);
}

/* Over a long jump, or into it. */
static void put_loop(struct mover *mover, const struct rw_insn *insn)
{
    rw_put(mover->out, bytes_of(mover, insn), insn->length - 1u);
    rw_put_text(mover->out, "\x02\xeb\x05\xe9");
    rw_put_fix(mover->out, RW_FIX_INSN, insn->target);
}

/*
 * mov %rax, %fs:slot; mov OPERAND, %rax; jmp lookup. The operand is the jump's: the opcode becomes
 * that of a move of 8 bytes, the register that of the move.
 */
static void put_indirect_jump(struct mover *mover, const struct rw_insn *insn, uint32_t lookup)
{
    struct rw_output *out = mover->out;
    const uint8_t *bytes = bytes_of(mover, insn);
    unsigned i = 0;
    uint8_t rex = 0x48;
    rw_put_text(out, "\x64\x48\x89\x04\x25");
    put_slot(out, RW_SLOT_RAX);
    for (; bytes[i] != 0xff && (bytes[i] & 0xf0) != 0x40; i++)
        if (bytes[i] == 0x64 || bytes[i] == 0x65 || bytes[i] == 0x67)
            rw_put(out, &bytes[i], 1);
    if (bytes[i] != 0xff)
        rex |= bytes[i++] & 3;
    rw_put(out, (uint8_t[]){rex, 0x8b, bytes[i + 1] & 0xc7}, 3);
    rw_put_operand(mover->code, insn, i + 2, out);
    rw_put_text(out, "\xe9");
    rw_put_fix(out, RW_FIX_CODE, lookup);
}

/* Both read the copy: the displacement becomes one of 4 bytes, if it was not. */
static void put_table_load(struct mover *mover, const struct rw_insn *insn)
{
    const uint8_t *bytes = bytes_of(mover, insn);
    bool says_table = (bytes[2] & 0xc0) == 0 && (bytes[3] & 7) == 5; /* and has no base */
    int32_t displacement = 0;
    if (bytes[2] >> 6 == 1)
        displacement = (int8_t)bytes[4];
    else if (bytes[2] >> 6 == 2 || says_table)
        __builtin_memcpy(&displacement, bytes + 4, sizeof displacement);
    uint8_t form = (bytes[2] & 0x3f) | (says_table ? 0 : 0x80);
    rw_put(mover->out, (uint8_t[]){bytes[0], bytes[1], form, bytes[3]}, 4);
    rw_put_fix(mover->out, RW_FIX_COPY, displacement);
}

static void put_table_jump(struct mover *mover, const struct rw_insn *insn)
{
    const uint8_t *bytes = bytes_of(mover, insn);
    int32_t table;
    __builtin_memcpy(&table, bytes + insn->length - 4, sizeof table);
    rw_put(mover->out, bytes, insn->length - 4u);
    rw_put_fix(mover->out, RW_FIX_COPY, table);
}

static void put_insn(struct mover *mover, const struct rw_function *function,
                     const struct rw_insn *insn)
{
    unsigned asker = asker_of(mover, insn);
    if (asker < RW_ASKERS) {
        bool calls = insn->kind == RW_CALL || insn->kind == RW_CALL_TO;
        rw_put(mover->out, (uint8_t[]){calls ? 0xe8 : 0xe9}, 1);
        rw_put_fix(mover->out, RW_FIX_CODE, mover->askers->thunks[asker]);
        return;
    }
    switch ((enum rw_kind)insn->kind) {
    case RW_BRANCH:
    case RW_JUMP:
    case RW_CALL:
        put_branch(mover, function, insn);
        break;
    case RW_LOOP:
        put_loop(mover, insn);
        break;
    case RW_JUMP_TO:
        put_indirect_jump(mover, insn, RW_HEAD);
        break;
    case RW_TABLE_LOAD:
        put_table_load(mover, insn);
        break;
    case RW_TABLE_JUMP_TO:
        put_table_jump(mover, insn);
        break;
    default:
        rw_put_operand(mover->code, insn, 0, mover->out);
    }
}

/* What nobody reads may be anything. */
static void put_clobbers(struct mover *mover, const struct rw_insn *insn)
{
    enum { RSP = 4 };
    uint32_t live = mover->clobbered[insn - mover->code->insns.at].live;
    for (unsigned reg = 0; reg < 16; reg++) {
        if (live >> reg & 1 || reg == RSP)
            continue;
        if (reg >= 8)
            rw_put_text(mover->out, "\x41");
        rw_put_number(mover->out, 0xb8 | (reg & 7), 1); /* mov $number, %reg */
        rw_put_number(mover->out, 0xbad00000 | insn->offset, 4);
    }
    if (!(live & (RW_FLAGS | RW_DOUBTFUL_FLAGS)))
        rw_put_text(mover->out, "\x48\x81\xfc\x11\x22\x33\x44"); /* cmp $number, %rsp */
}

/* Short branches. -------------------------------------------------------------------------------
 */

static void find_shifts(struct mover *mover, const struct rw_function *function)
{
    uint32_t b = 0, saved = 0;
    for (uint32_t i = 0; i < function->count; i++) {
        uint32_t at = mover->code->insns.at[function->first + i].moved;
        for (; b < mover->branches.count && mover->branches.at[b].at < at; b++)
            if (mover->branches.at[b].short_one)
                saved += mover->branches.at[b].size - SHORT;
        mover->shift[i] = saved;
    }
}

/* All by the places that the last round left: so no distance is thought shorter than it will be. */
static bool shorten(struct mover *mover, const struct rw_function *function)
{
    bool any = false;
    uint32_t saved = 0;
    find_shifts(mover, function);
    for (uint32_t b = 0; b < mover->branches.count; b++) {
        struct branch *branch = &mover->branches.at[b];
        int64_t from = (int64_t)branch->at + branch->size - saved;
        int64_t to = (int64_t)mover->code->insns.at[branch->target].moved -
                     mover->shift[branch->target - function->first];
        if (branch->short_one) {
            saved += branch->size - SHORT;
        } else if (to - from == (int8_t)(to - from)) {
            branch->short_one = true;
            any = true;
        }
    }
    return any;
}

static void write_short(struct mover *mover, const struct branch *branch, uint32_t at, uint32_t to)
{
    uint8_t *bytes = &mover->out->at[at];
    const uint8_t *from = &mover->out->at[branch->at];
    bytes[0] = branch->size == 6 ? 0x70 | (from[1] & 15) : 0xeb;
    bytes[1] = (uint8_t)(to - (at + SHORT));
}

/* Moves the bytes between FROM and END of the function down by SAVED. */
static void push_down(struct rw_output *out, uint32_t from, uint32_t end, uint32_t saved)
{
    for (uint32_t i = from; saved && i < end; i++)
        out->at[i - saved] = out->at[i];
}

/* The fixes from number FIX on: those of short branches go, the others move with their bytes. */
static void push_fixes(struct mover *mover, uint32_t fix)
{
    struct rw_output *out = mover->out;
    uint32_t b = 0, saved = 0, kept = fix;
    for (; fix < out->fixes.count; fix++) {
        const struct branch *branch = &mover->branches.at[b];
        bool branches = b < mover->branches.count && branch->fix == fix;
        b += branches;
        if (branches && branch->short_one) {
            saved += branch->size - SHORT;
            continue;
        }
        out->fixes.at[kept] = out->fixes.at[fix];
        out->fixes.at[kept++].at -= saved;
    }
    out->fixes.count = kept;
}

static void push_together(struct mover *mover, struct rw_function *function, uint32_t first_fix)
{
    struct rw_output *out = mover->out;
    uint32_t from = function->new_begin, saved = 0;
    find_shifts(mover, function);
    for (uint32_t i = 0; i < function->count; i++)
        mover->code->insns.at[function->first + i].moved -= mover->shift[i];
    for (uint32_t b = 0; b < mover->branches.count; b++) {
        const struct branch *branch = &mover->branches.at[b];
        if (!branch->short_one)
            continue;
        push_down(out, from, branch->at, saved);
        write_short(mover, branch, branch->at - saved, mover->code->insns.at[branch->target].moved);
        from = branch->at + branch->size;
        saved += branch->size - SHORT;
    }
    push_down(out, from, out->count, saved);
    push_fixes(mover, first_fix);
    out->count -= saved;
    function->new_tail -= saved;
}

/* Functions. ------------------------------------------------------------------------------------
 */

static bool goes_on(const struct rw_insn *last)
{
    return last->kind != RW_JUMP && last->kind != RW_JUMP_TO && last->kind != RW_JUMP_AWAY &&
           last->kind != RW_TABLE_JUMP && last->kind != RW_TABLE_JUMP_TO &&
           last->kind != RW_RETURN && last->kind != RW_STOP;
}

static void move_function(struct mover *mover, struct rw_function *function)
{
    struct rw_output *out = mover->out;
    uint32_t first_fix = out->fixes.count;
    struct rw_insn *insn = &mover->code->insns.at[function->first], *end = insn + function->count;
    rw_put_fill(out, 0xcc, 16);
    mover->branches.count = 0;
    function->new_begin = out->count;
    for (; insn < end; insn++) {
        insn->moved = out->count;
        if (mover->clobbered)
            put_clobbers(mover, insn);
        if (mover->checks)
            rw_put_checks(mover->checks, mover->code, function, insn, mover->stub, out);
        put_insn(mover, function, insn);
        if (mover->checks)
            rw_put_done(mover->checks, insn, mover->stub, out);
    }
    function->new_tail = out->count;
    if (goes_on(end - 1)) {
        rw_put_text(out, "\xe9");
        rw_put_fix(out, RW_FIX_INSN, function->end);
    }
    while (shorten(mover, function))
        ;
    push_together(mover, function, first_fix);
    if (mover->checks)
        rw_put_aside(mover->checks, mover->stub, out);
    function->new_end = out->count;
}

/* What goes to other places of the new code is known now; what goes to the old text is one of the
 * module's addresses. */
static void resolve(struct rw_code *code, struct rw_output *out)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < out->fixes.count; i++) {
        struct rw_fix fix = out->fixes.at[i];
        if (fix.kind == RW_FIX_INSN) {
            const struct rw_insn *insn = rw_code_at(code, fix.value);
            const struct rw_function *function = insn ? rw_code_function(code, fix.value) : NULL;
            bool moved = function && function->reason == RW_MOVED;
            fix.kind = moved ? RW_FIX_CODE : RW_FIX_MODULE;
            fix.value =
                moved ? insn->moved
                      : fix.value + (int64_t)((uint64_t)code->module->text - code->module->base);
        }
        if (fix.kind == RW_FIX_CODE) {
            int32_t distance = (int32_t)(fix.value - (int64_t)fix.at - 4);
            __builtin_memcpy(&out->at[fix.at], &distance, 4);
        } else {
            out->fixes.at[kept++] = fix;
        }
    }
    out->fixes.count = kept;
}

bool rw_move(struct rw_code *code, struct rw_askers *askers, const struct rw_effect *clobbered,
             struct rw_checks *checks, struct rw_output *out)
{
    struct mover mover = {
        .code = code, .askers = askers, .clobbered = clobbered, .checks = checks, .out = out};
    uint32_t most = 0;
    for (uint32_t i = 0; i < code->functions.count; i++)
        if (code->functions.at[i].count > most)
            most = code->functions.at[i].count;
    mover.shift = rec_sys_memory((uint64_t)(most + 1) * sizeof *mover.shift);
    if (mover.shift && rw_list_open(&mover.branches, most + 1)) {
        while (out->count < RW_HEAD)
            rw_put_number(out, 0, 8);
        put_lookup(out);
        put_thunks(&mover);
        mover.stub = out->count;
        if (checks)
            checks->resume = rw_put_checked(out, RW_HEAD_TOLD);
        for (uint32_t i = 0; i < code->functions.count && !out->full; i++)
            if (code->functions.at[i].reason == RW_MOVED)
                move_function(&mover, &code->functions.at[i]);
        resolve(code, out);
        if (checks)
            rw_checks_place(checks, code);
    } else {
        out->full = true;
    }
    rw_list_close(&mover.branches);
    if (mover.shift)
        rec_sys_unmap(mover.shift, (uint64_t)(most + 1) * sizeof *mover.shift);
    return !out->full;
}
