/* SPDX-License-Identifier: Apache-2.0 */
/* Attributes of threads and of what they share: how threads are made, what is refused, stacks of
 * the program's own, priorities, and two processes that share everything. */
#define _GNU_SOURCE
#include "say.h"
#include "tests/order/order.h"

#include <limits.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static sem_t sem;

static void *works(void *result)
{
    pthread_mutex_lock(&mutex);
    pthread_mutex_unlock(&mutex);
    return result;
}

static void *detaches_itself(void *unused)
{
    SAY(pthread_detach(pthread_self()));
    SAY(pthread_detach(pthread_self()));
    MUST(sem_post(&sem) == 0);
    return unused;
}

static void *says_its_attributes(void *unused)
{
    pthread_attr_t mine;
    size_t size, guard;
    void *low;
    int detached;
    MUST(pthread_getattr_np(pthread_self(), &mine) == 0);
    pthread_attr_getstack(&mine, &low, &size);
    pthread_attr_getguardsize(&mine, &guard);
    pthread_attr_getdetachstate(&mine, &detached);
    printf("stack %zu, guard %zu, detached %d, inside %d\n", size, guard, detached,
           (char *)&mine > (char *)low && (char *)&mine < (char *)low + size);
    pthread_attr_destroy(&mine);
    sem_post(&sem);
    return unused;
}

static void make(const pthread_attr_t *attributes, bool join)
{
    pthread_t thread;
    MUST(pthread_create(&thread, attributes, says_its_attributes, NULL) == 0);
    MUST(sem_wait(&sem) == 0);
    if (join)
        SAY(pthread_join(thread, NULL));
}

static void made(void)
{
    pthread_attr_t attributes;
    sem_init(&sem, 0, 0);
    make(NULL, true);
    pthread_attr_init(&attributes);
    SAY(pthread_attr_setguardsize(&attributes, 0));
    SAY(pthread_attr_setstacksize(&attributes, 100000));
    make(&attributes, true);
    SAY(pthread_attr_setguardsize(&attributes, 65536));
    SAY(pthread_attr_setstacksize(&attributes, 1 << 20));
    make(&attributes, true);
    SAY(pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED));
    make(&attributes, false);
    pthread_t thread;
    MUST(pthread_create(&thread, NULL, detaches_itself, NULL) == 0);
    SAY(sem_wait(&sem));
    /* Its attributes are read when it is made, and not later. */
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_JOINABLE);
    MUST(pthread_create(&thread, &attributes, works, (void *)5) == 0);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_destroy(&attributes);
    void *result;
    SAY(pthread_join(thread, &result));
    printf("result %ld\n", (long)result);
}

static void refused(void)
{
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    SAY(pthread_attr_setstacksize(&attributes, 1000));
    SAY(pthread_attr_setstacksize(&attributes, 1ul << 46));
    SAY(pthread_create(&thread, &attributes, works, NULL));
    SAY(pthread_attr_setstacksize(&attributes, PTHREAD_STACK_MIN));
    SAY(pthread_attr_setguardsize(&attributes, PTHREAD_STACK_MIN * 4));
    SAY(pthread_create(&thread, &attributes, works, NULL));
    SAY(pthread_join(thread, NULL)); /* or it may hold the mutex that is tried below */
    pthread_attr_destroy(&attributes);
    pthread_attr_init(&attributes);
    cpu_set_t none;
    CPU_ZERO(&none);
    SAY(pthread_attr_setaffinity_np(&attributes, sizeof none, &none));
    SAY(pthread_create(&thread, &attributes, works, NULL));
    pthread_attr_destroy(&attributes);
    struct rlimit few = {1, 1};
    if (getuid() == 0 && setgid(65534) == 0 && setuid(65534) == 0)
        printf("nobody\n");
    struct sched_param high = {.sched_priority = 50};
    pthread_attr_init(&attributes);
    pthread_attr_setinheritsched(&attributes, PTHREAD_EXPLICIT_SCHED);
    SAY(pthread_attr_setschedpolicy(&attributes, SCHED_FIFO));
    SAY(pthread_attr_setschedparam(&attributes, &high));
    SAY(pthread_create(&thread, &attributes, works, NULL));
    MUST(setrlimit(RLIMIT_NPROC, &few) == 0);
    SAY(pthread_create(&thread, NULL, works, NULL));
    SAY(pthread_mutex_trylock(&mutex));
    SAY(pthread_mutex_unlock(&mutex));
}

