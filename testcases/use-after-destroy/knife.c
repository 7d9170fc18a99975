/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A spin lock is used after it was destroyed.
 */
/* EXPECT: use-after-destroy observed @takes @destroys */
/* FINDING: locks=knife */
/* SOURCE: @takes knife */
/* SOURCE: @destroys knife */
#include <pthread.h>
#include <stdio.h>

static pthread_spinlock_t knife;

static void *barron(void *arg)
{
    pthread_spin_lock(&knife); /* @takes */
    pthread_spin_unlock(&knife);
    return arg;
}

int main(void)
{
    pthread_t thread;
    pthread_spin_init(&knife, PTHREAD_PROCESS_PRIVATE);
    pthread_spin_destroy(&knife); /* @destroys */
    pthread_create(&thread, NULL, barron, NULL);
    pthread_join(thread, NULL);
    printf("Chopped.\n");
    return 0;
}
