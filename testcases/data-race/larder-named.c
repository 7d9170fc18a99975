/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The larder of larder.c, in two programs that know it by its name, and have it at places of their
 * own: this one, and what it becomes with an argument.
 */
/* EXPECT: data-race possible @takes */
/* SHARES: memory */
/* TSAN: sees no other process */
/* NEEDS: accesses */
/* OUTPUT: digits vary */
/* SOURCE: @takes larder->garlic larder::garlic */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

struct larder {
    long shelf[64];
    int garlic;
};

__attribute__((noinline)) static void take(struct larder *larder)
{
    larder->garlic--; /* @takes */
}

static void kitchen(struct larder *larder)
{
    for (int i = 0; i < 100; i++)
        take(larder);
}

static struct larder *open_larder(const char *name)
{
    int fd = shm_open(name, O_RDWR | O_CREAT, 0600);
    if (fd < 0 || ftruncate(fd, sizeof(struct larder)))
        abort();
    return mmap(NULL, sizeof(struct larder), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
}

int main(int argc, char **argv)
{
    char name[64];
    pid_t other;
    if (argc > 1) {
        kitchen(open_larder(argv[1]));
        return 0;
    }
    snprintf(name, sizeof name, "/larder.%d", (int)getpid());
    struct larder *larder = open_larder(name);
    char *arguments[] = {argv[0], name, NULL};
    if (posix_spawn(&other, "/proc/self/exe", NULL, NULL, arguments, environ))
        abort();
    kitchen(larder);
    waitpid(other, NULL, 0);
    shm_unlink(name);
    printf("%d heads of garlic were taken.\n", -larder->garlic);
    return 0;
}
