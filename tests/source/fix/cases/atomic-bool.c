/* SPDX-License-Identifier: Apache-2.0 */
/* KIND: data-race */
/* VARIABLE: stop */
/* SITE: 1 read @look worker */
/* SITE: 2 write @stop end */
/* FIX: atomic */
#include <stdbool.h>

static volatile bool stop = false;
extern void work(void);
void *worker(void *arg);
void end(void);

void *worker(void *arg)
{
    while (!stop) /* @look */
        work();
    return arg;
}

void end(void)
{
    stop = true; /* @stop */
}
