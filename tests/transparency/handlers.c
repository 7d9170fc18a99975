/* SPDX-License-Identifier: Apache-2.0 */
/* Signal handlers: what the program asks for is what it gets, and every way out of one. */
#define _GNU_SOURCE
#include "say.h"

#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <ucontext.h>

#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static sigjmp_buf back;
static jmp_buf plain_back;
static int depth;

/* What many programs do in a handler, though they should not. */
static void work(void)
{
    MUST(pthread_mutex_lock(&mutex) == 0);
    MUST(pthread_mutex_unlock(&mutex) == 0);
    free(malloc(100));
}

static void first(int signal)
{
    work();
    printf("first: %d\n", signal);
}

static void second(int signal)
{
    work();
    printf("second: %d\n", signal);
}

static void say_mask(const char *where)
{
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    printf("%s blocked:", where);
    for (int signal = 1; signal <= SIGRTMAX; signal++)
        if (sigismember(&mask, signal) == 1)
            printf(" %d", signal);
    printf("\n");
}

static void informed(int signal, siginfo_t *info, void *context)
{
    const ucontext_t *there = context;
    printf("signal %d, code %d, value %d, of this process: %d, errno %d, context: %d\n", signal,
           info->si_code, info->si_value.sival_int, info->si_pid == getpid(), errno,
           there->uc_mcontext.gregs[REG_RIP] != 0);
    say_mask("handler");
}

static const char *name_of(const void *handler)
{
    return handler == (void *)SIG_DFL    ? "default"
           : handler == (void *)SIG_IGN  ? "ignored"
           : handler == (void *)SIG_ERR  ? "error"
           : handler == (void *)SIG_HOLD ? "hold"
           : handler == (void *)first    ? "first"
           : handler == (void *)second   ? "second"
           : handler == (void *)informed ? "informed"
                                         : "something else";
}

static void say_action(int signal)
{
    struct sigaction action;
    memset(&action, 0x5a, sizeof action);
    MUST(sigaction(signal, NULL, &action) == 0);
    printf("%d: %s, flags %#x, mask", signal, name_of((void *)action.sa_handler),
           (unsigned)action.sa_flags & 0xdfffffff);
    for (int other = 1; other <= SIGRTMAX; other++)
        if (sigismember(&action.sa_mask, other) == 1)
            printf(" %d", other);
    printf("\n");
}

#define SAY_HANDLER(call) printf("%s: %s, errno %d\n", #call, name_of((void *)(call)), errno)

sighandler_t __sysv_signal(int, sighandler_t);
sighandler_t bsd_signal(int, sighandler_t);

static void queries(void)
{
    struct sigaction action = {.sa_handler = first}, before;
    SAY(sigaction(SIGUSR1, &action, &before));
    printf("before: %s\n", name_of((void *)before.sa_handler));
    say_action(SIGUSR1);
    action.sa_handler = second;
    struct sigaction *volatile same = &action;
    SAY(sigaction(SIGUSR1, &action, same));
    printf("before: %s\n", name_of((void *)action.sa_handler));
    SAY_HANDLER(signal(SIGUSR1, first));
    say_action(SIGUSR1);
    SAY_HANDLER(ssignal(SIGUSR1, second));
    SAY_HANDLER(bsd_signal(SIGUSR1, first));
    SAY_HANDLER(sysv_signal(SIGUSR1, second));
    say_action(SIGUSR1);
    SAY_HANDLER(__sysv_signal(SIGUSR1, first));
    SAY_HANDLER(sigset(SIGUSR1, second));
    SAY_HANDLER(sigset(SIGUSR1, SIG_HOLD));
    SAY_HANDLER(sigset(SIGUSR1, first));
    SAY(siginterrupt(SIGUSR1, 1));
    say_action(SIGUSR1);
    SAY(raise(SIGUSR1));
    SAY(gsignal(SIGUSR1));
    SAY_HANDLER(signal(SIGUSR1, SIG_IGN));
    SAY(raise(SIGUSR1));
    SAY_HANDLER(signal(SIGUSR1, SIG_DFL));
    SAY_HANDLER(signal(SIGUSR1, SIG_ERR));
    say_action(SIGUSR1);
    errno = 0;
    SAY_HANDLER(signal(SIGKILL, first));
    SAY_HANDLER(signal(0, first));
    SAY_HANDLER(signal(65, first));
    SAY_HANDLER(signal(32, first));
    SAY(sigaction(SIGSTOP, &action, NULL));
    SAY(sigaction(-1, NULL, &action));
    SAY(sigaction(SIGKILL, NULL, NULL));
    SAY(kill(getpid(), 0));
    SAY(kill(getpid(), 65));
    SAY(killpg(-1, SIGUSR1));
    SAY(raise(-1));
    SAY(pthread_kill(pthread_self(), 99));
    SAY(sigqueue(getpid(), 99, (union sigval){0}));
    SAY(tgkill(getpid(), -1, SIGUSR1));
}

