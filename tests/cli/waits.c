/* SPDX-License-Identifier: Apache-2.0 */
/* Programs that wait: for-ever, and others, each for about three seconds (hangs.bats). */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LONG = 3 };

static sem_t bell;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static int ready;
extern char **environ;

static void *wait_for_bell(void *arg)
{
    while (sem_wait(&bell))
        continue;
    return arg;
}

/* All else waits for WORK. */
static void behind(void *(*work)(void *), void *arg)
{
    pthread_t waiter, worker;
    pthread_create(&waiter, NULL, wait_for_bell, NULL);
    pthread_create(&worker, NULL, work, arg);
    pthread_join(worker, NULL);
    sem_post(&bell);
    pthread_join(waiter, NULL);
}

static void *sleeps(void *arg)
{
    sleep(LONG);
    return arg;
}

static void *polls(void *arg)
{
    poll(NULL, 0, LONG * 1000);
    return arg;
}

static void *waits_timed(void *arg)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += LONG;
    pthread_mutex_lock(&lock);
    while (pthread_cond_timedwait(&condition, &lock, &until) == 0)
        continue;
    pthread_mutex_unlock(&lock);
    return arg;
}

static void rings(int number)
{
    (void)number;
    sem_post(&bell);
}

static void by_alarm(int number)
{
    signal(number, rings);
    if (number == SIGALRM)
        alarm(LONG);
    wait_for_bell(NULL);
}

static void timer_fires(union sigval value)
{
    (void)value;
    sem_post(&bell);
}

static void by_timer_thread(void)
{
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_THREAD, .sigev_notify_function = timer_fires};
    struct itimerspec when = {.it_value.tv_sec = LONG};
    timer_create(CLOCK_MONOTONIC, &event, &timer);
    timer_settime(timer, 0, &when, NULL);
    wait_for_bell(NULL);
}

static void *reads(void *arg)
{
    char bytes[8];
    ssize_t n = read(*(int *)arg, bytes, sizeof bytes);
    if (n <= 0)
        exit(3);
    return arg;
}

static void by_timer_descriptor(void)
{
    int fd = timerfd_create(CLOCK_MONOTONIC, 0);
    struct itimerspec when = {.it_value.tv_sec = LONG};
    timerfd_settime(fd, 0, &when, NULL);
    behind(reads, &fd);
}

static void by_file(const char *name)
{
    int fd = name ? open(name, O_RDONLY) : STDIN_FILENO;
    behind(reads, &fd);
}

static const struct sockaddr_un door = {AF_UNIX, "door"};

static void by_accept(void)
{
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (bind(fd, (const struct sockaddr *)&door, sizeof door) || listen(fd, 1))
        exit(3);
    int guest = accept(fd, NULL, NULL);
    behind(reads, &guest);
}

static void connects(void)
{
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (connect(fd, (const struct sockaddr *)&door, sizeof door))
        exit(3);
    sleep(LONG);
    if (write(fd, "x", 1) != 1)
        exit(3);
}

static void by_sigwait(void)
{
    sigset_t set;
    int number;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    sigwait(&set, &number);
}

static void *waits_ready(void *arg)
{
    pthread_mutex_lock(&lock);
    while (!ready)
        pthread_cond_wait(&condition, &lock);
    pthread_mutex_unlock(&lock);
    return arg;
}

static void by_stopping(void)
{
    pthread_t waiter;
    pthread_create(&waiter, NULL, waits_ready, NULL);
    raise(SIGSTOP);
    pthread_mutex_lock(&lock);
    ready = 1;
    pthread_cond_signal(&condition);
    pthread_mutex_unlock(&lock);
    pthread_join(waiter, NULL);
}

static void by_child(void)
{
    pid_t child = fork();
    if (child == 0) {
        sleep(LONG);
        _exit(0);
    }
    waitpid(child, NULL, 0);
}

/* By a child that is waited for through its output. */
static void by_child_output(char *program)
{
    int ends[2];
    if (pipe(ends))
        exit(3);
    if (fork() == 0) {
        dup2(ends[1], STDOUT_FILENO);
        execl(program, program, (char *)NULL);
        _exit(3);
    }
    close(ends[1]);
    behind(reads, &ends[0]);
    wait(NULL);
}

static void by_popen(const char *program)
{
    char line[16];
    FILE *pipe = popen(program, "r");
    if (!pipe || !fgets(line, sizeof line, pipe) || pclose(pipe))
        exit(3);
}

