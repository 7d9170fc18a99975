/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What goes on beside a random program, by its first argument:
 *
 *   lone          nothing: there is one thread
 *   beside        another thread reads the program's memory again and again, and takes a lock
 *   interrupted   the same, and it sends signals, the handler of which accesses memory
 *
 * It only reads, so that the program's results are the same with all of them. But whatever the
 * program accesses then is told, and what covers it changes at any time.
 */
#ifndef TESTS_DIFFERENTIAL_COMPANION_H
#define TESTS_DIFFERENTIAL_COMPANION_H

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct companion_range {
    const unsigned char *from;
    size_t size;
};

static struct {
    const struct companion_range *ranges;
    unsigned count;
    pthread_t thread;
    sem_t begun;
    bool strikes, ended;
} companion;

static pthread_mutex_t companion_lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t companion_sum;
static volatile struct {
    uint64_t eight;
    uint32_t four;
    uint16_t two;
    uint8_t one, bytes[40];
} companion_struck;

static inline bool companion_is(const char *way, const char *name)
{
    return way && strcmp(way, name) == 0;
}

/* Words at all alignments: one read has to do for many bytes. */
static inline uint64_t companion_read(const struct companion_range *range, size_t phase)
{
    uint64_t sum = 0, word;
    for (size_t i = phase; i + sizeof word <= range->size; i += 24) {
        __builtin_memcpy(&word, range->from + i, sizeof word);
        sum += word;
    }
    return sum;
}

/* To any thread that does not block them: not to the companion, nor to one that waits only. */
static inline void companion_may_be_struck(bool may)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    pthread_sigmask(may ? SIG_UNBLOCK : SIG_BLOCK, &set, NULL);
}

/* So often at most: on a busy machine nothing else would be done. */
static inline void *companion_runs(void *unused)
{
    enum { STRIKES = 500 };
    const struct timespec pause = {0, 50000};
    companion_may_be_struck(false);
    for (size_t round = 0;; round++) {
        for (unsigned i = 0; i < companion.count; i++)
            companion_sum += companion_read(&companion.ranges[i], round * 7 % 24);
        pthread_mutex_lock(&companion_lock);
        bool ended = companion.ended;
        pthread_mutex_unlock(&companion_lock);
        if (round == 0)
            sem_post(&companion.begun);
        if (ended)
            return unused;
        if (companion.strikes && round < STRIKES)
            kill(getpid(), SIGUSR1);
        nanosleep(&pause, NULL);
    }
}

/* A call of a lock, behind which all has to be told anew. */
static inline void companion_next(void)
{
    pthread_mutex_lock(&companion_lock);
    pthread_mutex_unlock(&companion_lock);
}

static inline void companion_strikes(int number)
{
    companion_struck.eight += (uint64_t)number;
    companion_struck.four++;
    companion_struck.two++;
    companion_struck.one++;
    for (unsigned i = 0; i < sizeof companion_struck.bytes; i += 3)
        companion_struck.bytes[i] ^= (uint8_t)companion_struck.eight;
    __atomic_fetch_add(&companion_struck.four, 1, __ATOMIC_SEQ_CST);
}

static inline void companion_begins(const char *way, const struct companion_range *ranges,
                                    unsigned count)
{
    if (companion_is(way, "lone"))
        return;
    companion.ranges = ranges;
    companion.count = count;
    companion.strikes = companion_is(way, "interrupted");
    struct sigaction action = {.sa_handler = companion_strikes, .sa_flags = SA_RESTART};
    sigaction(SIGUSR1, &action, NULL);
    sem_init(&companion.begun, 0, 0);
    pthread_create(&companion.thread, NULL, companion_runs, NULL);
    sem_wait(&companion.begun);
}

/* FUNCTION in a thread of its own. */
static inline void companion_apart(void *(*function)(void *), void *argument)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, function, argument) != 0)
        return;
    companion_may_be_struck(false);
    pthread_join(thread, NULL);
    companion_may_be_struck(true);
}

static inline void companion_ends(const char *way)
{
    if (companion_is(way, "lone"))
        return;
    pthread_mutex_lock(&companion_lock);
    companion.ended = true;
    pthread_mutex_unlock(&companion_lock);
    pthread_join(companion.thread, NULL);
}

#endif
