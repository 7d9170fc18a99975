/* SPDX-License-Identifier: Apache-2.0 */
#include "interpose/access/rewrite/check.h"

#include "interpose/access/filter/words.h"
#include "interpose/access/rewrite/liveness.h"

#include "interpose/core/poison.h"

enum { RAX, RCX, RSP = 4, RBP, RDI = 7, REGISTERS = 16, MOST_CHUNKS = 64 / 8 + 2 };

struct check {
    struct rw_output *out;
    const struct rw_code *code;
    const struct rw_insn *insn;
    const struct rw_access *access;
    uint8_t scratch;
    bool spills; /* it is read later on */
    bool flags;  /* so are the flags, which are put into rax, which goes into a slot */
    uint32_t leaves[MOST_CHUNKS]; /* where its jumps to the stub say how far */
    unsigned leave_count;
};

/* Instructions of the check. ---------------------------------------------------------------------
 */

static void put_byte(struct rw_output *out, unsigned byte)
{
    rw_put_number(out, byte, 1);
}

static void put_slot_move(struct rw_output *out, unsigned opcode, unsigned reg, enum rw_slot slot)
{
    put_byte(out, 0x64); /* fs */
    put_byte(out, 0x48 | (reg >> 3) << 2);
    put_byte(out, opcode);
    put_byte(out, 0x04 | (reg & 7) << 3);
    put_byte(out, 0x25);
    rw_put_fix(out, RW_FIX_SLOT, (int64_t)slot);
}

static void put_save(struct rw_output *out, unsigned reg, enum rw_slot slot)
{
    put_slot_move(out, 0x89, reg, slot);
}

static void put_restore(struct rw_output *out, unsigned reg, enum rw_slot slot)
{
    put_slot_move(out, 0x8b, reg, slot);
}

/* OPCODE on REG, as the instruction's operand: /EXTENSION. */
static void put_on(struct rw_output *out, unsigned opcode, unsigned extension, unsigned reg,
                   unsigned number)
{
    put_byte(out, 0x48 | reg >> 3);
    put_byte(out, opcode);
    put_byte(out, 0xc0 | extension << 3 | (reg & 7));
    put_byte(out, number & 0xff);
}

/* lea MORE + what the access names, %reg */
static void put_lea(struct check *check, unsigned reg, int32_t more)
{
    struct rw_output *out = check->out;
    const struct rw_access *access = check->access;
    bool index = access->index < REGISTERS, base = access->base < REGISTERS;
    int32_t displacement = access->displacement + more;
    unsigned rex = 0x48 | (reg >> 3) << 2 | (index ? (access->index >> 3) << 1 : 0) |
                   (base ? access->base >> 3 : 0);
    unsigned into = (reg & 7) << 3;
    bool small = base && displacement == (int8_t)displacement;
    put_byte(out, rex);
    put_byte(out, 0x8d);
    if (access->base == RW_RIP) {
        const uint8_t *behind = check->code->module->text + check->insn->offset;
        behind += check->insn->length;
        put_byte(out, into | 5);
        rw_put_fix(out, RW_FIX_MODULE,
                   (int64_t)((uint64_t)behind - check->code->module->base) + displacement);
        return;
    }
    unsigned mode = !base ? 0 : small ? 0x40 : 0x80;
    if (base && !index && (access->base & 7) != RSP) {
        put_byte(out, mode | into | (access->base & 7));
    } else {
        put_byte(out, mode | into | 4);
        put_byte(out, (unsigned)access->scale << 6 |
                          (index ? (access->index & 7u) << 3 : (unsigned)RSP << 3) |
                          (base ? access->base & 7u : 5));
    }
    rw_put_number(out, (uint32_t)displacement, small ? 1 : 4);
}

/* OPCODE %gs:(%reg), %reg, of 8 bytes if WIDE, else of 4. */
static void put_gs_load(struct rw_output *out, unsigned reg, bool wide)
{
    put_byte(out, 0x65);
    put_byte(out, (wide ? 0x48 : 0x40) | (reg >> 3) << 2 | reg >> 3);
    put_byte(out, 0x8b);
    bool displaced = (reg & 7) == RBP;
    put_byte(out, (displaced ? 0x40u : 0) | (reg & 7) << 3 | (reg & 7));
    if ((reg & 7) == RSP)
        put_byte(out, 0x24);
    if (displaced)
        put_byte(out, 0);
}

static void put_compare_now(struct rw_output *out, unsigned reg, bool wide)
{
    put_byte(out, 0x64);
    put_byte(out, (wide ? 0x48 : 0x40) | (reg >> 3) << 2);
    put_byte(out, 0x3b);
    put_byte(out, 0x04 | (reg & 7) << 3);
    put_byte(out, 0x25);
    rw_put_fix(out, RW_FIX_NOW, 0);
}

