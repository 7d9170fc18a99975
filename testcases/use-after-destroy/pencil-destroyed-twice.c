/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Both the shop and the shopper destroy the pencil.
 */
/* EXPECT: use-after-destroy observed @again @first */
/* FINDING: locks=pencil */
/* SOURCE: @first pencil */
/* SOURCE: @again pencil */
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t pencil;

static void shop_closes(void)
{
    pthread_mutex_destroy(&pencil); /* @first */
}

int main(void)
{
    pthread_mutex_init(&pencil, NULL);
    pthread_mutex_lock(&pencil);
    pthread_mutex_unlock(&pencil);
    shop_closes();
    pthread_mutex_destroy(&pencil); /* @again */
    printf("Done.\n");
    return 0;
}
