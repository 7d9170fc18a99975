/* SPDX-License-Identifier: Apache-2.0 */
/* Processes that make processes: children that lock, make threads and children of their own. */
#define _GNU_SOURCE
#include "say.h"
#include "tests/order/order.h"

#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>

extern char **environ;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t barrier;

/* What a child is for: its end, as its parent sees it. */
static void say_end(pid_t child)
{
    int status = -1;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    printf("child: exit %d, signal %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : -1,
           WIFSIGNALED(status) ? WTERMSIG(status) : 0);
}

static void locks_often(int times)
{
    for (int i = 0; i < times; i++) {
        MUST(pthread_mutex_lock(&mutex) == 0);
        pthread_mutex_unlock(&mutex);
        free(malloc((size_t)i));
    }
}

static void *locks(void *unused)
{
    locks_often(1000);
    return unused;
}

static void *meets(void *unused)
{
    locks(NULL);
    pthread_barrier_wait(&barrier);
    return unused;
}

static void child_works(void)
{
    pthread_t threads[3];
    for (int i = 0; i < 3; i++)
        threads[i] = make_thread(locks, NULL);
    for (int i = 0; i < 3; i++)
        MUST(pthread_join(threads[i], NULL) == 0);
    locks(NULL);
    pthread_t other = make_thread(meets, NULL);
    pthread_barrier_wait(&barrier);
    MUST(pthread_join(other, NULL) == 0);
}

static void *forks_from_thread(void *unused)
{
    printf("from a thread\n");
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        child_works();
        pthread_exit(NULL); /* the last thread: the process ends with 0 */
    }
    say_end(child);
    return unused;
}

static void children(void)
{
    MUST(pthread_barrier_init(&barrier, NULL, 2) == 0);
    pid_t child = fork();
    if (child == 0) {
        child_works();
        printf("in the child\n");
        pid_t grandchild = fork();
        if (grandchild == 0) {
            child_works();
            printf("in the grandchild\n");
            exit(5);
        }
        say_end(grandchild);
        exit(4);
    }
    say_end(child);
    elsewhere(forks_from_thread, NULL);
}

static volatile bool stop;

/* Resting between, so that there is less to read on a slow machine. */
static void *locks_on(void *unused)
{
    while (!stop) {
        locks_often(100);
        usleep(200);
    }
    return unused;
}

static void *forks_often(void *unused)
{
    long good = 0;
    for (int i = 0; i < 8; i++) {
        pid_t child = fork();
        if (child == 0) {
            void *block = malloc(100);
            sem_t sem;
            sem_init(&sem, 0, 1);
            sem_wait(&sem);
            free(block);
            _exit(i);
        }
        int status = -1;
        waitpid(child, &status, 0);
        good += WIFEXITED(status) && WEXITSTATUS(status) == i;
    }
    return unused ? NULL : (void *)good;
}

/* Several threads fork, while others lock and allocate. */
static void storm(void)
{
    pthread_t lockers[2], forkers[3];
    for (int i = 0; i < 2; i++)
        lockers[i] = make_thread(locks_on, NULL);
    for (int i = 0; i < 3; i++)
        forkers[i] = make_thread(forks_often, NULL);
    for (int i = 0; i < 3; i++) {
        void *good;
        pthread_join(forkers[i], &good);
        printf("%ld of 8\n", (long)good);
    }
    stop = true;
    for (int i = 0; i < 2; i++)
        pthread_join(lockers[i], NULL);
}

/* The handlers of fork lock what the program holds, and give it back on both sides. */
static void lock_all(void)
{
    pthread_mutex_lock(&mutex);
}

static void unlock_all(void)
{
    pthread_mutex_unlock(&mutex);
}

static void handlers(void)
{
    pthread_atfork(lock_all, unlock_all, unlock_all);
    for (int i = 0; i < 3; i++) {
        pid_t child = fork();
        if (child == 0) {
            SAY(pthread_mutex_trylock(&mutex));
            SAY(pthread_mutex_unlock(&mutex));
            exit(0);
        }
        say_end(child);
    }
    SAY(pthread_mutex_trylock(&mutex));
    SAY(pthread_mutex_unlock(&mutex));
}

