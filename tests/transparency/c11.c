/* SPDX-License-Identifier: Apache-2.0 */
/* C11's threads: results, what is refused, the same objects by their POSIX names, cancellation. */
#define _GNU_SOURCE
#include "say.h"
#include "tests/order/order.h"

#include <limits.h>
#include <sys/resource.h>
#include <threads.h>

static mtx_t mutex;
static cnd_t cond;
static const struct timespec far = {4000000000, 0};

static int seven(void *unused)
{
    (void)unused;
    return 7;
}

static int leaves(void *value)
{
    thrd_exit((int)(long)value);
}

static int holds_and_waits(void *seat)
{
    order_sit((int)(long)seat);
    mtx_lock(&mutex);
    SAY(cnd_wait(&cond, &mutex));
    mtx_unlock(&mutex);
    return 1;
}

static int tries(void *unused)
{
    (void)unused;
    SAY(mtx_trylock(&mutex));
    SAY(mtx_timedlock(&mutex, &long_ago));
    SAY(mtx_timedlock(&mutex, &no_time));
    SAY(mtx_timedlock(&mutex, &before_time));
    SAY(pthread_mutex_trylock((pthread_mutex_t *)&mutex));
    return -1;
}

static thrd_t begin(thrd_start_t routine, void *argument)
{
    thrd_t thread;
    MUST(thrd_create(&thread, routine, argument) == thrd_success);
    return thread;
}

static void lives(void)
{
    int result = 4711;
    SAY(thrd_join(begin(seven, NULL), &result));
    printf("result %d\n", result);
    SAY(thrd_join(begin(leaves, (void *)-5L), &result));
    printf("result %d\n", result);
    SAY(thrd_join(begin(seven, NULL), NULL));
    SAY(thrd_join(thrd_current(), NULL));
    SAY(thrd_detach(begin(seven, NULL)));
    /* A C11 thread is a POSIX one, and the other way round. */
    void *value;
    SAY(pthread_join(begin(leaves, (void *)3L), &value));
    printf("value %ld\n", (long)value);
    const struct timespec short_time = {0, 1000};
    SAY(thrd_sleep(&short_time, NULL));
    SAY(thrd_sleep(&no_time, NULL));
    thrd_yield();
    printf("equal %d\n", thrd_equal(thrd_current(), pthread_self()) != 0);
}

static void mutexes(void)
{
    for (int type = mtx_plain; type <= (mtx_timed | mtx_recursive); type++) {
        printf("-- type %d\n", type);
        SAY(mtx_init(&mutex, type));
        SAY(mtx_lock(&mutex));
        if (type & mtx_recursive) {
            SAY(mtx_lock(&mutex));
            SAY(mtx_timedlock(&mutex, &long_ago));
            SAY(mtx_unlock(&mutex));
            SAY(mtx_unlock(&mutex));
        }
        SAY(mtx_trylock(&mutex));
        if (type & mtx_recursive)
            SAY(mtx_unlock(&mutex));
        thrd_join(begin(tries, NULL), NULL);
        SAY(mtx_unlock(&mutex));
        if (type & mtx_recursive)
            SAY(mtx_unlock(&mutex));
        SAY(mtx_timedlock(&mutex, &no_time));
        SAY(pthread_mutex_unlock((pthread_mutex_t *)&mutex));
        SAY(mtx_timedlock(&mutex, &far));
        SAY(mtx_unlock(&mutex));
        mtx_destroy(&mutex);
    }
    /* Results that C11 has no name for. */
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
    MUST(pthread_mutex_init((pthread_mutex_t *)&mutex, &attributes) == 0);
    SAY(mtx_unlock(&mutex));
    SAY(mtx_lock(&mutex));
    SAY(mtx_lock(&mutex));
    SAY(mtx_timedlock(&mutex, &long_ago));
    SAY(mtx_trylock(&mutex));
    SAY(mtx_unlock(&mutex));
    mtx_destroy(&mutex);
}

