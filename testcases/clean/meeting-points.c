/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What orders without being a mutex: a barrier between the rounds of a game, a table laid once, a
 * spin lock around the score. Plates are read and written without a lock, by whoever's turn it is.
 */
/* EXPECT: nothing */
#include <pthread.h>
#include <stdio.h>

enum { PLAYERS = 3, ROUNDS = 5 };

static pthread_barrier_t round_over;
static pthread_once_t table_laid = PTHREAD_ONCE_INIT;
static pthread_spinlock_t score_lock;
static int plates[PLAYERS], score;

static void lay_table(void)
{
    for (int i = 0; i < PLAYERS; i++)
        plates[i] = 1;
}

static void *player(void *arg)
{
    int me = *(int *)arg;
    for (int round = 0; round < ROUNDS; round++) {
        pthread_once(&table_laid, lay_table);
        pthread_barrier_wait(&round_over);
        plates[(me + round) % PLAYERS] += 2;
        pthread_barrier_wait(&round_over);
        pthread_spin_lock(&score_lock);
        score += plates[me];
        pthread_spin_unlock(&score_lock);
    }
    return NULL;
}

int main(void)
{
    pthread_t threads[PLAYERS];
    int numbers[PLAYERS];
    pthread_barrier_init(&round_over, NULL, PLAYERS);
    pthread_spin_init(&score_lock, PTHREAD_PROCESS_PRIVATE);
    for (int i = 0; i < PLAYERS; i++) {
        numbers[i] = i;
        pthread_create(&threads[i], NULL, player, &numbers[i]);
    }
    for (int i = 0; i < PLAYERS; i++)
        pthread_join(threads[i], NULL);
    printf("Score: %d\n", score);
    pthread_spin_destroy(&score_lock);
    pthread_barrier_destroy(&round_over);
    return 0;
}
