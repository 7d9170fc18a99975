/* SPDX-License-Identifier: Apache-2.0 */
#include "interpose/access/rewrite/check.h"

#include "interpose/access/filter/words.h"
#include "interpose/access/rewrite/liveness.h"
#include "interpose/access/rewrite/move.h"

#include <stddef.h>

#include "interpose/core/poison.h"

enum {
    RAX,
    RSP = 4,
    RBP,
    REGISTERS = 16,
    MOST_CHUNKS = 64 / 8 + 3,
    /* Opcodes, and conditions of jumps: */
    ADD = 0x03,
    XOR = 0x33,
    CMP = 0x3b,
    TEST = 0x85,
    MOV = 0x8b,
    EQUAL = 4,
    NOT_EQUAL = 5,
};

/* Where jumps to one place say how far. */
struct jumps {
    uint32_t at[MOST_CHUNKS];
    unsigned count;
};

struct check {
    struct rw_output *out;
    const struct rw_code *code;
    const struct rw_insn *insn;
    const struct rw_access *access;
    uint8_t scratch, second;
    bool spills, spills_second; /* they are read later on */
    bool flags; /* so are the flags, which are put into rax, which goes into a slot */
    uint16_t site_flags;
    uint32_t copy;       /* where that is, or 0 */
    struct jumps leaves; /* to the stub */
};

/* Instructions of the check. ---------------------------------------------------------------------
 */

static void put_byte(struct rw_output *out, unsigned byte)
{
    rw_put_number(out, byte, 1);
}

/* OPCODE on REG and what the thread has at a fixed place, of 8 bytes if WIDE, else of 4. */
static void put_with_own(struct rw_output *out, unsigned opcode, unsigned reg, bool wide,
                         enum rw_fix_kind kind, int64_t which)
{
    put_byte(out, 0x64); /* fs */
    put_byte(out, (wide ? 0x48 : 0x40) | (reg >> 3) << 2);
    put_byte(out, opcode);
    put_byte(out, 0x04 | (reg & 7) << 3);
    put_byte(out, 0x25);
    rw_put_fix(out, kind, which);
}

static void put_save(struct rw_output *out, unsigned reg, enum rw_slot slot)
{
    put_with_own(out, 0x89, reg, true, RW_FIX_SLOT, (int64_t)slot);
}

