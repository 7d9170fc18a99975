/* SPDX-License-Identifier: Apache-2.0 */
/* OpenMP's locks, simple, nested and tested, with teams that change and outnumber processors. */
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROUNDS = 30, TURNS = 60, SHELVES = 8 };

struct shelf {
    omp_lock_t lock;
    long items;
};

static omp_nest_lock_t ledger;
static long entries, refused;

static void enter(int depth)
{
    omp_set_nest_lock(&ledger);
    entries++;
    if (depth)
        enter(depth - 1);
    omp_unset_nest_lock(&ledger);
}

static void move(struct shelf *shelves, int from, int to)
{
    struct shelf *first = &shelves[from < to ? from : to];
    struct shelf *second = &shelves[from < to ? to : from];
    if (first == second)
        return;
    omp_set_lock(&first->lock);
    omp_set_lock(&second->lock);
    shelves[from].items--;
    shelves[to].items++;
    omp_unset_lock(&second->lock);
    omp_unset_lock(&first->lock);
}

static void peek(struct shelf *shelf, long *looks)
{
    if (omp_test_lock(&shelf->lock)) {
        ++*looks;
        omp_unset_lock(&shelf->lock);
    } else {
#pragma omp atomic
        refused++;
    }
}

static void round_of(int threads)
{
    struct shelf *shelves = calloc(SHELVES, sizeof *shelves);
    for (int i = 0; i < SHELVES; i++) {
        omp_init_lock(&shelves[i].lock);
        shelves[i].items = 100;
    }
    long looks = 0, items = 0;
#pragma omp parallel num_threads(threads) reduction(+ : looks)
    for (int turn = 0; turn < TURNS; turn++) {
        int me = omp_get_thread_num();
        move(shelves, (me + turn) % SHELVES, (me * 3 + turn * 5) % SHELVES);
        peek(&shelves[turn % SHELVES], &looks);
        enter(turn % 3);
    }
    for (int i = 0; i < SHELVES; i++) {
        items += shelves[i].items;
        omp_destroy_lock(&shelves[i].lock);
    }
    free(shelves);
    if (items != 100 * SHELVES || looks > (long)threads * TURNS)
        printf("items %ld, looks %ld\n", items, looks);
}

int main(void)
{
    omp_set_dynamic(0);
    omp_init_nest_lock(&ledger);
    long expected = 0;
    for (int round = 0; round < ROUNDS; round++) {
        int threads = 1 + round % 6;
        expected += (long)threads * (TURNS / 3) * (1 + 2 + 3);
        round_of(threads);
    }
    printf("entries %ld of %ld\n", entries, expected);
    omp_destroy_nest_lock(&ledger);
    return refused < 0;
}
