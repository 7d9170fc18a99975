/* SPDX-License-Identifier: Apache-2.0 */
/* KIND: data-race */
/* VARIABLE: items */
/* SITE: 1 write @write writer lock */
/* SITE: 2 read @read reader */
/* REFUSED: may be called with a lock held */
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int items;

static void *writer(void *arg)
{
    pthread_mutex_lock(&lock);
    items++; /* @write */
    pthread_mutex_unlock(&lock);
    return arg;
}

static pthread_mutex_t other = PTHREAD_MUTEX_INITIALIZER;
static int *shown = &items;
static void *reader(void *arg)
{
    int now = items; /* @read */
    return now ? arg : shown;
}

static void both(void)
{
    pthread_mutex_lock(&other);
    reader(NULL);
    pthread_mutex_unlock(&other);
}

int main(void)
{
    pthread_t threads[2];
    pthread_create(&threads[0], NULL, writer, NULL);
    pthread_create(&threads[1], NULL, reader, NULL);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    both();
    return 0;
}