/* One stack after the other on the same memory, each with locks of its own at the same places. */
static void *locks_on_stack(void *number)
{
    pthread_mutex_t own;
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, (long)number % 3);
    MUST(pthread_mutex_init(&own, &attributes) == 0);
    pthread_mutex_lock(&own);
    printf("%ld: %d\n", (long)number, pthread_mutex_trylock(&own));
    return number;
}

static void own_stacks(void)
{
    enum { SIZE = 65536 };
    char *memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    MUST(memory != MAP_FAILED && pthread_attr_setstack(&attributes, memory, SIZE) == 0);
    for (long i = 0; i < 12; i++) {
        pthread_t thread;
        void *result;
        MUST(pthread_create(&thread, &attributes, locks_on_stack, (void *)i) == 0);
        MUST(pthread_join(thread, &result) == 0 && result == (void *)i);
    }
    sem_init(&sem, 0, 0);
    make(&attributes, true);
    SAY(munmap(memory, SIZE));
}

static void names(void)
{
    char name[32];
    SAY(pthread_setname_np(pthread_self(), "a name that is too long"));
    SAY(pthread_setname_np(pthread_self(), "fifteen letters"));
    SAY(pthread_getname_np(pthread_self(), name, sizeof name));
    printf("%s\n", name);
    SAY(prctl(PR_SET_NAME, "by prctl, and cut there", 0, 0, 0));
    SAY(prctl(PR_GET_NAME, name, 0, 0, 0));
    printf("%s\n", name);
    SAY(prctl(PR_SET_NAME, NULL, 0, 0, 0));
    SAY(prctl(-1, 0, 0, 0, 0));
    SAY(prctl(PR_GET_DUMPABLE));
}

static void priorities(void)
{
    pthread_mutexattr_t attributes;
    pthread_mutex_t ceiling;
    int old = -1;
    pthread_mutexattr_init(&attributes);
    SAY(pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_PROTECT));
    SAY(pthread_mutexattr_setprioceiling(&attributes, 1));
    SAY(pthread_mutex_init(&ceiling, &attributes));
    SAY(pthread_mutex_getprioceiling(&ceiling, &old));
    printf("ceiling %d\n", old);
    /* Refused to a thread whose own priority is not in range. */
    SAY(pthread_mutex_trylock(&ceiling));
    SAY(pthread_mutex_lock(&ceiling));
    SAY(pthread_mutex_timedlock(&ceiling, &long_ago));
    SAY(pthread_mutex_destroy(&ceiling));
    SAY(pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST));
    SAY(pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT));
    SAY(pthread_mutex_init(&ceiling, &attributes));
    SAY(pthread_mutex_lock(&ceiling));
    SAY(pthread_mutex_trylock(&ceiling));
    SAY(pthread_mutex_unlock(&ceiling));
    SAY(pthread_mutex_destroy(&ceiling));
}

/* All that two processes can share. */
struct shared {
    pthread_mutex_t mutex, robust;
    pthread_cond_t cond;
    pthread_barrier_t barrier;
    pthread_rwlock_t rwlock;
    pthread_spinlock_t spin;
    sem_t sem;
    int turns;
};