/* Parts. ----------------------------------------------------------------------------------------
 */

static void put_beginning(struct check *check)
{
    if (check->spills)
        put_save(check->out, check->scratch, RW_SLOT_SCRATCH);
    if (!check->flags)
        return;
    put_lea(check, check->scratch, 0); /* may read what is overwritten now */
    put_save(check->out, RAX, RW_SLOT_FLAGS);
    rw_put_text(check->out, "\x9f"           /* lahf */
                            "\x0f\x90\xc0"); /* seto %al */
}

static void put_end(struct check *check)
{
    if (check->flags) {
        rw_put_text(check->out, "\x04\x7f" /* add $127, %al */
                                "\x9e");   /* sahf */
        put_restore(check->out, RAX, RW_SLOT_FLAGS);
    }
    if (check->spills)
        put_restore(check->out, check->scratch, RW_SLOT_SCRATCH);
}

/* Are the SIZE bytes at AT of what is accessed covered? */
static void put_compare(struct check *check, unsigned at, unsigned size)
{
    struct rw_output *out = check->out;
    unsigned reg = check->scratch;
    enum { SHIFT = 64 - REC_WORDS_ADDRESS_BITS };
    if (!check->flags)
        put_lea(check, reg, (int32_t)at);
    put_on(out, 0xc1, 4, reg, SHIFT); /* shl */
    put_on(out, 0xc1, 5, reg, SHIFT); /* shr */
    if (size < REC_GRANULE) /* and: what reaches into the next granule is left unaligned */
        put_on(out, 0x83, 4, reg, size == 1 ? ~3u : size == 2 ? ~2u : ~1u);
    if (check->access->writes) {
        put_byte(out, 0x48 | reg >> 3);
        rw_put_text(out, "\x0f\xba"); /* bts */
        put_byte(out, 0xe8 | (reg & 7));
        put_byte(out, REC_WORDS_ADDRESS_BITS);
    }
    put_gs_load(out, reg, size == 8);
    put_compare_now(out, reg, size == 8);
}

/* A jump to the stub, which is not there yet. */
static void put_leave(struct check *check)
{
    rw_put_text(check->out, "\x0f\x85"); /* jne */
    check->leaves[check->leave_count++] = check->out->count;
    rw_put_number(check->out, 0, 4);
}

static void set_distance(struct rw_output *out, uint32_t at, unsigned bytes)
{
    int32_t distance = (int32_t)(out->count - at - bytes);
    if (!out->full)
        __builtin_memcpy(&out->at[at], &distance, bytes);
}

static void put_stub(struct check *check, uint32_t site, uint32_t stub)
{
    struct rw_output *out = check->out;
    if (check->spills)
        put_save(out, check->scratch, RW_SLOT_SCRATCH);
    put_lea(check, check->scratch, 0);
    put_save(out, check->scratch, RW_SLOT_ADDRESS);
    if (check->spills)
        put_restore(out, check->scratch, RW_SLOT_SCRATCH);
    rw_put_text(out, "\x64\xc7\x04\x25"); /* movl $site, %fs:slot */
    rw_put_fix(out, RW_FIX_SLOT, RW_SLOT_SITE);
    rw_put_number(out, site, 4);
    put_byte(out, 0xe9);
    rw_put_fix(out, RW_FIX_CODE, stub);
}

/* Scratch. --------------------------------------------------------------------------------------
 */

static void choose(struct check *check, uint32_t live)
{
    uint32_t used = 1u << RSP;
    if (check->access->base < REGISTERS)
        used |= 1u << check->access->base;
    if (check->access->index < REGISTERS)
        used |= 1u << check->access->index;
    check->flags = live & (RW_FLAGS | RW_DOUBTFUL_FLAGS);
    if (check->flags)
        used |= 1u << RAX;
    uint32_t dead = ~(live | used) & RW_REGISTERS, any = ~used & RW_REGISTERS;
    check->spills = !dead;
    check->scratch = (uint8_t)__builtin_ctz(dead ? dead : any);
}

/* One access. -----------------------------------------------------------------------------------
 */

static void put_words(struct check *check)
{
    unsigned size = check->access->size, at = 0;
    struct rw_output *out = check->out;
    put_beginning(check);
    for (; size - at > 8; at += 8) {
        put_compare(check, at, 8);
        put_leave(check);
    }
    unsigned rest = size - at;
    if (rest > 4 && rest < 8) {
        put_compare(check, at, 4);
        put_leave(check);
        at += 4;
        rest -= 4;
    }
    put_compare(check, at, rest);
    put_byte(out, 0x74); /* je */
    put_byte(out, 0);
}