/* A handler that forks, wherever it interrupts; parent and child go on there. */
static int forks_left = 20;
static pid_t first_process;
static int *came_through; /* shared */

static void fork_in_handler(int signal)
{
    int error = errno;
    if (getpid() == first_process && forks_left > 0 && --forks_left >= 0 && fork() == 0)
        stop = true;
    errno = error;
    (void)signal;
}

static void in_handler(void)
{
    struct itimerval often = {{0, 500}, {0, 500}};
    came_through = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    first_process = getpid();
    signal(SIGALRM, fork_in_handler);
    setitimer(ITIMER_REAL, &often, NULL);
    while (!stop && *(volatile int *)&forks_left > 0)
        locks(NULL);
    locks(NULL);
    if (getpid() != first_process) {
        __atomic_fetch_add(came_through, 1, __ATOMIC_SEQ_CST);
        _exit(0);
    }
    setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL);
    while (wait(NULL) > 0 || errno == EINTR)
        ;
    printf("%d children came through\n", *came_through);
}

static void others(void)
{
    fflush(stdout);
    pid_t child = vfork();
    if (child == 0) {
        execl("/bin/sh", "sh", "-c", "echo from vfork; exit 3", NULL);
        _exit(1);
    }
    say_end(child);
    child = vfork();
    if (child == 0)
        _exit(7);
    say_end(child);
    char *arguments[] = {"sh", "-c", "echo spawned; exit 6", NULL};
    MUST(posix_spawn(&child, "/bin/sh", NULL, NULL, arguments, environ) == 0);
    say_end(child);
    SAY(posix_spawn(&child, "/nowhere", NULL, NULL, arguments, environ));
    SAY(WEXITSTATUS(system("echo from system; exit 9")));
    FILE *pipe = popen("echo from popen; exit 8", "r");
    char line[100];
    MUST(fgets(line, sizeof line, pipe));
    printf("%s%d\n", line, WEXITSTATUS(pclose(pipe)));
    child = fork();
    if (child == 0) {
        execlp("sh", "sh", "-c", "echo executed; kill -9 $$", NULL);
        _exit(1);
    }
    say_end(child);
}

/* The C library forks in here by itself. */
/* The C library forks in there. */
static void in_terminal(void)
{
    int terminal, status = -1;
    char text[100] = "";
    pid_t child = forkpty(&terminal, NULL, NULL, NULL);
    if (child == 0) {
        child_works();
        printf("a terminal: %d, leads %d\n", isatty(0), getsid(0) == getpid());
        exit(6);
    }
    MUST(child > 0);
    size_t length = 0;
    for (ssize_t n = 1; n > 0 && length<sizeof text - 1; length += n> 0 ? (size_t)n : 0)
        n = read(terminal, text + length, sizeof text - 1 - length);
    MUST(waitpid(child, &status, 0) == child);
    printf("%s%d\n", text, WEXITSTATUS(status));
}

static void becomes_daemon(void)
{
    int ends[2];
    char text[100] = "";
    MUST(pipe(ends) == 0);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        MUST(daemon(0, 1) == 0);
        MUST(pthread_barrier_init(&barrier, NULL, 2) == 0);
        child_works();
        MUST(write(ends[1], "the daemon works\n", 17) == 17);
        _exit(0);
    }
    say_end(child);
    MUST(read(ends[0], text, sizeof text - 1) > 0);
    printf("%s", text);
}

int main(int argc, char **argv)
{
    return say_cases((struct say_case[]){{"children", children},
                                         {"storm", storm},
                                         {"handlers", handlers},
                                         {"in-handler", in_handler},
                                         {"others", others},
                                         {"daemon", becomes_daemon},
                                         {"in-terminal", in_terminal},
                                         {NULL, NULL}},
                     argc, argv);
}