static void put_restore(struct rw_output *out, unsigned reg, enum rw_slot slot)
{
    put_with_own(out, MOV, reg, true, RW_FIX_SLOT, (int64_t)slot);
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

/* OPCODE on REG, by OTHER. */
static void put_on_both(struct rw_output *out, unsigned opcode, unsigned reg, unsigned other)
{
    put_byte(out, 0x48 | (reg >> 3) << 2 | other >> 3);
    put_byte(out, opcode);
    put_byte(out, 0xc0 | (reg & 7) << 3 | (other & 7));
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

/* mov %gs:DISPLACEMENT(%base), %reg, of 8 bytes if WIDE, else of 4. */
static void put_gs_load(struct rw_output *out, unsigned base, unsigned displacement, unsigned reg,
                        bool wide)
{
    put_byte(out, 0x65);
    put_byte(out, (wide ? 0x48 : 0x40) | (reg >> 3) << 2 | base >> 3);
    put_byte(out, 0x8b);
    bool displaced = (base & 7) == RBP || displacement;
    put_byte(out, (displaced ? 0x40u : 0) | (reg & 7) << 3 | (base & 7));
    if ((base & 7) == RSP)
        put_byte(out, 0x24);
    if (displaced)
        put_byte(out, displacement);
}

/* OPCODE now, %reg */
static void put_with_now(struct rw_output *out, unsigned opcode, unsigned reg, bool wide)
{
    put_with_own(out, opcode, reg, wide, RW_FIX_NOW, 0);
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

/* From an address in the scratch register to its words. */
static void put_find_words(struct check *check)
{
    struct rw_output *out = check->out;
    unsigned reg = check->scratch;
    enum { SHIFT = 64 - REC_WORDS_ADDRESS_BITS };
    put_on(out, 0xc1, 4, reg, SHIFT); /* shl */
    put_on(out, 0xc1, 5, reg, SHIFT); /* shr */
    if (!check->access->writes)
        return;
    put_byte(out, 0x48 | reg >> 3);
    rw_put_text(out, "\x0f\xba"); /* bts */
    put_byte(out, 0xe8 | (reg & 7));
    put_byte(out, REC_WORDS_ADDRESS_BITS);
}

/* Are the SIZE bytes at AT of what is accessed covered? */
static void put_compare(struct check *check, unsigned at, unsigned size)
{
    struct rw_output *out = check->out;
    unsigned reg = check->scratch;
    if (!check->flags)
        put_lea(check, reg, (int32_t)at);
    put_find_words(check);
    if (size < REC_GRANULE) /* and: what reaches into the next granule is left unaligned */
        put_on(out, 0x83, 4, reg, size == 1 ? ~3u : size == 2 ? ~2u : ~1u);
    put_gs_load(out, reg, 0, reg, size == 8);
    put_with_now(out, CMP, reg, size == 8);
}

/* A jump to where is not known yet. */
static void put_jump(struct rw_output *out, unsigned condition, struct jumps *jumps)
{
    rw_put_text(out, "\x0f");
    put_byte(out, 0x80 | condition);
    jumps->at[jumps->count++] = out->count;
    rw_put_number(out, 0, 4);
}

static void land(struct rw_output *out, const struct jumps *jumps)
{
    for (unsigned i = 0; i < jumps->count; i++) {
        int32_t distance = (int32_t)(out->count - jumps->at[i] - 4);
        if (!out->full)
            __builtin_memcpy(&out->at[jumps->at[i]], &distance, 4);
    }
}

static void put_site(struct rw_output *out, uint32_t site, uint32_t stub)
{
    rw_put_text(out, "\x64\xc7\x04\x25"); /* movl $site, %fs:slot */
    rw_put_fix(out, RW_FIX_SLOT, RW_SLOT_SITE);
    rw_put_number(out, site, 4);
    put_byte(out, 0xe9);
    rw_put_fix(out, RW_FIX_CODE, stub);
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
    put_site(out, site, stub);
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
    dead &= ~(1u << check->scratch);
    any &= ~(1u << check->scratch);
    check->spills_second = !dead;
    check->second = (uint8_t)__builtin_ctz(dead ? dead : any);
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
        put_jump(out, NOT_EQUAL, &check->leaves);
    }
    unsigned rest = size - at;
    if (rest > 4 && rest < 8) {
        put_compare(check, at, 4);
        put_jump(out, NOT_EQUAL, &check->leaves);
        at += 4;
        rest -= 4;
    }
    put_compare(check, at, rest);
}

/* Of one or two granules only some bytes may be covered. */
static void put_look_at_bytes(struct check *check, struct jumps *no)
{
    struct rw_output *out = check->out;
    unsigned reg = check->scratch, first = check->second;
    put_lea(check, reg, 0);
    put_lea(check, first, 0);
    put_on(out, 0x83, 4, first, REC_GRANULE - 1); /* and */
    put_find_words(check);
    put_on(out, 0x83, 4, reg, (unsigned)-REC_GRANULE); /* and */
    put_gs_load(out, reg, 0, reg, true);
    put_with_now(out, XOR, reg, true);
    put_byte(out, 0x65); /* test %reg, %gs:masks(,%first,8) */
    put_byte(out, 0x48 | (reg >> 3) << 2 | (first >> 3) << 1);
    put_byte(out, 0x85);
    put_byte(out, 0x04 | (reg & 7) << 3);
    put_byte(out, 0xc0 | (first & 7) << 3 | RBP);
    rw_put_number(out, (uint32_t)rec_words_masks_of(check->access->size), 4);
    put_jump(out, NOT_EQUAL, no);
}

/* It may lie across granules: one more than its size says. */
static void put_look_across(struct check *check, struct jumps *no)
{
    struct rw_output *out = check->out;
    unsigned size = check->access->size, at = 0;
    put_lea(check, check->scratch, 0);
    put_find_words(check);
    put_on(out, 0x83, 4, check->scratch, (unsigned)-REC_GRANULE); /* and */
    for (; at < size; at += 8) {
        put_gs_load(out, check->scratch, at, check->second, true);
        put_with_now(out, CMP, check->second, true);
        put_jump(out, NOT_EQUAL, no);
    }
    if (at > size)
        return;
    put_gs_load(out, check->scratch, at, check->second, false);
    put_with_now(out, CMP, check->second, false);
    put_jump(out, NOT_EQUAL, no);
}

/* OPCODE on REG and DISPLACEMENT(%base), of 8 bytes if WIDE, else of 4. */
static void put_with_memory(struct rw_output *out, unsigned opcode, unsigned reg, unsigned base,
                            unsigned displacement, bool wide)
{
    put_byte(out, (wide ? 0x48 : 0x40) | (reg >> 3) << 2 | base >> 3);
    put_byte(out, opcode);
    put_byte(out, 0x40 | (reg & 7) << 3 | (base & 7));
    if ((base & 7) == RSP)
        put_byte(out, 0x24);
    put_byte(out, displacement);
}

/* It may be what several threads read: rec_reader_at. */
static void put_look_at_readers(struct check *check, struct jumps *no)
{
    struct rw_output *out = check->out;
    unsigned reg = check->scratch, place = check->second, size = check->access->size;
    _Static_assert(sizeof((struct rec_readers *)0)->front[0] == 16 &&
                       sizeof(struct rec_readers_entry) == 2 * REC_GRANULE &&
                       REC_READERS_FRONT_BITS == 16 && REC_READERS_PAGE == 1 << 12,
                   "they are multiplied by that");
    _Static_assert(offsetof(struct rec_readers, front) == 0 &&
                       offsetof(struct rec_readers_page, at) == 0,
                   "they are without displacement");
    put_with_own(out, MOV, place, true, RW_FIX_READERS, 0);
    put_on_both(out, TEST, place, place);
    put_jump(out, EQUAL, no);
    put_lea(check, reg, 0);
    put_on(out, 0xc1, 5, reg, 12); /* shr: number of the page */
    put_byte(out, 0x40 | (reg >> 3) << 2 | reg >> 3);
    rw_put_text(out, "\x0f\xb7"); /* movzwl */
    put_byte(out, 0xc0 | (reg & 7) << 3 | (reg & 7));
    put_on(out, 0xc1, 4, reg, 4); /* shl */
    put_on_both(out, ADD, place, reg);
    put_lea(check, reg, 0);
    if (size < REC_GRANULE)
        put_on(out, 0x83, 4, reg, (unsigned)-REC_GRANULE); /* and */
    put_with_memory(out, XOR, reg, place, 0, true);
    put_byte(out, 0x48 | reg >> 3); /* test: is it that page, and aligned to granules? */
    put_byte(out, 0xf7);
    put_byte(out, 0xc0 | (reg & 7));
    rw_put_number(out, ~(uint32_t)(REC_READERS_PAGE - REC_GRANULE), 4);
    put_jump(out, NOT_EQUAL, no);
    put_with_memory(out, MOV, place, place, 8, true);
    put_on_both(out, ADD, place, reg);
    put_on_both(out, ADD, place, reg);
    for (unsigned at = 0; at < size; at += REC_GRANULE) {
        put_with_memory(out, MOV, reg, place, 2 * at, false);
        put_with_now(out, CMP, reg, false);
        put_jump(out, NOT_EQUAL, no);
    }
}

/* What was looked for is found: on to YES. Else it goes on behind. */
static void put_found(struct check *check, struct jumps *yes, const struct jumps *no)
{
    struct rw_output *out = check->out;
    if (check->spills_second)
        put_restore(out, check->second, RW_SLOT_SECOND);
    put_byte(out, 0xe9); /* jmp */
    yes->at[yes->count++] = out->count;
    rw_put_number(out, 0, 4);
    land(out, no);
}

/* Before the stub: is it covered in a way that the first look does not see? Then on to YES. */
static void put_second_look(struct check *check, struct jumps *yes)
{
    unsigned size = check->access->size;
    struct jumps no = {.count = 0}, none = {.count = 0};
    if (check->flags || size & (size - 1))
        return;
    if (check->spills_second)
        put_save(check->out, check->second, RW_SLOT_SECOND);
    if (size <= REC_WORDS_MASKED)
        put_look_at_bytes(check, &no);
    else
        put_look_across(check, &no);
    put_found(check, yes, &no);
    if (!check->access->writes && size <= REC_READERS_MOST) {
        put_look_at_readers(check, &none);
        put_found(check, yes, &none);
    }
    if (check->spills_second)
        put_restore(check->out, check->second, RW_SLOT_SECOND);
}

/* Where the words alone cannot say, or the address would be needed twice, the stub is the check. */
/* A load by a plain move may turn out to be an atomic one, which is told behind it: the
 * instruction once more, for that. Where it begins, in the output; 0: there is none. */
static uint32_t put_copy(struct check *check, uint16_t flags, uint32_t site, uint32_t stub)
{
    uint32_t at = check->out->count;
    if ((flags & (RW_SITE_PLAIN | RW_SITE_WRITES)) != RW_SITE_PLAIN ||
        check->insn->kind != RW_PLAIN)
        return 0;
    rw_put_operand(check->code, check->insn, 0, check->out);
    put_site(check->out, site, stub);
    return at;
}

static void put_check(struct check *check, uint32_t site, uint32_t stub, bool by_words)
{
    struct rw_output *out = check->out;
    unsigned size = check->access->size;
    if (!by_words || (check->flags && size > 4 && size != 8)) {
        put_stub(check, site, stub);
        return;
    }
    struct jumps yes = {.count = 0};
    put_words(check);
    put_jump(out, EQUAL, &yes);
    land(out, &check->leaves);
    put_second_look(check, &yes);
    put_end(check);
    put_stub(check, site, stub);
    check->copy = put_copy(check, check->site_flags, site + 1, stub);
    land(out, &yes);
    put_end(check);
}

static uint16_t flags_of(const struct rw_accesses *accesses, const struct rw_access *access)
{
    bool plain = !accesses->vector && !accesses->repeated && access->size <= 8 &&
                 !(access->reads && access->writes);
    return (access->writes ? RW_SITE_WRITES : 0) | (access->reads ? RW_SITE_READS : 0) |
           (plain ? RW_SITE_PLAIN : 0) | (accesses->repeated ? RW_SITE_REPEATED : 0) |
           (accesses->locked ? RW_SITE_LOCKED : 0) | (accesses->compares ? RW_SITE_COMPARES : 0);
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
    checks->first = checks->sites.count;
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
        check.site_flags = flags;
        choose(&check, checks->effects[number].live);
        put_check(&check, site, stub, !(flags & (RW_SITE_REPEATED | RW_SITE_LOCKED)));
        *new = (struct rw_site){.old = number,
                                .back = out->count - begin,
                                .copy = check.copy ? check.copy - begin : 0,
                                .size = access->size,
                                .flags = flags};
        if (!check.copy && !(flags & RW_SITE_LOCKED))
            continue;
        struct rw_site *done = rw_list_add(&checks->sites);
        *done = *new;
        done->flags |= RW_SITE_DONE;
        done->copy = 0;
    }
}

void rw_put_done(struct rw_checks *checks, const struct rw_insn *insn, uint32_t stub,
                 struct rw_output *out)
{
    for (uint32_t i = checks->first; i < checks->sites.count; i++) {
        struct rw_site *site = &checks->sites.at[i];
        if (!(site->flags & RW_SITE_DONE))
            continue;
        if (site->flags & RW_SITE_LOCKED)
            put_site(out, i, stub);
        site->back = out->count - insn->moved;
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
        site->copy += site->copy ? insn->moved : 0;
    }
}