static void flags(void)
{
    struct sigaction action = {.sa_sigaction = informed, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigaddset(&action.sa_mask, SIGUSR2);
    sigaddset(&action.sa_mask, SIGRTMIN + 3);
    sigaction(SIGUSR1, &action, NULL);
    say_action(SIGUSR1);
    errno = 77;
    SAY(raise(SIGUSR1));
    SAY(kill(getpid(), SIGUSR1));
    SAY(killpg(getpgrp(), SIGUSR1));
    SAY(sigqueue(getpid(), SIGUSR1, (union sigval){.sival_int = 5}));
    SAY(pthread_sigqueue(pthread_self(), SIGUSR1, (union sigval){.sival_int = 6}));
    SAY(pthread_kill(pthread_self(), SIGUSR1));
    SAY(tgkill(getpid(), gettid(), SIGUSR1));
    action.sa_flags |= SA_RESETHAND;
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
    say_action(SIGUSR1);
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    sigemptyset(&action.sa_mask);
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
    say_action(SIGUSR1);
    say_mask("main");
}

static void nests(int signal)
{
    work();
    errno = depth;
    if (++depth < 20)
        raise(signal == SIGUSR1 ? SIGUSR2 : SIGUSR1);
    work();
    printf("%d at %d, errno %d\n", signal, depth--, errno);
}

static void nested(void)
{
    struct sigaction action = {.sa_handler = nests, .sa_flags = SA_NODEFER};
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGUSR2, &action, NULL);
    raise(SIGUSR1);
    depth = 17;
    raise(SIGUSR2);
}

/* Leaving. */

static void jumps(int signal)
{
    work();
    siglongjmp(back, signal);
}

static void jumps_plainly(int signal)
{
    work();
    if (signal == SIGUSR1)
        longjmp(plain_back, signal);
    _longjmp(plain_back, signal);
}

static void stays(int signal)
{
    jmp_buf within;
    int value = setjmp(within);
    work();
    if (value < 3)
        longjmp(within, value + 1);
    printf("stays: %d\n", signal);
}

static void raises_deep(int signal, int frames)
{
    volatile char room[500] = {0};
    if (frames)
        raises_deep(signal, frames - 1);
    else
        raise(signal);
    room[0]++;
}

static void left(void)
{
    signal(SIGUSR1, jumps);
    for (volatile int i = 0; i < 1000; i++) {
        if (sigsetjmp(back, 1) == 0)
            raises_deep(SIGUSR1, i % 30);
        work();
    }
    say_mask("after siglongjmp");
    static const int both[] = {SIGUSR1, SIGUSR2};
    for (volatile int i = 0; i < 2; i++) {
        struct sigaction action = {.sa_handler = jumps_plainly, .sa_flags = SA_NODEFER};
        sigaction(both[i], &action, NULL);
        if (setjmp(plain_back) == 0)
            raises_deep(both[i], 3);
        work();
        say_mask("after longjmp");
    }
    signal(SIGUSR1, stays);
    raise(SIGUSR1);
}

