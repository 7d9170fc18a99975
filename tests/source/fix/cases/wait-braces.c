/* SPDX-License-Identifier: Apache-2.0 */
/* KIND: wait-without-predicate */
/* SITE: 1 waits @wait waiter */
/* FIX: wait_loop */
#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t bell = PTHREAD_COND_INITIALIZER;
static int ready;
void ring(void);
void waiter(void);

void ring(void)
{
    pthread_mutex_lock(&lock);
    ready = 1;
    pthread_cond_signal(&bell);
    pthread_mutex_unlock(&lock);
}

void waiter(void)
{
    pthread_mutex_lock(&lock);
    if (ready == 0) {
        pthread_cond_wait(&bell, &lock); /* @wait */
    }
    ready = 0;
    pthread_mutex_unlock(&lock);
}
