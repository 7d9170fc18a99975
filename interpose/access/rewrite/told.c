/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a check that the words do not cover (check.h) to the recorder and back. The interrupted code
 * expects nothing to change, and keeps what it likes below its stack pointer: so all that C may
 * change is saved, beyond the red zone, and the frame describes itself to unwinders as one that the
 * access's instruction has called.
 */
#include "interpose/access/rewrite/told.h"

#include "interpose/access/filter/owner.h"
#include "interpose/access/rewrite/move.h"
#include "interpose/access/rewrite/rewrite.h"

#include <cpuid.h>

#include "interpose/core/poison.h"

/* What the code below leaves on the stack. */
struct frame {
    uint64_t rbx, r11, r10, r9, r8, rdi, rsi, rdx, rcx, rax, flags;
    uint64_t pc; /* as if returned to: behind the first byte of the access's instruction */
};

const void *rec_rewrite_go_on __attribute__((visibility("hidden")));

/* Vector registers are put into 2816 bytes: what components 0xe7 take (x87, SSE, AVX, AVX-512) of
 * the standard form of XSAVE, whose head has to be zeros. */
__asm__(".pushsection .text\n"
        ".balign 16\n"
        ".hidden rec_rewrite_checked\n"
        ".globl rec_rewrite_checked\n"
        ".type rec_rewrite_checked, @function\n"
        "rec_rewrite_checked:\n"
        ".cfi_startproc simple\n"
        ".cfi_def_cfa %rsp, 0\n"
        ".cfi_offset %rip, -136\n"
        "leaq -136(%rsp), %rsp\n"
        ".cfi_def_cfa_offset 136\n"
        "pushfq\n"
        ".cfi_def_cfa_offset 144\n"
        "pushq %rax\n"
        "pushq %rcx\n"
        "pushq %rdx\n"
        "pushq %rsi\n"
        "pushq %rdi\n"
        "pushq %r8\n"
        "pushq %r9\n"
        "pushq %r10\n"
        "pushq %r11\n"
        "pushq %rbx\n"
        ".cfi_def_cfa_offset 224\n"
        ".cfi_offset %rbx, -224\n"
        "movq %rsp, %rbx\n"
        ".cfi_def_cfa %rbx, 224\n"
        "cld\n"
        "movq %rsp, %rdi\n"
        "leaq -2816(%rsp), %rsp\n"
        "andq $-64, %rsp\n"
        "xorl %edx, %edx\n"
        "movq %rdx, 512(%rsp)\n"
        "movq %rdx, 520(%rsp)\n"
        "movq %rdx, 528(%rsp)\n"
        "movq %rdx, 536(%rsp)\n"
        "movq %rdx, 544(%rsp)\n"
        "movq %rdx, 552(%rsp)\n"
        "movq %rdx, 560(%rsp)\n"
        "movq %rdx, 568(%rsp)\n"
        "movl $0xe7, %eax\n"
        "xsave64 (%rsp)\n"
        "call rec_rewrite_told\n"
        "xorl %edx, %edx\n"
        "movl $0xe7, %eax\n"
        "xrstor64 (%rsp)\n"
        "movq %rbx, %rsp\n"
        ".cfi_def_cfa %rsp, 224\n"
        "popq %rbx\n"
        ".cfi_restore %rbx\n"
        "popq %r11\n"
        "popq %r10\n"
        "popq %r9\n"
        "popq %r8\n"
        "popq %rdi\n"
        "popq %rsi\n"
        "popq %rdx\n"
        "popq %rcx\n"
        "popq %rax\n"
        ".cfi_def_cfa_offset 144\n"
        "popfq\n"
        ".cfi_def_cfa_offset 136\n"
        "leaq 136(%rsp), %rsp\n"
        ".cfi_def_cfa_offset 0\n"
        "jmp *rec_rewrite_go_on(%rip)\n"
        ".cfi_endproc\n"
        ".size rec_rewrite_checked, . - rec_rewrite_checked\n"
        ".popsection\n");

bool rec_rewrite_can_tell(void)
{
    unsigned a, b, c, d;
    return __get_cpuid(1, &a, &b, &c, &d) && c & bit_OSXSAVE;
}

/* Nothing is recorded: then everything is covered, from this access on. */
static void cover_all(uint64_t address, uint64_t size)
{
    rec_owner_forget(address, size);
    rec_words.now = 0;
}

static void tell(struct frame *frame, const struct rw_site *site, uint64_t address)
{
    uint64_t size = site->size;
    bool write = site->flags & RW_SITE_WRITES, both = write && site->flags & RW_SITE_READS;
    if (site->flags & RW_SITE_REPEATED) {
        enum { DOWNWARDS = 1 << 10 };
        if (frame->flags & DOWNWARDS)
            address -= (frame->rcx - 1) * size;
        size *= frame->rcx;
    }
    struct rec_stream *s = rec_live.on ? rec_enter() : NULL;
    if (!s) {
        if (!rec_live.on)
            cover_all(address, size);
        return;
    }
    uint32_t mode = both ? TR_ACC_COMPOUND : 0u;
    if (site->flags & RW_SITE_PLAIN && !(address & (size - 1)))
        mode |= TR_ACC_MAY_BE_ATOMIC;
    rec_owner_access(s, address, size, write, mode, (uint64_t)(&frame->pc + 1));
    rec_leave(s);
}

void rec_rewrite_told(struct frame *frame) __attribute__((visibility("hidden"), used));
void rec_rewrite_told(struct frame *frame)
{
    int error = errno;
    const uint8_t *image = (const uint8_t *)rec_rewrite_slots[RW_SLOT_IMAGE];
    uint64_t address = rec_rewrite_slots[RW_SLOT_ADDRESS];
    uint32_t number = (uint32_t)rec_rewrite_slots[RW_SLOT_SITE];
    const struct rw_site *site =
        (const struct rw_site *)(image + *(const uint32_t *)(image + RW_HEAD_SITES)) + number;
    frame->pc = *(const uint64_t *)(image + RW_HEAD_TEXT) + site->old + 1;
    tell(frame, site, address);
    rec_rewrite_slots[RW_SLOT_TARGET] = (uint64_t)image + site->back;
    errno = error;
}
