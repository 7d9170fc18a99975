/* SPDX-License-Identifier: Apache-2.0 */
/* Cancellation: where it strikes, where it does not, and what the cleanup handlers find. */
#define _GNU_SOURCE
#include "say.h"
#include "tests/order/order.h"

static pthread_mutex_t mutex;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static sem_t sem;
static int seat;

static void cleanup(void *name)
{
    printf("cleanup of %s: trylock %d", (char *)name, pthread_mutex_trylock(&mutex));
    printf(", unlock %d\n", pthread_mutex_unlock(&mutex));
}

static void *in_cond_wait(void *timed)
{
    order_sit(seat);
    SAY(pthread_mutex_lock(&mutex));
    pthread_cleanup_push(cleanup, timed ? "timed wait" : "wait");
    if (timed) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += 100;
        pthread_cond_timedwait(&cond, &mutex, &until);
    } else {
        pthread_cond_wait(&cond, &mutex);
    }
    printf("not cancelled\n");
    pthread_cleanup_pop(1);
    return NULL;
}

static void *in_sem_wait(void *timed)
{
    order_sit(seat);
    pthread_mutex_lock(&mutex);
    pthread_cleanup_push(cleanup, timed ? "timed semaphore" : "semaphore");
    struct timespec until = {4000000000, 0};
    printf("%d\n", timed ? sem_timedwait(&sem, &until) : sem_wait(&sem));
    pthread_cleanup_pop(1);
    return NULL;
}

static void *in_join(void *other)
{
    order_sit(seat);
    pthread_mutex_lock(&mutex);
    pthread_cleanup_push(cleanup, "join");
    pthread_join(*(pthread_t *)other, NULL);
    pthread_cleanup_pop(1);
    return NULL;
}

static void cancel_blocked(const char *name, void *(*routine)(void *), void *argument)
{
    void *result;
    printf("-- %s\n", name);
    seat++;
    pthread_t thread = make_thread(routine, argument);
    order_await_blocked(seat);
    MUST(pthread_cancel(thread) == 0);
    SAY(pthread_join(thread, &result));
    printf("cancelled: %d\n", result == PTHREAD_CANCELED);
    SAY(pthread_mutex_trylock(&mutex));
    SAY(pthread_mutex_unlock(&mutex));
}

static void blocked(void)
{
    pthread_t self = pthread_self();
    sem_init(&sem, 0, 0);
    cancel_blocked("condition", in_cond_wait, NULL);
    cancel_blocked("condition, timed", in_cond_wait, &sem);
    cancel_blocked("semaphore", in_sem_wait, NULL);
    cancel_blocked("semaphore, timed", in_sem_wait, &sem);
    cancel_blocked("join", in_join, &self);
}

/* With a cancellation pending: what is a cancellation point, though it need not wait? */
enum { WAIT, TIMED, CLOCK, TRY, POST, LOCK, MALLOC, FORGOTTEN, ALL };

static void *pending(void *data)
{
    static const struct timespec far = {4000000000, 0};
    int which = *(int *)data;
    sem_t token;
    MUST(sem_init(&token, 0, 1) == 0);
    MUST(pthread_cancel(pthread_self()) == 0);
    switch (which) {
    case WAIT:
        sem_wait(&token);
        break;
    case TIMED:
        sem_timedwait(&token, &far);
        break;
    case CLOCK:
        sem_clockwait(&token, CLOCK_MONOTONIC, &far);
        break;
    case TRY:
        sem_trywait(&token);
        break;
    case POST:
        sem_post(&token);
        break;
    case LOCK:
        pthread_mutex_lock(&mutex);
        pthread_mutex_unlock(&mutex);
        break;
    case MALLOC:
        free(malloc(100));
        break;
    case FORGOTTEN:
        sem_timedwait(&token, &no_time);
        break;
    }
    return NULL;
}

static void points(void)
{
    for (int i = 0; i < ALL; i++)
        printf("%d: cancelled %d\n", i, elsewhere(pending, &i) == PTHREAD_CANCELED);
}

/* Computes, with accesses that are recorded where it is instrumented, and is stopped anywhere. */
static int counters[1000];

static void *computes(void *unused)
{
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
    order_sit(100);
    order_reach(1);
    for (unsigned i = 0;; i++) {
        counters[i % 1000]++;
        order_tick();
    }
    return unused;
}

static void asynchronous(void)
{
    pthread_t thread = make_thread(computes, NULL);
    order_await(1);
    SAY(pthread_cancel(thread));
    void *result;
    SAY(pthread_join(thread, &result));
    printf("cancelled: %d\n", result == PTHREAD_CANCELED);
}

static void first_time(void)
{
    printf("once begins\n");
    order_reach(2);
    for (;;)
        pthread_testcancel(), usleep(100);
}

static void second_time(void)
{
    printf("once again\n");
}

static void *runs_once(void *unused)
{
    pthread_once(&once, first_time);
    return unused;
}

static void once_cancelled(void)
{
    pthread_t thread = make_thread(runs_once, NULL);
    order_await(2);
    SAY(pthread_cancel(thread));
    SAY(pthread_join(thread, NULL));
    SAY(pthread_once(&once, second_time));
    SAY(pthread_once(&once, second_time));
}

static void *disabled(void *unused)
{
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    pthread_cancel(pthread_self());
    sem_t token;
    sem_init(&token, 0, 1);
    SAY(sem_wait(&token));
    SAY(pthread_mutex_lock(&mutex));
    SAY(pthread_cond_timedwait(&cond, &mutex, &long_ago));
    SAY(pthread_mutex_unlock(&mutex));
    return unused;
}

static void state(void)
{
    printf("cancelled: %d\n", elsewhere(disabled, NULL) == PTHREAD_CANCELED);
}

int main(int argc, char **argv)
{
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
    pthread_mutex_init(&mutex, &attributes);
    return say_cases((struct say_case[]){{"blocked", blocked},
                                         {"points", points},
                                         {"asynchronous", asynchronous},
                                         {"once", once_cancelled},
                                         {"state", state},
                                         {NULL, NULL}},
                     argc, argv);
}
