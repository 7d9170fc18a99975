/* SPDX-License-Identifier: Apache-2.0 */
/* KIND: thread-leak */
/* SITE: 0 creates @create start */
/* FIX: detach */
#include <pthread.h>
#include <stddef.h>

extern void *worker(void *);
void start(void);

void start(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, worker, NULL); /* @create */
}
