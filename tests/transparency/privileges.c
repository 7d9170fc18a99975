/* SPDX-License-Identifier: Apache-2.0 */
/* Giving up privileges, and going behind another root; each in a child. */
#define _GNU_SOURCE
#include "say.h"

#include <sys/wait.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void *works(void *unused)
{
    for (int i = 0; i < 10000; i++) {
        pthread_mutex_lock(&mutex);
        pthread_mutex_unlock(&mutex);
    }
    return unused;
}

static void in_child(void (*change)(void))
{
    fflush(stdout);
    pid_t child = fork();
    MUST(child >= 0);
    if (child == 0) {
        change();
        works(NULL);
        elsewhere(works, NULL);
        fflush(stdout);
        _exit(0);
    }
    int status;
    MUST(waitpid(child, &status, 0) == child);
    printf("status %d\n", status);
}

static void root(void)
{
    SAY(chroot("/nowhere"));
    SAY(chroot("/proc/self"));
    SAY(chdir("/"));
    SAY(access("/bin", F_OK));
}

static void user(void)
{
    SAY(seteuid(65534));
    SAY(setreuid((uid_t)-1, 0));
    SAY(setresuid(65534, 65534, 0));
    SAY(seteuid(0));
    SAY(setuid(65534));
    SAY(setuid(0));
    SAY(geteuid());
}

int main(void)
{
    in_child(root);
    in_child(user);
    return 0;
}
