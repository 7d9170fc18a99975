/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nobody has the calendar when Olivia gives it back: she left it out of her hand before.
 */
/* EXPECT: unlock-not-held observed @again @first */
/* FINDING: locks=calendar */
/* SOURCE: @first calendar */
/* SOURCE: @again calendar */
#include <pthread.h>
#include <stdio.h>

static pthread_rwlock_t calendar = PTHREAD_RWLOCK_INITIALIZER;

static void *olivia(void *arg)
{
    pthread_rwlock_rdlock(&calendar);
    pthread_rwlock_unlock(&calendar); /* @first */
    pthread_rwlock_unlock(&calendar); /* @again */
    return arg;
}

int main(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, olivia, NULL);
    pthread_join(thread, NULL);
    printf("Read.\n");
    return 0;
}