static void by_spawn(void)
{
    pid_t child;
    char *const arguments[] = {"sleep", "3", NULL};
    if (posix_spawnp(&child, "sleep", NULL, NULL, arguments, environ))
        exit(3);
    waitpid(child, NULL, 0);
}

static sem_t *shared(void)
{
    char name[64];
    snprintf(name, sizeof name, "/snarl-waits.%d", (int)getpgrp());
    return sem_open(name, O_CREAT, 0600, 0);
}

static void by_shared(void)
{
    sem_t *there = shared();
    while (sem_wait(there))
        continue;
    char name[64];
    snprintf(name, sizeof name, "/snarl-waits.%d", (int)getpgrp());
    sem_unlink(name);
}

static void *takes_file(void *arg)
{
    int fd = open("locked", O_RDWR | O_CREAT, 0600);
    flock(fd, LOCK_EX);
    return arg;
}

static void by_timed_socket(void)
{
    int ends[2];
    char byte;
    struct timeval limit = {.tv_sec = LONG};
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
        exit(3);
    setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (read(ends[0], &byte, 1) >= 0 || errno != EAGAIN)
        exit(3);
}

/* Executes ARGV with one end of a pair at descriptor 7, and speaks at last. */
static int from_outside(char **argv)
{
    int ends[2], status = 3;
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
        return 3;
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], 7);
        execvp(argv[0], argv);
        _exit(3);
    }
    sleep(LONG);
    if (write(ends[0], "x", 1) != 1)
        return 3;
    waitpid(child, &status, 0);
    return WEXITSTATUS(status);
}

static void by_inside(void)
{
    int fd = 7;
    behind(reads, &fd);
}

enum { TURNS = 20, PLAYERS = 12 };
static int turn;

/* All wait most of the time, and there is always one who only sleeps for a moment. */
static void *plays(void *arg)
{
    long own = (long)arg;
    for (int i = 0; i < TURNS; i++) {
        pthread_mutex_lock(&lock);
        while (turn % PLAYERS != own)
            pthread_cond_wait(&condition, &lock);
        usleep(20000);
        turn++;
        pthread_cond_broadcast(&condition);
        pthread_mutex_unlock(&lock);
    }
    return arg;
}

static void by_turns(void)
{
    pthread_t players[PLAYERS];
    for (long i = 0; i < PLAYERS; i++)
        pthread_create(&players[i], NULL, plays, (void *)i);
    for (int i = 0; i < PLAYERS; i++)
        pthread_join(players[i], NULL);
}

static int is(const char *name, const char *word)
{
    return strcmp(name, word) == 0;
}

static int wait_so(const char *way, char **more)
{
    if (is(way, "for-ever"))
        behind(wait_for_bell, NULL);
    else if (is(way, "sleep"))
        behind(sleeps, NULL);
    else if (is(way, "poll"))
        behind(polls, NULL);
    else if (is(way, "timed"))
        behind(waits_timed, NULL);
    else if (is(way, "alarm"))
        by_alarm(SIGALRM);
    else if (is(way, "handler"))
        by_alarm(SIGUSR1);
    else if (is(way, "timer-thread"))
        by_timer_thread();
    else if (is(way, "timer-descriptor"))
        by_timer_descriptor();
    else if (is(way, "stdin"))
        by_file(NULL);
    else if (is(way, "fifo"))
        by_file("fifo");
    else if (is(way, "accept"))
        by_accept();
    else if (is(way, "connect"))
        connects();
    else if (is(way, "sigwait"))
        by_sigwait();
    else if (is(way, "stops"))
        by_stopping();
    else if (is(way, "child"))
        by_child();
    else if (is(way, "child-reads"))
        by_child_output(more[0]);
    else if (is(way, "popen"))
        by_popen(more[0]);
    else if (is(way, "spawn"))
        by_spawn();
    else if (is(way, "shared"))
        by_shared();
    else if (is(way, "post-shared"))
        return sleep(LONG) || sem_post(shared());
    else if (is(way, "flock"))
        behind(takes_file, NULL);
    else if (is(way, "socket-timed"))
        by_timed_socket();
    else if (is(way, "outside"))
        return from_outside(more);
    else if (is(way, "inside"))
        by_inside();
    else if (is(way, "turns"))
        by_turns();
    else
        return 3;
    return 0;
}

int main(int argc, char **argv)
{
    sem_init(&bell, 0, 0);
    int code = argc > 1 ? wait_so(argv[1], argv + 2) : 3;
    if (code == 0)
        puts("done");
    return code;
}
