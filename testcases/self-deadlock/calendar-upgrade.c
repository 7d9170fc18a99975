/* SPDX-License-Identifier: Apache-2.0 */
/* Barron reads the calendar, and wants to write it before he has given his read lock back. */
/* EXPECT: self-deadlock observed @reads @writes */
/* FINDING: locks=calendar */
/* HANGS */
/* SOURCE: @reads calendar */
/* SOURCE: @writes calendar */
#include <pthread.h>
#include <stdio.h>

static pthread_rwlock_t calendar = PTHREAD_RWLOCK_INITIALIZER;
static int today;

static void *barron(void *arg)
{
    pthread_rwlock_rdlock(&calendar); /* @reads */
    if (today == 0) {
        pthread_rwlock_wrlock(&calendar); /* @writes */
        today = 1;
        pthread_rwlock_unlock(&calendar);
    }
    pthread_rwlock_unlock(&calendar);
    return arg;
}

int main(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, barron, NULL);
    pthread_join(thread, NULL);
    printf("Today: %d\n", today);
    return 0;
}
