/* SPDX-License-Identifier: Apache-2.0 */
/* Waits, and slow calls under a lock. */
/* CHECK: wait-without-predicate @bare-waits @bare-takes */
/* CHECK: wait-without-predicate @if-reads @if-waits @if-takes */
/* CHECK: wait-without-predicate @round-reads @round-waits @round-takes */
/* CHECK: blocked-while-holding @sleep-holds @sleeps */
/* CHECK: blocked-while-holding @deep-holds @deep-sleeps */
/* CHECK: blocked-while-holding @two-holds @two-waits */
#include <errno.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    int count, stop;
};

static pthread_mutex_t outer = PTHREAD_MUTEX_INITIALIZER;
void use(int);

void bare(struct queue *q)
{
    pthread_mutex_lock(&q->lock);            /* @bare-takes */
    pthread_cond_wait(&q->filled, &q->lock); /* @bare-waits */
    pthread_mutex_unlock(&q->lock);
}

int once(struct queue *q)
{
    pthread_mutex_lock(&q->lock);                /* @if-takes */
    if (q->count == 0)                           /* @if-reads */
        pthread_cond_wait(&q->filled, &q->lock); /* @if-waits */
    q->count--;
    pthread_mutex_unlock(&q->lock);
    return 0;
}

void rounds(struct queue *q)
{
    for (;;) {
        pthread_mutex_lock(&q->lock);                /* @round-takes */
        if (q->count == 0)                           /* @round-reads */
            pthread_cond_wait(&q->filled, &q->lock); /* @round-waits */
        q->count--;
        pthread_mutex_unlock(&q->lock);
        use(1);
    }
}

/* Loops of all forms. */
void loops(struct queue *q)
{
    pthread_mutex_lock(&q->lock);
    while (q->count == 0)
        pthread_cond_wait(&q->filled, &q->lock);
    for (; q->count == 1;)
        pthread_cond_wait(&q->filled, &q->lock);
    do
        pthread_cond_wait(&q->filled, &q->lock);
    while (q->count == 2);
again:
    if (q->count == 3) {
        pthread_cond_wait(&q->filled, &q->lock);
        goto again;
    }
    for (;;) {
        if (q->count != 4)
            break;
        pthread_cond_wait(&q->filled, &q->lock);
    }
    pthread_mutex_unlock(&q->lock);
}

/* What was looked at is looked at again, if not in a loop. */
int looks_again(struct queue *q)
{
    pthread_mutex_lock(&q->lock);
    if (q->count == 0)
        pthread_cond_wait(&q->filled, &q->lock);
    if (q->count == 0) {
        pthread_mutex_unlock(&q->lock);
        return -1;
    }
    q->count--;
    pthread_mutex_unlock(&q->lock);
    return 0;
}

int looks_later(struct queue *q)
{
    pthread_mutex_lock(&q->lock);
    if (q->count == 0)
        pthread_cond_wait(&q->filled, &q->lock);
    int count = q->count;
    pthread_mutex_unlock(&q->lock);
    return count > 0 ? count : -1;
}

/* The caller's mutex, and so the caller's loop. */
void wait_for(struct queue *q)
{
    pthread_cond_wait(&q->filled, &q->lock);
}

/* A sleep that can be interrupted. */
void tick(struct queue *q, const struct timespec *until)
{
    while (!q->stop) {
        pthread_mutex_lock(&q->lock);
        pthread_cond_timedwait(&q->filled, &q->lock, until);
        pthread_mutex_unlock(&q->lock);
    }
}

void sleeper(struct queue *q)
{
    pthread_mutex_lock(&q->lock); /* @sleep-holds */
    sleep(1);                     /* @sleeps */
    pthread_mutex_unlock(&q->lock);
    sleep(1);
}

static void rest(int seconds)
{
    sleep(seconds); /* @deep-sleeps */
}

void deep(void)
{
    pthread_mutex_lock(&outer); /* @deep-holds */
    rest(2);
    pthread_mutex_unlock(&outer);
    rest(3);
}

void two(struct queue *q)
{
    pthread_mutex_lock(&outer); /* @two-holds */
    pthread_mutex_lock(&q->lock);
    while (q->count == 0)
        pthread_cond_wait(&q->filled, &q->lock); /* @two-waits */
    pthread_mutex_unlock(&q->lock);
    pthread_mutex_unlock(&outer);
}
