/* SPDX-License-Identifier: Apache-2.0 */
/* Processes and threads made by _Fork and clone, in each way that clone has. */
#define _GNU_SOURCE
#include "say.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { STACK = 256 << 10 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int shared;

static void lock_often(int times)
{
    for (int i = 0; i < times; i++) {
        MUST(pthread_mutex_lock(&mutex) == 0);
        shared++;
        MUST(pthread_mutex_unlock(&mutex) == 0);
        free(malloc((size_t)i));
    }
}

static void *locks(void *unused)
{
    lock_often(500);
    return unused;
}

static void say_end(pid_t child)
{
    int status = -1;
    while (waitpid(child, &status, __WALL) < 0 && errno == EINTR)
        ;
    printf("child: exit %d, signal %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : -1,
           WIFSIGNALED(status) ? WTERMSIG(status) : 0);
}

static void *new_stack(void)
{
    char *low = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    MUST(low != MAP_FAILED);
    return low + STACK;
}

static int handlers_run;

static void count_handler(void)
{
    handlers_run++;
}

static void *forks(void *unused)
{
    for (int i = 0; i < 3; i++) {
        pid_t child = _Fork();
        if (child == 0) {
            lock_often(500);
            elsewhere(locks, NULL);
            _exit(handlers_run + 4);
        }
        say_end(child);
    }
    return unused;
}

static void bare_forks(void)
{
    pthread_atfork(count_handler, count_handler, count_handler);
    fflush(stdout);
    forks(NULL);
    elsewhere(forks, NULL);
    printf("%d handlers run\n", handlers_run);
}

static int as_process(void *argument)
{
    lock_often(500);
    elsewhere(locks, NULL);
    printf("a process that got %s, shared %d\n", (char *)argument, shared);
    fflush(stdout);
    return 5;
}

static int in_memory(void *argument)
{
    shared += *(int *)argument;
    return 6;
}

/* What the C library is asked for that it refuses, what shares nothing, what waits. */
static void processes(void)
{
    SAY(clone(NULL, new_stack(), SIGCHLD, NULL));
    SAY(clone(as_process, NULL, SIGCHLD, NULL));
    SAY(clone(as_process, new_stack(), CLONE_THREAD | SIGCHLD, NULL));
    SAY(clone(in_memory, new_stack(), CLONE_VM | CLONE_THREAD, NULL));
    fflush(stdout);
    say_end(clone(as_process, new_stack(), SIGCHLD, "an argument"));
    pid_t number = 0;
    pid_t child =
        clone(as_process, new_stack(), CLONE_PARENT_SETTID | SIGCHLD, "a number", &number);
    printf("same number %d\n", child == number);
    say_end(child);
    say_end(clone(as_process, new_stack(), CLONE_VFORK | SIGCHLD, "a parent that waits"));
    int by = 1000;
    int before = shared;
    say_end(clone(in_memory, new_stack(), CLONE_VM | CLONE_VFORK | SIGCHLD, &by));
    printf("shared grew by %d\n", shared - before);
    lock_often(10);
}

/* A child that has its own stack, and the thread-local storage of its maker. Both lock: the errno
 * that they share is not looked at. */
static int beside(void *argument)
{
    int *rounds = argument;
    for (int i = 0; i < 2000; i++) {
        while (__atomic_exchange_n(&rounds[1], 1, __ATOMIC_ACQUIRE))
            ;
        MUST(pthread_spin_trylock((pthread_spinlock_t *)&rounds[2]) == 0);
        rounds[0]++;
        MUST(pthread_spin_unlock((pthread_spinlock_t *)&rounds[2]) == 0);
        __atomic_store_n(&rounds[1], 0, __ATOMIC_RELEASE);
    }
    return 0;
}

static void *lends(void *rounds)
{
    pid_t child = clone(beside, new_stack(), CLONE_VM | CLONE_FS | CLONE_FILES | SIGCHLD, rounds);
    MUST(child > 0);
    beside(rounds);
    say_end(child);
    lock_often(100);
    child = fork();
    if (child == 0) {
        lock_often(100);
        exit(8);
    }
    say_end(child);
    return NULL;
}

