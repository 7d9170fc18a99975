/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Barron alone takes a then b, and b then a. One thread cannot wait for itself here, and Olivia
 * keeps to one order with a lock of her own, so the inversion is harmless.
 */
/* EXPECT: nothing */
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t chopstick_a = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t chopstick_b = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t chopstick_c = PTHREAD_MUTEX_INITIALIZER;
static int bites;

static void eat(pthread_mutex_t *first, pthread_mutex_t *second)
{
    pthread_mutex_lock(first);
    pthread_mutex_lock(second);
    bites++;
    pthread_mutex_unlock(second);
    pthread_mutex_unlock(first);
}

static void *barron(void *arg)
{
    for (int i = 0; i < 10; i++) {
        eat(&chopstick_a, &chopstick_b);
        eat(&chopstick_b, &chopstick_a);
    }
    return arg;
}

static void *olivia(void *arg)
{
    for (int i = 0; i < 10; i++) {
        pthread_mutex_lock(&chopstick_b);
        pthread_mutex_lock(&chopstick_c);
        pthread_mutex_unlock(&chopstick_c);
        pthread_mutex_unlock(&chopstick_b);
    }
    return arg;
}

int main(void)
{
    pthread_t first, second;
    pthread_create(&first, NULL, barron, NULL);
    pthread_create(&second, NULL, olivia, NULL);
    pthread_join(first, NULL);
    pthread_join(second, NULL);
    printf("Bites: %d\n", bites);
    return 0;
}
