/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Barron cooks, Olivia serves, with a counter for four plates between them: one mutex, a condition
 * for each side, each wait in a loop, and an empty plate at the end that says there are no more.
 * The plates themselves change hands without a lock.
 */
/* EXPECT: nothing */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROOM = 4, PLATES = 200 };

static pthread_mutex_t counter = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t plate_put = PTHREAD_COND_INITIALIZER;
static pthread_cond_t plate_taken = PTHREAD_COND_INITIALIZER;
static int *plates[ROOM], put, taken;

static void put_plate(int *plate)
{
    pthread_mutex_lock(&counter);
    while (put - taken == ROOM)
        pthread_cond_wait(&plate_taken, &counter);
    plates[put++ % ROOM] = plate;
    pthread_cond_signal(&plate_put);
    pthread_mutex_unlock(&counter);
}

static int *take_plate(void)
{
    pthread_mutex_lock(&counter);
    while (put == taken)
        pthread_cond_wait(&plate_put, &counter);
    int *plate = plates[taken++ % ROOM];
    pthread_cond_signal(&plate_taken);
    pthread_mutex_unlock(&counter);
    return plate;
}

static void *barron(void *arg)
{
    for (int i = 0; i < PLATES; i++) {
        int *plate = malloc(sizeof *plate);
        *plate = i;
        put_plate(plate);
    }
    put_plate(NULL);
    return arg;
}

static void *olivia(void *arg)
{
    long served = 0;
    for (int *plate; (plate = take_plate()) != NULL;) {
        served += *plate;
        free(plate);
    }
    *(long *)arg = served;
    return NULL;
}

int main(void)
{
    long served = 0;
    pthread_t cook, waitress;
    pthread_create(&cook, NULL, barron, NULL);
    pthread_create(&waitress, NULL, olivia, &served);
    pthread_join(cook, NULL);
    pthread_join(waitress, NULL);
    printf("Served: %ld\n", served);
    return 0;
}
