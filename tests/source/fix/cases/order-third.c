/* SPDX-License-Identifier: Apache-2.0 */
/* KIND: deadlock */
/* SITE: 1 holds @a_first one */
/* SITE: 1 takes @b_second one */
/* SITE: 2 holds @b_first two */
/* SITE: 2 takes @a_second two */
/* FIX: order */
#include <pthread.h>

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
static int items;
void one(void);
void two(void);

void one(void)
{
    pthread_mutex_lock(&a); /* @a_first */
    pthread_mutex_lock(&b); /* @b_second */
    items++;
    pthread_mutex_unlock(&b);
    pthread_mutex_unlock(&a);
}

void two(void)
{
    pthread_mutex_lock(&b); /* @b_first */
    pthread_mutex_lock(&a); /* @a_second */
    items--;
    pthread_mutex_unlock(&a);
    pthread_mutex_unlock(&b);
}

/* Twice in the order of one(): so two() is turned. */
void three(void);
void three(void)
{
    pthread_mutex_lock(&a);
    pthread_mutex_lock(&b);
    items++;
    pthread_mutex_unlock(&b);
    pthread_mutex_unlock(&a);
}
