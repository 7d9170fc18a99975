/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A kitchen in which two have worked opens a second one, by fork, and there, too, two work: the
 * cook salts the soup while the guest tastes it. Whatever the first kitchen knew of its threads is
 * over.
 */
/* EXPECT: data-race observed @salt @taste */
/* SOURCE: @taste soup */
/* SOURCE: @salt soup */
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PLATES = 50 };

static pthread_mutex_t door = PTHREAD_MUTEX_INITIALIZER;
static sem_t bell;
static atomic_int guests;
static int soup;

static void *taste(void *arg)
{
    usleep(50000);
    *(int *)arg = soup; /* @taste */
    return NULL;
}

static int cook(void *(*guest)(void *), int salt)
{
    pthread_t thread;
    int tasted = 0;
    pthread_mutex_lock(&door);
    guests++;
    pthread_mutex_unlock(&door);
    sem_post(&bell);
    sem_wait(&bell);
    pthread_create(&thread, NULL, guest, &tasted);
    soup += salt; /* @salt */
    pthread_join(thread, NULL);
    return tasted;
}

static void *nobody(void *arg)
{
    *(int *)arg = 0;
    return NULL;
}

int main(void)
{
    int status = 0;
    sem_init(&bell, 0, 0);
    char *plates[PLATES];
    for (int i = 0; i < PLATES; i++)
        plates[i] = calloc(1, (size_t)i + 1);
    cook(nobody, 1);
    pid_t kitchen = fork();
    for (int i = 0; i < PLATES; i++)
        free(plates[i]);
    if (kitchen == 0)
        _exit(cook(taste, 3));
    waitpid(kitchen, &status, 0);
    printf("The soup has %d spoons of salt.\n", WEXITSTATUS(status));
    return 0;
}
