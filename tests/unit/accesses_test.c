/* SPDX-License-Identifier: Apache-2.0 */
/* What instructions access, as far as it is checked: each of them in words. */
#define _GNU_SOURCE
#include "interpose/access/rewrite/decoder.h"
#include "tests/unit/mover_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* CASE(number, instruction, words) */
#define CASES                                                                                      \
    CASE(0, "mov (%rdi), %rax", "r8 rdi")                                                          \
    CASE(1, "mov %al, -3(%rbp,%r9,8)", "w1 rbp+r9*8-3")                                            \
    CASE(2, "addl $1, 100(,%r12,4)", "rw4 r12*4+100")                                              \
    CASE(3, "cmpw $0, 8(%rip)", "r2 rip+8")                                                        \
    CASE(4, "lea 8(%rdi), %rax", "")                                                               \
    CASE(5, "nopw 8(%rdi)", "")                                                                    \
    CASE(6, "prefetcht0 (%rdi)", "ahead r1 rdi")                                                   \
    CASE(7, "mov 8(%rsp), %rax", "")                                                               \
    CASE(8, "mov %rax, 8(%rsp,%rcx)", "")                                                          \
    CASE(9, "mov %fs:0x28, %rax", "")                                                              \
    CASE(10, "push %rax", "")                                                                      \
    CASE(11, "push 8(%rdi)", "r8 rdi+8")                                                           \
    CASE(12, "call *8(%rdi)", "r8 rdi+8")                                                          \
    CASE(13, "ret", "")                                                                            \
    CASE(14, "movsq", "w8 rdi; r8 rsi")                                                            \
    CASE(15, "rep movsb", "w1 rdi; r1 rsi, repeated")                                              \
    CASE(16, "rep stosl", "w4 rdi, repeated")                                                      \
    CASE(17, "repne scasb", "r1 rdi")                                                              \
    CASE(18, "lock incl (%rdi)", "rw4 rdi, locked")                                                \
    CASE(19, "xchg %eax, (%rdi)", "rw4 rdi, locked")                                               \
    CASE(20, "xchg %eax, %ecx", "")                                                                \
    CASE(21, "lock cmpxchg %rsi, (%rdi)", "rw8 rdi, locked, compares")                             \
    CASE(22, "lock cmpxchg16b (%rdi)", "rw16 rdi, locked, compares")                               \
    CASE(23, "movdqu (%rsi), %xmm3", "r16 rsi, vector")                                            \
    CASE(24, "vmovups %ymm1, 64(%rax)", "w32 rax+64, vector")                                      \
    CASE(25, "vmovdqu64 %zmm1, 64(%rax)", "w64 rax+64, vector")                                    \
    CASE(26, "vmovdqu64 %zmm1, (%rax){%k1}", "unknown, vector")                                    \
    CASE(27, "vpgatherdd %ymm1, (%rax,%ymm2), %ymm3", "unknown, vector")                           \
    CASE(28, "vpmaskmovd %ymm1, %ymm2, (%rax)", "unknown, vector")                                 \
    CASE(29, "bts %rax, (%rdi)", "unknown")                                                        \
    CASE(30, "btsq $3, (%rdi)", "rw8 rdi")                                                         \
    CASE(31, "xlat", "unknown")                                                                    \
    CASE(32, "fldt (%rdi)", "r10 rdi")                                                             \
    CASE(33, "mov (%edi), %eax", "unknown")                                                        \
    CASE(34, "fxsave (%rdi)", "unknown")

/* clang-format off */
#define CASE(number, instruction, words)                                                           \
    __asm__(".pushsection .text\ncase_" #number ": " instruction "\nend_" #number ": nop\n"        \
            ".popsection\n");                                                                      \
    extern const uint8_t case_##number[], end_##number[];
CASES
#undef CASE

static const struct {
    const uint8_t *at, *end;
    const char *instruction, *words;
} cases[] = {
#define CASE(number, instruction, words) {case_##number, end_##number, instruction, words},
CASES
#undef CASE
};
/* clang-format on */

static const char *name_of(unsigned number)
{
    static const char *const names[] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp",
                                        "rsi", "rdi", "r8",  "r9",  "r10", "r11",
                                        "r12", "r13", "r14", "r15", "",    "rip"};
    return names[number];
}

static char *put_access(char *to, const struct rw_access *access)
{
    to += sprintf(to, "%s%s%d %s", access->reads ? "r" : "", access->writes ? "w" : "",
                  access->size, name_of(access->base));
    if (access->index != RW_NO_REGISTER)
        to += sprintf(to, "%s%s*%d", access->base == RW_NO_REGISTER ? "" : "+",
                      name_of(access->index), 1 << access->scale);
    if (access->displacement)
        to += sprintf(to, "%+d", access->displacement);
    return to;
}

static const char *words_of(const uint8_t *at, const uint8_t *end)
{
    static char words[200];
    struct rw_accesses accesses;
    char *to = words;
    rw_decode_accesses(at, 0, (uint32_t)(end - at), &accesses);
    words[0] = 0;
    for (unsigned i = 0; i < accesses.count; i++) {
        to += sprintf(to, "%s", i ? "; " : "");
        to = put_access(to, &accesses.at[i]);
    }
    if (accesses.unknown)
        to += sprintf(to, "unknown");
    if (accesses.count || accesses.unknown)
        sprintf(to, "%s%s%s%s", accesses.repeated ? ", repeated" : "",
                accesses.locked ? ", locked" : "", accesses.compares ? ", compares" : "",
                accesses.vector ? ", vector" : "");
    if (accesses.ahead)
        put_access(stpcpy(words, "ahead "), &accesses.at[0]);
    return words;
}

static void each_instruction(void **state)
{
    (void)state;
    assert_true(rw_decoder_open());
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *words = words_of(cases[i].at, cases[i].end);
        if (strcmp(words, cases[i].words) != 0)
            fail_msg("%s: \"%s\", not \"%s\"", cases[i].instruction, words, cases[i].words);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_instruction)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
