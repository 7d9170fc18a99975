/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a check that the words do not cover (check.h) to the recorder and back. The interrupted code
 * expects nothing to change, and keeps what it likes below its stack pointer: so all that C may
 * change is saved, beyond the red zone, and the frame describes itself to unwinders as one that the
 * access's instruction has called.
 */
#include "interpose/access/rewrite/told.h"

#include "interpose/access/access.h"
#include "interpose/access/filter/owner.h"
#include "interpose/access/rewrite/move.h"
#include "interpose/access/rewrite/rewrite.h"

#include <cpuid.h>

#include "interpose/core/poison.h"

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
        "andq $-64, %rsp\n"
        "call rec_rewrite_look\n"
        "testb %al, %al\n"
        "jnz 1f\n"
        "movq %rbx, %rdi\n"
        "leaq -2816(%rsp), %rsp\n"
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
        "1: movq %rbx, %rsp\n"
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
        ".cfi_def_cfa_offset 152\n"
        "testb $4, 9(%rsp)\n" /* the direction flag: else those of arithmetic are all */
        "jnz 2f\n"
        "movb 9(%rsp), %al\n" /* the flag of overflow: */
        "shrb $3, %al\n"
        "andb $1, %al\n"
        "movb 8(%rsp), %ah\n"
        "addb $127, %al\n"
        "sahf\n"
        "popq %rax\n"
        ".cfi_def_cfa_offset 144\n"
        "leaq 144(%rsp), %rsp\n"
        ".cfi_def_cfa_offset 0\n"
        "jmp *rec_rewrite_go_on(%rip)\n"
        "2:\n"
        ".cfi_def_cfa_offset 152\n"
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
    rec_words.now = REC_WORDS_UNTOUCHED;
}

static void tell_plain(const struct rec_told *told, uint64_t cfa)
{
    bool write = told->site->flags & RW_SITE_WRITES;
    struct rec_stream *s = rec_live.on ? rec_enter() : NULL;
    if (!s) {
        if (!rec_live.on)
            cover_all(told->address, told->size);
        return;
    }
    if (!s->access || !s->access->ignored[write])
        rec_owner_access(s, told->address, told->size, write,
                         rec_told_mode(told->site, told->address), cfa);
    rec_leave(s);
}

/* Before an instruction that is atomic by itself. */
static void tell_locked(const struct rec_told *told, uint64_t pc, uint64_t cfa)
{
    if (!rec_live.on) {
        cover_all(told->address, told->size);
        return;
    }
    struct rec_stream *s = rec_enter();
    if (s) {
        rec_owner_atomic(s, told->address, told->size);
        rec_leave(s);
    }
    rec_atomic_begins((const void *)told->address, pc, cfa);
}

/* Behind one; or behind a move that loads from where atomics are. */
static void tell_done(const struct rec_told *told, const struct rec_told_frame *frame, uint64_t cfa)
{
    enum { EQUAL = 1 << 6 };
    const struct rw_site *site = told->site;
    if (site->flags & RW_SITE_LOCKED)
        rec_atomic_ended(site->size, !(site->flags & RW_SITE_COMPARES) || frame->flags & EQUAL,
                         frame->pc, cfa);
    else
        rec_atomic_told((const void *)told->address, site->size, TR_ATOMIC_LOAD, __ATOMIC_ACQUIRE,
                        frame->pc, cfa);
}

/* A move of what atomics use is one, too, with the order that it has on this machine: a store is
 * told before it is done, a load behind it. */
static bool tell_as_atomic(const struct rec_told *told, uint64_t pc, uint64_t cfa)
{
    const struct rw_site *site = told->site;
    if (!(site->flags & RW_SITE_PLAIN) || told->address & (site->size - 1u) ||
        !rec_owner_is_atomic(told->address))
        return false;
    if (!site->copy)
        rec_atomic_told((const void *)told->address, site->size,
                        site->flags & RW_SITE_WRITES ? TR_ATOMIC_STORE : TR_ATOMIC_LOAD,
                        site->flags & RW_SITE_WRITES ? __ATOMIC_RELEASE : __ATOMIC_ACQUIRE, pc,
                        cfa);
    return true;
}

void rec_rewrite_told(struct rec_told_frame *frame) __attribute__((visibility("hidden"), used));
void rec_rewrite_told(struct rec_told_frame *frame)
{
    int error = errno;
    struct rec_told told = rec_told(frame);
    uint64_t cfa = (uint64_t)(&frame->pc + 1), address = told.address;
    frame->pc = *(const uint64_t *)(told.image + RW_HEAD_TEXT) + told.site->old + 1;
    uint64_t target = (uint64_t)told.image + told.site->back;
    rec_rewrite_slots[RW_SLOT_TARGET] = target;
    if (told.site->flags & RW_SITE_DONE)
        tell_done(&told, frame, cfa);
    else if (told.site->flags & RW_SITE_LOCKED)
        tell_locked(&told, frame->pc, cfa);
    else if (!tell_as_atomic(&told, frame->pc, cfa))
        tell_plain(&told, cfa);
    else if (told.site->copy)
        target = (uint64_t)told.image + told.site->copy;
    rec_rewrite_slots[RW_SLOT_ADDRESS] = address; /* both once more: a handler may have come */
    rec_rewrite_slots[RW_SLOT_TARGET] = target;
    errno = error;
}
