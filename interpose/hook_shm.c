/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that processes share by name or number, and what System V has to order its users:
 * semaphores and queues. Of those each call is taken to come behind all calls of before, which
 * hides races and invents none.
 */
#include "interpose/core/order.h"
#include "interpose/core/shared.h"

#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

enum { KEY_SEMAPHORES = 59, KEY_QUEUE = 60 }; /* beside those of core/shared.c */

/* A process that opens such memory is not alone with it. */
static void begins_sharing(uint64_t cfa)
{
    struct rec_stream *s = rec_enter();
    if (s) {
        rec_before_processes(s, cfa);
        rec_leave(s);
    }
}

REC_EXPORT int shm_open(const char *name, int flags, mode_t mode)
{
    begins_sharing(rec_here());
    return REAL(shm_open)(name, flags, mode);
}

REC_EXPORT void *shmat(int id, const void *address, int flags)
{
    begins_sharing(rec_here());
    void *low = REAL(shmat)(id, address, flags);
    int error = errno;
    struct shmid_ds segment;
    if (low != (void *)-1 && rec_syscall3(SYS_shmctl, id, IPC_STAT, (long)&segment) == 0) {
        struct rec_stream *s = rec_enter();
        rec_shared_add(s, low, segment.shm_segsz, rec_mix(3, (uint64_t)id), 0, true);
        if (s)
            rec_leave(s);
    }
    errno = error;
    return low;
}

REC_EXPORT int shmdt(const void *low)
{
    rec_shared_gone(low, 1);
    return REAL(shmdt)(low);
}

REC_EXPORT int semop(int id, struct sembuf *operations, size_t count)
{
    const void *key = rec_channel((unsigned)id | 1ull << KEY_SEMAPHORES);
    rec_before(key, TR_BY_QUEUE, rec_here());
    int result = REAL(semop)(id, operations, count);
    rec_after(key, TR_BY_QUEUE, rec_here());
    return result;
}

REC_EXPORT int semtimedop(int id, struct sembuf *operations, size_t count,
                          const struct timespec *limit)
{
    const void *key = rec_channel((unsigned)id | 1ull << KEY_SEMAPHORES);
    rec_before(key, TR_BY_QUEUE, rec_here());
    int result = REAL(semtimedop)(id, operations, count, limit);
    rec_after(key, TR_BY_QUEUE, rec_here());
    return result;
}

REC_EXPORT int msgsnd(int id, const void *message, size_t size, int flags)
{
    rec_before(rec_channel((unsigned)id | 1ull << KEY_QUEUE), TR_BY_QUEUE, rec_here());
    return REAL(msgsnd)(id, message, size, flags);
}

REC_EXPORT ssize_t msgrcv(int id, void *message, size_t size, long type, int flags)
{
    ssize_t result = REAL(msgrcv)(id, message, size, type, flags);
    rec_after(rec_channel((unsigned)id | 1ull << KEY_QUEUE), TR_BY_QUEUE, rec_here());
    return result;
}
