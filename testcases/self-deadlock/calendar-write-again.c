/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whoever writes the calendar asks for it again, to write and to read. Both are refused (EDEADLK),
 * and since nobody looks at that, the lock is given back too early.
 */
/* EXPECT: self-deadlock observed @writes @again */
/* EXPECT: self-deadlock observed @writes @reads */
/* FINDING: locks=calendar */
/* SOURCE: @writes calendar */
/* SOURCE: @again calendar */
/* SOURCE: @reads calendar */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static pthread_rwlock_t calendar = PTHREAD_RWLOCK_INITIALIZER;

static void *writer(void *arg)
{
    pthread_rwlock_wrlock(&calendar);             /* @writes */
    int error = pthread_rwlock_wrlock(&calendar); /* @again */
    printf("To write again: %s\n", strerror(error));
    error = pthread_rwlock_rdlock(&calendar); /* @reads */
    printf("To read: %s\n", strerror(error));
    pthread_rwlock_unlock(&calendar);
    return arg;
}

int main(void)
{
    pthread_t olivia;
    pthread_create(&olivia, NULL, writer, NULL);
    pthread_join(olivia, NULL);
    return 0;
}
