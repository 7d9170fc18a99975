/* SPDX-License-Identifier: Apache-2.0 */
/* KIND: data-race */
/* VARIABLE: items */
/* SITE: 1 write @write writer lock */
/* SITE: 2 write @write writer lock */
/* REFUSED: taking the lock as a writer could stop somebody for ever: meet() may wait */
#include <pthread.h>

extern void meet(int *);
static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static int items;

static void *writer(void *arg)
{
    pthread_rwlock_rdlock(&lock);
    meet(&items);
    items++; /* @write */
    pthread_rwlock_unlock(&lock);
    return arg;
}

int main(void)
{
    pthread_t threads[2];
    pthread_create(&threads[0], NULL, writer, NULL);
    pthread_create(&threads[1], NULL, writer, NULL);
    return 0;
}
