/* SPDX-License-Identifier: Apache-2.0 */
/* KIND: deadlock */
/* SITE: 1 holds @first eat */
/* SITE: 1 takes @second eat */
/* SITE: 2 holds @first eat */
/* SITE: 2 takes @second eat */
/* REFUSED: one is taken without the other */
#include <pthread.h>

struct eater {
    int number;
    pthread_mutex_t *first, *second;
};
static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t b = PTHREAD_MUTEX_INITIALIZER;
static int items;

static void *eat(void *arg)
{
    struct eater *self = arg;
    pthread_mutex_lock(self->first);  /* @first */
    pthread_mutex_lock(self->second); /* @second */
    items--;
    pthread_mutex_unlock(self->second);
    pthread_mutex_unlock(self->first);
    pthread_mutex_lock(self->first);
    pthread_mutex_unlock(self->first);
    return NULL;
}

int main(void)
{
    static struct eater one = {1, &a, &b};
    struct eater two = {.second = &a, .first = &b, .number = 2};
    pthread_t threads[2];
    pthread_create(&threads[0], NULL, eat, &one);
    pthread_create(&threads[1], NULL, eat, &two);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    return 0;
}
