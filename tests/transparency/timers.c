/* SPDX-License-Identifier: Apache-2.0 */
/* Timers and notifications, by signal and by a thread that the C library makes. */
#define _GNU_SOURCE
#include "say.h"

#include <aio.h>
#include <fcntl.h>
#include <mqueue.h>
#include <netdb.h>
#include <signal.h>
#include <sys/time.h>

static sem_t came;
static volatile sig_atomic_t signals;

static void counts(int signal)
{
    (void)signal;
    signals++;
    sem_post(&came);
}

static void await(void)
{
    while (sem_wait(&came))
        MUST(errno == EINTR);
}

static void by_signal(void)
{
    struct sigaction action = {.sa_handler = counts};
    MUST(sem_init(&came, 0, 0) == 0);
    sigaction(SIGALRM, &action, NULL);
    SAY(alarm(100));
    SAY(alarm(0) > 90);
    SAY(ualarm(1000, 0));
    await();
    struct itimerval soon = {.it_value = {0, 1000}}, before;
    SAY(setitimer(ITIMER_REAL, &soon, NULL));
    await();
    SAY(setitimer(ITIMER_REAL, &(struct itimerval){0}, &before));
    printf("left: %ld\n", (long)before.it_value.tv_sec);
    SAY(setitimer((__itimer_which_t)77, &soon, NULL));
    SAY(setitimer(ITIMER_REAL, NULL, NULL));
    printf("%d signals\n", (int)signals);
}

static void posix_signals(void)
{
    struct sigaction action = {.sa_handler = counts};
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 1};
    struct itimerspec soon = {.it_value = {0, 1000000}}, bad = {.it_value = {0, -1}};
    timer_t timer;
    MUST(sem_init(&came, 0, 0) == 0);
    sigaction(SIGALRM, &action, NULL);
    sigaction(SIGRTMIN + 1, &action, NULL);
    SAY(timer_create(CLOCK_MONOTONIC, &event, &timer));
    SAY(timer_settime(timer, 0, &bad, NULL));
    SAY(timer_settime(timer, 0, &soon, NULL));
    await();
    SAY(timer_delete(timer));
    SAY(timer_create(CLOCK_REALTIME, NULL, &timer));
    SAY(timer_settime(timer, 0, &soon, NULL));
    await();
    SAY(timer_delete(timer));
    event.sigev_signo = 1000;
    SAY(timer_create(CLOCK_REALTIME, &event, &timer));
    SAY(timer_create((clockid_t)4711, NULL, &timer));
}

static int value_seen;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void notified(union sigval value)
{
    pthread_mutex_lock(&mutex);
    value_seen += value.sival_int;
    pthread_mutex_unlock(&mutex);
    sem_post(&came);
}

static void leaves(union sigval value)
{
    notified(value);
    pthread_exit(NULL);
}

static void by_thread(void)
{
    void (*const functions[])(union sigval) = {notified, leaves};
    MUST(sem_init(&came, 0, 0) == 0);
    value_seen = 0;
    for (int i = 0; i < 6; i++) {
        struct sigevent event = {.sigev_notify = SIGEV_THREAD,
                                 .sigev_notify_function = functions[i % 2],
                                 .sigev_value.sival_int = i};
        timer_t timer;
        SAY(timer_create(CLOCK_MONOTONIC, &event, &timer));
        printf("given back: %d, %d\n", event.sigev_notify_function == functions[i % 2],
               event.sigev_value.sival_int);
        SAY(timer_settime(timer, 0, &(struct itimerspec){.it_value = {0, 1000000}}, NULL));
        await();
        SAY(timer_delete(timer));
    }
    printf("sum: %d\n", value_seen);
}

static void queue(void)
{
    char name[64];
    snprintf(name, sizeof name, "/timers.%d", (int)getpid());
    MUST(sem_init(&came, 0, 0) == 0);
    struct mq_attr attributes = {.mq_maxmsg = 2, .mq_msgsize = 8};
    mqd_t there = mq_open(name, O_CREAT | O_EXCL | O_RDWR, 0600, &attributes);
    if (there == (mqd_t)-1) {
        printf("no queues here\n");
        return;
    }
    mq_unlink(name);
    value_seen = 0;
    struct sigevent event = {.sigev_notify = SIGEV_THREAD,
                             .sigev_notify_function = notified,
                             .sigev_value.sival_int = 5};
    SAY(mq_notify(there, &event));
    SAY(mq_notify(there, &event));
    SAY(mq_send(there, "x", 1, 0));
    await();
    SAY(mq_notify(there, NULL));
    SAY(mq_close(there));
    printf("seen: %d\n", value_seen);
}

/* What the C library does in threads of its own. */
static void asynchronous(void)
{
    char name[] = "/tmp/timers.XXXXXX", bytes[8] = "";
    int fd = mkstemp(name);
    MUST(fd >= 0 && unlink(name) == 0 && sem_init(&came, 0, 0) == 0);
    value_seen = 0;
    struct aiocb request = {.aio_fildes = fd,
                            .aio_buf = (char[]){"1234567"},
                            .aio_nbytes = 8,
                            .aio_sigevent = {.sigev_notify = SIGEV_THREAD,
                                             .sigev_notify_function = notified,
                                             .sigev_value.sival_int = 7}};
    const struct aiocb *all[] = {&request};
    SAY(aio_write(&request));
    await();
    SAY(aio_suspend(all, 1, NULL));
    SAY(aio_error(&request));
    SAY(aio_return(&request));
    request.aio_buf = bytes;
    request.aio_sigevent.sigev_notify = SIGEV_NONE;
    SAY(aio_read(&request));
    while (aio_suspend(all, 1, NULL))
        MUST(errno == EINTR);
    SAY(aio_return(&request));
    printf("%s, %d\n", bytes, value_seen);
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST};
    struct gaicb ask = {.ar_name = "127.0.0.1", .ar_request = &hints}, *asked[] = {&ask};
    SAY(getaddrinfo_a(GAI_WAIT, asked, 1, NULL));
    SAY(gai_error(&ask));
    freeaddrinfo(ask.ar_result);
    close(fd);
}

/* More of them than anybody has; equal ones again and again. */
static void many(void)
{
    MUST(sem_init(&came, 0, 0) == 0);
    value_seen = 0;
    for (int i = 0; i < 1200; i++) {
        struct sigevent event = {.sigev_notify = SIGEV_THREAD,
                                 .sigev_notify_function = notified,
                                 .sigev_value.sival_int = i};
        timer_t timer;
        MUST(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
        if (i % 100 == 0 || i > 1190) {
            struct itimerspec soon = {.it_value = {0, 1}};
            MUST(timer_settime(timer, 0, &soon, NULL) == 0);
            await();
        }
        MUST(timer_delete(timer) == 0);
    }
    printf("sum: %d\n", value_seen);
}

int main(int argc, char **argv)
{
    return say_cases((struct say_case[]){{"signals", by_signal},
                                         {"posix-signals", posix_signals},
                                         {"threads", by_thread},
                                         {"queue", queue},
                                         {"asynchronous", asynchronous},
                                         {"many", many},
                                         {NULL, NULL}},
                     argc, argv);
}
