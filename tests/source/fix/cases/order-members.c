/* SPDX-License-Identifier: Apache-2.0 */
/* KIND: deadlock */
/* SITE: 1 holds @a_first one */
/* SITE: 1 takes @b_second one */
/* SITE: 2 holds @b_first two */
/* SITE: 2 takes @a_second two */
/* FIX: order */
#include <pthread.h>

struct larder {
    pthread_mutex_t front, back;
    int food;
};
void one(struct larder *larder);
void two(struct larder *larder);

void one(struct larder *larder)
{
    pthread_mutex_lock(&larder->front); /* @a_first */
    pthread_mutex_lock(&larder->back);  /* @b_second */
    larder->food++;
    pthread_mutex_unlock(&larder->back);
    pthread_mutex_unlock(&larder->front);
}

void two(struct larder *larder)
{
    pthread_mutex_lock(&larder->back);  /* @b_first */
    pthread_mutex_lock(&larder->front); /* @a_second */
    larder->food--;
    pthread_mutex_unlock(&larder->front);
    pthread_mutex_unlock(&larder->back);
}
