/* SPDX-License-Identifier: Apache-2.0 */
/* KIND: deadlock */
/* SITE: 1 holds @a_first take */
/* SITE: 1 takes @b_second take */
/* SITE: 2 holds @a_first take */
/* SITE: 2 takes @b_second take */
/* REFUSED: the locks come through pointers */
#include <pthread.h>

void take(pthread_mutex_t *first, pthread_mutex_t *second);

void take(pthread_mutex_t *first, pthread_mutex_t *second)
{
    pthread_mutex_lock(first);  /* @a_first */
    pthread_mutex_lock(second); /* @b_second */
    pthread_mutex_unlock(second);
    pthread_mutex_unlock(first);
}
