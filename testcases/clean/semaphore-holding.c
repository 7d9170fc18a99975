/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Barron takes the ladle and waits for three plates. Two stand on the table from the beginning, and
 * Olivia, who brings the third one, needs the ladle only behind that.
 */
/* EXPECT: nothing */
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>

enum { PLATES = 2 };

static pthread_mutex_t ladle = PTHREAD_MUTEX_INITIALIZER;
static sem_t plates;
static int served;

static void *barron(void *arg)
{
    pthread_mutex_lock(&ladle);
    for (int i = 0; i < PLATES + 1; i++)
        sem_wait(&plates);
    served++;
    pthread_mutex_unlock(&ladle);
    return arg;
}

static void *olivia(void *arg)
{
    sem_post(&plates);
    pthread_mutex_lock(&ladle);
    served++;
    pthread_mutex_unlock(&ladle);
    sem_post(&plates);
    return arg;
}

int main(void)
{
    pthread_t threads[2];
    sem_init(&plates, 0, PLATES);
    pthread_create(&threads[0], NULL, barron, NULL);
    pthread_create(&threads[1], NULL, olivia, NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    printf("Served: %d\n", served);
    return 0;
}
