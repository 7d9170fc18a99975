/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The signals that concern snarl while the program runs are blocked and read from a signalfd; the
 * child undoes that before exec. SIGINT and SIGQUIT of the terminal reach the program by
 * themselves, and snarl only has to survive them; SIGTERM and SIGHUP that somebody sent to snarl
 * are passed on; SIGUSR1 asks for a snapshot. Every TICK_MS the control page is looked at for a
 * deadlock, and now and then the threads, for hangs.
 *
 * Stopping means SIGTERM to the program and to every process that still shares the control page (a
 * deadlock or a hang is often in a child of what was started), and SIGKILL to what is left later.
 * Processes other than our own child are held by pidfd, so that a recycled number hits nobody.
 */
#define _GNU_SOURCE
#include "cli/supervise.h"

#include "base/vec.h"
#include "cli/hang.h"
#include "cli/progress.h"
#include "cli/snapshot.h"
#include "cli/trouble.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TICK_MS = 20 };
static const double grace_deadlock = 0.5, grace_timeout = 2, grace_killed = 1;

/* A deadlock is told as it closes, while others are still on their way into it: for so long the
 * program is left to come to where it stays, so that who waits is told whole. */
static const double settling = 0.1;

struct watch {
    const struct sn_supervision *what;
    const struct sn_control *control;
    struct sn_outcome *outcome;
    sigset_t old_mask;
    struct sigaction old_child_action;
    int signals; /* the signalfd */
    pid_t pid;
    bool running;
    double started, stop_at, kill_at, give_up_at;
    struct sn_hang hang;
    bool hangs;
    VEC(int) others; /* pidfds of what is to be stopped besides our child */
};

static void watched_signals(sigset_t *set)
{
    static const int numbers[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGCHLD, SIGUSR1};
    sigemptyset(set);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        sigaddset(set, numbers[i]);
}

/* Where SIGCHLD is ignored, an exit status would be lost. */
static int take_signals(struct watch *watch, struct sn_error *err)
{
    sigset_t set;
    watched_signals(&set);
    struct sigaction usual = {.sa_handler = SIG_DFL};
    sigaction(SIGCHLD, &usual, &watch->old_child_action);
    sigprocmask(SIG_BLOCK, &set, &watch->old_mask);
    watch->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (watch->signals < 0)
        return sn_fail(err, SN_E_SYSTEM, NULL, SN_NO_OFFSET, "signalfd: %s", strerror(errno));
    return 0;
}

static void give_back_signals(const struct watch *watch)
{
    sigaction(SIGCHLD, &watch->old_child_action, NULL);
    sigprocmask(SIG_SETMASK, &watch->old_mask, NULL);
}

static void become_program(const struct watch *watch, int report)
{
    watch->control->page->main_pid = (uint32_t)getpid();
    give_back_signals(watch);
    execvpe(watch->what->argv[0], watch->what->argv, watch->what->environment);
    int reason = errno;
    if (write(report, &reason, sizeof reason) < 0) {
    }
    _exit(127);
}

/* Forks, and waits until the exec is done: the pipe then closes without a word. */
static int start(struct watch *watch, struct sn_error *err)
{
    int report[2];
    if (pipe2(report, O_CLOEXEC) < 0)
        return sn_fail(err, SN_E_SYSTEM, NULL, SN_NO_OFFSET, "pipe: %s", strerror(errno));
    watch->started = sn_now();
    watch->pid = fork();
    if (watch->pid == 0)
        become_program(watch, report[1]);
    close(report[1]);
    int reason = 0;
    ssize_t n = watch->pid > 0 ? read(report[0], &reason, sizeof reason) : 0;
    close(report[0]);
    if (watch->pid < 0)
        return sn_fail(err, SN_E_SYSTEM, NULL, SN_NO_OFFSET, "fork: %s", strerror(errno));
    watch->outcome->pid = watch->pid;
    watch->outcome->exec_error = n == sizeof reason ? reason : 0;
    watch->running = true;
    return 0;
}

static void hold_others(struct watch *watch)
{
    unsigned count = sn_control_count(watch->control);
    for (unsigned i = 0; i < count; i++) {
        uint32_t pid = sn_control_entry(watch->control, i).pid;
        if (pid <= 1 || pid > INT32_MAX || pid == (uint32_t)watch->pid || pid == (uint32_t)getpid())
            continue;
        int fd = pidfd_open((pid_t)pid, 0);
        if (fd < 0)
            continue;
        if (sn_control_shared_by(watch->control, pid))
            *vec_push(&watch->others) = fd;
        else
            close(fd);
    }
}

static void signal_all(struct watch *watch, int number)
{
    if (watch->running)
        kill(watch->pid, number);
    vec_each (int, fd, &watch->others)
        pidfd_send_signal(*fd, number, NULL, 0);
}

static void stop(struct watch *watch, double grace)
{
    if (watch->kill_at < INFINITY)
        return;
    hold_others(watch);
    signal_all(watch, SIGTERM);
    watch->kill_at = sn_now() + grace;
}

static void drop_ended(struct watch *watch)
{
    for (size_t i = watch->others.count; i-- > 0;) {
        struct pollfd ended = {.fd = watch->others.at[i], .events = POLLIN};
        if (poll(&ended, 1, 0) != 1)
            continue;
        close(watch->others.at[i]);
        vec_remove(&watch->others, i);
    }
}

