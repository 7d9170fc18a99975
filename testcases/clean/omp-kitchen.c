/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A kitchen run by OpenMP: what a region's beginning and end, barriers, critical sections, locks,
 * ordered loops, reductions, single blocks and tasks order is ordered. Three cooks share an array
 * that no lock guards.
 */
/* EXPECT: nothing */
/* TSAN: knows nothing of OpenMP's threads */
/* FLAGS: gcc -fopenmp */
/* FLAGS: clang -fopenmp */
#include <omp.h>
#include <stdio.h>

enum { COOKS = 3, POTS = 60 };

static int pots[POTS], soup, stock, salt, portions[POTS], served, order_of[POTS], ordered_count;

static int portion(int n)
{
    int left = 0, right = 0;
    if (n < 4)
        return pots[n % POTS];
#pragma omp task shared(left)
    left = portion(n / 2);
#pragma omp task shared(right)
    right = portion(n - n / 2);
#pragma omp taskwait
    return left + right;
}

int main(void)
{
    omp_lock_t spoon;
    omp_nest_lock_t ladle;
    long sum = 0;
    int tasted = 0, stirred = 0;
    omp_set_dynamic(0);
    omp_set_num_threads(COOKS);
    omp_init_lock(&spoon);
    omp_init_nest_lock(&ladle);
    for (int i = 0; i < POTS; i++)
        pots[i] = i;
#pragma omp parallel
    {
        int prepared = 0;
#pragma omp for schedule(static) nowait
        for (int i = 0; i < POTS; i++)
            pots[i] *= 2;
#pragma omp barrier
#pragma omp for schedule(dynamic, 3) reduction(+ : sum)
        for (int i = 0; i < POTS; i++)
            sum += pots[POTS - 1 - i];
#pragma omp critical
        soup++;
#pragma omp critical(stock_pot)
        stock++;
        omp_set_lock(&spoon);
        tasted++;
        omp_unset_lock(&spoon);
        omp_set_nest_lock(&ladle);
        omp_set_nest_lock(&ladle);
        stirred++;
        omp_unset_nest_lock(&ladle);
        omp_unset_nest_lock(&ladle);
#pragma omp single copyprivate(prepared)
        prepared = 7;
#pragma omp master
        salt = prepared;
#pragma omp barrier
        if (salt != 7)
            puts("no salt");
#pragma omp for ordered schedule(dynamic)
        for (int i = 0; i < POTS; i++) {
#pragma omp ordered
            order_of[ordered_count++] = i;
        }
#pragma omp single
        for (int i = 0; i < POTS; i += 10)
#pragma omp task firstprivate(i)
            for (int n = i; n < i + 10; n++)
                portions[n] = pots[n] + 1;
        int mine = 0;
#pragma omp for
        for (int i = 0; i < POTS; i++)
            mine += portions[i];
#pragma omp critical
        served += mine;
    }
    int whole = 0;
    static int shelf[POTS], table[POTS];
#pragma omp parallel
#pragma omp single
    {
#pragma omp taskloop grainsize(7)
        for (int i = 0; i < POTS; i++)
            shelf[i] = pots[i];
#pragma omp taskloop grainsize(11)
        for (unsigned long long i = 0; i < POTS; i++)
            table[i] = shelf[POTS - 1 - i];
        stirred += table[0] > 0;
    }
#pragma omp parallel
#pragma omp single
    whole = portion(40);
#pragma omp parallel for schedule(guided)
    for (int i = 0; i < POTS; i++)
        pots[i]++;
    omp_destroy_lock(&spoon);
    omp_destroy_nest_lock(&ladle);
    printf("%ld %d %d %d %d %d %d %d %d\n", sum, soup, stock, tasted, stirred, served, whole,
           order_of[POTS - 1], pots[3]);
    return 0;
}
