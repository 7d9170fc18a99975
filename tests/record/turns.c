/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Libraries that lie at one address in turn: built with CHEF, a library with things that are called
 * after that chef; without, the program, which opens those that its arguments name, one after the
 * other. A thread that lives through all of them calls each, too. For turns.py.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#ifdef CHEF

#define JOIN(a, b)   a##b
#define JOINED(a, b) JOIN(a, b)
#define plate        JOINED(CHEF, _plate)
#define pot          JOINED(CHEF, _pot)
#define salts        JOINED(CHEF, _salts)

static int plate;
static pthread_mutex_t pot = PTHREAD_MUTEX_INITIALIZER;

static void *salts(void *unused)
{
    plate++;
    return unused;
}

/* Two of them without a lock. */
void races(void)
{
    pthread_t helper;
    pthread_create(&helper, NULL, salts, NULL);
    salts(NULL);
    pthread_join(helper, NULL);
}

void pot_first(pthread_mutex_t *stove)
{
    pthread_mutex_lock(&pot);
    pthread_mutex_lock(stove);
    salts(NULL);
    pthread_mutex_unlock(stove);
    pthread_mutex_unlock(&pot);
}

void stove_first(pthread_mutex_t *stove)
{
    pthread_mutex_lock(stove);
    pthread_mutex_lock(&pot);
    salts(NULL);
    pthread_mutex_unlock(&pot);
    pthread_mutex_unlock(stove);
}

/* By turns: predicted to end in a deadlock. */
void both(pthread_mutex_t *stove)
{
    static int calls;
    static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&turn);
    int call = calls++;
    pthread_mutex_unlock(&turn);
    (call ? pot_first : stove_first)(stove);
}

#else

static pthread_mutex_t stove = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t shift;
static void (*work)(pthread_mutex_t *); /* NULL: no more; handed over by the barrier */

static void *waiter(void *unused)
{
    while (pthread_barrier_wait(&shift), work) {
        work(&stove);
        pthread_barrier_wait(&shift);
    }
    return unused;
}

static void both_work(void (*next)(pthread_mutex_t *))
{
    work = next;
    pthread_barrier_wait(&shift);
    if (next) {
        next(&stove);
        pthread_barrier_wait(&shift);
    }
}

static void call(void *library, const char *what)
{
    void *function = dlsym(library, what);
    void (*races)(void) = NULL;
    void (*works)(pthread_mutex_t *) = NULL;
    memcpy(&races, &function, sizeof races);
    memcpy(&works, &function, sizeof works);
    if (strcmp(what, "races") == 0)
        races();
    else
        both_work(works);
}

/* LIBRARY WHAT, and so on. */
int main(int argc, char **argv)
{
    pthread_t other;
    pthread_barrier_init(&shift, NULL, 2);
    pthread_create(&other, NULL, waiter, NULL);
    for (int i = 1; i + 1 < argc; i += 2) {
        void *library = dlopen(argv[i], RTLD_NOW);
        if (!library)
            puts(dlerror());
        call(library, argv[i + 1]);
        dlclose(library);
    }
    both_work(NULL);
    pthread_join(other, NULL);
    return 0;
}

#endif
