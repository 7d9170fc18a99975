/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clone, by which programs make what neither fork nor pthread_create does. Without CLONE_VM it is a
 * fork of which no handler is told. With it and a thread-local storage of its own the new thread is
 * one like any other, which begins with its first event. With CLONE_VFORK the caller waits, and the
 * child is recorded as the caller. Otherwise two threads have one thread-local storage and so one
 * stream: only the caller is recorded on (rec_thread_lend). What is made by a system call of the
 * program's own is not seen.
 */
#include "interpose/access/filter/owner.h"
#include "interpose/access/rewrite/rewrite.h"
#include "interpose/core/fork.h"

#include <sched.h>
#include <stdarg.h>

enum { ROOM = 32768 };

struct beginning {
    int (*function)(void *);
    void *argument;
};

/* The stack of the child may be just large enough for what the program does on it. */
static __attribute__((aligned(16))) char room[ROOM];

static int begin_process(void *data)
{
    const struct beginning begin = *(const struct beginning *)data;
    __asm__ volatile("movq %%rsp, %%rbx\n\t"
                     "movq %0, %%rsp\n\t"
                     "call *%1\n\t"
                     "movq %%rbx, %%rsp"
                     :
                     : "r"(room + ROOM), "r"(rec_fork_in_child)
                     : "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "memory",
                       "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8",
                       "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
    return begin.function(begin.argument);
}

static void tell(int child, uint32_t stack)
{
    int error = errno;
    struct rec_stream *s = child > 0 ? rec_enter() : NULL;
    if (s) {
        rec_fork_tell(s, (uint32_t)child, stack);
        rec_leave(s);
    }
    errno = error;
}

/* One that runs beside its maker, recorded or not. Moved code keeps what it needs in thread-local
 * storage of its own. */
static void expect_thread(struct rec_stream *s, int flags, uint64_t cfa)
{
    if (!(flags & CLONE_VM) || flags & CLONE_VFORK)
        return;
    if (!(flags & CLONE_SETTLS))
        rec_source_stays(s, "a thread was made without storage of its own");
    else if (s)
        rec_before_threads(s, cfa);
    rec_stack_by_turns();
    rec_words_alone(false);
    if (!(flags & CLONE_SETTLS))
        rec_rewrite_end();
}

REC_EXPORT int clone(int (*function)(void *), void *stack, int flags, void *argument, ...)
{
    va_list list;
    va_start(list, argument);
    pid_t *parent_number = va_arg(list, pid_t *);
    void *storage = va_arg(list, void *);
    pid_t *child_number = va_arg(list, pid_t *);
    va_end(list);
    struct rec_stream *s = rec_enter();
    if (function && stack)
        expect_thread(s, flags, rec_here());
    if (!s || !function || !stack) {
        if (s)
            rec_leave(s);
        return REAL(clone)(function, stack, flags, argument, parent_number, storage, child_number);
    }
    uint32_t here = rec_stack(s, rec_here());
    rec_leave(s);
    if (flags & CLONE_VM) {
        bool lent = !(flags & (CLONE_VFORK | CLONE_SETTLS)) && rec_thread_lend();
        int child =
            REAL(clone)(function, stack, flags, argument, parent_number, storage, child_number);
        if (child < 0 && lent)
            rec_thread_take_back();
        if (flags & CLONE_VFORK)
            tell(child, here);
        return child;
    }
    struct beginning begin = {function, argument};
    rec_fork_before();
    int child =
        REAL(clone)(begin_process, stack, flags, &begin, parent_number, storage, child_number);
    rec_fork_after(false);
    tell(child, here);
    return child;
}
