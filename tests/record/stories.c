/* SPDX-License-Identifier: Apache-2.0 */
/* Short stories for the recorder, one a run. Each names its objects on its standard output; what
 * the trace must tell of them stands in stories_test.c. */
#define _GNU_SOURCE
#include "tests/order/order.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER, other = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t rw = PTHREAD_RWLOCK_INITIALIZER;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER;
static pthread_spinlock_t spin;
static pthread_barrier_t b;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static sem_t sem;
static const struct timespec long_ago = {1, 0};

#define NAME(object) printf("%s %p\n", #object, (void *)&(object))

static pthread_t make(void *(*routine)(void *), void *argument)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, routine, argument))
        abort();
    return thread;
}

static void *fails(void *unused)
{
    pthread_mutex_trylock(&m);
    pthread_mutex_timedlock(&m, &long_ago);
    return unused;
}

static void mutex_tries(void)
{
    NAME(m);
    pthread_mutex_lock(&m);
    pthread_join(make(fails, NULL), NULL);
    pthread_mutex_unlock(&m);
    pthread_mutex_trylock(&m);
    pthread_mutex_unlock(&m);
    pthread_mutex_timedlock(&m, &long_ago);
    pthread_mutex_unlock(&m);
    pthread_mutex_destroy(&m);
    pthread_mutex_init(&m, NULL);
    pthread_mutex_init(&m, NULL);
}

static void *waits(void *unused)
{
    order_sit(1);
    pthread_mutex_lock(&m);
    pthread_mutex_unlock(&m);
    return unused;
}

static void mutex_contended(void)
{
    NAME(m);
    pthread_mutex_lock(&m);
    pthread_t thread = make(waits, NULL);
    order_await_blocked(1);
    pthread_mutex_unlock(&m);
    pthread_join(thread, NULL);
}

static void mutex_kinds(void)
{
    pthread_mutexattr_t a;
    pthread_mutexattr_init(&a);
    NAME(m);
    NAME(other);
    pthread_mutexattr_settype(&a, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&m, &a);
    pthread_mutex_lock(&m);
    pthread_mutex_lock(&m);
    pthread_mutex_unlock(&m);
    pthread_mutex_unlock(&m);
    pthread_mutex_unlock(&m);
    pthread_mutexattr_settype(&a, PTHREAD_MUTEX_ERRORCHECK);
    pthread_mutex_init(&other, &a);
    pthread_mutex_unlock(&other);
    pthread_cond_wait(&c, &other);
    pthread_mutex_lock(&other);
    pthread_mutex_lock(&other);
    pthread_mutex_unlock(&other);
}

static void *dies(void *unused)
{
    pthread_mutex_lock(&m);
    return unused;
}

static void mutex_robust(void)
{
    pthread_mutexattr_t a;
    pthread_mutexattr_init(&a);
    pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
    NAME(m);
    pthread_mutex_init(&m, &a);
    pthread_join(make(dies, NULL), NULL);
    pthread_mutex_lock(&m);
    pthread_mutex_consistent(&m);
    pthread_mutex_unlock(&m);
}

static void *reads(void *unused)
{
    pthread_rwlock_rdlock(&rw);
    pthread_rwlock_trywrlock(&rw);
    pthread_rwlock_unlock(&rw);
    order_sit(2);
    pthread_rwlock_wrlock(&rw);
    pthread_rwlock_unlock(&rw);
    return unused;
}

static void rwlock(void)
{
    NAME(rw);
    pthread_rwlock_rdlock(&rw);
    pthread_t thread = make(reads, NULL);
    order_await_blocked(2);
    pthread_rwlock_unlock(&rw);
    pthread_join(thread, NULL);
    pthread_rwlock_tryrdlock(&rw);
    pthread_rwlock_unlock(&rw);
    pthread_rwlock_destroy(&rw);
}

static void spins(void)
{
    NAME(spin);
    pthread_spin_init(&spin, 0);
    pthread_spin_lock(&spin);
    pthread_spin_trylock(&spin);
    pthread_spin_unlock(&spin);
    pthread_spin_destroy(&spin);
}

static void *sleeps(void *unused)
{
    order_sit(3);
    pthread_mutex_lock(&m);
    pthread_cond_wait(&c, &m);
    pthread_mutex_unlock(&m);
    return unused;
}

