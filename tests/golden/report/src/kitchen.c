/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>

struct shelf {
    pthread_mutex_t lock;
    int jars[3];
};

static struct shelf shelf = {PTHREAD_MUTEX_INITIALIZER, {0}};

static int take(pthread_mutex_t *lock)
{
    return pthread_mutex_lock(lock);
}

static void *cook(void *number)
{
	/* für alle */ shelf.jars[0] += 1; /* a tab before, and an umlaut */
    shelf
        .jars[1] += 1;
    if (number)
        take(&shelf.lock);
    return number;
}

int main(void)
{
    pthread_t barron;
    pthread_create(&barron, NULL, cook, &shelf);
    cook(NULL);
    return pthread_join(barron, NULL);
}
