/* SPDX-License-Identifier: Apache-2.0 */
/* Semaphores: named ones, shared ones, the order in which a wait looks at things. */
#define _GNU_SOURCE
#include "say.h"
#include "tests/order/order.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

static sem_t sem, *named;
static char name[32];
static const struct timespec far = {4000000000, 0};

static void say_value(sem_t *of)
{
    int value = -1;
    SAY(sem_getvalue(of, &value));
    printf("value %d\n", value);
}

static void names(void)
{
    snprintf(name, sizeof name, "/snarl.%d", getpid());
    SAY(sem_open("/snarl.nobody.has.made", 0) == SEM_FAILED);
    SAY((named = sem_open(name, O_CREAT | O_EXCL, 0600, 2)) != SEM_FAILED);
    SAY(sem_open(name, O_CREAT | O_EXCL, 0600, 2) == SEM_FAILED);
    SAY(sem_open("/snarl.too.much", O_CREAT | O_EXCL, 0600, (unsigned)SEM_VALUE_MAX + 1) ==
        SEM_FAILED);
    SAY(sem_open("", O_CREAT, 0600, 1) == SEM_FAILED);
    sem_t *again = sem_open(name, O_CREAT, 0600, 77);
    printf("the same: %d\n", again == named);
    say_value(again);
    SAY(sem_wait(named));
    SAY(sem_timedwait(again, &long_ago));
    SAY(sem_trywait(again));
    SAY(sem_timedwait(again, &long_ago));
    SAY(sem_post(named));
    SAY(sem_close(again));
    SAY(sem_wait(named));
    pid_t child = fork();
    if (child == 0) {
        sem_t *third = sem_open(name, 0);
        bool same = third == named;
        sem_post(third);
        sem_close(third);
        sem_post(named);
        _exit(same ? 5 : 6);
    }
    SAY(sem_wait(named));
    SAY(sem_wait(named));
    int status;
    MUST(waitpid(child, &status, 0) == child);
    printf("child: %d\n", WEXITSTATUS(status));
    SAY(sem_unlink(name));
    SAY(sem_unlink(name));
    SAY(sem_post(named));
    say_value(named);
    SAY(sem_close(named));
    SAY(sem_close(named));
    SAY((named = sem_open(name, O_CREAT, 0600, 1)) != SEM_FAILED);
    say_value(named);
    SAY(sem_unlink(name));
    SAY(sem_close(named));
}

static void *waits(void *unused)
{
    order_sit(1);
    SAY(sem_wait(&sem));
    return unused;
}

static void handled(int number)
{
    (void)number;
}

/* A handler without SA_RESTART ends the wait. */
static void interrupted(void)
{
    struct sigaction action = {.sa_handler = handled};
    sigaction(SIGUSR1, &action, NULL);
    MUST(sem_init(&sem, 0, 0) == 0);
    pthread_t thread = make_thread(waits, NULL);
    order_await_blocked(1);
    MUST(pthread_kill(thread, SIGUSR1) == 0);
    MUST(pthread_join(thread, NULL) == 0);
    say_value(&sem);
    SAY(sem_destroy(&sem));
}

static void *cancelled_with(void *data)
{
    MUST(pthread_cancel(pthread_self()) == 0);
    switch (*(int *)data) {
    case 0: /* no token, and a bad time: which comes first? */
        sem_timedwait(&sem, &no_time);
        break;
    case 1:
        sem_clockwait(&sem, CLOCK_THREAD_CPUTIME_ID, &far);
        break;
    case 2:
        sem_clockwait(&sem, CLOCK_MONOTONIC, &no_time);
        break;
    case 3:
        sem_timedwait(&sem, &long_ago);
        break;
    case 4:
        sem_clockwait(&sem, CLOCK_MONOTONIC, &long_ago);
        break;
    case 5:
        sem_wait(&sem);
        break;
    case 6:
        sem_trywait(&sem);
        break;
    }
    return NULL;
}

static void pending(void)
{
    for (unsigned tokens = 0; tokens < 2; tokens++)
        for (int i = 0; i < 7; i++) {
            MUST(sem_init(&sem, 0, tokens) == 0);
            printf("%u tokens, %d: cancelled %d\n", tokens, i,
                   elsewhere(cancelled_with, &i) == PTHREAD_CANCELED);
            say_value(&sem);
        }
}

/* Two processes, a semaphore in shared memory. */
static void shared(void)
{
    sem_t *both = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    MUST(both != MAP_FAILED);
    SAY(sem_init(&both[0], 1, 0));
    SAY(sem_init(&both[1], 1, 0));
    pid_t child = fork();
    if (child == 0) {
        for (int i = 0; i < 100; i++) {
            MUST(sem_wait(&both[0]) == 0);
            MUST(sem_post(&both[1]) == 0);
        }
        _exit(0);
    }
    for (int i = 0; i < 100; i++) {
        MUST(sem_post(&both[0]) == 0);
        MUST(sem_wait(&both[1]) == 0);
    }
    int status;
    MUST(waitpid(child, &status, 0) == child);
    printf("child: %d\n", status);
    say_value(&both[0]);
    SAY(sem_destroy(&both[0]));
    SAY(munmap(both, 4096));
}

int main(int argc, char **argv)
{
    return say_cases((struct say_case[]){{"names", names},
                                         {"interrupted", interrupted},
                                         {"pending", pending},
                                         {"shared", shared},
                                         {NULL, NULL}},
                     argc, argv);
}