static void lenders(void)
{
    static int rounds[3];
    pthread_spin_init((pthread_spinlock_t *)&rounds[2], 0);
    fflush(stdout);
    elsewhere(lends, rounds);
    printf("%d rounds\n", rounds[0]);
    lends(rounds);
    printf("%d rounds\n", rounds[0]);
}

/* A thread as a run-time of another language makes it: by clone, on a thread-local storage that the
 * C library laid out, or on one that lacks what pthread_self needs. */
static void *new_storage(bool with_self)
{
    void *(*allocate)(void *) =
        (void *(*)(void *))dlvsym(RTLD_DEFAULT, "_dl_allocate_tls", "GLIBC_PRIVATE");
    char *storage = allocate ? allocate(NULL) : NULL;
    MUST(storage);
    *(void **)storage = storage;
    if (with_self)
        *(void **)(storage + 16) = storage;
    return storage;
}

static int alive;

static int foreign(void *rounds)
{
    pthread_mutex_t own = PTHREAD_MUTEX_INITIALIZER;
    for (int i = 0; i < 1000; i++) {
        pthread_spin_lock((pthread_spinlock_t *)&shared);
        (*(int *)rounds)++;
        pthread_spin_unlock((pthread_spinlock_t *)&shared);
        if (!pthread_self())
            continue;
        pthread_mutex_lock(&own);
        pthread_mutex_unlock(&own);
    }
    return 0;
}

static void strangers(void)
{
    const int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
                      CLONE_SYSVSEM | CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;
    int rounds = 0;
    pthread_spin_init((pthread_spinlock_t *)&shared, 0);
    for (int i = 0; i < 4; i++) {
        alive = 1;
        MUST(clone(foreign, new_stack(), flags, &rounds, &alive, new_storage(i % 2), &alive) > 0);
        while (__atomic_load_n(&alive, __ATOMIC_ACQUIRE))
            sched_yield();
        printf("%d rounds\n", rounds);
    }
}

/* A tree of processes: each makes children of its own, to a depth. */
static int grow(int depth, int width)
{
    int grown = 1;
    lock_often(3);
    for (int i = 0; depth && i < width; i++) {
        pid_t child = fork();
        if (child == 0)
            _exit(grow(depth - 1, width));
        int status = 0;
        MUST(waitpid(child, &status, 0) == child && WIFEXITED(status));
        grown += WEXITSTATUS(status);
    }
    return grown;
}

static void tree(void)
{
    fflush(stdout);
    printf("%d processes\n", grow(5, 2));
}

/* What a child has open: what another thread had open for a moment is not among it. */
static volatile bool stop;

static void *records(void *unused)
{
    while (!stop)
        elsewhere(locks, NULL); /* whose first chunks have to be opened */
    return unused;
}

static int descriptors(void)
{
    int count = 0;
    for (int fd = 0; fd < 64; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static void leaks(void)
{
    pthread_t threads[2];
    int expected = descriptors(), more = 0;
    for (int i = 0; i < 2; i++)
        threads[i] = make_thread(records, NULL);
    for (int i = 0; i < 60; i++) {
        pid_t child = i % 2 ? fork() : _Fork();
        if (child == 0)
            _exit(descriptors());
        int status = 0;
        MUST(waitpid(child, &status, 0) == child);
        more += WEXITSTATUS(status) != expected;
    }
    stop = true;
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    printf("%d children with more descriptors\n", more);
}

int main(int argc, char **argv)
{
    return say_cases((struct say_case[]){{"bare-forks", bare_forks},
                                         {"processes", processes},
                                         {"lenders", lenders},
                                         {"strangers", strangers},
                                         {"tree", tree},
                                         {"leaks", leaks},
                                         {NULL, NULL}},
                     argc, argv);
}
