/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Built plainly into libsnarl_order.so, without libc: system calls are inline, waiting is a futex,
 * atomics are the compiler's own. hooks and rewriting leave this library alone by its name.
 *
 * Who is blocked is read from /proc/self/task/TID/syscall: the same call, mostly of futex, seen
 * several times in a row. A thread is suspended by a signal whose handler waits in here.
 */
#include "order.h"

#if !defined(__x86_64__)
#error "the system calls are written for x86-64"
#endif

typedef unsigned long word;

enum {
    SYS_READ = 0,
    SYS_OPEN = 2,
    SYS_CLOSE = 3,
    SYS_RT_SIGACTION = 13,
    SYS_NANOSLEEP = 35,
    SYS_GETPID = 39,
    SYS_GETTID = 186,
    SYS_FUTEX = 202,
    SYS_TGKILL = 234
};

enum { FUTEX_WAIT_PRIVATE = 128, FUTEX_WAKE_PRIVATE = 129, EVERYBODY = 0x7fffffff };
enum { ENOENT = 2, SIGNAL = 50, SA_RESTART = 0x10000000, SA_RESTORER = 0x04000000 };

static long system_call(long number, word a, word b, word c, word d)
{
    long result;
    register word r10 __asm__("r10") = d;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10)
                     : "rcx", "r11", "memory");
    return result;
}

static int load(int *at)
{
    return __atomic_load_n(at, __ATOMIC_SEQ_CST);
}

static void store_and_wake(int *at, int value)
{
    __atomic_store_n(at, value, __ATOMIC_SEQ_CST);
    system_call(SYS_FUTEX, (word)at, FUTEX_WAKE_PRIVATE, EVERYBODY, 0);
}

/* Sleeps unless *AT is no longer VALUE; may return early. */
static void wait_while(int *at, int value)
{
    system_call(SYS_FUTEX, (word)at, FUTEX_WAIT_PRIVATE, (word)value, 0);
}

static void pause_a_moment(void)
{
    static const long millisecond[2] = {0, 1000000};
    system_call(SYS_NANOSLEEP, (word)millisecond, 0, 0, 0);
}

/* Steps */

static int step_reached;

void order_reach(int step)
{
    int now = load(&step_reached);
    while (now < step) {
        if (__atomic_compare_exchange_n(&step_reached, &now, step, 0, __ATOMIC_SEQ_CST,
                                        __ATOMIC_SEQ_CST))
            system_call(SYS_FUTEX, (word)&step_reached, FUTEX_WAKE_PRIVATE, EVERYBODY, 0);
    }
}

void order_await(int step)
{
    for (int now = load(&step_reached); now < step; now = load(&step_reached))
        wait_while(&step_reached, now);
}

/* Meetings */

static struct {
    int arrived, round;
} places[ORDER_PLACES];

void order_meet(int place, int count)
{
    int round = load(&places[place].round);
    if (__atomic_add_fetch(&places[place].arrived, 1, __ATOMIC_SEQ_CST) == count) {
        __atomic_store_n(&places[place].arrived, 0, __ATOMIC_SEQ_CST);
        store_and_wake(&places[place].round, round + 1);
        return;
    }
    while (load(&places[place].round) == round)
        wait_while(&places[place].round, round);
}

void order_tick(void)
{
    __asm__ volatile("" ::: "memory");
}

/* Seats */

static struct {
    int thread, suspended, held;
} seats[ORDER_SEATS];

void order_sit(int seat)
{
    store_and_wake(&seats[seat].thread, (int)system_call(SYS_GETTID, 0, 0, 0, 0));
}

static int await_thread(int seat)
{
    while (load(&seats[seat].thread) == 0)
        wait_while(&seats[seat].thread, 0);
    return load(&seats[seat].thread);
}

/* Reads what system call THREAD is in; its length, or -ENOENT when the thread is gone. */
static long read_call(int thread, char *text, word size)
{
    static const char head[] = "/proc/self/task/", tail[] = "/syscall";
    char path[sizeof head + sizeof tail + 12], digits[12], *end = path;
    int count = 0;
    for (const char *from = head; *from; from++)
        *end++ = *from;
    for (; thread > 0; thread /= 10)
        digits[count++] = (char)('0' + thread % 10);
    while (count > 0)
        *end++ = digits[--count];
    for (const char *from = tail; *from; from++)
        *end++ = *from;
    *end = 0;
    long file = system_call(SYS_OPEN, (word)path, 0, 0, 0);
    if (file < 0)
        return file;
    long length = system_call(SYS_READ, (word)file, (word)text, size, 0);
    system_call(SYS_CLOSE, (word)file, 0, 0, 0);
    return length;
}

void order_await_call(int seat, int call)
{
    enum { TIMES = 3, ENOUGH = 24 }; /* "202 0x" and the futex' address */
    char now[128], before[128] = "";
    int thread = await_thread(seat);
    for (int same = 0; same < TIMES; pause_a_moment()) {
        long length = read_call(thread, now, sizeof now);
        int number = 0, equal = length >= ENOUGH && now[0] >= '0' && now[0] <= '9';
        for (int i = 0; equal && now[i] >= '0' && now[i] <= '9'; i++)
            number = number * 10 + now[i] - '0';
        equal = equal && number == call;
        for (int i = 0; i < ENOUGH; i++) {
            equal = equal && now[i] == before[i];
            before[i] = now[i];
        }
        same = equal ? same + 1 : 0;
    }
}

void order_await_blocked(int seat)
{
    order_await_call(seat, SYS_FUTEX);
}

void order_await_ended(int seat)
{
    char text[128];
    int thread = await_thread(seat);
    while (read_call(thread, text, sizeof text) != -ENOENT)
        pause_a_moment();
}

/* The handler: holds the thread it interrupts, until it is resumed. */
static void hold(int signal)
{
    (void)signal;
    int thread = (int)system_call(SYS_GETTID, 0, 0, 0, 0), seat = 0;
    while (load(&seats[seat].thread) != thread)
        seat++;
    store_and_wake(&seats[seat].held, 1);
    while (load(&seats[seat].suspended))
        wait_while(&seats[seat].suspended, 1);
}

__asm__(".text\n"
        ".type return_from_signal, @function\n"
        "return_from_signal:\n"
        "    mov $15, %eax\n"
        "    syscall\n");
void return_from_signal(void) __attribute__((visibility("hidden")));

void order_suspend(int seat)
{
    struct {
        void (*handler)(int);
        word flags;
        void (*restorer)(void);
        word mask;
    } action = {hold, SA_RESTART | SA_RESTORER, return_from_signal, 0};
    int thread = await_thread(seat);
    system_call(SYS_RT_SIGACTION, SIGNAL, (word)&action, 0, sizeof action.mask);
    __atomic_store_n(&seats[seat].held, 0, __ATOMIC_SEQ_CST);
    __atomic_store_n(&seats[seat].suspended, 1, __ATOMIC_SEQ_CST);
    system_call(SYS_TGKILL, (word)system_call(SYS_GETPID, 0, 0, 0, 0), (word)thread, SIGNAL, 0);
    while (load(&seats[seat].held) == 0)
        wait_while(&seats[seat].held, 0);
}

void order_resume(int seat)
{
    store_and_wake(&seats[seat].suspended, 0);
}
