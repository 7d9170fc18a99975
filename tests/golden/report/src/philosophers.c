/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>

static pthread_mutex_t chopstick_a = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t chopstick_b = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t chopstick_c = PTHREAD_MUTEX_INITIALIZER;

static void eat(pthread_mutex_t *first, pthread_mutex_t *second)
{
    pthread_mutex_lock(first);
    pthread_mutex_lock(second);
    pthread_mutex_unlock(second);
    pthread_mutex_unlock(first);
}

static void *barron(void *arg)
{
    eat(&chopstick_a, &chopstick_b);
    return arg;
}
