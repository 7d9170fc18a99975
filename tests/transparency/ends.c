/* SPDX-License-Identifier: Apache-2.0 */
/* All the ways in which a process ends: what still runs, in which order, and what its parent sees.
 */
#define _GNU_SOURCE
#include "say.h"
#include "tests/order/order.h"

#include <signal.h>
#include <sys/resource.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_key_t key;

static void at_exit_first(void)
{
    MUST(pthread_mutex_lock(&mutex) == 0);
    printf("atexit, registered first\n");
    pthread_mutex_unlock(&mutex);
}

static void at_exit_second(void)
{
    printf("atexit, registered second\n");
    free(malloc(10));
}

static void at_quick(void)
{
    printf("at_quick_exit\n");
}

__attribute__((destructor)) static void destructor(void)
{
    pthread_mutex_lock(&mutex);
    printf("destructor\n");
    pthread_mutex_unlock(&mutex);
    fflush(stdout);
}

static void prepare(void)
{
    atexit(at_exit_first);
    atexit(at_exit_second);
    at_quick_exit(at_quick);
}

static void returns(void)
{
    prepare();
}

static void exits(void)
{
    prepare();
    exit(66);
}

static void underscore(void)
{
    prepare();
    _exit(67);
}

static void underscore_big(void)
{
    prepare();
    _Exit(300);
}

static void quick(void)
{
    prepare();
    quick_exit(68);
}

static void *exits_process(void *unused)
{
    order_await_blocked(1);
    exit(69);
    return unused;
}

/* A thread ends the process while main waits for a lock. */
static void in_thread(void)
{
    prepare();
    pthread_mutex_t other = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&other);
    order_sit(1);
    make_thread(exits_process, NULL);
    sem_t never;
    sem_init(&never, 0, 0);
    sem_wait(&never);
}

static pthread_t main_thread;

static void *outlives(void *unused)
{
    MUST(pthread_join(main_thread, NULL) == 0);
    MUST(pthread_mutex_lock(&mutex) == 0);
    printf("main has gone\n");
    pthread_mutex_unlock(&mutex);
    return unused;
}

static void key_ends(void *data)
{
    pthread_mutex_lock(&mutex);
    printf("key destructor, round %ld\n", (long)data);
    pthread_mutex_unlock(&mutex);
    if ((long)data < 10)
        pthread_setspecific(key, (void *)((long)data + 1));
}

static void main_leaves(void)
{
    prepare();
    pthread_key_create(&key, key_ends);
    pthread_setspecific(key, (void *)1);
    main_thread = pthread_self();
    make_thread(outlives, NULL);
    pthread_exit(NULL);
}

static void *with_key(void *unused)
{
    pthread_setspecific(key, (void *)1);
    return unused;
}

static void keys(void)
{
    pthread_key_create(&key, key_ends);
    elsewhere(with_key, NULL);
    static pthread_key_t many[40];
    for (int i = 0; i < 40; i++)
        MUST(pthread_key_create(&many[i], NULL) == 0);
    for (int i = 0; i < 40; i++)
        MUST(pthread_key_delete(many[i]) == 0);
}

static void die(void)
{
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    prepare();
    pthread_mutex_lock(&mutex);
}

static void dies_segv(void)
{
    die();
    raise(SIGSEGV);
}

static void dies_fault(void)
{
    die();
    *(volatile int *)8 = 1;
}

static void dies_abort(void)
{
    die();
    abort();
}

static void dies_kill(void)
{
    die();
    kill(getpid(), SIGKILL);
}

static void dies_term(void)
{
    die();
    kill(getpid(), SIGTERM);
}

static void dies_double_free(void)
{
    die();
    char *volatile block = malloc(100);
    free(block);
    free(block);
}

static void handler(int signal)
{
    static const char text[] = "handler of SIGABRT\n";
    (void)signal;
    MUST(write(1, text, sizeof text - 1) > 0);
}

static void dies_abort_handled(void)
{
    die();
    signal(SIGABRT, handler);
    abort();
}

int main(int argc, char **argv)
{
    return say_cases((struct say_case[]){{"return", returns},
                                         {"exit", exits},
                                         {"_exit", underscore},
                                         {"_Exit", underscore_big},
                                         {"quick_exit", quick},
                                         {"thread", in_thread},
                                         {"main-leaves", main_leaves},
                                         {"keys", keys},
                                         {"SEGV", dies_segv},
                                         {"fault", dies_fault},
                                         {"abort", dies_abort},
                                         {"abort-handled", dies_abort_handled},
                                         {"KILL", dies_kill},
                                         {"TERM", dies_term},
                                         {"double-free", dies_double_free},
                                         {NULL, NULL}},
                     argc, argv);
}
