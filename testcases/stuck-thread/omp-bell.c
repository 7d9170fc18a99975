/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Of three cooks of an OpenMP region one waits for a bell, and the others for that one. LLVM's
 * run-time lets them wait at conditions of its own, so that there it is several who wait for
 * anybody.
 */
/* EXPECT: stuck-thread observed @waits */
/* CLANG: deadlock observed @waits @team */
/* TSAN: knows nothing of OpenMP's threads */
/* HANGS */
/* FLAGS: gcc -fopenmp */
/* FLAGS: clang -fopenmp */
/* SOURCE: @waits bell */
#include <omp.h>
#include <semaphore.h>
#include <stdio.h>

static sem_t bell;

int main(void)
{
    omp_set_dynamic(0);
    omp_set_num_threads(3);
    sem_init(&bell, 0, 0);
#pragma omp parallel
    {
        if (omp_get_thread_num() == 1)
            sem_wait(&bell); /* @waits */
#pragma omp barrier          /* @team */
    }
    printf("The kitchen is closed.\n");
    return 0;
}
