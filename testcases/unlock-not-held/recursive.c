/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The recursive pencil, taken twice, is given back three times.
 */
/* EXPECT: unlock-not-held observed @third @second */
/* FINDING: locks=pencil threads=1 */
/* SOURCE: @second pencil */
/* SOURCE: @third pencil */
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t pencil;

static void *barron(void *arg)
{
    pthread_mutex_lock(&pencil);
    pthread_mutex_lock(&pencil);
    pthread_mutex_unlock(&pencil);
    pthread_mutex_unlock(&pencil);             /* @second */
    int error = pthread_mutex_unlock(&pencil); /* @third */
    printf("Refused: %d\n", error != 0);
    return arg;
}

int main(void)
{
    pthread_t thread;
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&pencil, &attributes);
    pthread_create(&thread, NULL, barron, NULL);
    pthread_join(thread, NULL);
    pthread_mutex_destroy(&pencil);
    return 0;
}
