/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two tables order a helper each; the helpers take a b, and b a. But each table holds the kitchen
 * from before its helper comes until after it has gone, so the two helpers can never meet: a gate
 * lock that the helpers themselves do not hold.
 */
/* EXPECT: nothing */
#include <pthread.h>
#include <stdio.h>

struct helper {
    pthread_mutex_t *first, *second;
};

static pthread_mutex_t kitchen = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t chopstick_a = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t chopstick_b = PTHREAD_MUTEX_INITIALIZER;

static void *help(void *arg)
{
    struct helper *self = arg;
    pthread_mutex_lock(self->first);
    pthread_mutex_lock(self->second);
    pthread_mutex_unlock(self->second);
    pthread_mutex_unlock(self->first);
    return NULL;
}

static void *table(void *helper)
{
    pthread_t thread;
    pthread_mutex_lock(&kitchen);
    pthread_create(&thread, NULL, help, helper);
    pthread_join(thread, NULL);
    pthread_mutex_unlock(&kitchen);
    return NULL;
}

int main(void)
{
    struct helper one = {&chopstick_a, &chopstick_b}, other = {&chopstick_b, &chopstick_a};
    pthread_t barron, olivia;
    pthread_create(&barron, NULL, table, &one);
    pthread_create(&olivia, NULL, table, &other);
    pthread_join(barron, NULL);
    pthread_join(olivia, NULL);
    printf("Both tables are served.\n");
    return 0;
}
