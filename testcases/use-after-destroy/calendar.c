/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The calendar of last year, a reader-writer lock, is read after it was destroyed.
 */
/* EXPECT: use-after-destroy observed @reads @destroys */
/* FINDING: locks=calendar threads=2 */
/* SOURCE: @reads calendar */
/* SOURCE: @destroys calendar */
#include <pthread.h>
#include <stdio.h>

static pthread_rwlock_t calendar = PTHREAD_RWLOCK_INITIALIZER;

static void *barron(void *arg)
{
    pthread_rwlock_rdlock(&calendar); /* @reads */
    pthread_rwlock_unlock(&calendar);
    return arg;
}

int main(void)
{
    pthread_t thread;
    pthread_rwlock_wrlock(&calendar);
    pthread_rwlock_unlock(&calendar);
    pthread_rwlock_destroy(&calendar); /* @destroys */
    pthread_create(&thread, NULL, barron, NULL);
    pthread_join(thread, NULL);
    printf("Read.\n");
    return 0;
}
