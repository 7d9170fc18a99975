/* SPDX-License-Identifier: Apache-2.0 */
/* KIND: abandoned-lock */
/* SITE: 1 holds @take worker */
/* REFUSED: releases it on every way out */
#include <pthread.h>
#include <stddef.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int items;

int worker(int wanted);

int worker(int wanted)
{
    pthread_mutex_lock(&lock); /* @take */
    items -= wanted;
    pthread_mutex_unlock(&lock);
    return 0;
}
