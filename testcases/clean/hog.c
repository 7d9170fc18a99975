/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Steve would like to eat all the time, but the chopsticks go round by number: after each bite
 * they pass to the next at the table, and he waits until his number comes again.
 */
/* EXPECT: nothing */
#include <pthread.h>
#include <stdio.h>

enum { PHILOSOPHERS = 3, BITES = 200 };

static pthread_mutex_t table = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t passed_on = PTHREAD_COND_INITIALIZER;
static int next, sushi_count = PHILOSOPHERS * BITES;

static void *philosopher(void *arg)
{
    int number = *(int *)arg;
    for (int i = 0; i < BITES; i++) {
        pthread_mutex_lock(&table);
        while (next != number)
            pthread_cond_wait(&passed_on, &table);
        sushi_count--;
        next = (next + 1) % PHILOSOPHERS;
        pthread_cond_broadcast(&passed_on);
        pthread_mutex_unlock(&table);
    }
    return NULL;
}

int main(void)
{
    pthread_t threads[PHILOSOPHERS];
    int numbers[PHILOSOPHERS];
    for (int i = 0; i < PHILOSOPHERS; i++) {
        numbers[i] = i;
        pthread_create(&threads[i], NULL, philosopher, &numbers[i]);
    }
    for (int i = 0; i < PHILOSOPHERS; i++)
        pthread_join(threads[i], NULL);
    printf("Sushi left: %d\n", sushi_count);
    return 0;
}
