/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that wait: for descriptors, events, messages, signals, children, locks of files, time. */
#define _GNU_SOURCE
#include "say.h"
#include "tests/order/order.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <mqueue.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <termios.h>

static void *volatile nowhere = (void *)8;
static const struct timespec soon = {0, 1000}, now;

static void polls(void)
{
    int ends[2];
    MUST(pipe(ends) == 0);
    struct pollfd fds[2] = {{.fd = ends[0], .events = POLLIN}, {.fd = ends[1], .events = POLLOUT}};
    SAY(poll(fds, 1, 0));
    SAY(poll(fds, 1, 1));
    SAY(poll(fds, 2, -1));
    SAY(fds[1].revents);
    MUST(write(ends[1], "x", 1) == 1);
    SAY(poll(fds, 2, -1));
    SAY(fds[0].revents);
    SAY(poll(nowhere, 1, 0));
    SAY(poll(NULL, 0, 1));
    SAY(ppoll(fds, 1, &soon, NULL));
    SAY(ppoll(fds, 1, &before_time, NULL));
    fd_set in;
    FD_ZERO(&in);
    FD_SET(ends[0], &in);
    struct timeval limit = {0, 1000}, bad = {0, -1};
    SAY(select(ends[0] + 1, &in, NULL, NULL, NULL));
    SAY(FD_ISSET(ends[0], &in));
    SAY(select(0, NULL, NULL, NULL, &limit));
    SAY(select(0, NULL, NULL, NULL, &bad));
    SAY(select(-1, NULL, NULL, NULL, NULL));
    SAY(select(1 << 20, &in, NULL, NULL, &limit));
    SAY(FD_ISSET(ends[0], &in));
    SAY(pselect(ends[0] + 1, &in, NULL, NULL, &now, NULL));
    SAY(pselect(1, nowhere, NULL, NULL, &now, NULL));
}

static void epolls(void)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = 77}, out[2];
    int ends[2], epoll;
    MUST(pipe(ends) == 0);
    SAY(epoll = epoll_create1(EPOLL_CLOEXEC));
    SAY(epoll_create(1));
    SAY(epoll_create(0));
    SAY(epoll_create1(1));
    SAY(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event));
    SAY(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event));
    SAY(epoll_ctl(epoll, EPOLL_CTL_ADD, epoll, &event));
    SAY(epoll_ctl(epoll, EPOLL_CTL_MOD, ends[1], nowhere));
    SAY(epoll_wait(epoll, out, 2, 0));
    SAY(epoll_wait(epoll, out, 2, 1));
    SAY(epoll_pwait2(epoll, out, 2, &soon, NULL));
    MUST(write(ends[1], "x", 1) == 1);
    SAY(epoll_wait(epoll, out, 2, -1));
    SAY(out[0].data.u32);
    SAY(epoll_pwait(epoll, out, 2, -1, NULL));
    SAY(epoll_wait(epoll, out, 0, -1));
    SAY(epoll_wait(epoll, nowhere, 1, -1));
    SAY(epoll_wait(ends[0], out, 1, -1));
    SAY(read(epoll, out, 1));
}

static void events(void)
{
    eventfd_t value = 0;
    int fd = eventfd(3, EFD_NONBLOCK);
    SAY(eventfd_read(fd, &value));
    SAY(value);
    SAY(eventfd_read(fd, &value));
    SAY(eventfd_write(fd, 5));
    SAY(eventfd_write(fd, -1));
    SAY(read(fd, &value, 8));
    SAY(read(fd, &value, 8));
    SAY(read(fd, &value, 7));
    SAY(eventfd(0, 1 << 30));
    SAY(eventfd_read(-1, &value));
    int timer = timerfd_create(CLOCK_MONOTONIC, 0);
    struct itimerspec in = {.it_value = {0, 1000}};
    MUST(timerfd_settime(timer, 0, &in, NULL) == 0);
    SAY(read(timer, &value, 8));
    SAY(timerfd_create(1234, 0));
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    int signals = signalfd(-1, &set, SFD_NONBLOCK);
    struct signalfd_siginfo info[2];
    SAY(read(signals, info, sizeof info));
    raise(SIGUSR1);
    SAY(read(signals, info, sizeof info));
    SAY(info[0].ssi_signo);
    SAY(signalfd(signals, &set, 0) == signals);
    SAY(signalfd(0, &set, 0));
}

