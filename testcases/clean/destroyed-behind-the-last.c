/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A semaphore, a condition and a barrier are destroyed, and their memory freed, just after whoever
 * waited there was let through, and while it is on its way out.
 */
/* EXPECT: nothing */
/* TSAN: takes a destruction behind the last user for a race */
#include "order.h"
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROUNDS = 100 };

struct meal {
    pthread_mutex_t lock;
    pthread_cond_t bell;
    int ready, taken;
    sem_t hatch, *done;
    pthread_barrier_t table;
};

static void *guest(void *arg)
{
    struct meal *meal = arg;
    sem_wait(&meal->hatch);
    pthread_mutex_lock(&meal->lock);
    while (!meal->ready)
        pthread_cond_wait(&meal->bell, &meal->lock);
    pthread_mutex_unlock(&meal->lock);
    pthread_barrier_wait(&meal->table);
    return NULL;
}

static void *semaphore_guest(void *arg)
{
    sem_wait(arg);
    return NULL;
}

/* POSIX allows this: nobody is blocked there any more. */
static void posted_and_destroyed(void)
{
    pthread_t thread;
    sem_t *hatch = malloc(sizeof *hatch);
    sem_init(hatch, 0, 0);
    pthread_create(&thread, NULL, semaphore_guest, hatch);
    sem_post(hatch);
    pthread_join(thread, NULL);
    sem_destroy(hatch);
    free(hatch);
}

static void rung_and_destroyed(void)
{
    pthread_t threads[2];
    struct meal *meal = calloc(1, sizeof *meal);
    pthread_mutex_init(&meal->lock, NULL);
    pthread_cond_init(&meal->bell, NULL);
    sem_init(&meal->hatch, 0, 0);
    pthread_barrier_init(&meal->table, NULL, 3);
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, guest, meal);
    sem_post(&meal->hatch);
    sem_post(&meal->hatch);
    pthread_mutex_lock(&meal->lock);
    meal->ready = 1;
    pthread_cond_broadcast(&meal->bell);
    pthread_mutex_unlock(&meal->lock);
    pthread_barrier_wait(&meal->table);
    pthread_barrier_destroy(&meal->table);
    pthread_cond_destroy(&meal->bell);
    sem_destroy(&meal->hatch);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    pthread_mutex_destroy(&meal->lock);
    free(meal);
}

/* The bell goes as soon as it has been rung; the guests still have to get their lock. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t bell = PTHREAD_COND_INITIALIZER;
static int ready;

static void *bell_guest(void *seat)
{
    order_sit(*(int *)seat);
    pthread_mutex_lock(&lock);
    while (!ready)
        pthread_cond_wait(&bell, &lock);
    pthread_mutex_unlock(&lock);
    return NULL;
}

static void bell_goes(void)
{
    pthread_t threads[2];
    int seats[2] = {0, 1};
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, bell_guest, &seats[i]);
    for (int i = 0; i < 2; i++)
        order_await_blocked(i);
    pthread_mutex_lock(&lock);
    ready = 1;
    pthread_cond_broadcast(&bell);
    pthread_mutex_unlock(&lock);
    pthread_cond_destroy(&bell);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
}

/* The same with a semaphore of which each post lets one through. */
static sem_t hatch;

static void *hatch_guest(void *seat)
{
    order_sit(*(int *)seat);
    sem_wait(&hatch);
    return NULL;
}

static void hatch_goes(void)
{
    pthread_t threads[2];
    int seats[2] = {2, 3};
    sem_init(&hatch, 0, 0);
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, hatch_guest, &seats[i]);
    for (int i = 0; i < 2; i++)
        order_await_blocked(2 + i);
    sem_post(&hatch);
    sem_post(&hatch);
    sem_destroy(&hatch);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
}

int main(void)
{
    for (int round = 0; round < ROUNDS; round++) {
        posted_and_destroyed();
        rung_and_destroyed();
    }
    bell_goes();
    hatch_goes();
    printf("All have eaten.\n");
    return 0;
}
