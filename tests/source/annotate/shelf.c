/* SPDX-License-Identifier: Apache-2.0 */
/* Shelves with a lock each, behind functions that take it, and a book with a lock of its own. What
 * is on the wall nobody locks. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

struct shelf {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    int jars, taken;
    unsigned labels : 4, full : 1;
    int row[16];
    const char *name;
    atomic_int looked;
};

struct shop {
    int sold; /* under the till */
};
static struct shop shop;
static int pages[8], page;
static pthread_rwlock_t book = PTHREAD_RWLOCK_INITIALIZER;
static pthread_mutex_t till = PTHREAD_MUTEX_INITIALIZER;
static struct {
    pthread_mutex_t lock;
    long written;
} diary = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void shelf_lock(struct shelf *shelf)
{
    pthread_mutex_lock(&shelf->lock);
}

static void shelf_unlock(struct shelf *shelf)
{
    pthread_mutex_unlock(&shelf->lock);
}

static void put(struct shelf *shelf, int i)
{
    shelf->row[i % 16] = i;
    shelf->jars++;
    shelf->labels = (unsigned)i & 7;
}

static void write_down(int what)
{
    pthread_rwlock_wrlock(&book);
    pages[page++ % 8] = what;
    pthread_rwlock_unlock(&book);
    pthread_mutex_lock(&diary.lock);
    diary.written++;
    pthread_mutex_unlock(&diary.lock);
}

static int read_up(void)
{
    pthread_rwlock_rdlock(&book);
    int last = pages[page % 8];
    pthread_rwlock_unlock(&book);
    return last;
}

static void sell(void)
{
    pthread_mutex_lock(&till);
    shop.sold++;
    pthread_mutex_unlock(&till);
}

static void *putter(void *arg)
{
    struct shelf *shelves = arg;
    for (int i = 0; i < 64; i++) {
        struct shelf *shelf = &shelves[i % 2];
        shelf_lock(shelf);
        put(shelf, i);
        pthread_cond_signal(&shelf->filled);
        shelf_unlock(shelf);
        write_down(i);
        shelf->looked++;
        sell();
    }
    return NULL;
}

static void *taker(void *arg)
{
    struct shelf *shelf = arg;
    for (int i = 0; i < 32; i++) {
        pthread_mutex_lock(&shelf->lock);
        while (shelf->jars == 0)
            pthread_cond_wait(&shelf->filled, &shelf->lock);
        shelf->jars--;
        shelf->taken += shelf->row[0] >= 0 && shelf->name != NULL;
        shelf->labels = 0;
        pthread_mutex_unlock(&shelf->lock);
        if (read_up() < 0)
            write_down(0);
        write_down(shelf->looked);
        sell();
    }
    return NULL;
}

int main(void)
{
    struct shelf *shelves = calloc(2, sizeof *shelves);
    pthread_t threads[3];
    for (int i = 0; i < 2; i++) {
        pthread_mutex_init(&shelves[i].lock, NULL);
        pthread_cond_init(&shelves[i].filled, NULL);
        shelves[i].name = "garlic";
    }
    pthread_create(&threads[0], NULL, putter, shelves);
    pthread_create(&threads[1], NULL, taker, &shelves[0]);
    pthread_create(&threads[2], NULL, taker, &shelves[1]);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    printf("%d jars, %ld lines\n", shelves[0].jars, diary.written);
    free(shelves);
    return 0;
}
