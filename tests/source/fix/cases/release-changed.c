/* SPDX-License-Identifier: Apache-2.0 */
/* KIND: abandoned-lock */
/* SITE: 1 holds @take worker */
/* REFUSED: changes on the way */
#include <pthread.h>
#include <stddef.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int items;

struct queue {
    pthread_mutex_t lock;
    struct queue *next;
};
int worker(struct queue *queue);

int worker(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock); /* @take */
    if (items == 3) {
        queue = queue->next;
        return 1;
    }
    pthread_mutex_unlock(&queue->lock);
    return 0;
}
