/* SPDX-License-Identifier: Apache-2.0 */
/* KIND: abandoned-lock */
/* SITE: 1 holds @take worker */
/* SITE: 1 ends @ends leave */
/* REFUSED: the section is left before its end */
#include <pthread.h>
#include <stddef.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int items;

static void leave(void)
{
    if (items == 0)
        pthread_exit(NULL); /* @ends */
}

static void *worker(void *arg)
{
    pthread_mutex_lock(&lock); /* @take */
    leave();
    if (items == 2) {
        pthread_mutex_unlock(&lock);
        return NULL;
    }
    pthread_mutex_unlock(&lock);
    return arg;
}

int main(void)
{
    pthread_t threads[2];
    pthread_create(&threads[0], NULL, worker, NULL);
    pthread_create(&threads[1], NULL, worker, NULL);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    return 0;
}
