/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A semaphore of zeros: nobody ever called sem_init, since a mutex needs no such call either.
 */
/* EXPECT: use-after-destroy observed @posts */
/* FINDING: locks=hatch */
/* SOURCE: @posts hatch */
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>

static sem_t hatch;

static void *barron(void *arg)
{
    sem_post(&hatch); /* @posts */
    return arg;
}

int main(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, barron, NULL);
    pthread_join(thread, NULL);
    sem_wait(&hatch);
    printf("A plate.\n");
    return 0;
}
