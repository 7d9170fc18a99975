/* SPDX-License-Identifier: Apache-2.0 */
/* The edges of the allocator, and locks in blocks that come and go. Addresses are not told, nor how
 * large a block really is: some allocators choose by chance. */
#define _GNU_SOURCE
#include "say.h"

#include <malloc.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>

/* Whether there is a block, its alignment and whether it can be written; gives it back. */
static void say_block(const char *what, void *block, size_t size, size_t alignment)
{
    printf("%s: %s", what, block ? "a block" : "none");
    if (block) {
        memset(block, 1, size);
        printf(", aligned %d, usable %d", (uintptr_t)block % alignment == 0,
               malloc_usable_size(block) >= size);
    }
    printf("\n");
    free(block);
}

static void edges(void)
{
    volatile size_t huge = SIZE_MAX / 2 + 2;
    void *block = (void *)1;
    say_block("malloc(0)", malloc(0), 0, 8);
    say_block("calloc(0, 8)", calloc(0, 8), 0, 8);
    SAY(malloc(huge * 2 - 2 - 4096));
    SAY(calloc(huge, 2));
    SAY(calloc(huge, huge));
    SAY(realloc(NULL, huge + huge / 2));
    SAY(reallocarray(NULL, huge, 4));
    say_block("realloc(NULL)", realloc(NULL, 40), 40, 16);
    SAY(realloc(malloc(10), 0) != NULL);
    say_block("memalign", memalign(4096, 10), 10, 4096);
    say_block("aligned_alloc", aligned_alloc(64, 128), 128, 64);
    say_block("valloc", valloc(10), 10, 4096);
    say_block("pvalloc", pvalloc(10), 10, 4096);
    volatile size_t none = 0;
    SAY(aligned_alloc(none, 10) == NULL);
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

/* Every function, sizes from nothing to what is mapped by itself; what was written stays. */
static void sizes(void)
{
    static const size_t each[] = {0, 1, 8, 24, 100, 4095, 4096, 70000, 1 << 20, 3 << 20};
    for (size_t i = 0; i < sizeof each / sizeof *each; i++) {
        size_t size = each[i];
        char *cleared = calloc(size ? size : 1, 1);
        for (size_t n = 0; n < size; n++)
            MUST(cleared[n] == 0);
        memset(cleared, 7, size);
        cleared = realloc(cleared, size * 2 + 1);
        for (size_t n = 0; n < size; n++)
            MUST(cleared[n] == 7);
        cleared = reallocarray(cleared, size / 2 + 1, 1);
        MUST(cleared && (!size || cleared[size / 2] == 7 || size == 1));
        free(cleared);
        for (size_t alignment = 8; alignment <= 1 << 16; alignment *= 4) {
            void *block;
            MUST(posix_memalign(&block, alignment, size) == 0);
            say_block("posix_memalign", block, size, alignment);
            say_block("memalign", memalign(alignment, size), size, alignment);
            say_block("aligned_alloc", aligned_alloc(alignment, alignment * 3), alignment * 3,
                      alignment);
        }
    }
}

/* What the C library allocates for the program. */
static void texts(void)
{
    char *text = NULL, *line = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);
    for (int i = 0; i < 3000; i++)
        fprintf(memory, "line %d\n", i);
    fclose(memory);
    printf("%zu bytes\n", size);
    memory = fmemopen(text, size, "r");
    size = 0;
    long all = 0;
    for (ssize_t got; (got = getline(&line, &size, memory)) > 0;)
        all += got;
    fclose(memory);
    printf("%ld bytes in lines\n", all);
    free(line);
    free(text);
    char *copy = strndup("a copy of this", 6);
    MUST(asprintf(&text, "%s and more", copy) > 0);
    printf("%s\n", text);
    free(copy);
    free(text);
}

/* No more room than a limit gives: the same refusals, and errno. */
static void limited(void)
{
    const size_t much = (size_t)64 << 30;
    void *block = NULL;
    MUST(setrlimit(RLIMIT_AS, &(struct rlimit){(rlim_t)8 << 30, RLIM_INFINITY}) == 0);
    SAY(malloc(much));
    SAY(calloc(much / 8, 8));
    SAY(realloc(NULL, much));
    SAY(aligned_alloc(64, much));
    SAY(memalign(4096, much));
    SAY(valloc(much));
    SAY(posix_memalign(&block, 64, much));
    SAY(mmap(NULL, much, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    char *text = strdup("kept"), *volatile kept = text;
    char *refused = realloc(text, much);
    printf("%d %s\n", refused != NULL, kept);
    free(kept);
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
    return say_cases((struct say_case[]){{"edges", edges},
                                         {"sizes", sizes},
                                         {"texts", texts},
                                         {"limited", limited},
                                         {"churn", churn},
                                         {NULL, NULL}},
                     argc, argv);
}
