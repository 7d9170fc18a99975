/* SPDX-License-Identifier: Apache-2.0 */
/* Locks that stay locked on one way out. */
/* CHECK: abandoned-lock @early-takes @early-out @early-back */
/* CHECK: abandoned-lock @goto-takes @goto-out @goto-back */
/* CHECK: abandoned-lock @wrapped-takes @wrapped-out @wrapped-back */
/* CHECK: abandoned-lock @exit-takes @exit-out @exit-back */
/* CHECK: abandoned-lock @switch-takes @switch-out @switch-back */
/* CHECK: abandoned-lock @loop-takes @loop-out @loop-back */
#include <pthread.h>
#include <stdlib.h>

struct larder {
    pthread_mutex_t door;
    int garlic;
};

static pthread_mutex_t pencil = PTHREAD_MUTEX_INITIALIZER;
static int list[8];

int take_garlic(struct larder *larder)
{
    pthread_mutex_lock(&larder->door); /* @early-takes */
    if (larder->garlic == 0)
        return -1; /* @early-out */
    larder->garlic--;
    pthread_mutex_unlock(&larder->door); /* @early-back */
    return 0;
}

int write_list(int item)
{
    int result = -1;
    pthread_mutex_lock(&pencil); /* @goto-takes */
    if (item < 0)
        goto out;
    list[item & 7] = item;
    result = 0;
    pthread_mutex_unlock(&pencil); /* @goto-back */
out:
    return result; /* @goto-out */
}

static void open_door(struct larder *larder)
{
    pthread_mutex_lock(&larder->door);
}

static void close_door(struct larder *larder)
{
    pthread_mutex_unlock(&larder->door);
}

int count(struct larder *l)
{
    struct larder *larder = l;
    open_door(larder); /* @wrapped-takes */
    int garlic = larder->garlic;
    if (garlic > 7)
        return 7;  /* @wrapped-out */
    close_door(l); /* @wrapped-back */
    return garlic;
}

static void *shopper(void *arg)
{
    struct larder *larder = arg;
    pthread_mutex_lock(&larder->door); /* @exit-takes */
    if (larder->garlic > 3)
        pthread_exit(NULL); /* @exit-out */
    larder->garlic++;
    pthread_mutex_unlock(&larder->door); /* @exit-back */
    return NULL;
}

int choose(int what)
{
    pthread_mutex_lock(&pencil); /* @switch-takes */
    switch (what) {
    case 0:
        list[0]++;
        break;
    case 1:
        return list[1]; /* @switch-out */
    default:
        list[2]++;
    }
    pthread_mutex_unlock(&pencil); /* @switch-back */
    return 0;
}

int find(int item)
{
    for (int i = 0; i < 8; i++) {
        pthread_mutex_lock(&pencil); /* @loop-takes */
        if (list[i] == item)
            return i;                  /* @loop-out */
        pthread_mutex_unlock(&pencil); /* @loop-back */
    }
    return -1;
}

int main(void)
{
    pthread_t thread;
    struct larder *larder = calloc(1, sizeof *larder);
    pthread_mutex_init(&larder->door, NULL);
    pthread_create(&thread, NULL, shopper, larder);
    pthread_join(thread, NULL);
    return take_garlic(larder) + write_list(1) + count(larder) + choose(1) + find(2);
}
