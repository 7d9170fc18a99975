/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is live in functions that are written down here, instruction by instruction. That it is
 * right for whatever compilers write is shown by running programs in which all else is overwritten
 * (tests/transparency).
 */
#define _GNU_SOURCE
#include "interpose/access/rewrite/liveness.h"
#include "tests/unit/mover_test.h"

#include <link.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* FUNCTION(name, lines): a function of its own, with a label l_NAME_N where a line says AT(N). */
#define FUNCTION(name, lines)                                                                      \
    __asm__(".pushsection .text\n.balign 16\n.type " #name ", @function\n" #name                   \
            ":\n.cfi_startproc\n" lines ".cfi_endproc\n.size " #name ", . - " #name                \
            "\n.popsection\n")
#define AT(label)    "l_" label ": "
#define LABEL(label) extern const char l_##label[]

FUNCTION(sum, "mov %rdi, %rax\n" AT("sum_1") "add %rsi, %rax\n" AT("sum_2") "ret\n");
LABEL(sum_1);
LABEL(sum_2);

/* The flags of a comparison live on across what leaves them, or may leave them. */
FUNCTION(flags,
         "cmp %rdi, %rsi\n" AT("flags_1") "mov (%rdx), %r8\n" AT("flags_2") "shl %cl, %r8\n" AT(
             "flags_3") "je 1f\n" AT("flags_4") "add %r8, %r8\n1: mov %r8, %rax\nret\n");
LABEL(flags_1);
LABEL(flags_2);
LABEL(flags_3);
LABEL(flags_4);

/* Half a write leaves the other half. */
FUNCTION(parts, "mov $1, %r9b\n" AT("parts_2") "mov $1, %r9d\n" AT("parts_3") "mov %r9, %rax\n" AT(
                    "parts_4") "ret\n");
LABEL(parts_2);
LABEL(parts_3);
LABEL(parts_4);

FUNCTION(zeroed, AT("zeroed_1") "xor %eax, %eax\n" AT("zeroed_2") "adc %rdi, %rax\nret\n");
LABEL(zeroed_1);
LABEL(zeroed_2);

/* Where a jump goes that an operand names is not known, nor which flags are read there. */
FUNCTION(jumps, "cmp %rdi, %rsi\n" AT("jumps_1") "jmp *%rcx\n");
LABEL(jumps_1);

/* A function that its caller knows: it reads behind the call what this one leaves alone, and what
 * it returns in places of its own. */
FUNCTION(known,
         AT("known_1") "mov %rdi, %r10\n" AT("known_2") "cmp %rdi, %rsi\n" AT("known_3") "ret\n");
FUNCTION(knows, "mov %rdx, %r8\n" AT("knows_1") "call known\n" AT(
                    "knows_2") "cmovne %r8, %r10\nmov %r10, %rax\nret\n");
LABEL(known_1);
LABEL(known_2);
LABEL(known_3);
LABEL(knows_1);
LABEL(knows_2);

/* A bit scan that finds nothing leaves its register; so does what asks for a shadow stack where
 * there is none, as the unwinder does. */
FUNCTION(scans, AT("scans_1") "bsf %rdi, %rax\nret\n");
LABEL(scans_1);
FUNCTION(shadows, "xor %eax, %eax\n" AT("shadows_1") "rdsspq %rax\nret\n");
LABEL(shadows_1);

FUNCTION(loops, "xor %eax, %eax\n1: " AT("loops_1") "add (%rdi), %rax\nadd $8, %rdi\n" AT(
                    "loops_2") "dec %rsi\njne 1b\n"
                               "ret\n");
LABEL(loops_1);
LABEL(loops_2);

FUNCTION(strings, "mov %rdx, %rcx\n" AT("strings_1") "rep stosb\n"
                                                     "ret\n");
LABEL(strings_1);

/* What a frame is counted from, for whoever unwinds: the function itself does not read it. */
#define PUSHED ".cfi_def_cfa_offset 16\n.cfi_offset %rbp, -16\n"
#define BY_RBP ".cfi_def_cfa_register %rbp\n"
#define BY_R10 ".cfi_remember_state\n.cfi_def_cfa %r10, 0\n"
#define BACK   ".cfi_restore_state\n"
#define POPPED ".cfi_def_cfa %rsp, 8\n"
#define LINE_1 AT("framed_1") "nop\n"
#define LINE_2 AT("framed_2") "nop\n"
#define LINE_3 AT("framed_3") "xor %r10d, %r10d\n"
FUNCTION(framed, "push %rbp\n" PUSHED "mov %rsp, %rbp\n" BY_RBP LINE_1 BY_R10 LINE_2 BACK LINE_3
                 "pop %rbp\n" POPPED "ret\n");
LABEL(framed_1);
LABEL(framed_2);
LABEL(framed_3);

static struct rw_code code;
static struct rw_effect *effects;