static void cond(void)
{
    NAME(m);
    NAME(c);
    pthread_t thread = make(sleeps, NULL);
    order_await_blocked(3);
    pthread_mutex_lock(&m);
    pthread_cond_signal(&c);
    pthread_mutex_unlock(&m);
    pthread_join(thread, NULL);
    pthread_mutex_lock(&m);
    pthread_cond_timedwait(&c, &m, &long_ago);
    pthread_mutex_unlock(&m);
    pthread_cond_broadcast(&c);
    pthread_cond_destroy(&c);
}

static void unlock(void *mutex)
{
    pthread_mutex_unlock(mutex);
}

static void *sleeps_for_ever(void *unused)
{
    order_sit(4);
    pthread_mutex_lock(&m);
    pthread_cleanup_push(unlock, &m);
    pthread_cond_wait(&c, &m);
    pthread_cleanup_pop(1);
    return unused;
}

static void cond_cancelled(void)
{
    NAME(m);
    NAME(c);
    pthread_t thread = make(sleeps_for_ever, NULL);
    order_await_blocked(4);
    pthread_cancel(thread);
    pthread_join(thread, NULL);
}

static void *takes_token(void *unused)
{
    order_sit(5);
    sem_wait(&sem);
    return unused;
}

static void semaphore(void)
{
    NAME(sem);
    sem_init(&sem, 0, 1);
    sem_wait(&sem);
    sem_trywait(&sem);
    sem_timedwait(&sem, &long_ago);
    pthread_t thread = make(takes_token, NULL);
    order_await_blocked(5);
    sem_post(&sem);
    pthread_join(thread, NULL);
    sem_destroy(&sem);
}

static void *meets(void *unused)
{
    order_sit(6);
    pthread_barrier_wait(&b);
    pthread_barrier_wait(&b);
    return unused;
}

static void barrier(void)
{
    NAME(b);
    pthread_barrier_init(&b, NULL, 2);
    pthread_t thread = make(meets, NULL);
    order_await_blocked(6);
    pthread_barrier_wait(&b);
    order_await_blocked(6);
    pthread_barrier_wait(&b);
    pthread_join(thread, NULL);
    pthread_barrier_destroy(&b);
}

static void routine(void)
{
    pthread_mutex_lock(&m);
    pthread_mutex_unlock(&m);
}

static void *calls_once(void *unused)
{
    pthread_once(&once, routine);
    pthread_once(&once, routine);
    return unused;
}

static void once_only(void)
{
    NAME(once);
    NAME(m);
    calls_once(NULL);
    pthread_join(make(calls_once, NULL), NULL);
}

static void *returns(void *unused)
{
    return unused;
}

static void *exits(void *unused)
{
    pthread_setname_np(pthread_self(), "leaver");
    pthread_exit(unused);
}

static void *sits(void *seat)
{
    order_sit((int)(long)seat);
    sem_wait(&sem);
    return seat;
}

static void threads(void)
{
    sem_init(&sem, 0, 0);
    pthread_join(make(returns, NULL), NULL);
    pthread_join(make(exits, NULL), NULL);
    pthread_t thread = make(sits, (void *)7);
    order_await_blocked(7);
    pthread_cancel(thread);
    pthread_join(thread, NULL);
    thread = make(sits, (void *)9);
    pthread_detach(thread);
    pthread_attr_t detached;
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    pthread_create(&thread, &detached, sits, (void *)10);
    order_await_blocked(9);
    order_await_blocked(10);
}

static void heap(void)
{
    struct {
        char before[64];
        pthread_mutex_t in_block;
    } *block = calloc(1, sizeof *block);
    pthread_mutex_t *in_block = &block->in_block;
    printf("in_block %p\n", (void *)in_block);
    pthread_mutex_lock(in_block);
    pthread_mutex_unlock(in_block);
    free(block);
}

static void *locks_on_stack(void *unused)
{
    pthread_mutex_t on_stack = PTHREAD_MUTEX_INITIALIZER;
    NAME(on_stack);
    pthread_mutex_lock(&on_stack);
    pthread_mutex_unlock(&on_stack);
    return unused;
}

static void stack(void)
{
    pthread_join(make(locks_on_stack, NULL), NULL);
}

