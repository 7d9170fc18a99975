/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three cooks meet at the table twice, each time when their pots are ready. Steve tastes with the
 * spoon before they meet first, Olivia comes with it in her hand when they meet again: there is
 * none who needs it then.
 */
/* EXPECT: nothing */
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t spoon = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t table;
static int tasted;

static void *barron(void *arg)
{
    pthread_barrier_wait(&table);
    pthread_barrier_wait(&table);
    return arg;
}

static void *olivia(void *arg)
{
    pthread_barrier_wait(&table);
    pthread_mutex_lock(&spoon);
    pthread_barrier_wait(&table);
    tasted++;
    pthread_mutex_unlock(&spoon);
    return arg;
}

static void *steve(void *arg)
{
    pthread_mutex_lock(&spoon);
    tasted++;
    pthread_mutex_unlock(&spoon);
    pthread_barrier_wait(&table);
    pthread_barrier_wait(&table);
    return arg;
}

int main(void)
{
    pthread_t threads[3];
    pthread_barrier_init(&table, NULL, 3);
    pthread_create(&threads[0], NULL, barron, NULL);
    pthread_create(&threads[1], NULL, olivia, NULL);
    pthread_create(&threads[2], NULL, steve, NULL);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    printf("Tasted: %d\n", tasted);
    return 0;
}