static void *alone_and_gone(void *unused)
{
    raise(SIGUSR1);
    printf("not left\n");
    return unused;
}

static void leaves_thread(int signal)
{
    (void)signal;
    work();
    pthread_exit((void *)7);
}

static void is_cancelled(int signal)
{
    (void)signal;
    work();
    pthread_cancel(pthread_self());
    pthread_testcancel();
}

static void thread_ends(void)
{
    signal(SIGUSR1, leaves_thread);
    printf("exit: %ld\n", (long)elsewhere(alone_and_gone, NULL));
    signal(SIGUSR1, is_cancelled);
    printf("cancelled: %d\n", elsewhere(alone_and_gone, NULL) == PTHREAD_CANCELED);
    work();
}

/* Posting and taking are single steps in the C library: a jump out of them leaves nothing behind,
 * and the recorder's part of them must not either. */
static sem_t sem;
static volatile int jumped;

static void jumps_again(int signal)
{
    jumped++;
    siglongjmp(back, signal);
}

/* From many places, so that the recorder is often about to remember one. */
static __attribute__((noinline)) void posts_and_takes(int depth)
{
    if (depth) {
        posts_and_takes(depth - 1);
        __asm__ volatile(""); /* no tail call */
        return;
    }
    sem_post(&sem);
    sem_trywait(&sem);
}

static void left_in_the_middle(void)
{
    static int round;
    sem_init(&sem, 0, 1);
    signal(SIGALRM, jumps_again);
    sigsetjmp(back, 1);
    /* Each jump asks for the next: one that is due while siglongjmp still stands on the handler's
     * stack would come on top of it, and so would the next, until the stack is full. */
    setitimer(ITIMER_REAL, &(struct itimerval){.it_value = {0, 60 + jumped % 80}}, NULL);
    while (jumped < 500)
        posts_and_takes(round++ % 60);
    signal(SIGALRM, SIG_IGN);
    setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL);
    work();
    printf("jumped\n");
}

/* The stack ends wherever something is called, perhaps in the recorder's part of it. */
static void jumps_up(int signal)
{
    siglongjmp(back, signal);
}

static int posts_deeper(int depth)
{
    volatile char room[1024];
    room[0] = (char)depth;
    sem_post(&sem);
    sem_trywait(&sem);
    return depth < 0 ? 0 : posts_deeper(depth + 1) + room[0];
}

static void *overflows(void *unused)
{
    static char stack[65536];
    static volatile int overflowed;
    stack_t other = {.ss_sp = stack, .ss_size = sizeof stack};
    MUST(sigaltstack(&other, NULL) == 0);
    sigsetjmp(back, 1);
    if (overflowed++ < 3)
        posts_deeper(0);
    printf("overflowed\n");
    work();
    return unused;
}

static void overflow_left(void)
{
    sem_init(&sem, 0, 1);
    struct sigaction action = {.sa_handler = jumps_up, .sa_flags = SA_ONSTACK};
    MUST(sigaction(SIGSEGV, &action, NULL) == 0);
    elsewhere(overflows, NULL);
    sigset_t blocked;
    MUST(sigprocmask(SIG_SETMASK, NULL, &blocked) == 0);
    SAY(sigismember(&blocked, SIGUSR1));
}

/* Faults. */

static char *page;

static void opens(int signal, siginfo_t *info, void *context)
{
    (void)context;
    work();
    printf("fault %d at the page: %d\n", signal, info->si_addr == page);
    MUST(mprotect(page, 4096, PROT_READ | PROT_WRITE) == 0);
}

/* movb $1, (%rdi) has three bytes. */
static void skips(int signal, siginfo_t *info, void *context)
{
    ucontext_t *there = context;
    (void)info;
    work();
    printf("fault %d skipped\n", signal);
    there->uc_mcontext.gregs[REG_RIP] += 3;
    there->uc_mcontext.gregs[REG_RAX] = 4711;
}

