/* SPDX-License-Identifier: Apache-2.0 */
/* What the programs of this directory use to tell what they observe. The driver runs each alone and
 * recorded, and compares every word. */
#ifndef SNARL_TESTS_TRANSPARENCY_SAY_H
#define SNARL_TESTS_TRANSPARENCY_SAY_H

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The call, its result, and errno, which stood at a value of its own before. */
#define SAY(call)                                                                                  \
    do {                                                                                           \
        errno = 4711;                                                                              \
        long say_result = (long)(call);                                                            \
        int say_errno = errno;                                                                     \
        printf("%s = %ld, errno %d\n", #call, say_result, say_errno);                              \
    } while (0)

/* For what must work, and is not what the program is about. */
#define MUST(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            printf("%s:%d: not so: %s, errno %d\n", __FILE__, __LINE__, #condition, errno);        \
            fflush(stdout);                                                                        \
            _exit(99);                                                                             \
        }                                                                                          \
    } while (0)

static inline pthread_t make_thread(void *(*routine)(void *), void *argument)
{
    pthread_t thread;
    MUST(pthread_create(&thread, NULL, routine, argument) == 0);
    return thread;
}

/* ROUTINE, in a thread of its own, to its end. */
static inline void *elsewhere(void *(*routine)(void *), void *argument)
{
    void *result = NULL;
    pthread_t thread = make_thread(routine, argument);
    MUST(pthread_join(thread, &result) == 0);
    return result;
}

static const struct timespec long_ago = {1, 0};
static const struct timespec no_time = {1, 1000000000};
static const struct timespec before_time = {1, -1};

/* CASES: {"name", function}; the program runs those that its arguments name. */
struct say_case {
    const char *name;
    void (*run)(void);
};

static inline int say_cases(const struct say_case *cases, int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int i = 1; i < argc; i++)
        for (const struct say_case *c = cases; c->name; c++)
            if (!strcmp(argv[i], c->name))
                c->run();
    return 0;
}

#endif