static void queues(void)
{
    char name[32], message[100];
    snprintf(name, sizeof name, "/snarl-waits-%d", getpid());
    struct mq_attr attributes = {.mq_maxmsg = 1, .mq_msgsize = 10};
    mqd_t queue = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &attributes);
    if (queue < 0)
        return; /* no such thing here */
    mq_unlink(name);
    SAY(mq_send(queue, "abc", 3, 1));
    SAY(mq_timedsend(queue, "abc", 3, 1, &long_ago));
    SAY(mq_timedsend(queue, "abc", 3, 1, &no_time));
    SAY(mq_send(queue, "abcdefghijklmn", 14, 1));
    SAY(mq_receive(queue, message, 5, NULL));
    unsigned priority;
    SAY(mq_receive(queue, message, 10, &priority));
    SAY(priority);
    SAY(mq_timedreceive(queue, message, 10, NULL, &long_ago));
    attributes.mq_flags = O_NONBLOCK;
    SAY(mq_setattr(queue, &attributes, NULL));
    SAY(mq_receive(queue, message, 10, NULL));
    SAY(mq_close(queue));
    SAY(mq_receive(queue, message, 10, NULL));
    SAY(mq_close(queue));
}

static unsigned word = 5;

static void futexes(void)
{
    SAY(syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 4, NULL, NULL, 0));
    SAY(syscall(SYS_futex, &word, FUTEX_WAIT, 5, &soon, NULL, 0));
    SAY(syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0));
    SAY(syscall(SYS_futex, &word, FUTEX_REQUEUE, 1, 1, &word, 0));
    SAY(syscall(SYS_futex, &word, FUTEX_CMP_REQUEUE, 1, 1, &word, 7));
    SAY(syscall(SYS_futex, nowhere, FUTEX_WAIT, 5, &soon, NULL, 0));
    SAY(syscall(SYS_futex, &word, 99, 5, &soon, NULL, 0));
    struct futex_waitv several[1] = {{.val = 4, .uaddr = (uintptr_t)&word, .flags = FUTEX_32}};
    SAY(syscall(SYS_futex_waitv, several, 1, 0, NULL, CLOCK_MONOTONIC));
    SAY(syscall(SYS_futex_waitv, nowhere, 1, 0, NULL, CLOCK_MONOTONIC));
    SAY(syscall(SYS_getpid) == getpid());
}

static void signals(void)
{
    sigset_t set;
    int number = 0;
    siginfo_t info;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_BLOCK, &set, NULL);
    SAY(sigtimedwait(&set, &info, &now));
    SAY(sigtimedwait(&set, &info, &before_time));
    raise(SIGUSR2);
    SAY(sigwait(&set, &number));
    SAY(number);
    raise(SIGUSR2);
    SAY(sigwaitinfo(&set, NULL));
    raise(SIGUSR2);
    SAY(sigtimedwait(&set, &info, &soon));
    SAY(info.si_signo);
}

static void children(void)
{
    int status;
    siginfo_t info;
    for (int i = 0; i < 5; i++)
        if (fork() == 0)
            _exit(10 + i);
    for (int i = 0; i < 5; i++) {
        pid_t child = i == 0   ? wait(&status)
                      : i == 1 ? waitpid(-1, &status, 0)
                      : i == 2 ? wait3(&status, 0, NULL)
                      : i == 3 ? wait4(-1, &status, 0, NULL)
                               : waitid(P_ALL, 0, &info, WEXITED);
        MUST(child >= 0);
    }
    SAY(wait(&status));
    SAY(waitpid(-1, &status, WNOHANG));
    SAY(waitpid(1, &status, 0));
    SAY(waitid(P_PID, 1, &info, WEXITED));
    SAY(wait3(&status, 99999, NULL));
    SAY(wait4(-1, nowhere, 0, NULL));
}

static void locks(void)
{
    int fd = open("locked", O_RDWR | O_CREAT, 0600), other = open("locked", O_RDWR);
    SAY(flock(fd, LOCK_SH));
    SAY(flock(other, LOCK_EX | LOCK_NB));
    SAY(flock(fd, LOCK_UN));
    SAY(flock(other, LOCK_EX));
    SAY(flock(-1, LOCK_EX));
    SAY(lockf(fd, F_LOCK, 10));
    SAY(lockf(fd, F_TEST, 10));
    SAY(lockf(fd, 1234, 10));
    SAY(tcdrain(fd));
}

