/* SPDX-License-Identifier: Apache-2.0 */
/* KIND: thread-leak */
/* SITE: 0 creates @create start */
/* REFUSED: used for more than the creation */
#include <pthread.h>
#include <stddef.h>

extern void *worker(void *);
void start(int waits);

void start(int waits)
{
    pthread_t thread;
    pthread_create(&thread, NULL, worker, NULL); /* @create */
    if (waits)
        pthread_join(thread, NULL);
}
