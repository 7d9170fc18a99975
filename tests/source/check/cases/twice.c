/* SPDX-License-Identifier: Apache-2.0 */
/* Locks that are taken or given back twice. */
/* CHECK: self-deadlock @holds @again */
/* CHECK: self-deadlock @outer @inner */
/* CHECK: unlock-not-held @once-more @before */
/* CHECK: unlock-not-held @maybe-more @maybe-before */
/* CHECK: unlock-not-held @wrong-back @wrong-takes */
/* CHECK: abandoned-lock @maybe-takes @maybe-out @maybe-other */
#include <pthread.h>
#include <stdlib.h>

struct larder {
    pthread_mutex_t door, window;
    int garlic;
};

static pthread_mutex_t pencil = PTHREAD_MUTEX_INITIALIZER, spoon = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t notebook;
static pthread_rwlock_t menu = PTHREAD_RWLOCK_INITIALIZER;
static int total;

void twice(struct larder *larder)
{
    pthread_mutex_lock(&larder->door); /* @holds */
    pthread_mutex_lock(&larder->door); /* @again */
    pthread_mutex_unlock(&larder->door);
}

static void count(void)
{
    pthread_mutex_lock(&pencil); /* @inner */
    total++;
    pthread_mutex_unlock(&pencil);
}

static void count_both(struct larder *larder)
{
    larder->garlic++;
    count();
}

void outer(struct larder *larder)
{
    pthread_mutex_lock(&pencil); /* @outer */
    count_both(larder);
    pthread_mutex_unlock(&pencil);
}

/* Another object's, or given back first, or taken only if the caller says so. */
void copy(struct larder *from, struct larder *to)
{
    pthread_mutex_lock(&from->door);
    pthread_mutex_lock(&to->door);
    to->garlic = from->garlic;
    pthread_mutex_unlock(&to->door);
    pthread_mutex_unlock(&from->door);
}

static void pause_and_count(void)
{
    pthread_mutex_unlock(&pencil);
    count();
    pthread_mutex_lock(&pencil);
}

static void count_if(int alone)
{
    if (alone)
        pthread_mutex_lock(&pencil);
    total++;
    if (alone)
        pthread_mutex_unlock(&pencil);
}

void inner_ones(void)
{
    pthread_mutex_lock(&pencil);
    pause_and_count();
    count_if(0);
    pthread_mutex_unlock(&pencil);
    pthread_rwlock_rdlock(&menu);
    pthread_rwlock_rdlock(&menu);
    pthread_rwlock_unlock(&menu);
    pthread_rwlock_unlock(&menu);
}

static void fail(void)
{
    pthread_mutex_lock(&pencil);
    exit(1);
}

static void give_back_or_fail(pthread_mutex_t *mutex)
{
    if (pthread_mutex_unlock(mutex) != 0)
        fail();
}

void checked(void)
{
    pthread_mutex_lock(&pencil);
    total++;
    give_back_or_fail(&pencil);
}

void recursive(void)
{
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&notebook, &attributes);
    pthread_mutex_lock(&notebook);
    pthread_mutex_lock(&notebook);
    total++;
    pthread_mutex_unlock(&notebook);
    pthread_mutex_unlock(&notebook);
}

void back_twice(void)
{
    pthread_mutex_lock(&pencil);
    total++;
    pthread_mutex_unlock(&pencil); /* @before */
    total++;
    pthread_mutex_unlock(&pencil); /* @once-more */
}

int maybe_twice(int item)
{
    pthread_mutex_lock(&pencil); /* @maybe-takes */
    if (item < 0) {
        total = 0;
        pthread_mutex_unlock(&pencil); /* @maybe-before */
    }
    if (item > 100)
        return -1; /* @maybe-out */
    total++;
    pthread_mutex_unlock(&pencil); /* @maybe-more @maybe-other */
    return 0;
}

static void *shopper(void *arg)
{
    pthread_mutex_lock(&pencil); /* @wrong-takes */
    total++;
    pthread_mutex_unlock(&spoon); /* @wrong-back */
    return arg;
}

void start(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, shopper, NULL);
    pthread_join(thread, NULL);
}
