/* SPDX-License-Identifier: Apache-2.0 */
/* Locks that look as if they stayed locked, and do not. */
/* CHECK: nothing */
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define LIKELY(x) __builtin_expect(!!(x), 1)
#define LOCKED(mutex, code)                                                                        \
    do {                                                                                           \
        pthread_mutex_lock(mutex);                                                                 \
        code;                                                                                      \
        pthread_mutex_unlock(mutex);                                                               \
    } while (0)

struct larder {
    pthread_mutex_t door;
    struct larder *next;
    int garlic;
    bool shared;
};

static pthread_mutex_t pencil = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t shelves[4];
static int total;

/* Twice the same condition. */
void add(struct larder *larder)
{
    if (larder->shared)
        pthread_mutex_lock(&larder->door);
    larder->garlic++;
    if (larder->shared)
        pthread_mutex_unlock(&larder->door);
}

/* The same, said otherwise. */
int add_some(struct larder *larder, int count)
{
    int locked = 0, result = -1;
    if (count > 1) {
        pthread_mutex_lock(&larder->door);
        locked = 1;
    }
    if (count < 0)
        goto out;
    larder->garlic += count;
    result = 0;
out:
    if (locked)
        pthread_mutex_unlock(&larder->door);
    return result;
}

/* What trylock says, looked at in each way. */
int try(void)
{
    if (pthread_mutex_trylock(&pencil) != 0)
        return -1;
    total++;
    pthread_mutex_unlock(&pencil);
    int r = pthread_mutex_trylock(&pencil);
    if (LIKELY(r == EBUSY))
        return -1;
    if (r)
        return -2;
    total++;
    pthread_mutex_unlock(&pencil);
    bool got = !pthread_mutex_trylock(&pencil);
    total++;
    if (got)
        pthread_mutex_unlock(&pencil);
    while ((r = pthread_mutex_trylock(&pencil)) != 0)
        total++;
    pthread_mutex_unlock(&pencil);
    return 0;
}

/* Whoever looks for failure of lock itself does not hold it then. */
int careful(void)
{
    int error = pthread_mutex_lock(&pencil);
    if (error) {
        fprintf(stderr, "%d\n", error);
        return -1;
    }
    total++;
    return pthread_mutex_unlock(&pencil);
}

/* The process ends. */
void must(int count)
{
    pthread_mutex_lock(&pencil);
    if (count > total)
        exit(1);
    if (count == total)
        abort();
    pthread_mutex_unlock(&pencil);
}

/* A function that returns with the lock, on all ways, and its opposite. */
struct larder *first_locked(struct larder *larder)
{
    pthread_mutex_lock(&larder->door);
    return larder;
}

void put_back(struct larder *larder)
{
    pthread_mutex_unlock(&larder->door);
}

/* With the lock if it returns something. */
struct larder *find_locked(struct larder *list, int garlic)
{
    for (struct larder *l = list; l; l = l->next) {
        pthread_mutex_lock(&l->door);
        if (l->garlic == garlic)
            return l;
        pthread_mutex_unlock(&l->door);
    }
    return NULL;
}

static int get(void)
{
    pthread_mutex_lock(&pencil);
    if (total > 7) {
        pthread_mutex_unlock(&pencil);
        return -1;
    }
    return 0;
}

static int borrow(int *count)
{
    pthread_mutex_lock(&pencil);
    if (*count)
        return total;
    pthread_mutex_unlock(&pencil);
    return total;
}

void user(int count)
{
    if (get() == 0) {
        total++;
        pthread_mutex_unlock(&pencil);
    }
    total += borrow(&count);
    if (count)
        pthread_mutex_unlock(&pencil);
}

/* Hand over hand. */
int sum(struct larder *larder)
{
    int sum = 0;
    pthread_mutex_lock(&larder->door);
    while (larder->next) {
        struct larder *next = larder->next;
        pthread_mutex_lock(&next->door);
        pthread_mutex_unlock(&larder->door);
        larder = next;
        sum += larder->garlic;
    }
    pthread_mutex_unlock(&larder->door);
    return sum;
}

/* Locks without a name, and one whose index is the same only for a while. */
void computed(unsigned i)
{
    pthread_mutex_lock(&shelves[i * 7 % 4]);
    pthread_mutex_unlock(&shelves[i * 7 % 4]);
    for (i = 0; i < 4; i++)
        pthread_mutex_lock(&shelves[i]);
    for (i = 0; i < 4; i++)
        pthread_mutex_unlock(&shelves[i]);
}

static void give_back(void *mutex)
{
    pthread_mutex_unlock(mutex);
}

/* Handlers of cancellation. */
void *cancelled(void *arg)
{
    pthread_mutex_lock(&pencil);
    pthread_cleanup_push(give_back, &pencil);
    if (total > 3)
        pthread_exit(NULL);
    total++;
    pthread_cleanup_pop(1);
    return arg;
}

static void close_scope(pthread_mutex_t **mutex)
{
    pthread_mutex_unlock(*mutex);
}

int scoped(int count)
{
    pthread_mutex_t *scope __attribute__((cleanup(close_scope))) = &pencil;
    pthread_mutex_lock(scope);
    if (count > total)
        return -1;
    total -= count;
    return 0;
}

int in_macro(int count)
{
    LOCKED(&pencil, total += count);
    LOCKED(&pencil, if (count) total++);
    return 0;
}

int by_switch(int what)
{
    switch (what) {
    case 0:
        return 0;
    case 1:
    case 2:
        pthread_mutex_lock(&pencil);
        break;
    default:
        break;
    }
    total++;
    if (what == 1 || what == 2)
        pthread_mutex_unlock(&pencil);
    return 1;
}
