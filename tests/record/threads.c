/* SPDX-License-Identifier: Apache-2.0 */
/* Stories of threads, one a run, for threads.py, which says what the trace must tell. Each names
 * its objects on its standard output. */
#define _GNU_SOURCE
#include "tests/order/order.h"

#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <threads.h>
#include <unistd.h>

static mtx_t m;
static cnd_t c;
static once_flag once = ONCE_FLAG_INIT;
static const struct timespec long_ago = {1, 0};

#define NAME(object) printf("%s %p\n", #object, (void *)&(object))

static pthread_t make(void *(*routine)(void *), void *argument)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, routine, argument))
        abort();
    return thread;
}

static int tries(void *unused)
{
    (void)unused;
    mtx_trylock(&m);
    mtx_timedlock(&m, &long_ago);
    order_sit(1);
    mtx_lock(&m);
    mtx_unlock(&m);
    thrd_exit(3);
}

static int waits(void *unused)
{
    (void)unused;
    order_sit(2);
    mtx_lock(&m);
    cnd_wait(&c, &m);
    mtx_unlock(&m);
    return 0;
}

static void routine(void)
{
}

static int returns(void *unused)
{
    return unused != NULL;
}

static void c11(void)
{
    thrd_t thread;
    NAME(m);
    NAME(c);
    NAME(once);
    mtx_init(&m, mtx_plain);
    mtx_lock(&m);
    thrd_create(&thread, tries, NULL);
    order_await_blocked(1);
    pthread_mutex_unlock((pthread_mutex_t *)&m);
    thrd_join(thread, NULL);
    cnd_init(&c);
    thrd_create(&thread, waits, NULL);
    order_await_blocked(2);
    mtx_lock(&m);
    cnd_signal(&c);
    mtx_unlock(&m);
    thrd_join(thread, NULL);
    mtx_lock(&m);
    cnd_timedwait(&c, &m, &long_ago);
    mtx_unlock(&m);
    cnd_broadcast(&c);
    cnd_destroy(&c);
    mtx_destroy(&m);
    call_once(&once, routine);
    call_once(&once, routine);
    thrd_sleep(&(struct timespec){0, 1}, NULL);
    thrd_create(&thread, returns, NULL);
    thrd_detach(thread);
}

static void named_semaphore(void)
{
    char name[40];
    snprintf(name, sizeof name, "/snarl.story.%d", getpid());
    sem_t *one = sem_open(name, O_CREAT | O_EXCL, 0600, 2);
    sem_t *two = sem_open(name, 0);
    printf("sem %p\n", (void *)one);
    sem_wait(one);
    sem_post(two);
    sem_close(two);
    sem_wait(one);
    sem_close(one);
    sem_unlink(name);
}

static void *is_called(void *stack)
{
    prctl(PR_SET_NAME, "by prctl, which is cut");
    (void)stack;
    return NULL;
}

static void *names_itself(void *unused)
{
    pthread_setname_np(pthread_self(), "itself");
    return unused;
}

static void names(void)
{
    pthread_attr_t attributes;
    static char stack[65536] __attribute__((aligned(4096)));
    pthread_t thread;
    printf("stack %p\n", (void *)stack);
    pthread_attr_init(&attributes);
    pthread_attr_setstack(&attributes, stack, sizeof stack);
    pthread_create(&thread, &attributes, is_called, NULL);
    pthread_join(thread, NULL);
    pthread_join(make(names_itself, NULL), NULL);
    prctl(PR_SET_NAME, "main");
}

/* A process-shared mutex: the child waits for its parent, and dies with it. */
static pthread_mutex_t *robust;

static void shared(void)
{
    pthread_mutexattr_t attributes;
    robust = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(robust, &attributes);
    pthread_mutex_t *plain = robust + 1;
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_STALLED);
    pthread_mutex_init(plain, &attributes);
    int ready[2];
    if (pipe(ready))
        abort();
    printf("robust %p\nplain %p\n", (void *)robust, (void *)plain);
    fflush(stdout);
    pthread_mutex_lock(robust);
    pthread_mutex_lock(plain);
    pid_t child = fork();
    if (child == 0) {
        pthread_mutex_trylock(plain);
        pthread_mutex_trylock(robust);
        (void)!write(ready[1], "", 1);
        pthread_mutex_lock(plain);
        pthread_mutex_unlock(plain);
        pthread_mutex_lock(robust);
        _exit(0);
    }
    char byte;
    (void)!read(ready[0], &byte, 1);
    pthread_mutex_unlock(robust);
    pthread_mutex_unlock(plain);
    waitpid(child, NULL, 0);
    pthread_mutex_lock(robust);
    pthread_mutex_consistent(robust);
    pthread_mutex_unlock(robust);
}

static pthread_mutex_t in_destructor = PTHREAD_MUTEX_INITIALIZER;
static pthread_key_t key;

static void destroy(void *round)
{
    pthread_mutex_lock(&in_destructor);
    pthread_mutex_unlock(&in_destructor);
    if ((long)round < 3)
        pthread_setspecific(key, (void *)((long)round + 1));
}

static void *has_keys(void *unused)
{
    pthread_setspecific(key, (void *)1);
    return unused;
}

static void keys(void)
{
    NAME(in_destructor);
    pthread_key_create(&key, destroy);
    pthread_join(make(has_keys, NULL), NULL);
}

static pthread_mutex_t m2 = PTHREAD_MUTEX_INITIALIZER;
static sem_t never;

static void unlock(void *mutex)
{
    pthread_mutex_unlock(mutex);
}

static void *holds(void *unused)
{
    pthread_mutex_lock(&m2);
    pthread_cleanup_push(unlock, &m2);
    order_sit(3);
    sem_wait(&never);
    pthread_cleanup_pop(1);
    return unused;
}

static void *at_once(void *unused)
{
    order_await(1);
    for (;;)
        pthread_testcancel();
    return unused;
}

static void cancelled(void)
{
    NAME(m2);
    pthread_t thread = make(holds, NULL);
    order_await_blocked(3);
    pthread_cancel(thread);
    pthread_join(thread, NULL);
    thread = make(at_once, NULL); /* before it has done anything */
    pthread_cancel(thread);
    order_reach(1);
    pthread_join(thread, NULL);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*tell)(void);
    } all[] = {{"c11", c11},     {"named_semaphore", named_semaphore},
               {"names", names}, {"shared", shared},
               {"keys", keys},   {"cancelled", cancelled}};
    for (unsigned i = 0; i < sizeof all / sizeof *all && argc > 1; i++)
        if (!strcmp(argv[1], all[i].name))
            all[i].tell();
    return 0;
}
