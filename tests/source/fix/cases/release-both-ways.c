/* SPDX-License-Identifier: Apache-2.0 */
/* KIND: abandoned-lock */
/* SITE: 1 holds @take worker */
/* REFUSED: on some paths to the same way out the lock is not held */

#include <pthread.h>
#include <stddef.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int items;

void *worker(void *wanted);

void *worker(void *wanted)
{
    void *result = NULL;
    pthread_mutex_lock(&lock); /* @take */
    if (items < 3)
        goto out;
    items -= 3;
    pthread_mutex_unlock(&lock);
    result = wanted;
    if (wanted)
        return &items;
out:
    return result;
}
