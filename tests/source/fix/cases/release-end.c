/* SPDX-License-Identifier: Apache-2.0 */
/* KIND: abandoned-lock */
/* SITE: 1 holds @take worker */
/* FIX: release */
#include <pthread.h>
#include <stddef.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int items;

void worker(int wanted);

void worker(int wanted)
{
    pthread_mutex_lock(&lock); /* @take */
    if (items >= wanted) {
        items -= wanted;
        pthread_mutex_unlock(&lock);
        return;
    }
}
