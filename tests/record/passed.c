/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A reader that is interrupted again and again, often in the middle of the recorder's work, and a
 * writer that comes to the same memory meanwhile and does not wait for it. Says where that is.
 */
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { COUNT = 20000, LINE = 64, PAUSE = 3000000, SOON = 50000 /* ns */ };

static char cells[COUNT][LINE] __attribute__((aligned(LINE)));
static volatile int place __attribute__((aligned(LINE)));
static volatile bool over __attribute__((aligned(LINE)));

static timer_t timer;

static void arm(void)
{
    timer_settime(timer, 0, &(struct itimerspec){{0, 0}, {0, SOON}}, NULL);
}

static void pauses(int signal)
{
    (void)signal;
    syscall(SYS_nanosleep, &(struct timespec){0, PAUSE}, NULL);
    arm();
}

static void *writes(void *unused)
{
    for (int last = -1, now; !over; last = now) {
        now = place;
        if (now != last)
            *(volatile char *)cells[now] = 1;
    }
    return unused;
}

int main(void)
{
    struct sigaction action = {.sa_handler = pauses, .sa_flags = SA_RESTART};
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
    sigset_t alarm;
    pthread_t writer;
    sigaction(SIGALRM, &action, NULL);
    sigemptyset(&alarm);
    sigaddset(&alarm, SIGALRM);
    pthread_sigmask(SIG_BLOCK, &alarm, NULL);
    pthread_create(&writer, NULL, writes, NULL);
    pthread_sigmask(SIG_UNBLOCK, &alarm, NULL);
    timer_create(CLOCK_MONOTONIC, &event, &timer);
    arm();
    for (int i = 0; i < COUNT; i++) {
        place = i;
        (void)*(volatile char *)cells[i];
    }
    timer_delete(timer);
    over = true;
    pthread_join(writer, NULL);
    printf("cells %p %zu\n", (void *)cells, sizeof cells);
    return 0;
}
