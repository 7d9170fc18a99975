/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two cooks of an OpenMP region count garlic, and only one of them in the critical section.
 */
/* EXPECT: data-race observed @guarded @bare */
/* TSAN: knows nothing of OpenMP's threads */
/* FLAGS: gcc -fopenmp */
/* FLAGS: clang -fopenmp */
/* SOURCE: @guarded garlic_count */
/* SOURCE: @bare garlic_count */
#include "order.h"
#include <omp.h>
#include <stdio.h>

static int garlic_count;

int main(void)
{
    omp_set_dynamic(0);
    omp_set_num_threads(2);
#pragma omp parallel
    {
        if (omp_get_thread_num() == 0) {
#pragma omp critical
            garlic_count++; /* @guarded */
            order_meet(0, 2);
        } else {
            order_meet(0, 2);
            garlic_count++; /* @bare */
        }
    }
    printf("We should buy %d garlic.\n", garlic_count);
    return 0;
}
