/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unlocking a destroyed mutex is no unlock of what nobody holds, but a use of what is no mutex.
 */
/* EXPECT: use-after-destroy observed @gives-back @destroys */
/* FINDING: locks=pencil */
/* SOURCE: @destroys pencil */
/* SOURCE: @gives-back pencil */
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t pencil = PTHREAD_MUTEX_INITIALIZER;

int main(void)
{
    pthread_mutex_lock(&pencil);
    pthread_mutex_unlock(&pencil);
    pthread_mutex_destroy(&pencil); /* @destroys */
    pthread_mutex_unlock(&pencil);  /* @gives-back */
    printf("Done.\n");
    return 0;
}
