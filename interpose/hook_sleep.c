/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls that wait for time, for a signal, for a child, for a file's lock: told as waits, so that
 * what hangs can be named. A signal that is waited for comes after its sending.
 */
#include "interpose/core/channel.h"
#include "interpose/core/shared.h"

#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

enum { SLEEP = TR_BLOCK_SLEEP | TR_BLOCK_TIMED };

#define WAIT(what, it, real_call) return REC_WAITING(rec_live.on, (what), (it), real_call)

REC_EXPORT unsigned sleep(unsigned seconds)
{
    WAIT(SLEEP, 0, REAL(sleep)(seconds));
}

REC_EXPORT int usleep(useconds_t microseconds)
{
    WAIT(SLEEP, 0, REAL(usleep)(microseconds));
}

REC_EXPORT int nanosleep(const struct timespec *time, struct timespec *left)
{
    WAIT(SLEEP, 0, REAL(nanosleep)(time, left));
}

REC_EXPORT int clock_nanosleep(clockid_t clock, int flags, const struct timespec *time,
                               struct timespec *left)
{
    WAIT(SLEEP, 0, REAL(clock_nanosleep)(clock, flags, time, left));
}

/* Signals.
 * -------------------------------------------------------------------------------------------- */

REC_EXPORT int pause(void)
{
    WAIT(TR_BLOCK_SIGNAL, 0, REAL(pause)());
}

REC_EXPORT int sigsuspend(const sigset_t *mask)
{
    WAIT(TR_BLOCK_SIGNAL, 0, REAL(sigsuspend)(mask));
}

static void received(int number, uint64_t cfa)
{
    if (rec_live.on && number > 0)
        rec_after(rec_signal_key(number), TR_BY_SIGNAL, cfa);
}

REC_EXPORT int sigwait(const sigset_t *restrict set, int *restrict number)
{
    int error = REC_WAITING(rec_live.on, TR_BLOCK_SIGNAL, 0, REAL(sigwait)(set, number));
    if (!error)
        received(*number, rec_here());
    return error;
}

REC_EXPORT int sigwaitinfo(const sigset_t *restrict set, siginfo_t *restrict info)
{
    int number = REC_WAITING(rec_live.on, TR_BLOCK_SIGNAL, 0, REAL(sigwaitinfo)(set, info));
    received(number, rec_here());
    return number;
}

REC_EXPORT int sigtimedwait(const sigset_t *restrict set, siginfo_t *restrict info,
                            const struct timespec *restrict limit)
{
    int number =
        REC_WAITING(rec_live.on, limit ? TR_BLOCK_SIGNAL | TR_BLOCK_TIMED : TR_BLOCK_SIGNAL, 0,
                    REAL(sigtimedwait)(set, info, limit));
    received(number, rec_here());
    return number;
}

/* Children.
 * -------------------------------------------------------------------------------------------- */

#define WAIT_CHILD(flags, real_call)                                                               \
    do {                                                                                           \
        __typeof__(real_call) rec_child =                                                          \
            REC_WAITING(rec_live.on && !((flags)&WNOHANG), TR_BLOCK_CHILD, 0, real_call);          \
        rec_shared_child_ended(rec_here());                                                        \
        return rec_child;                                                                          \
    } while (0)

REC_EXPORT pid_t wait(int *status)
{
    WAIT_CHILD(0, REAL(wait)(status));
}

REC_EXPORT pid_t waitpid(pid_t child, int *status, int flags)
{
    WAIT_CHILD(flags, REAL(waitpid)(child, status, flags));
}

REC_EXPORT int waitid(idtype_t type, id_t id, siginfo_t *info, int flags)
{
    WAIT_CHILD(flags, REAL(waitid)(type, id, info, flags));
}

REC_EXPORT pid_t wait3(int *status, int flags, struct rusage *usage)
{
    WAIT_CHILD(flags, REAL(wait3)(status, flags, usage));
}

REC_EXPORT pid_t wait4(pid_t child, int *status, int flags, struct rusage *usage)
{
    WAIT_CHILD(flags, REAL(wait4)(child, status, flags, usage));
}

/* Files.
 * -------------------------------------------------------------------------------------------- */

#define WAIT_FILE(waits, real_call)                                                                \
    do {                                                                                           \
        const void *key = rec_live.on ? rec_file_key(fd) : NULL;                                   \
        rec_file_order(TR_HB_BEFORE, key, rec_here());                                             \
        int rec_result =                                                                           \
            REC_WAITING(rec_live.on && (waits), TR_BLOCK_FILE_LOCK, (unsigned)fd, real_call);      \
        rec_file_order(TR_HB_AFTER, key, rec_here());                                              \
        return rec_result;                                                                         \
    } while (0)

REC_EXPORT int flock(int fd, int operation)
{
    WAIT_FILE(!(operation & (LOCK_NB | LOCK_UN)), REAL(flock)(fd, operation));
}

REC_EXPORT int lockf(int fd, int operation, off_t size)
{
    WAIT_FILE(operation == F_LOCK, REAL(lockf)(fd, operation, size));
}

REC_EXPORT int lockf64(int fd, int operation, off64_t size)
{
    WAIT_FILE(operation == F_LOCK, REAL(lockf64)(fd, operation, size));
}

REC_EXPORT int tcdrain(int fd)
{
    WAIT(TR_BLOCK_OUTPUT, (unsigned)fd, REAL(tcdrain)(fd));
}

/* They take long, but end. */

REC_EXPORT int fsync(int fd)
{
    WAIT(TR_BLOCK_OUTPUT | TR_BLOCK_TIMED, (unsigned)fd, REAL(fsync)(fd));
}

REC_EXPORT int fdatasync(int fd)
{
    WAIT(TR_BLOCK_OUTPUT | TR_BLOCK_TIMED, (unsigned)fd, REAL(fdatasync)(fd));
}
