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
    MOST_JUMPS = 32,
    /* Opcodes, and conditions of jumps: */
    ADD = 0x03,
    OR = 0x0b,
    SUB = 0x2b,
    AND = 0x23,
    XOR = 0x33,
    CMP = 0x3b,
    TEST = 0x85,
    MOV = 0x8b,
    EQUAL = 4,
    NOT_EQUAL = 5,
};

/* Where jumps to one place say how far. */
struct jumps {
    uint32_t at[MOST_JUMPS];
    unsigned count;
};

struct rw_check {
    struct rw_output *out;
    const struct rw_code *code;
    const struct rw_insn *insn;
    struct rw_access access;
    uint8_t scratch, second;
    bool spills, spills_second; /* they are read later on */
    bool flags; /* so are the flags, which are put into rax, which goes into a slot */
    uint32_t site;
    struct jumps leaves; /* behind the function; as YES, from where the instruction begins on */
    uint32_t yes;        /* where it goes on if it is covered */
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
static void put_lea(struct rw_check *check, unsigned reg, int32_t more)
{
    struct rw_output *out = check->out;
    const struct rw_access *access = &check->access;
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

/* What names REG and DISPLACEMENT(%base), behind an opcode. */
static void put_mode(struct rw_output *out, unsigned reg, unsigned base, unsigned displacement)
{
    bool displaced = (base & 7) == RBP || displacement;
    put_byte(out, (displaced ? 0x40u : 0) | (reg & 7) << 3 | (base & 7));
    if ((base & 7) == RSP)
        put_byte(out, 0x24);
    if (displaced)
        put_byte(out, displacement);
}

/* OPCODE on REG and DISPLACEMENT(%base), of 8 bytes if WIDE, else of 4. */
static void put_with_memory(struct rw_output *out, unsigned opcode, unsigned reg, unsigned base,
                            unsigned displacement, bool wide)
{
    put_byte(out, (wide ? 0x48 : 0x40) | (reg >> 3) << 2 | base >> 3);
    put_byte(out, opcode);
    put_mode(out, reg, base, displacement);
}

/* mov %gs:DISPLACEMENT(%base), %reg, of 8 bytes if WIDE, else of 4. */
static void put_gs_load(struct rw_output *out, unsigned base, unsigned displacement, unsigned reg,
                        bool wide)
{
    put_byte(out, 0x65);
    put_with_memory(out, MOV, reg, base, displacement, wide);
}

/* OPCODE on REG and a member of rec_words. */
#define put_with_words(out, opcode, reg, wide, member)                                             \
    put_with_own(out, opcode, reg, wide, RW_FIX_WORDS, offsetof(struct rec_words, member))

/* Parts. ----------------------------------------------------------------------------------------
 */

static void put_beginning(struct rw_check *check)
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

static void put_end(struct rw_check *check)
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
static void put_find_words(struct rw_check *check)
{
    if (check->access.writes)
        put_with_words(check->out, OR, check->scratch, true, high);
    else
        put_with_words(check->out, AND, check->scratch, true, low);
}

/* The words of the SIZE bytes at AT of what is accessed, into the scratch register. */
static void put_load_words(struct rw_check *check, unsigned at, unsigned size)
{
    unsigned reg = check->scratch;
    if (!check->flags)
        put_lea(check, reg, (int32_t)at);
    put_find_words(check);
    if (size < REC_GRANULE) /* and; of three bytes some are left unaligned */
        put_on(check->out, 0x83, 4, reg, size <= 2 ? (unsigned)-REC_GRANULE : ~1u);
    put_gs_load(check->out, reg, 0, reg, size == 8);
}

/* A jump to where is not known yet. */
static void put_jump(struct rw_output *out, unsigned condition, struct jumps *jumps)
{
    rw_put_text(out, "\x0f");
    put_byte(out, 0x80 | condition);
    jumps->at[jumps->count++] = out->count;
    rw_put_number(out, 0, 4);
}

/* Does the word in REG cover, or, if WIDE, do both? What is left there is how much they are more.
 */
static void put_is_now(struct rw_output *out, unsigned reg, bool wide, struct jumps *no)
{
    put_with_words(out, SUB, reg, wide, now);
    if (wide) {
        put_with_words(out, TEST, reg, true, differ);
    } else {
        put_byte(out, 0x40 | reg >> 3);
        rw_put_text(out, "\xf7"); /* test */
        put_byte(out, 0xc0 | (reg & 7));
        rw_put_number(out, REC_WORDS_DIFFER, 4);
    }
    put_jump(out, NOT_EQUAL, no);
}

/* All of JUMPS, whose places count from FROM on, go to where the output is now. */
static void land(struct rw_output *out, const struct jumps *jumps, uint32_t from)
{
    for (unsigned i = 0; i < jumps->count; i++) {
        uint32_t at = from + jumps->at[i];
        int32_t distance = (int32_t)(out->count - at - 4);
        if (!out->full)
            __builtin_memcpy(&out->at[at], &distance, 4);
    }
}

/* On with the check's instruction. */
static void put_jump_on(const struct rw_check *check)
{
    put_byte(check->out, 0xe9);
    rw_put_number(check->out, check->insn->moved + check->yes - (check->out->count + 4), 4);
}

static void put_site(struct rw_output *out, uint32_t site, uint32_t stub)
{
    rw_put_text(out, "\x64\xc7\x04\x25"); /* movl $site, %fs:slot */
    rw_put_fix(out, RW_FIX_SLOT, RW_SLOT_SITE);
    rw_put_number(out, site, 4);
    put_byte(out, 0xe9);
    rw_put_fix(out, RW_FIX_CODE, stub);
}

static void put_stub(struct rw_check *check, uint32_t site, uint32_t stub)
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

static void choose(struct rw_check *check, uint32_t live)
{
    uint32_t used = 1u << RSP;
    if (check->access.base < REGISTERS)
        used |= 1u << check->access.base;
    if (check->access.index < REGISTERS)
        used |= 1u << check->access.index;
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

/* Is that covered? Else it goes on behind the function. */
static void put_compare(struct rw_check *check, unsigned at, unsigned size)
{
    put_load_words(check, at, size);
    put_is_now(check->out, check->scratch, size == 8, &check->leaves);
    check->leaves.at[check->leaves.count - 1] -= check->insn->moved;
}

static void put_words(struct rw_check *check)
{
    unsigned size = check->access.size, at = 0;
    put_beginning(check);
    for (; size - at > 8; at += 8)
        put_compare(check, at, 8);
    unsigned rest = size - at;
    if (rest > 4 && rest < 8) {
        put_compare(check, at, 4);
        at += 4;
        rest -= 4;
    }
    put_compare(check, at, rest);
    check->yes = check->out->count - check->insn->moved;
    put_end(check);
}

/* Behind a function. ----------------------------------------------------------------------------
 */

/* test %reg, masks of where in its granule the access begins; FIRST is changed. */
static void put_test_masks(struct rw_check *check, unsigned reg, unsigned first, bool wide)
{
    struct rw_output *out = check->out;
    put_lea(check, first, 0);
    put_on(out, 0x83, 4, first, REC_GRANULE - 1); /* and */
    put_byte(out, 0x64);                          /* fs */
    put_byte(out, (wide ? 0x48 : 0x40) | (reg >> 3) << 2 | (first >> 3) << 1);
    put_byte(out, TEST);
    put_byte(out, 0x04 | (reg & 7) << 3);
    put_byte(out, 0xc0 | (first & 7) << 3 | RBP);
    rw_put_fix(out, RW_FIX_WORDS, offsetof(struct rec_words, masks[check->access.size]));
}

/* A closer look needs the address, and that rax, where the flags are meanwhile. */
static bool borrows_rax(const struct rw_check *check)
{
    return check->flags && (check->access.base == RAX || check->access.index == RAX);
}

static void put_look_begins(struct rw_check *check)
{
    if (borrows_rax(check)) {
        put_save(check->out, RAX, RW_SLOT_RAX);
        put_restore(check->out, RAX, RW_SLOT_FLAGS);
    }
    if (check->spills_second)
        put_save(check->out, check->second, RW_SLOT_SECOND);
}

static void put_look_ends(struct rw_check *check)
{
    if (borrows_rax(check))
        put_restore(check->out, RAX, RW_SLOT_RAX);
    if (check->spills_second)
        put_restore(check->out, check->second, RW_SLOT_SECOND);
}

/* What was looked for is found. Else it goes on behind. */
static void put_found(struct rw_check *check, const struct jumps *no)
{
    put_look_ends(check);
    put_jump_on(check);
    land(check->out, no, 0);
}

/* Of one or two granules only some bytes may be covered. */
static void put_look_at_bytes(struct rw_check *check, struct jumps *no)
{
    struct rw_output *out = check->out;
    unsigned reg = check->scratch;
    put_lea(check, reg, 0);
    put_find_words(check);
    put_on(out, 0x83, 4, reg, (unsigned)-REC_GRANULE); /* and */
    put_gs_load(out, reg, 0, reg, true);
    put_with_words(out, XOR, reg, true, now);
    put_test_masks(check, reg, check->second, true);
    put_jump(out, NOT_EQUAL, no);
}

/* Is all of it what several threads read? Of what is looked at in one piece the first look has left
 * how much the words are more. */
static void put_look_whether_readers(struct rw_check *check, struct jumps *no)
{
    struct rw_output *out = check->out;
    unsigned size = check->access.size, reg = check->scratch;
    bool wide = size >= 8;
    for (unsigned at = 0; at < size; at += 8) {
        if (size > 8)
            put_load_words(check, at, 8);
        else
            put_with_words(out, ADD, reg, wide, now);
        put_with_words(out, CMP, reg, wide, of_readers);
        put_jump(out, NOT_EQUAL, no);
    }
}

/* It may lie across granules: one more than its size says. */
static void put_look_across(struct rw_check *check, struct jumps *no)
{
    struct rw_output *out = check->out;
    unsigned size = check->access.size, at = 0;
    put_lea(check, check->scratch, 0);
    put_find_words(check);
    put_on(out, 0x83, 4, check->scratch, (unsigned)-REC_GRANULE); /* and */
    for (; at < size; at += 8) {
        put_gs_load(out, check->scratch, at, check->second, true);
        put_is_now(out, check->second, true, no);
    }
    if (at > size)
        return;
    put_gs_load(out, check->scratch, at, check->second, false);
    put_is_now(out, check->second, false, no);
}

/* It may be what several threads read: rec_reader_at. */
static void put_look_at_readers(struct rw_check *check, struct jumps *no)
{
    struct rw_output *out = check->out;
    struct jumps others = {.count = 0};
    unsigned reg = check->scratch, place = check->second, size = check->access.size;
    _Static_assert(sizeof((struct rec_readers *)0)->front[0] == 16 &&
                       sizeof(struct rec_readers_entry) == 2 * REC_GRANULE &&
                       REC_READERS_FRONT_BITS == 16 && REC_READERS_PAGE == 1 << 12,
                   "they are multiplied by that");
    _Static_assert(offsetof(struct rec_readers, front) == 0 &&
                       offsetof(struct rec_readers_page, at) == 0,
                   "they are without displacement");
    put_with_words(out, MOV, place, true, readers);
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
    struct jumps *differ = size < REC_GRANULE ? &others : no;
    for (unsigned at = 0; at < size; at += REC_GRANULE) {
        put_with_memory(out, MOV, reg, place, 2 * at, false);
        put_is_now(out, reg, false, differ);
    }
    put_found(check, differ);
    if (size >= REC_GRANULE)
        return;
    put_with_memory(out, MOV, reg, place, 0, false); /* only some bytes may be covered */
    put_with_words(out, XOR, reg, false, now);
    put_test_masks(check, reg, place, false);
    put_jump(out, NOT_EQUAL, no);
    put_found(check, no);
}

/* Before the stub: is it covered in a way that the first look does not see? */
static void put_second_look(struct rw_check *check)
{
    const struct rw_access *access = &check->access;
    struct jumps no = {.count = 0}, not_readers = {.count = 0};
    if (access->size & (access->size - 1))
        return;
    put_look_begins(check);
    if (!access->writes && access->size <= REC_READERS_MOST) {
        put_look_whether_readers(check, &not_readers);
        put_look_at_readers(check, &not_readers);
    }
    if (access->size <= REC_WORDS_MASKED)
        put_look_at_bytes(check, &no);
    else
        put_look_across(check, &no);
    put_found(check, &no);
    put_look_ends(check);
}

/* A load by a plain move may turn out to be an atomic one, which is told behind it: the
 * instruction once more, for that. */
static bool has_copy(const struct rw_insn *insn, uint16_t flags)
{
    return (flags & (RW_SITE_PLAIN | RW_SITE_WRITES)) == RW_SITE_PLAIN && insn->kind == RW_PLAIN;
}

/* The rest of a check. */
static void finish(struct rw_check *check, struct rw_site *site, uint32_t stub)
{
    struct rw_output *out = check->out;
    land(out, &check->leaves, check->insn->moved);
    put_second_look(check);
    put_end(check);
    put_stub(check, check->site, stub);
    if (!site->copy)
        return;
    site->copy = out->count;
    rw_put_operand(check->code, check->insn, 0, out);
    put_site(out, check->site + 1, stub);
}

void rw_put_aside(struct rw_checks *checks, uint32_t stub, struct rw_output *out)
{
    for (uint32_t i = 0; i < checks->unfinished.count; i++) {
        struct rw_check *check = &checks->unfinished.at[i];
        *rw_list_add(&checks->aside) = (struct rw_place){out->count, check->insn->offset};
        finish(check, &checks->sites.at[check->site], stub);
    }
    checks->unfinished.count = 0;
}

/* Before an instruction. ------------------------------------------------------------------------
 */

static uint16_t flags_of(const struct rw_accesses *accesses, const struct rw_access *access)
{
    bool plain = !accesses->vector && !accesses->repeated && access->size <= 8 &&
                 !(access->reads && access->writes);
    return (access->writes ? RW_SITE_WRITES : 0) | (access->reads ? RW_SITE_READS : 0) |
           (plain ? RW_SITE_PLAIN : 0) | (accesses->repeated ? RW_SITE_REPEATED : 0) |
           (accesses->locked ? RW_SITE_LOCKED : 0) | (accesses->compares ? RW_SITE_COMPARES : 0);
}

/* Nobody can write there: a constant, or one of a table in a program that lies where it was linked
 * to. Tables may be addressed from a little before them on. */
static bool is_constant(const struct rw_module *module, const struct rw_insn *insn,
                        const struct rw_access *access)
{
    enum { BEFORE = 1 << 16 };
    bool absolute = access->base == RW_NO_REGISTER && !module->base;
    uint64_t to = (uint64_t)(int64_t)access->displacement;
    if (access->base == RW_RIP)
        to += (uint64_t)module->text + insn->offset + insn->length;
    else if (absolute && access->index < REGISTERS)
        to += BEFORE;
    else if (!absolute)
        return false;
    for (uint32_t i = 0; i < module->constant_count; i++)
        if (to >= module->constants[i].start && to < module->constants[i].end)
            return true;
    return false;
}

/* A program that has memory fetched ahead would wait for its words instead: they are fetched, too.
 */
static void put_fetch(struct rw_check *check, bool written)
{
    struct rw_output *out = check->out;
    unsigned reg = check->scratch;
    check->access.writes = written;
    put_lea(check, reg, 0);
    put_find_words(check);
    put_byte(out, 0x65); /* prefetcht0 %gs:(%reg) */
    put_byte(out, 0x40 | reg >> 3);
    rw_put_text(out, "\x0f\x18");
    put_mode(out, 1, reg, 0);
}

static void put_ahead(struct rw_check *check, uint32_t live)
{
    choose(check, live);
    if (check->flags || check->spills)
        return;
    put_fetch(check, false);
    put_fetch(check, true);
}

/* False: there is no room for more sites. */
static bool put_check(struct rw_checks *checks, const struct rw_code *code,
                      const struct rw_function *function, const struct rw_insn *insn,
                      const struct rw_accesses *accesses, const struct rw_access *access,
                      uint32_t stub, struct rw_output *out)
{
    if (rw_list_full(&checks->sites))
        return false;
    struct rw_check check = {
        .out = out, .code = code, .insn = insn, .access = *access, .site = checks->sites.count};
    struct rw_site *new = rw_list_add(&checks->sites);
    uint16_t flags = flags_of(accesses, access);
    if (flags & RW_SITE_PLAIN &&
        rw_is_update(&checks->updates, code, checks->effects, function, insn, access))
        flags &= ~(uint16_t)RW_SITE_PLAIN;
    choose(&check, checks->effects[insn - code->insns.at].live);
    /* Where the words alone cannot say, or the address would be needed twice, the stub is the
     * check. */
    bool by_words = !(flags & (RW_SITE_REPEATED | RW_SITE_LOCKED)) &&
                    (!check.flags || access->size <= 4 || access->size == 8);
    if (by_words) {
        put_words(&check);
        *rw_list_add(&checks->unfinished) = check;
    } else {
        put_stub(&check, check.site, stub);
    }
    *new = (struct rw_site){.old = (uint32_t)(insn - code->insns.at),
                            .back = out->count - insn->moved,
                            .copy = by_words && has_copy(insn, flags),
                            .size = access->size,
                            .flags = flags};
    if (!new->copy && !(flags & RW_SITE_LOCKED))
        return true;
    struct rw_site *done = rw_list_add(&checks->sites);
    *done = *new;
    done->flags |= RW_SITE_DONE;
    done->copy = 0;
    return true;
}

void rw_put_checks(struct rw_checks *checks, const struct rw_code *code,
                   const struct rw_function *function, const struct rw_insn *insn, uint32_t stub,
                   struct rw_output *out)
{
    struct rw_accesses accesses;
    uint32_t number = (uint32_t)(insn - code->insns.at);
    checks->first = checks->sites.count;
    rw_decode_accesses(code->module->text, insn->offset, function->end, &accesses);
    checks->coverage.sites += accesses.unknown;
    if (accesses.ahead)
        put_ahead(
            &(struct rw_check){.out = out, .code = code, .insn = insn, .access = accesses.at[0]},
            checks->effects[number].live);
    rw_escapes_find(&checks->escapes, code, function);
    if (accesses.count == 0 && accesses.own.size && !accesses.vector &&
        rw_escapes_hold(&checks->escapes, &accesses.own))
        put_check(checks, code, function, insn, &accesses, &accesses.own, stub, out);
    for (unsigned i = 0; i < accesses.count; i++) {
        const struct rw_access *access = &accesses.at[i];
        bool own = access->base == RBP && rw_has_frame_pointer(code, function);
        if (is_constant(code->module, insn, access) ||
            (own && !rw_escapes_hold(&checks->escapes, access)))
            continue;
        checks->coverage.sites += !own;
        if (put_check(checks, code, function, insn, &accesses, access, stub, out))
            checks->coverage.covered += !own;
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

bool rw_checks_open(struct rw_checks *checks, const struct rw_code *code)
{
    uint32_t most = 2 * code->insns.count;
    return rw_list_open(&checks->sites, most) && rw_list_open(&checks->unfinished, most) &&
           rw_list_open(&checks->aside, most);
}

void rw_checks_close(struct rw_checks *checks)
{
    rw_list_close(&checks->sites);
    rw_list_close(&checks->unfinished);
    rw_list_close(&checks->aside);
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
