/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>

static unsigned int garlic_count;
static pthread_mutex_t pencil = PTHREAD_MUTEX_INITIALIZER;

static void *shopper(void *arg)
{
    volatile long rounds = *(long *)arg;
    for (long i = 0; i < rounds; i++)
        garlic_count++;
    return NULL;
}

int main(void)
{
    long rounds = 10000000;
    pthread_t barron, olivia;
    pthread_create(&barron, NULL, shopper, &rounds);
    pthread_create(&olivia, NULL, shopper, &rounds);
    pthread_join(barron, NULL);
    pthread_join(olivia, NULL);
    return garlic_count != 2 * rounds;
}