static void sleeps(void)
{
    struct timespec left = {7, 7};
    SAY(sleep(0));
    SAY(usleep(10));
    SAY(nanosleep(&soon, &left));
    SAY(left.tv_sec);
    SAY(nanosleep(&before_time, &left));
    SAY(nanosleep(nowhere, &left));
    SAY(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &long_ago, NULL));
    SAY(clock_nanosleep(CLOCK_MONOTONIC, 0, &no_time, NULL));
    SAY(clock_nanosleep(12345, 0, &soon, NULL));
}

/* Each of them interrupted by a signal, and cancelled. */

static int which, seat;

static void waits(void)
{
    static int ends[2];
    struct pollfd fd = {.events = POLLIN};
    struct epoll_event event;
    fd_set in;
    sigset_t set;
    sigemptyset(&set);
    MUST(pipe(ends) == 0);
    switch (which) {
    case 0:
        SAY(sleep(1000) > 900);
        break;
    case 1:
        SAY(nanosleep(&(struct timespec){1000, 0}, NULL));
        break;
    case 2:
        SAY(clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){1000, 0}, NULL));
        break;
    case 3:
        SAY(pause());
        break;
    case 4:
        SAY(sigsuspend(&set));
        break;
    case 5:
        sigaddset(&set, SIGUSR2);
        SAY(sigwaitinfo(&set, NULL));
        break;
    case 6:
        fd.fd = ends[0];
        SAY(poll(&fd, 1, -1));
        break;
    case 7:
        FD_ZERO(&in);
        FD_SET(ends[0], &in);
        SAY(select(ends[0] + 1, &in, NULL, NULL, NULL));
        break;
    case 8:
        SAY(epoll_wait(epoll_create1(0), &event, 1, -1));
        break;
    case 9:
        SAY(eventfd_read(eventfd(0, 0), &(eventfd_t){0}));
        break;
    case 10:
        SAY(usleep(900000000));
        break;
    case 11: /* the one that is no cancellation point */
        SAY(syscall(SYS_futex, &word, FUTEX_WAIT, 5, NULL, NULL, 0));
        break;
    }
}

static const int calls[] = {SYS_clock_nanosleep,
                            SYS_clock_nanosleep,
                            SYS_clock_nanosleep,
                            SYS_pause,
                            SYS_rt_sigsuspend,
                            SYS_rt_sigtimedwait,
                            SYS_poll,
                            SYS_pselect6,
                            SYS_epoll_wait,
                            SYS_read,
                            SYS_clock_nanosleep,
                            SYS_futex};
enum { CALLS = sizeof calls / sizeof *calls };

static void nothing(int number)
{
    (void)number;
}

static void cleanup(void *unused)
{
    (void)unused;
    printf("cleanup\n");
}

static void *waiter(void *unused)
{
    order_sit(seat);
    pthread_cleanup_push(cleanup, NULL);
    waits();
    pthread_cleanup_pop(0);
    return unused;
}

static void interrupted(void)
{
    struct sigaction action = {.sa_handler = nothing};
    sigaction(SIGUSR1, &action, NULL);
    for (which = 0; which < CALLS; which++) {
        seat++;
        pthread_t thread = make_thread(waiter, NULL);
        order_await_call(seat, calls[which]);
        MUST(pthread_kill(thread, SIGUSR1) == 0);
        SAY(pthread_join(thread, NULL));
    }
}

static void cancelled(void)
{
    for (which = 0; which < CALLS - 1; which++) {
        void *result;
        seat++;
        pthread_t thread = make_thread(waiter, NULL);
        order_await_call(seat, calls[which]);
        MUST(pthread_cancel(thread) == 0);
        SAY(pthread_join(thread, &result));
        SAY(result == PTHREAD_CANCELED);
    }
}

int main(int argc, char **argv)
{
    return say_cases((struct say_case[]){{"polls", polls},
                                         {"epolls", epolls},
                                         {"events", events},
                                         {"queues", queues},
                                         {"futexes", futexes},
                                         {"signals", signals},
                                         {"children", children},
                                         {"locks", locks},
                                         {"sleeps", sleeps},
                                         {"interrupted", interrupted},
                                         {"cancelled", cancelled},
                                         {NULL, NULL}},
                     argc, argv);
}
