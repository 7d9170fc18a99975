/* SPDX-License-Identifier: Apache-2.0 */
/* The edges of the allocator, and locks in blocks that come and go. */
#define _GNU_SOURCE
#include "say.h"

#include <malloc.h>
#include <stdint.h>

/* Whether there is a block, its alignment and whether it can be written; gives it back. */
static void say_block(const char *what, void *block, size_t size, size_t alignment)
{
    printf("%s: %s", what, block ? "a block" : "none");
    if (block) {
        memset(block, 1, size);
        printf(", aligned %d, %zu usable", (uintptr_t)block % alignment == 0,
               malloc_usable_size(block));
    }
    printf("\n");
    free(block);
}

static void edges(void)
{
    volatile size_t huge = SIZE_MAX / 2 + 2;
    void *block = (void *)1;
    say_block("malloc(0)", malloc(0), 0, 16);
    say_block("calloc(0, 8)", calloc(0, 8), 0, 16);
    SAY(malloc(huge * 2 - 2 - 4096));
    SAY(calloc(huge, 2));
    SAY(calloc(huge, huge));
    SAY(realloc(NULL, huge + huge / 2));
    SAY(reallocarray(NULL, huge, 4));
    say_block("realloc(NULL)", realloc(NULL, 40), 40, 16);
    SAY(realloc(malloc(10), 0));
    say_block("memalign", memalign(4096, 10), 10, 4096);
    say_block("aligned_alloc", aligned_alloc(64, 128), 128, 64);
    say_block("valloc", valloc(10), 10, 4096);
    say_block("pvalloc", pvalloc(10), 10, 4096);
    SAY(aligned_alloc(0, 10) == NULL);
    SAY(posix_memalign(&block, 3, 10));
    SAY(posix_memalign(&block, 4, 10));
    SAY(posix_memalign(&block, 64, huge));
    printf("untouched %d\n", block == (void *)1);
    SAY(posix_memalign(&block, 64, 0));
    free(block);
    errno = 11;
    free(malloc(100));
    free(malloc(1 << 20));
    free(NULL);
    printf("errno %d\n", errno);
    char *text = strdup("kept");
    text = realloc(text, 100000);
    printf("%s", text);
    text = realloc(text, 8);
    printf(" %s\n", text);
    char *volatile still = text;
    char *refused = realloc(text, huge);
    printf("%d %s\n", refused == NULL, still);
    free(still);
}

struct locked {
    pthread_mutex_t mutex;
    int value;
};

static void *churns(void *unused)
{
    for (int i = 0; i < 3000; i++) {
        struct locked *locked = calloc(1, sizeof *locked + (size_t)(i % 7) * 100);
        pthread_mutex_lock(&locked->mutex);
        locked->value++;
        pthread_mutex_unlock(&locked->mutex);
        locked = realloc(locked, sizeof *locked + (size_t)(i % 11) * 200);
        MUST(locked->value == 1);
        if (i % 5)
            MUST(pthread_mutex_init(&locked->mutex, NULL) == 0);
        MUST(pthread_mutex_trylock(&locked->mutex) == 0);
        pthread_mutex_unlock(&locked->mutex);
        free(locked);
    }
    return unused;
}

static void churn(void)
{
    pthread_t threads[3];
    for (int i = 0; i < 3; i++)
        threads[i] = make_thread(churns, NULL);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    printf("done\n");
}

int main(int argc, char **argv)
{
    return say_cases((struct say_case[]){{"edges", edges}, {"churn", churn}, {NULL, NULL}}, argc,
                     argv);
}
