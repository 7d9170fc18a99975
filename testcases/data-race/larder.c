/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two kitchens, each a process of its own, take garlic out of one larder, and count it on a slate
 * there. Nobody closes the larder's door meanwhile.
 */
/* EXPECT: data-race possible @takes */
/* SHARES: memory */
/* TSAN: sees no other process */
/* NEEDS: accesses */
/* OUTPUT: digits vary */
/* SOURCE: @takes larder->garlic larder::garlic */
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct larder {
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

int main(void)
{
    struct larder *larder =
        mmap(NULL, sizeof *larder, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    larder->garlic = 200;
    for (int i = 0; i < 2; i++)
        if (fork() == 0) {
            kitchen(larder);
            _exit(0);
        }
    while (wait(NULL) > 0)
        ;
    printf("%d heads of garlic are left.\n", larder->garlic);
    return 0;
}