static struct shared *shared_objects(void)
{
    struct shared *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_mutexattr_t mutex_attributes;
    pthread_condattr_t cond_attributes;
    pthread_barrierattr_t barrier_attributes;
    pthread_rwlockattr_t rwlock_attributes;
    MUST(shared != MAP_FAILED);
    pthread_mutexattr_init(&mutex_attributes);
    pthread_mutexattr_setpshared(&mutex_attributes, PTHREAD_PROCESS_SHARED);
    SAY(pthread_mutex_init(&shared->mutex, &mutex_attributes));
    pthread_mutexattr_setrobust(&mutex_attributes, PTHREAD_MUTEX_ROBUST);
    SAY(pthread_mutex_init(&shared->robust, &mutex_attributes));
    pthread_condattr_init(&cond_attributes);
    pthread_condattr_setpshared(&cond_attributes, PTHREAD_PROCESS_SHARED);
    SAY(pthread_cond_init(&shared->cond, &cond_attributes));
    pthread_barrierattr_init(&barrier_attributes);
    pthread_barrierattr_setpshared(&barrier_attributes, PTHREAD_PROCESS_SHARED);
    SAY(pthread_barrier_init(&shared->barrier, &barrier_attributes, 2));
    pthread_rwlockattr_init(&rwlock_attributes);
    pthread_rwlockattr_setpshared(&rwlock_attributes, PTHREAD_PROCESS_SHARED);
    SAY(pthread_rwlock_init(&shared->rwlock, &rwlock_attributes));
    SAY(pthread_spin_init(&shared->spin, PTHREAD_PROCESS_SHARED));
    SAY(sem_init(&shared->sem, 1, 0));
    return shared;
}

static void takes_turns(struct shared *shared, int me)
{
    for (int i = 0; i < 50; i++) {
        pthread_mutex_lock(&shared->mutex);
        while (shared->turns % 2 != me)
            pthread_cond_wait(&shared->cond, &shared->mutex);
        shared->turns++;
        pthread_cond_signal(&shared->cond);
        pthread_mutex_unlock(&shared->mutex);
        pthread_barrier_wait(&shared->barrier);
        pthread_rwlock_wrlock(&shared->rwlock);
        pthread_spin_lock(&shared->spin);
        pthread_spin_unlock(&shared->spin);
        pthread_rwlock_unlock(&shared->rwlock);
    }
}

static void processes(void)
{
    struct shared *shared = shared_objects();
    fflush(stdout);
    pthread_mutex_lock(&shared->mutex); /* at the time of the fork */
    pthread_mutex_lock(&shared->robust);
    pid_t child = fork();
    if (child == 0) {
        MUST(pthread_mutex_trylock(&shared->mutex) == EBUSY);
        MUST(pthread_mutex_trylock(&shared->robust) == EBUSY);
        sem_post(&shared->sem);
        takes_turns(shared, 1);
        MUST(pthread_mutex_lock(&shared->robust) == 0);
        sem_post(&shared->sem);
        _exit(0); /* with it */
    }
    SAY(sem_wait(&shared->sem));
    pthread_mutex_unlock(&shared->mutex);
    pthread_mutex_unlock(&shared->robust);
    takes_turns(shared, 0);
    SAY(sem_wait(&shared->sem));
    SAY(pthread_mutex_lock(&shared->robust));
    SAY(pthread_mutex_consistent(&shared->robust));
    SAY(pthread_mutex_unlock(&shared->robust));
    int status;
    MUST(waitpid(child, &status, 0) == child);
    printf("child %d, turns %d\n", status, shared->turns);
    SAY(pthread_barrier_destroy(&shared->barrier));
    SAY(pthread_cond_destroy(&shared->cond));
    SAY(pthread_mutex_destroy(&shared->mutex));
    SAY(munmap(shared, sizeof *shared));
}

int main(int argc, char **argv)
{
    return say_cases((struct say_case[]){{"made", made},
                                         {"refused", refused},
                                         {"own-stacks", own_stacks},
                                         {"names", names},
                                         {"priorities", priorities},
                                         {"processes", processes},
                                         {NULL, NULL}},
                     argc, argv);
}
