/* SPDX-License-Identifier: Apache-2.0 */
/* What runs when a thread or the process ends: destructors of keys in all their rounds, handlers
 * that other threads have registered, cleanup handlers. */
#define _GNU_SOURCE
#include "say.h"
#include "tests/order/order.h"

#include <limits.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_key_t first, second;

static void say_locked(const char *what, long number)
{
    MUST(pthread_mutex_lock(&mutex) == 0);
    printf("%s %ld\n", what, number);
    MUST(pthread_mutex_unlock(&mutex) == 0);
}

/* Sets its own key again, for ever: the C library ends that after its last round. */
static void for_ever(void *round)
{
    say_locked("round", (long)round);
    pthread_setspecific(first, (void *)((long)round + 1));
}

static void sets_first(void *value)
{
    say_locked("second", (long)value);
    free(malloc(100));
    pthread_setspecific(first, (void *)100);
}

static void *uses_keys(void *how)
{
    SAY(pthread_setspecific(first, (void *)1));
    SAY(pthread_setspecific(second, (void *)7));
    if (how)
        pthread_exit(how);
    return how;
}

static void *is_cancelled(void *unused)
{
    pthread_setspecific(first, (void *)20);
    pthread_cancel(pthread_self());
    pthread_testcancel();
    return unused;
}

static void destructors(void)
{
    SAY(pthread_key_create(&first, for_ever));
    SAY(pthread_key_create(&second, sets_first));
    elsewhere(uses_keys, NULL);
    elsewhere(uses_keys, (void *)3);
    elsewhere(is_cancelled, NULL);
    SAY(pthread_key_delete(second));
    SAY(pthread_setspecific(second, NULL));
    elsewhere(uses_keys, NULL);
    SAY(pthread_key_delete(first));
}

/* As many as there are, less what the recorder keeps: one. */
static void all_keys(void)
{
    static pthread_key_t keys[PTHREAD_KEYS_MAX];
    int count = 0;
    while (count < PTHREAD_KEYS_MAX && pthread_key_create(&keys[count], NULL) == 0)
        count++;
    printf("nearly all: %d\n", count >= PTHREAD_KEYS_MAX - 8);
    while (count)
        MUST(pthread_key_delete(keys[--count]) == 0);
}

static long registered;

static void at_exit(void)
{
    say_locked("atexit", registered);
}

static void on_exit_with(int status, void *argument)
{
    say_locked("on_exit", status + (long)argument);
}

static void at_quick(void)
{
    say_locked("at_quick_exit", registered);
}

static void *registers(void *unused)
{
    registered = 42;
    SAY(atexit(at_exit));
    SAY(on_exit(on_exit_with, (void *)100));
    SAY(at_quick_exit(at_quick));
    return unused;
}

static void handlers(void)
{
    SAY(atexit(at_exit));
    elsewhere(registers, NULL);
    for (int i = 0; i < 100; i++)
        MUST(atexit(at_exit) == 0);
}

static void quick_handlers(void)
{
    elsewhere(registers, NULL);
    SAY(at_quick_exit(at_quick));
    quick_exit(5);
}

static void cleanup(void *name)
{
    say_locked(name, 0);
}

/* The compiler must not know that it never returns. */
static void (*volatile leave)(void *) = pthread_exit;

static __attribute__((noinline)) void deep(int depth)
{
    pthread_cleanup_push(cleanup, depth % 2 ? "odd" : "even");
    if (depth)
        deep(depth - 1);
    else
        leave((void *)9);
    pthread_cleanup_pop(0);
}

static void *exits_deep(void *unused)
{
    deep(5);
    return unused;
}

static void nested(void)
{
    printf("result %ld\n", (long)elsewhere(exits_deep, NULL));
}

int main(int argc, char **argv)
{
    return say_cases((struct say_case[]){{"destructors", destructors},
                                         {"all", all_keys},
                                         {"handlers", handlers},
                                         {"quick", quick_handlers},
                                         {"nested", nested},
                                         {NULL, NULL}},
                     argc, argv);
}
