/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals: who sends them, and the handlers that take them.
 *
 * In place of a handler the system is given a trampoline, which tells when the handler begins and
 * ends; all else, mask and flags, is the program's. There is a row of trampolines. One of them is
 * bound to a handler's address when that is first seen, and stays so for the life of the process.
 * What the system knows of a signal therefore always says which handler it is, however many threads
 * and handlers change it at once, after a reset by SA_RESETHAND, in a child of fork or vfork; and
 * whoever asks for the handler is given the program's own. When there are more handlers than
 * trampolines, the rest run unseen.
 *
 * The system passes three arguments to every handler, whether or not it asked for them
 * (SA_SIGINFO), and so does the trampoline.
 */
#include "interpose/access/rewrite/rewrite.h"
#include "interpose/core/order.h"

#include <ucontext.h>

#include "interpose/core/poison.h"

typedef void function(int, siginfo_t *, void *);

/* The trampolines are one after the other, 16 bytes each; which one it is goes by the fourth
 * argument. */
enum { TRAMPOLINES = 256, TRAMPOLINE = 16 };

__asm__(".pushsection .text\n"
        ".balign 16\n"
        ".type rec_trampolines, @function\n"
        "rec_trampolines:\n"
        ".cfi_startproc\n"
        ".rept 256\n"
        ".balign 16\n"
        "1: leaq 1b(%rip), %rcx\n"
        "jmp rec_handle\n"
        ".endr\n"
        ".balign 16\n"
        ".cfi_endproc\n"
        ".size rec_trampolines, . - rec_trampolines\n"
        ".popsection\n");
extern const char rec_trampolines[] __attribute__((visibility("hidden")));

static function *handlers[TRAMPOLINES]; /* set once; atomic */

static function *handler_of(const void *address)
{
    uint64_t offset = (uint64_t)address - (uint64_t)rec_trampolines;
    return offset < TRAMPOLINES * TRAMPOLINE
               ? __atomic_load_n(&handlers[offset / TRAMPOLINE], __ATOMIC_ACQUIRE)
               : NULL;
}

static const void *trampoline_of(function *handler)
{
    for (unsigned i = 0; i < TRAMPOLINES; i++) {
        function *there = __atomic_load_n(&handlers[i], __ATOMIC_ACQUIRE);
        if (!there)
            __atomic_compare_exchange_n(&handlers[i], &there, handler, 0, __ATOMIC_ACQ_REL,
                                        __ATOMIC_ACQUIRE);
        if (!there || there == handler)
            return rec_trampolines + (size_t)i * TRAMPOLINE;
    }
    return (const void *)handler;
}

struct handling {
    uint64_t cfa;
    bool returned;
};

static void handled(struct handling *handling)
{
    rec_handler_ends(handling->cfa, !handling->returned);
}

/* A fingerprint ends at its name (finding/stack.h). */
static void rec_handler_call(function *handler, int signal, siginfo_t *info, ucontext_t *context)
{
    struct rec_rewrite_paused paused;
    rec_rewrite_pause(&paused, context);
    handler(signal, info, context);
    rec_rewrite_resume(&paused, context);
}

/* Of the code that it interrupts: an access, an instruction, a call of abort. Who sends such a
 * signal from elsewhere is not known: the system fills INFO in only where SA_SIGINFO asks for it.
 */
static bool is_own_fault(int signal)
{
    return signal == SIGSEGV || signal == SIGBUS || signal == SIGFPE || signal == SIGILL ||
           signal == SIGTRAP || signal == SIGSYS || signal == SIGABRT;
}

void rec_handle(int signal, siginfo_t *info, ucontext_t *context, const void *trampoline)
    __attribute__((visibility("hidden"), used));
void rec_handle(int signal, siginfo_t *info, ucontext_t *context, const void *trampoline)
{
    function *handler = handler_of(trampoline);
    uint64_t cfa = rec_here();
    if (!rec_handler_begins(signal, is_own_fault(signal), (const void *)handler, cfa,
                            &context->uc_stack)) {
        rec_handler_call(handler, signal, info, context);
        return;
    }
    __attribute__((cleanup(handled))) struct handling handling = {.cfa = cfa};
    rec_handler_call(handler, signal, info, context);
    handling.returned = true;
}

/* Setting and asking.
 * -------------------------------------------------------------------------------- */

/* What the system is given for HANDLER, which may also be SIG_DFL, SIG_IGN, SIG_HOLD or SIG_ERR. */
static const void *instead_of(int signal, const void *handler, uint64_t cfa)
{
    bool function_given = (uint64_t)handler > 4096 && (int64_t)handler > 0;
    if (!function_given || (rec_live.initialized && !rec_live.on))
        return handler;
    int error = errno;
    struct rec_stream *s = rec_enter();
    if (s) { /* a handler has little room for what is long */
        rec_modules_check(s, (uint64_t)handler);
        rec_leave(s);
    }
    errno = error;
    rec_before(rec_signal_key(signal), TR_BY_SIGNAL, cfa);
    return trampoline_of((function *)handler);
}

