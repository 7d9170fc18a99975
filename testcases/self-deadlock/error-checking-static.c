/* SPDX-License-Identifier: Apache-2.0 */
/* The pencil checks for errors from its initialiser on: taken twice, it refuses. */
/* EXPECT: self-deadlock observed @first @again */
/* FINDING: locks=pencil */
/* SOURCE: @first pencil */
/* SOURCE: @again pencil */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static pthread_mutex_t pencil = PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP;

static void *shopper(void *arg)
{
    pthread_mutex_lock(&pencil);             /* @first */
    int error = pthread_mutex_lock(&pencil); /* @again */
    printf("The pencil: %s\n", strerror(error));
    pthread_mutex_unlock(&pencil);
    return arg;
}

int main(void)
{
    pthread_t barron;
    pthread_create(&barron, NULL, shopper, NULL);
    pthread_join(barron, NULL);
    return 0;
}
