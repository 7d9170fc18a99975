/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Locks whose bytes change while they are held, wrongly perhaps, but each is unlocked by who has
 * it: a mutex in a block that realloc moves, and one that is zeroed and then unlocked.
 */
/* EXPECT: nothing */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static pthread_mutex_t pencil = PTHREAD_MUTEX_INITIALIZER;

static void *barron(void *arg)
{
    pthread_mutex_lock(&pencil);
    memset(&pencil, 0, sizeof pencil);
    pthread_mutex_unlock(&pencil);
    return arg;
}

int main(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, barron, NULL);
    pthread_join(thread, NULL);
    printf("Unlocked.\n");
    return 0;
}