static const void *program_sees(const void *handler)
{
    function *own = handler_of(handler);
    return own ? (const void *)own : handler;
}

static int set_action(int (*real)(int, const struct sigaction *, struct sigaction *), int signal,
                      const struct sigaction *action, struct sigaction *before, uint64_t cfa)
{
    struct sigaction ours;
    if (action) {
        ours = *action;
        *(const void **)&ours.sa_handler = instead_of(signal, (const void *)ours.sa_handler, cfa);
        action = &ours;
    }
    int result = real(signal, action, before);
    if (result == 0 && before)
        *(const void **)&before->sa_handler = program_sees((const void *)before->sa_handler);
    return result;
}

REC_EXPORT int sigaction(int signal, const struct sigaction *action, struct sigaction *before)
{
    return set_action(REAL(sigaction), signal, action, before, rec_here());
}

int __sigaction(int signal, const struct sigaction *action, struct sigaction *before);
REC_EXPORT int __sigaction(int signal, const struct sigaction *action, struct sigaction *before)
{
    return set_action(REAL(__sigaction), signal, action, before, rec_here());
}

/* The older calls, by their names in the library: the headers may call one by another's. */
#define SETS(name)                                                                                 \
    sighandler_t rec_##name(int signal, sighandler_t handler) __asm__(#name);                      \
    REC_EXPORT sighandler_t rec_##name(int signal, sighandler_t handler)                           \
    {                                                                                              \
        const void *ours = instead_of(signal, (const void *)handler, rec_here());                  \
        return (sighandler_t)program_sees((const void *)REAL(name)(signal, (sighandler_t)ours));   \
    }

SETS(signal)
SETS(bsd_signal)
SETS(ssignal)
SETS(sysv_signal)
SETS(__sysv_signal)
SETS(sigset)

/* Sending.
 * ------------------------------------------------------------------------------------------- */

static void sends(int signal, uint64_t cfa)
{
    if (signal > 0 && signal < NSIG)
        rec_before(rec_signal_key(signal), TR_BY_SIGNAL, cfa);
}

REC_EXPORT int kill(pid_t process, int signal)
{
    sends(signal, rec_here());
    return REC_LETTING_IN(REAL(kill)(process, signal));
}

REC_EXPORT int killpg(pid_t group, int signal)
{
    sends(signal, rec_here());
    return REC_LETTING_IN(REAL(killpg)(group, signal));
}

REC_EXPORT int raise(int signal)
{
    sends(signal, rec_here());
    return REC_LETTING_IN(REAL(raise)(signal));
}

REC_EXPORT int gsignal(int signal)
{
    sends(signal, rec_here());
    return REC_LETTING_IN(REAL(gsignal)(signal));
}

REC_EXPORT int tgkill(pid_t process, pid_t thread, int signal)
{
    sends(signal, rec_here());
    return REC_LETTING_IN(REAL(tgkill)(process, thread, signal));
}

REC_EXPORT int sigqueue(pid_t process, int signal, const union sigval value)
{
    sends(signal, rec_here());
    return REC_LETTING_IN(REAL(sigqueue)(process, signal, value));
}

REC_EXPORT int pthread_kill(pthread_t thread, int signal)
{
    sends(signal, rec_here());
    return REC_LETTING_IN(REAL(pthread_kill)(thread, signal));
}

REC_EXPORT int pthread_sigqueue(pthread_t thread, int signal, const union sigval value)
{
    sends(signal, rec_here());
    return REC_LETTING_IN(REAL(pthread_sigqueue)(thread, signal, value));
}

/* Letting them in.
 * ------------------------------------------------------------------------------------- */

/* Where a thread unblocks signals just for a call that waits, its handlers come there alone. */
static int masked(int result, int how, const sigset_t *mask)
{
    struct rec_stream *s =
        result == 0 && mask && how != SIG_BLOCK && handlers[0] ? rec_enter() : NULL;
    if (s) {
        rec_emit(s, &(struct tr_event){.kind = TR_UNBLOCKS});
        rec_leave(s);
    }
    return result;
}

REC_EXPORT int pthread_sigmask(int how, const sigset_t *mask, sigset_t *before)
{
    return masked(REC_LETTING_IN(REAL(pthread_sigmask)(how, mask, before)), how, mask);
}

REC_EXPORT int sigprocmask(int how, const sigset_t *mask, sigset_t *before)
{
    return masked(REC_LETTING_IN(REAL(sigprocmask)(how, mask, before)), how, mask);
}
