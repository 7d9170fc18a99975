/* SPDX-License-Identifier: Apache-2.0 */
/* Programs that forbid themselves system calls: whoever makes one for them kills them. */
#define _GNU_SOURCE
#include "say.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static sem_t sem;
static int turns;

static void tell(const char *text)
{
    MUST(write(1, text, strlen(text)) > 0);
}

static __attribute__((noinline)) void deep(int frames, volatile int *count)
{
    volatile char room[32] = {0};
    if (frames) {
        deep(frames - 1, count);
    } else {
        pthread_mutex_lock(&mutex);
        ++*count;
        pthread_mutex_unlock(&mutex);
        sem_post(&sem);
        sem_trywait(&sem);
    }
    room[0]++;
}

static void work(void)
{
    volatile int count = 0;
    for (int i = 0; i < 5000; i++)
        deep(i % 40, &count);
    tell(count == 5000 ? "worked\n" : "did not\n");
}

/* More than anybody has put aside. */
enum { MANY = 320000 };
static pthread_mutex_t many[MANY];

static void work_much(int count)
{
    for (int i = 0; i < count; i++) {
        MUST(pthread_mutex_lock(&many[i]) == 0);
        MUST(pthread_mutex_unlock(&many[i]) == 0);
    }
    tell("worked much\n");
}

static void end_strictly(void)
{
    syscall(SYS_exit, 7);
}

static void strict(void)
{
    work();
    MUST(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) == 0);
    work();
    end_strictly();
}

static void strict_by_number(void)
{
    MUST(syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 0, NULL) == 0);
    work();
    work_much(MANY);
    end_strictly();
}

static void strict_at_once(void)
{
    MUST(syscall(SYS_prctl, PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0) == 0);
    work();
    end_strictly();
}

#define KILLS(call)                                                                                \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##call, 0, 1),                                         \
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)

static struct sock_filter filter[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    KILLS(open),
    KILLS(openat),
    KILLS(close),
    KILLS(fstat),
    KILLS(newfstatat),
    KILLS(mmap),
    KILLS(munmap),
    KILLS(madvise),
    KILLS(mprotect),
    KILLS(fallocate),
    KILLS(prlimit64),
    KILLS(rt_sigprocmask),
    KILLS(sched_getaffinity),
    KILLS(sched_yield),
    KILLS(clock_gettime),
    KILLS(getpid),
    KILLS(gettid),
    KILLS(readlink),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};
static struct sock_fprog program = {sizeof filter / sizeof *filter, filter};

static void enter(void)
{
    MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    MUST(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

static void filtered(void)
{
    work();
    enter();
    work();
    work_much(MANY);
}

static void *takes_turns(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&mutex);
    for (;;) {
        while (turns % 2 == 0)
            pthread_cond_wait(&cond, &mutex);
        turns++;
        pthread_cond_broadcast(&cond);
    }
    return NULL;
}

static void take_turns(int rounds)
{
    pthread_mutex_lock(&mutex);
    for (int i = 0; i < rounds; i++) {
        turns++;
        pthread_cond_broadcast(&cond);
        while (turns % 2)
            pthread_cond_wait(&cond, &mutex);
    }
    pthread_mutex_unlock(&mutex);
}

/* With another thread, which is in the sandbox as well. */
static void together(void)
{
    make_thread(takes_turns, NULL);
    take_turns(1); /* it has begun */
    MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    MUST(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) == 0);
    take_turns(2000);
    tell(turns == 4002 ? "took turns\n" : "did not\n");
}

/* What is refused changes nothing: chunks can be had again. */
static void refused(void)
{
    struct sock_fprog none = {0, NULL};
    SAY(prctl(PR_SET_SECCOMP, 77, 0, 0, 0));
    SAY(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL));
    SAY(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    SAY(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &none));
    SAY(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &none));
    SAY(syscall(SYS_seccomp, 99, 0, NULL));
    SAY(prctl(PR_GET_SECCOMP, 0, 0, 0, 0));
    work_much(MANY / 20);
}

/* A filter that was there before is no hindrance: the program is executed again under it. */
static void inherited(void)
{
    struct sock_filter harmless[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    struct sock_fprog all = {1, harmless};
    MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    MUST(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &all) == 0);
    char self[4096];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    MUST(n > 0);
    self[n] = 0;
    execl(self, self, "again", NULL);
}

static void again(void)
{
    SAY(prctl(PR_GET_SECCOMP, 0, 0, 0, 0));
    work_much(MANY / 20);
}

/* A process that only its child put into a sandbox is free; and the child of one in a sandbox is
 * in it too. */
static void children(void)
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        enter();
        work();
        _exit(3);
    }
    int status;
    MUST(waitpid(child, &status, 0) == child);
    printf("child: %d\n", WEXITSTATUS(status));
    work_much(MANY / 20);
}

int main(int argc, char **argv)
{
    sem_init(&sem, 0, 0);
    return say_cases((struct say_case[]){{"strict", strict},
                                         {"strict-by-number", strict_by_number},
                                         {"strict-at-once", strict_at_once},
                                         {"filtered", filtered},
                                         {"together", together},
                                         {"refused", refused},
                                         {"inherited", inherited},
                                         {"again", again},
                                         {"children", children},
                                         {NULL, NULL}},
                     argc, argv);
}
