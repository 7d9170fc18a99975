/* SPDX-License-Identifier: Apache-2.0 */
/* Two threads count under a lock of their own making, which snarl.h tells of. Ends with the status
 * that its argument says. */
#include <pthread.h>
#include <sched.h>
#include <snarl.h>
#include <stdatomic.h>
#include <stdlib.h>

static atomic_int taken;
static long coins;

static void *collect(void *data)
{
    (void)data;
    snarl_lock_request(&taken, SNARL_EXCLUSIVE);
    while (atomic_exchange(&taken, 1))
        sched_yield();
    snarl_lock_acquired(&taken, SNARL_EXCLUSIVE);
    coins++;
    snarl_lock_releases(&taken, SNARL_EXCLUSIVE);
    atomic_store(&taken, 0);
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, collect, NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    return argc > 1 ? atoi(argv[1]) : coins != 2;
}
