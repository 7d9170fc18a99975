/* SPDX-License-Identifier: Apache-2.0 */
/* OpenMP's tasks: recursion, dependences, groups, loops of tasks, priorities, cancellation. */
#include <omp.h>
#include <stdio.h>

enum { ROUNDS = 4, CELLS = 40 };

static long fibonacci(int n)
{
    long one = 0, two = 0;
    if (n < 2)
        return n;
#pragma omp task shared(one) if (n > 6)
    one = fibonacci(n - 1);
#pragma omp task shared(two) if (n > 6)
    two = fibonacci(n - 2);
#pragma omp taskwait
    return one + two;
}

/* Each cell is made from its predecessor: the dependences alone keep the order. */
static long chain(void)
{
    long cells[CELLS] = {1};
    for (int i = 1; i < CELLS; i++) {
#pragma omp task shared(cells) depend(in : cells[i - 1]) depend(out : cells[i]) priority(i % 3)
        cells[i] = cells[i - 1] + i;
    }
#pragma omp taskwait
    return cells[CELLS - 1];
}

static long grouped(void)
{
    long sum = 0;
#pragma omp taskgroup
    {
        for (int i = 0; i < 50; i++) {
#pragma omp task shared(sum)
            {
#pragma omp task shared(sum)
                {
#pragma omp atomic
                    sum += i;
                }
            }
        }
    }
    return sum;
}

static long looped(void)
{
    long sum = 0;
#pragma omp taskloop shared(sum) grainsize(16)
    for (int i = 0; i < 800; i++) {
#pragma omp atomic
        sum += i;
    }
    return sum;
}

static int found(void)
{
    int place = 0;
#pragma omp parallel shared(place)
    {
#pragma omp for
        for (int i = 0; i < 4000; i++) {
            if (i == 1234) {
#pragma omp atomic write
                place = i;
#pragma omp cancel for
            }
#pragma omp cancellation point for
        }
    }
    return place;
}

int main(void)
{
    long sums[5] = {0};
    for (int round = 0; round < ROUNDS; round++) {
#pragma omp parallel
#pragma omp single
        {
            sums[0] += fibonacci(15);
            sums[1] += chain();
            sums[2] += grouped();
            sums[3] += looped();
        }
        sums[4] += found();
    }
    for (int i = 0; i < 5; i++)
        printf("%d: %ld\n", i, sums[i]);
    return 0;
}
