/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kitchen sets egg timers. What is on the stove is written down before; who is called when the
 * time is up (in a thread that the C library makes) reads it and writes down what is done.
 */
/* EXPECT: nothing */
/* TSAN: does not know who calls when a timer is up */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

enum { EGGS = 3 };

static sem_t rings;
static int on_stove, done;

static void time_is_up(union sigval egg)
{
    done += on_stove * egg.sival_int;
    sem_post(&rings);
}

int main(void)
{
    sem_init(&rings, 0, 0);
    for (int egg = 1; egg <= EGGS; egg++) {
        struct sigevent call = {.sigev_notify = SIGEV_THREAD,
                                .sigev_notify_function = time_is_up,
                                .sigev_value.sival_int = egg};
        struct itimerspec soon = {.it_value = {0, 1}};
        timer_t timer;
        if (timer_create(CLOCK_MONOTONIC, &call, &timer))
            return 1;
        on_stove = 1;
        timer_settime(timer, 0, &soon, NULL);
        while (sem_wait(&rings) && errno == EINTR)
            ;
        timer_delete(timer);
    }
    printf("Eggs done: %d\n", done);
    return 0;
}