static long store(char *place)
{
    long result = 0;
    __asm__ volatile("movb $1, (%1)" : "+a"(result) : "D"(place) : "memory");
    return result;
}

static void faults(void)
{
    struct sigaction action = {.sa_sigaction = opens, .sa_flags = SA_SIGINFO};
    page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    sigaction(SIGSEGV, &action, NULL);
    printf("stored: %ld, %d\n", store(page), page[0]);
    mprotect(page, 4096, PROT_READ);
    action.sa_sigaction = skips;
    sigaction(SIGSEGV, &action, NULL);
    page = NULL;
    printf("skipped: %ld\n", store(page));
    for (volatile int i = 0; i < 100; i++) {
        signal(SIGSEGV, jumps);
        if (sigsetjmp(back, 1) == 0)
            store(NULL);
        work();
    }
    printf("recovered\n");
}

/* Stacks. */

static void on_small_stack(int signal)
{
    char here;
    stack_t stack;
    (void)signal;
    work();
    MUST(sigaltstack(NULL, &stack) == 0);
    printf("on it: %d, flags %d\n",
           &here > (char *)stack.ss_sp && &here < (char *)stack.ss_sp + stack.ss_size,
           stack.ss_flags);
}

static int overflow(volatile int *frames)
{
    volatile char room[4096];
    room[0] = (char)++*frames;
    return *frames < 100000000 ? overflow(frames) + room[0] : 0;
}

static void stacks(void)
{
    struct sigaction action = {.sa_handler = on_small_stack, .sa_flags = SA_ONSTACK};
    static const size_t sizes[] = {8192, 16384, 65536};
    for (unsigned i = 0; i < 3; i++) {
        char *area = mmap(NULL, sizes[i] + 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        MUST(mprotect(area + 4096, sizes[i], PROT_READ | PROT_WRITE) == 0);
        stack_t stack = {.ss_sp = area + 4096, .ss_size = sizes[i]};
        SAY(sigaltstack(&stack, NULL));
        sigaction(SIGUSR1, &action, NULL);
        raise(SIGUSR1);
    }
    action.sa_handler = jumps;
    sigaction(SIGSEGV, &action, NULL);
    for (volatile int i = 0; i < 3; i++) {
        volatile int frames = 0;
        if (sigsetjmp(back, 1) == 0)
            overflow(&frames);
        work();
        printf("overflow survived: %d\n", frames > 10);
    }
}

/* Waiting. */

static int ends[2];
static sem_t came, leave;

static void comes(int signal)
{
    (void)signal;
    work();
    sem_post(&came);
}

static void *reads(void *done)
{
    char byte = '-';
    errno = 0;
    long result = read(ends[0], &byte, 1);
    printf("read: %ld, errno %d, %c\n", result, errno, byte);
    sem_post(done);
    while (sem_wait(&leave)) /* a signal may yet be on its way: one that has left gets none */
        ;
    return NULL;
}

/* Without SA_RESTART a signal ends a call that waits; with it only the byte does. */
static void waiting(void)
{
    struct sigaction action = {.sa_handler = comes};
    sem_t done;
    MUST(pipe(ends) == 0 && sem_init(&done, 0, 0) == 0);
    MUST(sem_init(&came, 0, 0) == 0 && sem_init(&leave, 0, 0) == 0);
    sigaction(SIGUSR1, &action, NULL);
    pthread_t thread = make_thread(reads, &done);
    while (sem_trywait(&done)) {
        MUST(pthread_kill(thread, SIGUSR1) == 0);
        MUST(sem_wait(&came) == 0);
    }
    MUST(sem_post(&leave) == 0 && pthread_join(thread, NULL) == 0);
    action.sa_flags = SA_RESTART;
    sigaction(SIGUSR1, &action, NULL);
    thread = make_thread(reads, &done);
    for (int i = 0; i < 100; i++) {
        MUST(pthread_kill(thread, SIGUSR1) == 0);
        MUST(sem_wait(&came) == 0);
    }
    MUST(write(ends[1], "x", 1) == 1);
    MUST(sem_post(&leave) == 0 && pthread_join(thread, NULL) == 0);
}

/* Processes. */

static void forks(int signal)
{
    work();
    fflush(stdout);
    pid_t child = fork();
    MUST(child >= 0);
    if (child > 0)
        MUST(waitpid(child, NULL, 0) == child);
    work();
    printf("%s in the handler of %d\n", child ? "parent" : "child", signal);
}

static void in_children(void)
{
    pid_t self = getpid(), child;
    signal(SIGUSR1, forks);
    raise(SIGUSR1);
    work();
    printf("%s after it\n", getpid() == self ? "parent" : "child");
    fflush(stdout);
    if (getpid() != self)
        _exit(0);
    signal(SIGUSR1, first);
    child = vfork();
    if (child == 0) {
        signal(SIGUSR1, SIG_DFL);
        raise(SIGUSR1);
        _exit(1);
    }
    int status;
    MUST(waitpid(child, &status, 0) == child);
    printf("killed by %d\n", WTERMSIG(status));
    say_action(SIGUSR1);
    raise(SIGUSR1);
    child = fork();
    if (child == 0) {
        say_action(SIGUSR1);
        raise(SIGUSR1);
        fflush(stdout);
        execl("/bin/sh", "sh", "-c", "kill -USR1 $$", NULL);
    }
    MUST(waitpid(child, &status, 0) == child);
    printf("killed by %d\n", WTERMSIG(status));
}

/* More handlers than anybody has: each a single instruction. */
__asm__(".pushsection .text\nmany_handlers: .rept 400\nret\n.endr\n.popsection");
extern const char many_handlers[];

static void many(void)
{
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 400; i++) {
            sighandler_t handler = (sighandler_t)(many_handlers + i);
            MUST(signal(SIGUSR1, handler) != SIG_ERR);
            MUST(raise(SIGUSR1) == 0);
            MUST(signal(SIGUSR1, SIG_DFL) == handler);
        }
    printf("all were given back\n");
}

