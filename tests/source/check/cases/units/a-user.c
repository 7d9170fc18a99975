/* SPDX-License-Identifier: Apache-2.0 */
/* It stands before what it calls: that is known only in a second round. */
/* CHECK: abandoned-lock @takes @leaves @closes */
/* CHECK: self-deadlock @holds @again */
/* CHECK: deadlock @pencil-first @then-spoon @spoon-first @then-pencil */
#include "larder.h"

#include <stddef.h>

int take(struct larder *larder)
{
    open_door(larder); /* @takes */
    if (larder->garlic == 0)
        return 0; /* @leaves */
    int garlic = larder->garlic--;
    close_door(larder); /* @closes */
    return garlic;
}

int take_if_free(struct larder *larder)
{
    if (!try_door(larder))
        return 0;
    int garlic = larder->garlic--;
    close_door(larder);
    return garlic;
}

int take_or_die(struct larder *larder)
{
    open_door(larder);
    if (larder->garlic < 0)
        give_up();
    close_door(larder);
    return 0;
}

void write_twice(struct larder *larder)
{
    open_door(larder); /* @holds */
    write_list(larder);
    close_door(larder);
}

static void *cook(void *arg)
{
    pthread_mutex_lock(&pencil); /* @pencil-first */
    stir_gently();
    pthread_mutex_unlock(&pencil);
    return arg;
}

static void *other_cook(void *arg)
{
    stir();
    return arg;
}

int main(void)
{
    pthread_t threads[2];
    struct larder larder = {PTHREAD_MUTEX_INITIALIZER, 7};
    pthread_create(&threads[0], NULL, cook, &larder);
    pthread_create(&threads[1], NULL, other_cook, &larder);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    traffic(0);
    larder.garlic++;
    traffic(1);
    write_twice(&larder);
    return take(&larder) + take_if_free(&larder) + take_or_die(&larder);
}