/* Where the words alone cannot say, or the address would be needed twice, the stub is the check. */
static void put_check(struct check *check, uint32_t site, uint32_t stub, bool by_words)
{
    struct rw_output *out = check->out;
    unsigned size = check->access->size;
    if (!by_words || (check->flags && size > 4 && size != 8)) {
        put_stub(check, site, stub);
        return;
    }
    put_words(check);
    uint32_t over = out->count - 1;
    for (unsigned i = 0; i < check->leave_count; i++)
        set_distance(out, check->leaves[i], 4);
    put_end(check);
    put_stub(check, site, stub);
    set_distance(out, over, 1);
    put_end(check);
}

static uint16_t flags_of(const struct rw_accesses *accesses, const struct rw_access *access)
{
    bool plain = !accesses->vector && !accesses->repeated && access->size <= 8 &&
                 !(access->reads && access->writes);
    return (access->writes ? RW_SITE_WRITES : 0) | (access->reads ? RW_SITE_READS : 0) |
           (plain ? RW_SITE_PLAIN : 0) | (accesses->repeated ? RW_SITE_REPEATED : 0) |
           (accesses->locked ? RW_SITE_LOCKED : 0);
}

/* Where a function addresses its own frame by rbp, that says so at its beginning. */
static bool has_frame_pointer(const struct rw_code *code, const struct rw_function *function)
{
    const uint8_t *at = code->module->text + function->entry;
    static const uint8_t begin[] = {0x55, 0x48, 0x89, 0xe5}; /* push %rbp; mov %rsp, %rbp */
    for (unsigned i = 0; i < sizeof begin; i++)
        if (function->entry + i >= function->end || at[i] != begin[i])
            return false;
    return true;
}

/* Nobody can write there. */
static bool is_constant(const struct rw_module *module, const struct rw_insn *insn,
                        const struct rw_access *access)
{
    if (access->base != RW_RIP)
        return false;
    uint64_t to = (uint64_t)module->text + insn->offset + insn->length +
                  (uint64_t)(int64_t)access->displacement;
    for (uint32_t i = 0; i < module->constant_count; i++)
        if (to >= module->constants[i].start && to < module->constants[i].end)
            return true;
    return false;
}

void rw_put_checks(struct rw_checks *checks, const struct rw_code *code,
                   const struct rw_function *function, const struct rw_insn *insn, uint32_t stub,
                   struct rw_output *out)
{
    struct rw_accesses accesses;
    uint32_t number = (uint32_t)(insn - code->insns.at), begin = out->count;
    rw_decode_accesses(code->module->text, insn->offset, function->end, &accesses);
    checks->coverage.sites += accesses.unknown;
    for (unsigned i = 0; i < accesses.count; i++) {
        const struct rw_access *access = &accesses.at[i];
        if (is_constant(code->module, insn, access) ||
            (access->base == RBP && has_frame_pointer(code, function)))
            continue;
        checks->coverage.sites++;
        if (rw_list_full(&checks->sites))
            continue;
        checks->coverage.covered++;
        uint32_t site = checks->sites.count;
        struct rw_site *new = rw_list_add(&checks->sites);
        struct check check = {.out = out, .code = code, .insn = insn, .access = access};
        uint16_t flags = flags_of(&accesses, access);
        choose(&check, checks->effects[number].live);
        put_check(&check, site, stub, !(flags & (RW_SITE_REPEATED | RW_SITE_LOCKED)));
        *new = (struct rw_site){
            .old = number, .back = out->count - begin, .size = access->size, .flags = flags};
    }
}

/* All registers and flags are the program's: none is changed. */
uint32_t rw_put_checked(struct rw_output *out, uint32_t told)
{
    put_save(out, RAX, RW_SLOT_RAX);
    rw_put_text(out, "\x48\x8d\x05"); /* lea image(%rip), %rax */
    rw_put_fix(out, RW_FIX_CODE, 0);
    put_save(out, RAX, RW_SLOT_IMAGE);
    put_restore(out, RAX, RW_SLOT_RAX);
    rw_put_text(out, "\xff\x25"); /* jmp *told(%rip) */
    rw_put_fix(out, RW_FIX_CODE, told);
    uint32_t resume = out->count;
    rw_put_text(out, "\x64\xff\x24\x25"); /* jmp *%fs:slot */
    rw_put_fix(out, RW_FIX_SLOT, RW_SLOT_TARGET);
    return resume;
}

void rw_checks_place(struct rw_checks *checks, const struct rw_code *code)
{
    for (uint32_t i = 0; i < checks->sites.count; i++) {
        struct rw_site *site = &checks->sites.at[i];
        const struct rw_insn *insn = &code->insns.at[site->old];
        site->old = insn->offset;
        site->back += insn->moved;
    }
}
