/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two cooks of an OpenMP region take two of OpenMP's locks in opposite order, and hang.
 */
/* EXPECT: deadlock observed @first @second */
/* FINDING: threads=2 sites=4 */
/* TSAN: knows nothing of OpenMP's threads */
/* HANGS */
/* FLAGS: gcc -fopenmp */
/* FLAGS: clang -fopenmp */
/* SOURCE: @first "omp_set_lock(left ? &pan : &pot)" - */
/* SOURCE: @second "omp_set_lock(left ? &pot : &pan)" - */
#include "order.h"
#include <omp.h>

static omp_lock_t pan, pot;

int main(void)
{
    omp_set_dynamic(0);
    omp_set_num_threads(2);
    omp_init_lock(&pan);
    omp_init_lock(&pot);
#pragma omp parallel
    {
        int left = omp_get_thread_num() == 0;
        omp_set_lock(left ? &pan : &pot); /* @first */
        order_meet(0, 2);
        omp_set_lock(left ? &pot : &pan); /* @second */
        omp_unset_lock(left ? &pot : &pan);
        omp_unset_lock(left ? &pan : &pot);
    }
    return 0;
}
