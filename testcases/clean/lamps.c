/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Olivia fills one lamp after the other with oil and then lights it. Barron walks along them, and
 * where one is lit he looks how much there is. Each lamp is a byte, and he goes through all of them
 * as one would go through text.
 */
/* EXPECT: nothing */
/* REWRITE: possible */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>

enum { LAMPS = 24 };

static atomic_bool lit[LAMPS];
static long oil[LAMPS];

static void *olivia(void *arg)
{
    for (int i = LAMPS; i-- > 0;) {
        oil[i] += i;
        atomic_store_explicit(&lit[i], true, memory_order_release);
        sched_yield();
    }
    return arg;
}

int main(void)
{
    bool seen[LAMPS] = {false};
    pthread_t thread;
    long sum = 0;
    pthread_create(&thread, NULL, olivia, NULL);
    for (int left = LAMPS; left; sched_yield())
        for (int i = 0; i < LAMPS; i++)
            if (atomic_load_explicit(&lit[i], memory_order_acquire) && !seen[i]) {
                seen[i] = true;
                sum += oil[i];
                left--;
            }
    pthread_join(thread, NULL);
    printf("There are %ld drops.\n", sum);
    return 0;
}