static int find_program(struct dl_phdr_info *info, size_t size, void *data)
{
    struct rw_module *module = data;
    (void)size;
    *module = (struct rw_module){.base = info->dlpi_addr, .start = UINT64_MAX};
    for (unsigned i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        uint64_t at = info->dlpi_addr + segment->p_vaddr;
        if (segment->p_type == PT_GNU_EH_FRAME)
            module->index = (const uint8_t *)at;
        if (segment->p_type != PT_LOAD)
            continue;
        module->start = at < module->start ? at : module->start;
        module->end = at + segment->p_memsz;
    }
    return 1; /* the program is the first one */
}

static int open_code(void **state)
{
    static struct rw_module module;
    (void)state;
    dl_iterate_phdr(find_program, &module);
    return rw_decoder_open() && rw_code_open(&code, &module) && (effects = rw_liveness(&code)) ? 0
                                                                                               : -1;
}

static int close_code(void **state)
{
    (void)state;
    rw_liveness_free(effects, &code);
    rw_code_close(&code);
    return 0;
}

static uint32_t live(const char *place)
{
    const struct rw_insn *insn = rw_code_at(&code, place - (const char *)code.module->text);
    assert_non_null(insn);
    return effects[insn - code.insns.at].live;
}

enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15 };
#define BIT(reg) (1u << (reg))
enum {
    KEPT = 1 << RBX | 1 << RSP | 1 << RBP | 1 << R12 | 1 << R13 | 1 << R14 | 1 << R15,
};

static void what_is_read_later_is_live(void **state)
{
    (void)state;
    assert_int_equal(live(l_sum_1) & (BIT(RAX) | BIT(RSI)), BIT(RAX) | BIT(RSI));
    assert_int_equal(live(l_sum_1) & (KEPT | RW_FLAGS | RW_DOUBTFUL_FLAGS), KEPT);
    assert_int_equal(live(l_sum_2) & (BIT(RAX) | BIT(RDX)), BIT(RAX) | BIT(RDX));
    assert_int_equal(live(l_loops_1) & (BIT(RAX) | BIT(RDI) | BIT(RSI)),
                     BIT(RAX) | BIT(RDI) | BIT(RSI));
    assert_int_equal(live(l_loops_2) & BIT(RDI), BIT(RDI)); /* in the next round */
    assert_int_equal(live(l_loops_2) & RW_FLAGS, 0);
    assert_int_equal(live(l_strings_1) & (BIT(RAX) | BIT(RCX) | BIT(RDI)),
                     BIT(RAX) | BIT(RCX) | BIT(RDI));
}

static void flags_live_until_all_is_written(void **state)
{
    (void)state;
    assert_true(live(l_flags_1) & RW_FLAGS);
    assert_true(live(l_flags_2) & RW_FLAGS); /* a shift by 0 leaves them */
    assert_true(live(l_flags_3) & RW_FLAGS);
    assert_false(live(l_flags_4) & (RW_FLAGS | RW_DOUBTFUL_FLAGS));
    assert_true(live(l_flags_1) & BIT(RDX));
    assert_true(live(l_jumps_1) & RW_DOUBTFUL_FLAGS);
    assert_int_equal(live(l_jumps_1) & RW_REGISTERS, RW_REGISTERS);
}

static void half_a_write_kills_nothing(void **state)
{
    (void)state;
    assert_false(live(l_parts_2) & BIT(R9)); /* the next one writes all of it */
    assert_true(live(l_parts_3) & BIT(R9));
    assert_false(live(l_parts_4) & BIT(R9)); /* its own, and given to nobody */
    assert_true(live(l_parts_4) & BIT(R8));  /* not written: who calls may know that */
    assert_false(live(l_zeroed_1) & BIT(RAX));
    assert_true(live(l_zeroed_2) & BIT(RAX));
    assert_true(live(l_scans_1) & BIT(RAX));
    assert_true(live(l_shadows_1) & BIT(RAX));
}

static void unwinders_read_too(void **state)
{
    (void)state;
    assert_int_equal(live(l_framed_1) & BIT(RBP), BIT(RBP));
    assert_int_equal(live(l_framed_2) & BIT(R10), BIT(R10));
    assert_int_equal(live(l_framed_3) & (BIT(RBP) | BIT(R10)), BIT(RBP));
}

static void callers_know_their_callees(void **state)
{
    (void)state;
    assert_true(live(l_known_1) & BIT(R8)); /* the caller counts on it */
    assert_true(live(l_known_3) & BIT(R8));
    assert_true(live(l_known_3) & BIT(R10)); /* returned by agreement */
    assert_false(live(l_known_1) & BIT(R10));
    assert_true(live(l_known_3) & RW_FLAGS);
    assert_false(live(l_known_2) & RW_FLAGS);
    assert_true(live(l_knows_1) & BIT(RDI) && live(l_knows_1) & BIT(RSI)); /* the callee reads */
    assert_true(live(l_knows_2) & BIT(R10) && live(l_knows_2) & BIT(R8));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_read_later_is_live),
        cmocka_unit_test(flags_live_until_all_is_written),
        cmocka_unit_test(half_a_write_kills_nothing),
        cmocka_unit_test(unwinders_read_too),
        cmocka_unit_test(callers_know_their_callees),
    };
    return cmocka_run_group_tests(tests, open_code, close_code);
}
