/* SPDX-License-Identifier: Apache-2.0 */
/* Two threads count without a lock. */
#include <pthread.h>
#include <stdio.h>

static long coins;

static void *collect(void *data)
{
    (void)data;
    coins++;
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, collect, NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    printf("%s: done\n", argc > 1 ? argv[1] : "racy");
    return 0;
}
