/* SPDX-License-Identifier: Apache-2.0 */
/* Each lock of pthread.h and threads.h, held and not held. WARNS: what clang says of the line. */
#include "snarl/thread_safety.h"

#include <pthread.h>
#include <stddef.h>
#include <time.h>

static pthread_mutex_t pencil = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t table SNARL_ACQUIRED_AFTER(pencil) = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t marker = PTHREAD_RWLOCK_INITIALIZER;
static pthread_spinlock_t pan;
static pthread_cond_t bell = PTHREAD_COND_INITIALIZER;
static unsigned garlic SNARL_GUARDED_BY(pencil);
static unsigned sushi SNARL_GUARDED_BY(pencil) SNARL_GUARDED_BY(table);
static int today SNARL_GUARDED_BY(marker);
static int eggs SNARL_GUARDED_BY(pan);
static int *plate SNARL_PT_GUARDED_BY(table);
static const struct timespec soon;

struct shelf {
    pthread_mutex_t lock;
    int jars SNARL_MEMBER_GUARDED_BY(lock);
    int *jar SNARL_MEMBER_PT_GUARDED_BY(lock);
};

int work(struct shelf *shelf);

static void buy(void) SNARL_REQUIRES(pencil);
static void buy(void)
{
    garlic++;
}

static int look(void) SNARL_REQUIRES_SHARED(marker);
static int look(void)
{
    return today;
}

static void shelf_lock(struct shelf *shelf) SNARL_ACQUIRE(shelf->lock);
static void shelf_lock(struct shelf *shelf)
{
    pthread_mutex_lock(&shelf->lock);
}

static void shelf_unlock(struct shelf *shelf) SNARL_RELEASE(shelf->lock);
static void shelf_unlock(struct shelf *shelf)
{
    pthread_mutex_unlock(&shelf->lock);
}

static void shelf_put(struct shelf *shelf) SNARL_REQUIRES(shelf->lock);
static void shelf_put(struct shelf *shelf)
{
    shelf->jars++;
}

static void shop(void) SNARL_EXCLUDES(pencil);
static void shop(void)
{
    pthread_mutex_lock(&pencil);
    buy();
    pthread_mutex_unlock(&pencil);
}

static void wait_for_garlic(void)
{
    pthread_mutex_lock(&pencil);
    while (garlic == 0)
        pthread_cond_wait(&bell, &pencil);
    while (garlic == 1)
        pthread_cond_timedwait(&bell, &pencil, &soon);
    pthread_mutex_unlock(&pencil);
}

static void tries(void)
{
    if (pthread_mutex_trylock(&pencil) == 0) {
        garlic++;
        pthread_mutex_unlock(&pencil);
    }
    if (pthread_mutex_timedlock(&pencil, &soon) != 0)
        return;
    garlic++;
    pthread_mutex_unlock(&pencil);
    if (!pthread_rwlock_trywrlock(&marker)) {
        today++;
        pthread_rwlock_unlock(&marker);
    }
}

static void right(struct shelf *shelf)
{
    pthread_mutex_lock(&pencil);
    pthread_mutex_lock(&table);
    sushi++;
    if (plate)
        *plate = 1;
    pthread_mutex_unlock(&table);
    buy();
    pthread_mutex_unlock(&pencil);
    pthread_rwlock_wrlock(&marker);
    today++;
    pthread_rwlock_unlock(&marker);
    pthread_rwlock_rdlock(&marker);
    look();
    pthread_rwlock_unlock(&marker);
    pthread_spin_lock(&pan);
    eggs++;
    pthread_spin_unlock(&pan);
    shelf_lock(shelf);
    shelf_put(shelf);
    shelf_unlock(shelf);
}

static int alone(void)
{
    SNARL_ALONE(pencil);
    SNARL_ALONE(table);
    SNARL_ALONE(marker);
    SNARL_ALONE(pan);
    return (int)garlic + (int)sushi + today + eggs;
}

static void wrong(struct shelf *shelf)
{
    garlic++;         /* WARNS: requires holding mutex 'pencil' exclusively */
    buy();            /* WARNS: requires holding mutex 'pencil' */
    eggs++;           /* WARNS: 'pan' exclusively */
    shelf_put(shelf); /* WARNS: requires holding mutex 'shelf->lock' */
    pthread_mutex_lock(&pencil);
    sushi++; /* WARNS: requires holding mutex 'table' exclusively */
    shop();  /* WARNS: cannot call function 'shop' while mutex 'pencil' is held */
    pthread_mutex_unlock(&pencil);
    pthread_mutex_unlock(&pencil); /* WARNS: releasing mutex 'pencil' that was not held */
    pthread_rwlock_rdlock(&marker);
    today++; /* WARNS: 'marker' exclusively */
    pthread_rwlock_unlock(&marker);
    pthread_cond_wait(&bell, &pencil); /* WARNS: requires holding mutex 'pencil' */
}

static void wrong_try(void)
{
    if (pthread_mutex_trylock(&pencil) != 0) {
        garlic++; /* WARNS: requires holding mutex 'pencil' exclusively */
        return;
    }
    pthread_mutex_unlock(&pencil);
}

static void forgets(int early)
{
    pthread_mutex_lock(&pencil);
    if (early)
        return;
    pthread_mutex_unlock(&pencil);
} /* WARNS: mutex 'pencil' is not held on every path through here */

static void unchecked(void) SNARL_UNCHECKED;
static void unchecked(void)
{
    garlic++;
}

int work(struct shelf *shelf)
{
    wait_for_garlic();
    tries();
    right(shelf);
    wrong(shelf);
    wrong_try();
    forgets(0);
    unchecked();
    shop();
    return alone();
}
