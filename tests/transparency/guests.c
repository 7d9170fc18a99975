/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What other guests of a process do beside the recorder: they take the arguments apart before they
 * fork, hold locks around a fork by handlers older than the recorder's, and unwind by the same
 * libunwind.
 */
#include "say.h"

#define UNW_LOCAL_ONLY
#include <libunwind.h>
#include <sys/wait.h>

static pthread_mutex_t arena = PTHREAD_MUTEX_INITIALIZER, remade = PTHREAD_MUTEX_INITIALIZER;
static char **arguments;

static void lock_all(void)
{
    pthread_mutex_lock(&arena);
    pthread_mutex_lock(&remade);
}

static void unlock_all(void)
{
    pthread_mutex_unlock(&remade);
    pthread_mutex_unlock(&arena);
}

static void make_anew(void)
{
    pthread_mutex_init(&remade, NULL);
    pthread_mutex_unlock(&arena);
}

/* Earlier than the constructor of any library. */
static void before_all(void)
{
    pthread_atfork(lock_all, unlock_all, make_anew);
}
__attribute__((section(".preinit_array"), used)) static void (*const earliest)(void) = before_all;

static void report_child(pid_t child)
{
    int status = 0;
    MUST(waitpid(child, &status, 0) == child);
    printf("the child: %d\n", status);
}

static void older_handlers(void)
{
    pid_t child = fork();
    if (child)
        return report_child(child);
    SAY(pthread_mutex_trylock(&arena));
    SAY(pthread_mutex_trylock(&remade));
    unlock_all();
    fflush(stdout);
    _exit(7);
}

static void taken_apart(void)
{
    memset(arguments[0], '#', strlen(arguments[0]));
    for (int i = 1; arguments[i]; i++)
        arguments[i] = i % 2 ? NULL : (char *)1;
    pid_t child = fork();
    if (!child)
        _exit(3);
    report_child(child);
}

static int depth(int more)
{
    if (more)
        return depth(more - 1) + 1 - 1;
    unw_context_t context;
    unw_cursor_t cursor;
    int frames = 0;
    unw_getcontext(&context);
    unw_init_local(&cursor, &context);
    while (unw_step(&cursor) > 0)
        frames++;
    return frames;
}

static void *unwinds(void *more)
{
    long deep = 0;
    for (int i = 0; i < 200; i++) {
        pthread_mutex_lock(&arena);
        deep |= depth((int)(long)more + i % 5) > (long)more;
        pthread_mutex_unlock(&arena);
        free(malloc(100000 + (size_t)i));
    }
    return (void *)deep;
}

static void unwinder(void)
{
    pthread_t threads[3];
    for (long i = 0; i < 3; i++)
        threads[i] = make_thread(unwinds, (void *)(4 * i));
    for (int i = 0; i < 3; i++) {
        void *deep;
        MUST(pthread_join(threads[i], &deep) == 0);
        printf("unwound: %ld\n", (long)deep);
    }
}

int main(int argc, char **argv)
{
    char *copies[8] = {NULL};
    arguments = argv;
    for (int i = 0; i < argc && i < 7; i++)
        copies[i] = strdup(argv[i]);
    static const struct say_case cases[] = {{"older-handlers", older_handlers},
                                            {"unwinder", unwinder},
                                            {"taken-apart", taken_apart},
                                            {NULL, NULL}};
    int result = say_cases(cases, argc, copies);
    for (int i = 0; i < 7; i++)
        free(copies[i]);
    return result;
}
