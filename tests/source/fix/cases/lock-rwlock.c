/* SPDX-License-Identifier: Apache-2.0 */
/* KIND: data-race */
/* VARIABLE: items */
/* SITE: 1 write @write writer lock */
/* SITE: 2 read @read reader */
/* FIX: under_lock */
#include <pthread.h>
#include <stdio.h>

static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static int items;

static void *writer(void *arg)
{
    pthread_rwlock_wrlock(&lock);
    items++; /* @write */
    pthread_rwlock_unlock(&lock);
    return arg;
}

static void *reader(void *arg)
{
    while (items < 3) { /* @read */
        puts("few");
    }
    return arg;
}

int main(void)
{
    pthread_t threads[2];
    pthread_create(&threads[0], NULL, writer, NULL);
    pthread_create(&threads[1], NULL, reader, NULL);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    return 0;
}
