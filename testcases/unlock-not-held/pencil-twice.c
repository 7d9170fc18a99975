/* SPDX-License-Identifier: Apache-2.0 */
/*
 * On the way out of the shop Barron gives the pencil back in the function that has found the
 * garlic, and once more behind it.
 */
/* EXPECT: unlock-not-held observed @again @first */
/* FINDING: locks=pencil threads=1 sites=2 */
/* SOURCE: @first pencil */
/* SOURCE: @again pencil */
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t pencil = PTHREAD_MUTEX_INITIALIZER;
static int garlic_count;

static int buy_garlic(void)
{
    if (garlic_count++ == 0) {
        pthread_mutex_unlock(&pencil); /* @first */
        return 1;
    }
    return 0;
}

static void *barron(void *arg)
{
    pthread_mutex_lock(&pencil);
    int bought = buy_garlic();
    printf("Garlic: %d\n", bought);
    pthread_mutex_unlock(&pencil); /* @again */
    return arg;
}

int main(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, barron, NULL);
    pthread_join(thread, NULL);
    return 0;
}
