/* SPDX-License-Identifier: Apache-2.0 */
/* OpenMP's loops: schedules, reductions, ordered, critical, atomic, single, sections, nesting. */
#include <omp.h>
#include <stdio.h>

enum { N = 20000, ROUNDS = 40 };

static int seen[N];

static long scheduled(void)
{
    long sum = 0;
#pragma omp parallel for schedule(static, 7) reduction(+ : sum)
    for (int i = 0; i < N; i++)
        sum += i;
#pragma omp parallel for schedule(dynamic, 5) reduction(+ : sum)
    for (int i = 0; i < N; i++)
        sum += 2 * i;
#pragma omp parallel for schedule(guided) reduction(max : sum)
    for (int i = 0; i < N; i++)
        sum = sum > i ? sum : i;
    return sum;
}

static long critical(void)
{
    long sum = 0, other = 0, counted = 0;
#pragma omp parallel
    {
#pragma omp for nowait
        for (int i = 0; i < 600; i++) {
#pragma omp critical(first)
            sum += i;
#pragma omp critical(second)
            other += 2 * i;
#pragma omp atomic
            counted++;
        }
#pragma omp barrier
#pragma omp single
        counted += 1000;
#pragma omp master
        other++;
    }
    return sum + other + counted;
}

static long ordered(void)
{
    long last = -1, wrong = 0;
#pragma omp parallel for ordered schedule(dynamic)
    for (int i = 0; i < 300; i++) {
#pragma omp ordered
        {
            wrong += last != i - 1;
            last = i;
        }
    }
    return wrong;
}

static long sections(void)
{
    long a = 0, b = 0, c = 0;
#pragma omp parallel sections
    {
#pragma omp section
        a = 1;
#pragma omp section
        b = 20;
#pragma omp section
        c = 300;
    }
    return a + b + c;
}

static long nested(void)
{
    long sum = 0;
#pragma omp parallel num_threads(2) reduction(+ : sum)
    {
        long inner = 0;
#pragma omp parallel num_threads(2) reduction(+ : inner)
        inner += omp_get_level();
        sum += inner;
    }
    return sum;
}

static long filled(void)
{
    long sum = 0;
#pragma omp parallel
    {
#pragma omp for
        for (int i = 0; i < N; i++)
            seen[i] = i;
#pragma omp for reduction(+ : sum)
        for (int i = 0; i < N; i++)
            sum += seen[N - 1 - i];
    }
    return sum;
}

int main(void)
{
    long sums[6] = {0};
    for (int round = 0; round < ROUNDS; round++) {
        sums[0] += scheduled();
        sums[1] += critical();
        sums[2] += ordered();
        sums[3] += sections();
        sums[4] += nested();
        sums[5] += filled();
    }
    for (int i = 0; i < 6; i++)
        printf("%d: %ld\n", i, sums[i]);
    return 0;
}
