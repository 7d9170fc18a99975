/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bell that Olivia has made herself, of a word and the system's futex. The word is changed by
 * relaxed atomics, which order nothing: that she sleeps before Barron rings, and wakes by it, does.
 * Steve, who sleeps at the same bell, is sent on to another and woken there.
 */
/* EXPECT: nothing */
/* REWRITE: possible */
/* TSAN: knows no futexes by syscall */
#include "order.h"
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

static atomic_int bell, other_bell;
static int soup;

static void wait_for(atomic_int *word)
{
    while (atomic_load_explicit(word, memory_order_relaxed) == 0)
        syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
}

static void *sleeper(void *arg)
{
    int *sum = arg;
    order_sit(*sum);
    wait_for(&bell);
    *sum = soup;
    return NULL;
}

int main(void)
{
    int olivia = 1, steve = 2;
    pthread_t first, second;
    pthread_create(&first, NULL, sleeper, &olivia);
    order_await_blocked(1);
    pthread_create(&second, NULL, sleeper, &steve);
    order_await_blocked(2);
    soup = 10;
    atomic_store_explicit(&bell, 1, memory_order_relaxed);
    syscall(SYS_futex, &bell, FUTEX_REQUEUE_PRIVATE, 1, INT_MAX, &other_bell, 0);
    syscall(SYS_futex, &other_bell, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    pthread_join(first, NULL);
    pthread_join(second, NULL);
    printf("Soup: %d\n", olivia + steve);
    return 0;
}
