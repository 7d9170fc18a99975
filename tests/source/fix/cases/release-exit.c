/* SPDX-License-Identifier: Apache-2.0 */
/* KIND: abandoned-lock */
/* SITE: 1 holds @take worker */
/* FIX: release */
#include <pthread.h>
#include <stddef.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int items;

void *worker(void *wanted);

void *worker(void *wanted)
{
    pthread_mutex_lock(&lock); /* @take */
    while (items > 0) {
        if (items == 3)
            pthread_exit(NULL);
        items--;
    }
    pthread_mutex_unlock(&lock);
    return wanted;
}
