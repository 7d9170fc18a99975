/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs long, with all kinds of synchronisation and nothing wrong, and then does what its first
 * argument says: nothing more, a race, a deadlock, a thread that is stuck, a server without work, a
 * crash. For recordings that keep the newest part only.
 *
 *     ring ENDING ROUNDS [WORKERS]
 */
#define _GNU_SOURCE
#include "tests/order/order.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST = 64, SHELVES = 4 };

static pthread_mutex_t pot_lock = PTHREAD_MUTEX_INITIALIZER, lid_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t kitchen = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t left_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t right_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t calendar_lock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_spinlock_t shelf_locks[SHELVES];
static pthread_barrier_t dinner;
static pthread_cond_t served = PTHREAD_COND_INITIALIZER;
static pthread_once_t set_table = PTHREAD_ONCE_INIT;
static sem_t knives, tickets;
static long pot, lid, calendar, shelves[SHELVES], plates[MOST], orders, knife, table;
static atomic_long published;
static long secret;
static long garlic;
static int rounds, workers;

static void lay_table(void)
{
    table = 1;
}

static void *helper(void *block)
{
    *(long *)block += 1;
    return block;
}

/* A block that a short-lived thread uses, too. */
static void hire(void)
{
    long *block = calloc(4, sizeof *block);
    pthread_t thread;
    pthread_create(&thread, NULL, helper, block);
    pthread_join(thread, NULL);
    block[0]++;
    free(block);
}

static void cook(long who)
{
    pthread_mutex_lock(&pot_lock);
    pot++;
    pthread_mutex_lock(&lid_lock);
    lid++;
    pthread_mutex_unlock(&lid_lock);
    pthread_mutex_unlock(&pot_lock);
    pthread_spin_lock(&shelf_locks[who % SHELVES]);
    shelves[who % SHELVES]++;
    pthread_spin_unlock(&shelf_locks[who % SHELVES]);
}

/* Both orders of two locks, but never at once: the kitchen is a gate. */
static void clean_up(long who)
{
    pthread_mutex_t *first = who & 1 ? &left_lock : &right_lock;
    pthread_mutex_t *second = who & 1 ? &right_lock : &left_lock;
    pthread_mutex_lock(&kitchen);
    pthread_mutex_lock(first);
    pthread_mutex_lock(second);
    pthread_mutex_unlock(second);
    pthread_mutex_unlock(first);
    pthread_mutex_unlock(&kitchen);
}

static void plan(int round)
{
    if (round % 5) {
        pthread_rwlock_rdlock(&calendar_lock);
        if (calendar < 0)
            abort();
    } else {
        pthread_rwlock_wrlock(&calendar_lock);
        calendar++;
    }
    pthread_rwlock_unlock(&calendar_lock);
}

static void serve(long who)
{
    pthread_mutex_lock(&kitchen);
    if (who & 1) {
        orders++;
        pthread_cond_signal(&served);
    } else {
        while (!orders)
            pthread_cond_wait(&served, &kitchen);
        orders--;
    }
    pthread_mutex_unlock(&kitchen);
}

static void publish(long who, int round)
{
    if (who == 0) {
        if (atomic_load_explicit(&published, memory_order_acquire) == 2 * round) {
            secret = round;
            atomic_store_explicit(&published, 2 * round + 1, memory_order_release);
        }
    } else if (who == 1) {
        while (atomic_load_explicit(&published, memory_order_acquire) != 2 * round + 1)
            order_tick();
        secret++;
        atomic_store_explicit(&published, 2 * round + 2, memory_order_release);
    }
}

static void *worker(void *number)
{
    long who = (long)number;
    for (int round = 0; round < rounds; round++) {
        pthread_once(&set_table, lay_table);
        for (int i = 0; i < 20; i++)
            cook(who);
        plates[who] = round; /* one's own, until the barrier */
        pthread_barrier_wait(&dinner);
        long all = 0;
        for (int i = 0; i < workers; i++)
            all += plates[i];
        if (all != (long)workers * round)
            abort();
        pthread_barrier_wait(&dinner);
        if (round % 16 == 0) {
            plan(round / 16);
            clean_up(who);
            serve(who);
            sem_wait(&knives);
            knife++;
            sem_post(&knives);
            if (who == 2)
                hire();
        }
        publish(who, round);
    }
    return NULL;
}

static void begin(void)
{
    pthread_barrier_init(&dinner, NULL, (unsigned)workers);
    sem_init(&knives, 0, 1);
    sem_init(&tickets, 0, 0);
    for (int i = 0; i < SHELVES; i++)
        pthread_spin_init(&shelf_locks[i], PTHREAD_PROCESS_PRIVATE);
}

static void *add_garlic(void *nothing)
{
    order_tick();
    garlic++; /* MARK: race */
    return nothing;
}

static void *take_lid(void *nothing)
{
    pthread_mutex_lock(&lid_lock);
    order_meet(0, 2);
    pthread_mutex_lock(&pot_lock);
    return nothing;
}

static void *wait_for_orders(void *nothing)
{
    pthread_mutex_lock(&kitchen);
    while (!orders)
        pthread_cond_wait(&served, &kitchen);
    pthread_mutex_unlock(&kitchen);
    return nothing;
}

static void end(const char *ending)
{
    pthread_t thread;
    if (strcmp(ending, "race") == 0) {
        pthread_create(&thread, NULL, add_garlic, NULL);
        garlic++;
        pthread_join(thread, NULL);
    } else if (strcmp(ending, "deadlock") == 0) {
        pthread_create(&thread, NULL, take_lid, NULL);
        pthread_mutex_lock(&pot_lock);
        order_meet(0, 2);
        pthread_mutex_lock(&lid_lock);
    } else if (strcmp(ending, "stuck") == 0) {
        sem_wait(&tickets);
    } else if (strcmp(ending, "idle") == 0) {
        pthread_create(&thread, NULL, wait_for_orders, NULL);
        char byte;
        while (read(STDIN_FILENO, &byte, 1) > 0)
            order_tick();
        exit(0);
    } else if (strcmp(ending, "crash") == 0) {
        pthread_mutex_lock(&pot_lock);
        raise(SIGSEGV);
    }
}

int main(int argc, char **argv)
{
    rounds = argc > 2 ? atoi(argv[2]) : 100;
    workers = argc > 3 ? atoi(argv[3]) : 4;
    begin();
    pthread_t threads[MOST];
    for (long i = 0; i < workers; i++)
        pthread_create(&threads[i], NULL, worker, (void *)i);
    for (int i = 0; i < workers; i++)
        pthread_join(threads[i], NULL);
    printf("%ld %ld %ld\n", pot, lid, knife);
    fflush(stdout);
    end(argc > 1 ? argv[1] : "");
    return 0;
}
