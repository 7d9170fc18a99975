/* SPDX-License-Identifier: Apache-2.0 */
/* KIND: data-race */
/* VARIABLE: length of struct queue */
/* SITE: 1 write @write add queue */
/* SITE: 2 read @read is_empty */
/* FIX: under_lock */
#include <pthread.h>

struct queue {
    int length;
    pthread_mutex_t lock;
};

static void add(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    queue->length++; /* @write */
    pthread_mutex_unlock(&queue->lock);
}

static int is_empty(struct queue *of)
{
    return of->length == 0; /* @read */
}

static void *worker(void *arg)
{
    struct queue *queue = arg;
    if (is_empty(queue))
        add(queue);
    return NULL;
}

int main(void)
{
    static struct queue queue = {0, PTHREAD_MUTEX_INITIALIZER};
    pthread_t thread;
    pthread_create(&thread, NULL, worker, &queue);
    pthread_join(thread, NULL);
    return 0;
}