/* Ends. */

static void at_exit(void)
{
    raise(SIGUSR1);
    fflush(stdout);
}

__attribute__((destructor)) static void destructor(void)
{
    struct sigaction action;
    if (sigaction(SIGUSR1, NULL, &action) == 0 && action.sa_handler == first)
        at_exit();
}

static void late(void)
{
    signal(SIGUSR1, first);
    atexit(at_exit);
}

static void exits(int signal)
{
    work();
    exit(40 + signal);
}

static void exits_at_once(int signal)
{
    work();
    fflush(stdout);
    _exit(20 + signal);
}

static void quits(int signal)
{
    work();
    quick_exit(signal);
}

static void dies_again(int signal_number)
{
    work();
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

static void by_exit(void)
{
    late();
    signal(SIGTERM, exits);
    raise(SIGTERM);
}

static void by_underscore(void)
{
    late();
    signal(SIGTERM, exits_at_once);
    raise(SIGTERM);
}

static void by_quick_exit(void)
{
    at_quick_exit(at_exit);
    late();
    signal(SIGTERM, quits);
    raise(SIGTERM);
}

static void by_signal(void)
{
    late();
    signal(SIGTERM, dies_again);
    raise(SIGTERM);
}

int main(int argc, char **argv)
{
    return say_cases((struct say_case[]){{"queries", queries},
                                         {"flags", flags},
                                         {"nested", nested},
                                         {"left", left},
                                         {"left-in-the-middle", left_in_the_middle},
                                         {"thread-ends", thread_ends},
                                         {"overflow-left", overflow_left},
                                         {"faults", faults},
                                         {"stacks", stacks},
                                         {"waiting", waiting},
                                         {"children", in_children},
                                         {"many", many},
                                         {"late", late},
                                         {"exit", by_exit},
                                         {"_exit", by_underscore},
                                         {"quick_exit", by_quick_exit},
                                         {"signal", by_signal},
                                         {NULL, NULL}},
                     argc, argv);
}
