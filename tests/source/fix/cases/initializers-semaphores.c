/* SPDX-License-Identifier: Apache-2.0 */
/* KIND: deadlock */
/* SITE: 1 holds @first eat */
/* SITE: 1 takes @second eat */
/* SITE: 2 holds @first eat */
/* SITE: 2 takes @second eat */
/* FIX: initializers */
#include <pthread.h>
#include <semaphore.h>

struct eater {
    int number;
    sem_t *first, *second;
};
static sem_t a;
static sem_t b;
static int items;

static void *eat(void *arg)
{
    struct eater *self = arg;
    sem_wait(self->first);  /* @first */
    sem_wait(self->second); /* @second */
    items--;
    sem_post(self->second);
    sem_post(self->first);
    return NULL;
}

int main(void)
{
    static struct eater one = {1, &a, &b};
    struct eater two = {.second = &a, .first = &b, .number = 2};
    sem_init(&a, 0, 1);
    sem_init(&b, 0, 1);
    pthread_t threads[2];
    pthread_create(&threads[0], NULL, eat, &one);
    pthread_create(&threads[1], NULL, eat, &two);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    return 0;
}