static void conditions(void)
{
    MUST(mtx_init(&mutex, mtx_plain) == thrd_success);
    SAY(cnd_init(&cond));
    SAY(cnd_signal(&cond));
    SAY(cnd_broadcast(&cond));
    mtx_lock(&mutex);
    SAY(cnd_timedwait(&cond, &mutex, &long_ago));
    SAY(cnd_timedwait(&cond, &mutex, &no_time));
    SAY(cnd_timedwait(&cond, &mutex, &before_time));
    mtx_unlock(&mutex);
    thrd_t thread = begin(holds_and_waits, (void *)1L);
    order_await_blocked(1);
    mtx_lock(&mutex);
    SAY(cnd_signal(&cond));
    mtx_unlock(&mutex);
    SAY(thrd_join(thread, NULL));
    thread = begin(holds_and_waits, (void *)2L);
    order_await_blocked(2);
    mtx_lock(&mutex);
    SAY(pthread_cond_broadcast((pthread_cond_t *)&cond));
    mtx_unlock(&mutex);
    SAY(thrd_join(thread, NULL));
    cnd_destroy(&cond);
    mtx_destroy(&mutex);
}

static once_flag flag = ONCE_FLAG_INIT;

static void routine(void)
{
    printf("once\n");
}

static void in_destructor(void *name)
{
    mtx_lock(&mutex);
    printf("destructor of %s\n", (char *)name);
    mtx_unlock(&mutex);
}

static tss_t key;

static int with_storage(void *name)
{
    SAY(tss_set(key, name));
    printf("storage %s\n", (char *)tss_get(key));
    call_once(&flag, routine);
    thrd_exit(0);
}

static void once_and_storage(void)
{
    MUST(mtx_init(&mutex, mtx_plain) == thrd_success);
    SAY(tss_create(&key, in_destructor));
    call_once(&flag, routine);
    call_once(&flag, routine);
    SAY(thrd_join(begin(with_storage, "one"), NULL));
    SAY(thrd_join(begin(with_storage, "two"), NULL));
    tss_delete(key);
    mtx_destroy(&mutex);
}

static void give_back(void *unused)
{
    (void)unused;
    printf("cleanup: trylock %d", mtx_trylock(&mutex));
    printf(", unlock %d\n", mtx_unlock(&mutex));
}

static int waits_for_ever(void *seat)
{
    order_sit((int)(long)seat);
    mtx_lock(&mutex);
    pthread_cleanup_push(give_back, NULL);
    if ((long)seat == 3)
        cnd_wait(&cond, &mutex);
    else
        cnd_timedwait(&cond, &mutex, &far);
    pthread_cleanup_pop(1);
    return 0;
}

static int joins_for_ever(void *thread)
{
    order_sit(5);
    return thrd_join(*(thrd_t *)thread, NULL);
}

static void cancelled(void)
{
    thrd_t self = thrd_current();
    MUST(mtx_init(&mutex, mtx_plain) == thrd_success && cnd_init(&cond) == thrd_success);
    for (int seat = 3; seat < 6; seat++) {
        thrd_t thread =
            seat == 5 ? begin(joins_for_ever, &self) : begin(waits_for_ever, (void *)(long)seat);
        order_await_blocked(seat);
        int result = 4711;
        MUST(pthread_cancel(thread) == 0);
        SAY(thrd_join(thread, &result));
        printf("result %d\n", result);
        SAY(mtx_trylock(&mutex));
        SAY(mtx_unlock(&mutex));
    }
}

/* No room for a thread. */
static void refused(void)
{
    struct rlimit limit = {64 << 20, 64 << 20};
    thrd_t thread;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 1ul << 40);
    pthread_setattr_default_np(&attributes);
    SAY(thrd_create(&thread, seven, NULL));
    pthread_attr_setstacksize(&attributes, PTHREAD_STACK_MIN);
    pthread_setattr_default_np(&attributes);
    MUST(setrlimit(RLIMIT_STACK, &limit) == 0);
    SAY(thrd_create(&thread, seven, NULL));
    SAY(thrd_join(thread, NULL));
}

int main(int argc, char **argv)
{
    return say_cases((struct say_case[]){{"lives", lives},
                                         {"mutexes", mutexes},
                                         {"conditions", conditions},
                                         {"once", once_and_storage},
                                         {"cancelled", cancelled},
                                         {"refused", refused},
                                         {NULL, NULL}},
                     argc, argv);
}
