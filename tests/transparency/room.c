/* SPDX-License-Identifier: Apache-2.0 */
/* Little room: small stacks, stacks of the program's own, few descriptors, little memory, no place
 * for the trace. */
#define _GNU_SOURCE
#include "say.h"
#include "tests/order/order.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void say_descriptors(const char *when)
{
    int list[256], count = 0;
    DIR *directory = opendir("/proc/self/fd");
    MUST(directory);
    for (struct dirent *entry; (entry = readdir(directory));)
        if (entry->d_name[0] != '.' && count < 256)
            list[count++] = atoi(entry->d_name);
    closedir(directory);
    printf("%s:", when);
    for (int fd = 0; fd < 1024; fd++)
        for (int i = 0; i < count; i++)
            if (list[i] == fd)
                printf(" %d", fd);
    printf("\n");
}

static long deep(int depth)
{
    volatile char room[16] = {0};
    if (depth == 0) {
        pthread_mutex_lock(&mutex);
        pthread_mutex_unlock(&mutex);
        free(malloc(64));
        return room[1];
    }
    return deep(depth - 1) + room[0];
}

static void *works(void *unused)
{
    for (int i = 0; i < 2000; i++)
        deep(i % 8);
    return unused;
}

static void descriptors(void)
{
    say_descriptors("at the start");
    works(NULL);
    elsewhere(works, NULL);
    say_descriptors("later");
    int fd = open("/dev/null", O_RDONLY);
    printf("the next one is %d\n", fd);
    for (int i = 3; i < 1024; i++)
        close(i);
    works(NULL);
    elsewhere(works, NULL);
    fd = open("/dev/null", O_RDONLY);
    printf("then %d\n", fd);
    say_descriptors("at last");
}

/* As small as the C library allows, and a little above. */
static void small_stacks(void)
{
    for (size_t size = PTHREAD_STACK_MIN; size <= (size_t)PTHREAD_STACK_MIN + 16384; size += 4096) {
        pthread_attr_t attributes;
        pthread_t thread;
        pthread_attr_init(&attributes);
        MUST(pthread_attr_setstacksize(&attributes, size) == 0);
        MUST(pthread_create(&thread, &attributes, works, NULL) == 0);
        MUST(pthread_join(thread, NULL) == 0);
        pthread_attr_destroy(&attributes);
        printf("%zu bytes are enough\n", size);
    }
}

static void *blocks(void *seat)
{
    order_sit((int)(long)seat);
    pthread_mutex_lock(&mutex);
    pthread_mutex_unlock(&mutex);
    return works(NULL);
}

/* How much of its stack a thread uses: what is no longer PATTERN. */
static void stack_used(const char *what, int seat)
{
    enum { SIZE = 65536, PATTERN = 0x5a };
    char *stack = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    pthread_attr_t attributes;
    pthread_t thread;
    MUST(stack != MAP_FAILED);
    memset(stack, PATTERN, SIZE);
    pthread_attr_init(&attributes);
    MUST(pthread_attr_setstack(&attributes, stack, SIZE) == 0);
    pthread_mutex_lock(&mutex);
    MUST(pthread_create(&thread, &attributes, seat ? blocks : works, (void *)(long)seat) == 0);
    if (seat)
        order_await_blocked(seat);
    pthread_mutex_unlock(&mutex);
    MUST(pthread_join(thread, NULL) == 0);
    size_t untouched = 0;
    while (untouched < SIZE && stack[untouched] == PATTERN)
        untouched++;
    if (getenv("ROOM_USED"))
        fprintf(stderr, "%s: %zu bytes of stack\n", what, SIZE - untouched);
    printf("%s: less than 16 KiB: %d\n", what, SIZE - untouched < 16384);
    munmap(stack, SIZE);
}

static void own_stack(void)
{
    stack_used("works", 0);
    stack_used("waits", 1);
}

static void *contends(void *unused)
{
    for (int i = 0; i < 300; i++) {
        pthread_mutex_lock(&mutex);
        sched_yield();
        pthread_mutex_unlock(&mutex);
    }
    return unused;
}

/* Many threads on small stacks that really wait for each other: the way of a request. */
static void contended(void)
{
    pthread_attr_t attributes;
    pthread_t threads[8];
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, PTHREAD_STACK_MIN);
    for (int i = 0; i < 8; i++)
        MUST(pthread_create(&threads[i], &attributes, contends, NULL) == 0);
    for (int i = 0; i < 8; i++)
        MUST(pthread_join(threads[i], NULL) == 0);
    printf("done\n");
}

static void limit(int resource, rlim_t value)
{
    struct rlimit both = {value, value};
    MUST(setrlimit(resource, &both) == 0);
}

static void work_much(void)
{
    for (int i = 0; i < 20; i++) {
        works(NULL);
        elsewhere(works, NULL);
    }
    printf("done\n");
}

static void few_descriptors(void)
{
    limit(RLIMIT_NOFILE, 3);
    SAY(open("/dev/null", O_RDONLY));
    work_much();
}

static void small_files(void)
{
    limit(RLIMIT_FSIZE, 20000);
    work_much();
}

static void little_memory(void)
{
    limit(RLIMIT_AS, 64 << 20);
    SAY(mmap(NULL, 1 << 30, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 65536);
    for (int i = 0; i < 20; i++) {
        pthread_t thread;
        MUST(pthread_create(&thread, &attributes, works, NULL) == 0);
        MUST(pthread_join(thread, NULL) == 0);
    }
    printf("done\n");
}

static void directory_gone(void)
{
    char name[] = "gone.XXXXXX";
    MUST(mkdtemp(name) && chdir(name) == 0);
    char up[PATH_MAX];
    MUST(getcwd(up, sizeof up));
    MUST(rmdir(up) == 0);
    work_much();
    SAY(getcwd(up, sizeof up));
}

int main(int argc, char **argv)
{
    return say_cases((struct say_case[]){{"descriptors", descriptors},
                                         {"small-stacks", small_stacks},
                                         {"own-stack", own_stack},
                                         {"contended", contended},
                                         {"few-descriptors", few_descriptors},
                                         {"small-files", small_files},
                                         {"little-memory", little_memory},
                                         {"directory-gone", directory_gone},
                                         {"much", work_much},
                                         {NULL, NULL}},
                     argc, argv);
}
