/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three cooks meet at the table in five rounds, and whoever comes last rings the bell. Barron and
 * Olivia come for a sixth; Steve has gone home.
 */
/* EXPECT: barrier-mismatch observed @comes */
/* FINDING: severity=error locks=table threads=3 */
/* HANGS */
/* RUN: --timeout=2 */
/* SOURCE: @comes table */
#include <pthread.h>
#include <stdio.h>

enum { COOKS = 3, ROUNDS = 5 };

static pthread_barrier_t table;
static int rung;

static void *cook(void *number)
{
    for (int i = 0; i < ROUNDS; i++) {
        if (pthread_barrier_wait(&table) == PTHREAD_BARRIER_SERIAL_THREAD)
            rung++;
        pthread_barrier_wait(&table);
    }
    if (*(int *)number < 2)
        pthread_barrier_wait(&table); /* @comes */
    return number;
}

int main(void)
{
    pthread_t cooks[COOKS];
    int numbers[COOKS] = {0, 1, 2};
    pthread_barrier_init(&table, NULL, COOKS);
    for (int i = 0; i < COOKS; i++)
        pthread_create(&cooks[i], NULL, cook, &numbers[i]);
    for (int i = 0; i < COOKS; i++)
        pthread_join(cooks[i], NULL);
    printf("Rung: %d\n", rung);
    return 0;
}
