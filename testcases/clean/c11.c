/* SPDX-License-Identifier: Apache-2.0 */
/* Garlic and a counter of plates, by C11's threads alone: mutexes, a condition, a routine that is
 * called once, storage of each thread, and what a thread returns. */
/* EXPECT: nothing */
#include <stdio.h>
#include <stdlib.h>
#include <threads.h>

enum { ROUNDS = 200 };

static mtx_t pencil, counter;
static cnd_t put;
static once_flag prepared = ONCE_FLAG_INIT;
static tss_t own;
static int garlic_count, waiting_plates, price;

static void prepare(void)
{
    price = 3;
}

static int shopper(void *unused)
{
    (void)unused;
    call_once(&prepared, prepare);
    int *mine = malloc(sizeof *mine);
    *mine = 0;
    tss_set(own, mine);
    for (int i = 0; i < ROUNDS; i++) {
        mtx_lock(&pencil);
        garlic_count += price;
        mtx_unlock(&pencil);
        ++*(int *)tss_get(own);
    }
    return *mine;
}

static int cook(void *unused)
{
    (void)unused;
    for (int i = 0; i < ROUNDS; i++) {
        mtx_lock(&counter);
        waiting_plates++;
        cnd_signal(&put);
        mtx_unlock(&counter);
    }
    thrd_exit(ROUNDS);
}

static int waiter(void *unused)
{
    (void)unused;
    int served = 0;
    while (served < ROUNDS) {
        mtx_lock(&counter);
        while (!waiting_plates)
            cnd_wait(&put, &counter);
        served += waiting_plates;
        waiting_plates = 0;
        mtx_unlock(&counter);
    }
    return served;
}

int main(void)
{
    static const thrd_start_t people[] = {shopper, shopper, cook, waiter};
    thrd_t threads[4];
    int sum = 0;
    mtx_init(&pencil, mtx_plain);
    mtx_init(&counter, mtx_timed);
    cnd_init(&put);
    tss_create(&own, free);
    for (int i = 0; i < 4; i++)
        thrd_create(&threads[i], people[i], NULL);
    for (int i = 0; i < 4; i++) {
        int result;
        thrd_join(threads[i], &result);
        sum += result;
    }
    printf("%d heads of garlic, %d in all\n", garlic_count, sum);
    cnd_destroy(&put);
    mtx_destroy(&pencil);
    mtx_destroy(&counter);
    return 0;
}
