/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two readers look at two calendars, one at a then b, the other at b then a, both at once. Readers
 * do not keep each other out, nobody writes while they look, so the cycle is none.
 */
/* EXPECT: nothing */
#include "order.h"
#include <pthread.h>
#include <stdio.h>

struct reader {
    pthread_rwlock_t *first, *second;
};

static pthread_rwlock_t calendar_a = PTHREAD_RWLOCK_INITIALIZER;
static pthread_rwlock_t calendar_b = PTHREAD_RWLOCK_INITIALIZER;
static int today;

static void *reader(void *arg)
{
    struct reader *self = arg;
    int sum = 0;
    for (int i = 0; i < 10; i++) {
        pthread_rwlock_rdlock(self->first);
        if (i == 0)
            order_meet(0, 2);
        pthread_rwlock_rdlock(self->second);
        sum += today;
        pthread_rwlock_unlock(self->second);
        pthread_rwlock_unlock(self->first);
    }
    return sum == 30 ? self : NULL;
}

int main(void)
{
    struct reader barron = {&calendar_a, &calendar_b}, olivia = {&calendar_b, &calendar_a};
    pthread_t threads[2];
    pthread_rwlock_wrlock(&calendar_a);
    today = 3;
    pthread_rwlock_unlock(&calendar_a);
    pthread_create(&threads[0], NULL, reader, &barron);
    pthread_create(&threads[1], NULL, reader, &olivia);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    printf("Both have seen the day.\n");
    return 0;
}