static bool is_ignored(int number)
{
    struct sigaction action;
    return sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

static void read_signals(struct watch *watch)
{
    struct signalfd_siginfo info;
    while (read(watch->signals, &info, sizeof info) == sizeof info) {
        int number = (int)info.ssi_signo;
        bool sent = info.ssi_code <= 0; /* by a process; the terminal's reach the program too */
        if ((number == SIGTERM || number == SIGHUP) && sent && watch->running &&
            !is_ignored(number))
            kill(watch->pid, number);
        if (number == SIGUSR1)
            sn_snapshot_take(watch->control, false, watch->what->discard);
    }
}

static void collect(struct watch *watch)
{
    int status;
    if (!watch->running || waitpid(watch->pid, &status, WNOHANG) != watch->pid)
        return;
    watch->running = false;
    watch->outcome->seconds = sn_now() - watch->started;
    watch->outcome->exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    watch->outcome->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void look_for_deadlock(struct watch *watch)
{
    uint32_t pid = sn_control_deadlock(watch->control);
    if (!pid || watch->outcome->deadlock_pid)
        return;
    watch->outcome->deadlock_pid = pid;
    if (watch->what->stop_on_deadlock) {
        sn_say("deadlock in process %u: the program is stopped", pid);
        watch->stop_at = sn_now() + settling;
    } else {
        sn_say("deadlock in process %u: the program is left as it is", pid);
    }
}

static void stands_still(struct watch *watch)
{
    sn_say("the program hangs: none of its threads can ever go on; it is stopped");
    watch->outcome->stood_still = true;
    sn_control_mark_standstill(watch->control);
    sn_standstill_ends(&watch->hang.tasks, watch->what->arena, &watch->outcome->ends);
    stop(watch, grace_deadlock);
}

/* Told once for each time that it stops getting on. */
static void look_for_hang(struct watch *watch)
{
    double now = sn_now();
    if (!watch->running || watch->outcome->deadlock_pid || watch->outcome->timed_out ||
        watch->outcome->stood_still || now < watch->hang.next_look)
        return;
    bool hung = watch->hangs;
    enum sn_hung how = sn_hang_look(&watch->hang, watch->control, now);
    watch->hangs = how == SN_HAS_HUNG;
    if (how == SN_STANDS_STILL) {
        stands_still(watch);
        return;
    }
    if (!watch->hangs || hung)
        return;
    if (watch->what->stop_on_deadlock) {
        sn_say("the program has hung for %g s: it is stopped", watch->hang.seconds);
        watch->outcome->timed_out = true;
        stop(watch, grace_timeout);
    } else {
        sn_say("the program has hung for %g s: it is left as it is", watch->hang.seconds);
        sn_snapshot_take(watch->control, true, watch->what->discard);
    }
}

static void look_at_clock(struct watch *watch)
{
    double now = sn_now();
    if (watch->running && watch->what->timeout > 0 && !watch->outcome->timed_out &&
        !watch->outcome->stood_still && now - watch->started >= watch->what->timeout) {
        watch->outcome->timed_out = true;
        stop(watch, grace_timeout);
    }
    if (now >= watch->stop_at) {
        watch->stop_at = INFINITY;
        stop(watch, grace_deadlock);
    }
    if (now >= watch->kill_at && watch->give_up_at == INFINITY) {
        signal_all(watch, SIGKILL);
        watch->give_up_at = now + grace_killed;
    }
}

/* Our child is waited for whatever it takes; others only as long as stopping them may take. Until
 * that has begun, it is not known which these are. */
static bool goes_on(const struct watch *watch)
{
    return watch->running || watch->stop_at < INFINITY ||
           (watch->others.count && sn_now() < watch->give_up_at);
}

static void wait_for_end(struct watch *watch)
{
    while (goes_on(watch)) {
        struct pollfd ready = {.fd = watch->signals, .events = POLLIN};
        poll(&ready, 1, TICK_MS);
        read_signals(watch);
        collect(watch);
        drop_ended(watch);
        look_for_deadlock(watch);
        look_for_hang(watch);
        look_at_clock(watch);
    }
    read_signals(watch);
}

int sn_supervise(struct sn_outcome *outcome, const struct sn_supervision *what,
                 const struct sn_control *control, struct sn_error *err)
{
    *outcome = (struct sn_outcome){.exit_status = -1};
    struct watch watch = {.what = what,
                          .control = control,
                          .outcome = outcome,
                          .signals = -1,
                          .hang.seconds = what->hang,
                          .hang.certain = what->look_for_standstill,
                          .stop_at = INFINITY,
                          .kill_at = INFINITY,
                          .give_up_at = INFINITY};
    int ret = take_signals(&watch, err);
    if (ret == 0)
        ret = start(&watch, err);
    if (ret == 0)
        wait_for_end(&watch);
    give_back_signals(&watch);
    if (watch.signals >= 0)
        close(watch.signals);
    vec_each (int, fd, &watch.others)
        close(*fd);
    vec_release(&watch.others);
    sn_hang_release(&watch.hang);
    return ret;
}
