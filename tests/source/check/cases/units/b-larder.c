/* SPDX-License-Identifier: Apache-2.0 */
#include "larder.h"

#include <stdlib.h>

pthread_mutex_t pencil = PTHREAD_MUTEX_INITIALIZER, spoon = PTHREAD_MUTEX_INITIALIZER;

void open_door(struct larder *larder)
{
    pthread_mutex_lock(&larder->door);
}

void close_door(struct larder *larder)
{
    pthread_mutex_unlock(&larder->door);
}

int try_door(struct larder *larder)
{
    return pthread_mutex_trylock(&larder->door) == 0;
}

void write_list(struct larder *larder)
{
    pthread_mutex_lock(&larder->door); /* @again */
    larder->garlic++;
    pthread_mutex_unlock(&larder->door);
}

void stir(void)
{
    pthread_mutex_lock(&spoon);  /* @spoon-first */
    pthread_mutex_lock(&pencil); /* @then-pencil */
    pthread_mutex_unlock(&pencil);
    pthread_mutex_unlock(&spoon);
}

void give_up(void)
{
    exit(1);
}

/* Halves of a pair, which only the caller holds together. */
static void stop_cooking(void)
{
    pthread_mutex_lock(&pencil);
}

static void go_on_cooking(void)
{
    pthread_mutex_unlock(&pencil);
}

void traffic(int light)
{
    switch (light) {
    case 0:
        stop_cooking();
        break;
    case 1:
        go_on_cooking();
        break;
    }
}