static void *forks(void *unused)
{
    pthread_mutex_lock(&m);
    pid_t child = fork();
    if (child == 0) {
        pthread_mutex_unlock(&m);
        pthread_mutex_lock(&m);
        pthread_barrier_wait(&b);
        exit(3);
    }
    waitpid(child, NULL, 0);
    pthread_mutex_unlock(&m);
    return unused;
}

static void child(void)
{
    NAME(m);
    NAME(b);
    pthread_barrier_init(&b, NULL, 1);
    pthread_barrier_wait(&b);
    fflush(stdout);
    pthread_join(make(forks, NULL), NULL);
}

/* Counts each operation in a shared mapping when it is done, until it is killed. */
static void counts(void)
{
    unsigned long *done = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, 3, 0);
    NAME(m);
    fflush(stdout);
    for (;;) {
        pthread_mutex_lock(&m);
        ++*(volatile unsigned long *)done;
        pthread_mutex_unlock(&m);
        ++*(volatile unsigned long *)done;
    }
}

static void *deadlocks(void *unused)
{
    pthread_mutex_lock(&other);
    order_reach(8);
    order_sit(8);
    pthread_mutex_lock(&m);
    return unused;
}

/* Two threads wait for each other; somebody else ends the process. */
static void deadlock(void)
{
    NAME(m);
    NAME(other);
    pthread_mutex_lock(&m);
    make(deadlocks, NULL);
    order_await_blocked(8);
    fflush(stdout);
    pthread_mutex_lock(&other);
}

static __attribute__((noinline)) void descend(int depth, volatile char *room)
{
    volatile char *more = __builtin_alloca((size_t)depth % 3 * 16 + 16);
    more[0] = room[0];
    if (depth)
        descend(depth - 1, more);
    else
        pthread_mutex_lock(&m), pthread_mutex_unlock(&m);
    more[0]++;
}

static __attribute__((noinline)) void left(volatile char *room)
{
    descend(5, room);
    room[0]++;
}

static __attribute__((noinline)) void right(volatile char *room)
{
    descend(5, room);
    room[0]++;
}

/* Equal depth, other callers; deep, deeper; frames of other sizes. */
static void stacks(void)
{
    static const int depths[] = {0, 10, 40, 61, 62, 70, 200};
    char room[16] = {0};
    NAME(m);
    for (int i = 0; i < 10; i++) {
        left(room);
        right(room);
    }
    for (unsigned i = 0; i < sizeof depths / sizeof *depths; i++)
        for (int again = 0; again < 2; again++)
            descend(depths[i], room);
    for (unsigned size = 16; size < 4096; size *= 2) {
        char *more = __builtin_alloca(size);
        more[0] = 0;
        left(more);
    }
}

/* All at once at objects that nobody has used yet. */
enum { CROWD = 4, FRESH = 3000 };

static pthread_mutex_t fresh[FRESH];

static void *crowds(void *unused)
{
    for (int i = 0; i < FRESH; i++) {
        if (i % 10 == 0)
            order_meet(0, CROWD);
        pthread_mutex_lock(&fresh[i]);
        pthread_mutex_unlock(&fresh[i]);
    }
    return unused;
}

static void crowd(void)
{
    pthread_t threads[CROWD];
    printf("fresh %p\nafter %p\n", (void *)fresh, (void *)(fresh + FRESH));
    for (int i = 0; i < CROWD; i++)
        threads[i] = make(crowds, NULL);
    for (int i = 0; i < CROWD; i++)
        pthread_join(threads[i], NULL);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*tell)(void);
    } all[] = {{"mutex_tries", mutex_tries},
               {"mutex_contended", mutex_contended},
               {"mutex_kinds", mutex_kinds},
               {"mutex_robust", mutex_robust},
               {"rwlock", rwlock},
               {"spins", spins},
               {"cond", cond},
               {"cond_cancelled", cond_cancelled},
               {"semaphore", semaphore},
               {"barrier", barrier},
               {"once_only", once_only},
               {"threads", threads},
               {"heap", heap},
               {"stack", stack},
               {"child", child},
               {"counts", counts},
               {"deadlock", deadlock},
               {"crowd", crowd},
               {"stacks", stacks}};
    for (unsigned i = 0; i < sizeof all / sizeof *all && argc > 1; i++)
        if (!strcmp(argv[1], all[i].name))
            all[i].tell();
    return 0;
}
