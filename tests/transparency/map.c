/* SPDX-License-Identifier: Apache-2.0 */
/* Pages: mapped, refused, replaced, moved, thrown away; locks in them; stacks made of them. */
#define _GNU_SOURCE
#include "say.h"

#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>

enum { PAGE = 4096, ANYWHERE = MAP_PRIVATE | MAP_ANONYMOUS, BOTH = PROT_READ | PROT_WRITE };

static char *pages(size_t count)
{
    char *low = mmap(NULL, count * PAGE, BOTH, ANYWHERE, -1, 0);
    MUST(low != MAP_FAILED);
    return low;
}

static void refused(void)
{
    char *low = pages(4);
    volatile size_t huge = SIZE_MAX / 2;
    SAY(mmap(NULL, 0, PROT_READ, ANYWHERE, -1, 0));
    SAY(mmap(NULL, huge, PROT_READ, ANYWHERE, -1, 0));
    SAY(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, -1, 0));
    SAY(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, 0, 5));
    SAY(mmap64(NULL, PAGE, PROT_READ, 0, -1, 0));
    SAY(mmap(low + 1, PAGE, PROT_READ, ANYWHERE | MAP_FIXED, -1, 0));
    SAY(mmap(low, PAGE, PROT_READ, ANYWHERE | MAP_FIXED_NOREPLACE, -1, 0));
    SAY(munmap(low + 1, PAGE));
    SAY(munmap(low, 0));
    SAY(munmap((void *)(huge & ~4095ul), PAGE));
    SAY(mremap(low + 1, PAGE, PAGE, 0));
    SAY(mremap(low, 4 * PAGE, 0, 0));
    SAY(mremap(low, 4 * PAGE, huge, MREMAP_MAYMOVE));
    SAY(mremap(low, PAGE, PAGE, MREMAP_FIXED, low + PAGE));
    SAY(madvise(low + 1, PAGE, MADV_DONTNEED));
    SAY(madvise(low, PAGE, 4711));
    SAY(munmap(low, 4 * PAGE));
    SAY(munmap(low, 4 * PAGE));
    SAY(madvise(low, PAGE, MADV_DONTNEED));
    SAY(mremap(low, PAGE, 2 * PAGE, MREMAP_MAYMOVE));
}

static void changed(void)
{
    char *low = pages(8), *other = pages(8);
    memset(low, 'a', 8 * PAGE);
    SAY(mmap(low + PAGE, PAGE, BOTH, ANYWHERE | MAP_FIXED, -1, 0) == low + PAGE);
    printf("%d %d %d\n", low[PAGE - 1], low[PAGE], low[2 * PAGE]);
    SAY(madvise(low, PAGE, MADV_DONTNEED));
    SAY(madvise(low + 2 * PAGE, PAGE, MADV_FREE));
    printf("%d\n", low[0]);
    low[2 * PAGE] = 'b';
    SAY(munmap(low + 4 * PAGE, PAGE));
    SAY(mremap(low + 5 * PAGE, 3 * PAGE, 2 * PAGE, 0) == low + 5 * PAGE);
    SAY(mremap(low + 5 * PAGE, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, other) == other);
    printf("%d %d\n", other[0], other[2 * PAGE]);
    char *moved = mremap(other, 2 * PAGE, 5000 * PAGE, MREMAP_MAYMOVE);
    MUST(moved != MAP_FAILED);
    printf("%d %d\n", moved[0], moved[4999 * PAGE]);
    char *left = mremap(moved, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP);
    if (left != MAP_FAILED)
        printf("%d %d\n", left[0], moved[0]);
    SAY(munmap(moved, 5000 * PAGE));
    int fd = memfd_create("shared", 0);
    MUST(fd >= 0 && ftruncate(fd, 2 * PAGE) == 0);
    char *one = mmap(NULL, 2 * PAGE, BOTH, MAP_SHARED, fd, 0);
    char *two = mmap64(NULL, PAGE, BOTH, MAP_SHARED, fd, PAGE);
    one[PAGE] = 'c';
    SAY(madvise(one, 2 * PAGE, MADV_DONTNEED));
    printf("%d %d\n", one[PAGE], two[0]);
    char *twin = mremap(one, 0, 2 * PAGE, MREMAP_MAYMOVE);
    printf("%d\n", twin != MAP_FAILED && twin[PAGE] == 'c');
}

/* Huge reservations cost nothing, with and without locks somewhere else. */
static void reserved(void)
{
    const size_t huge = (size_t)1 << 40;
    for (int i = 0; i < 200; i++) {
        char *low = mmap(NULL, huge, PROT_NONE, ANYWHERE | MAP_NORESERVE, -1, 0);
        MUST(low != MAP_FAILED);
        MUST(munmap(low, huge) == 0);
    }
    printf("done\n");
}

static void uses(pthread_mutex_t *mutex)
{
    MUST(pthread_mutex_lock(mutex) == 0);
    MUST(pthread_mutex_trylock(mutex) == EBUSY);
    MUST(pthread_mutex_unlock(mutex) == 0);
}

/* Blank pages are locks that nobody holds. */
static void locks(void)
{
    for (int i = 0; i < 50; i++) {
        char *low = pages(3);
        uses((pthread_mutex_t *)low);
        uses((pthread_mutex_t *)(low + PAGE));
        pthread_mutex_lock((pthread_mutex_t *)(low + 2 * PAGE));
        MUST(madvise(low, PAGE, MADV_DONTNEED) == 0);
        uses((pthread_mutex_t *)low);
        char *moved = mremap(low, 3 * PAGE, 6 * PAGE, MREMAP_MAYMOVE);
        MUST(moved != MAP_FAILED);
        uses((pthread_mutex_t *)moved);
        MUST(pthread_mutex_trylock((pthread_mutex_t *)(moved + 2 * PAGE)) == EBUSY);
        pthread_mutex_unlock((pthread_mutex_t *)(moved + 2 * PAGE));
        munmap(moved, 6 * PAGE);
    }
    printf("done\n");
}

static void *works(void *mutex)
{
    for (int i = 0; i < 100; i++) {
        pthread_mutex_t own = PTHREAD_MUTEX_INITIALIZER;
        uses(&own);
        pthread_mutex_lock(mutex);
        free(malloc(100));
        pthread_mutex_unlock(mutex);
    }
    return mutex;
}

static void stacks(void)
{
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    for (int i = 0; i < 20; i++) {
        enum { COUNT = 3, SIZE = 16 };
        pthread_t threads[COUNT];
        char *low = pages(COUNT * SIZE);
        for (int n = 0; n < COUNT; n++) {
            pthread_attr_t attributes;
            pthread_attr_init(&attributes);
            MUST(pthread_attr_setstack(&attributes, low + n * SIZE * PAGE, SIZE * PAGE) == 0);
            MUST(pthread_create(&threads[n], &attributes, works, &mutex) == 0);
        }
        for (int n = 0; n < COUNT; n++)
            MUST(pthread_join(threads[n], NULL) == 0);
        munmap(low, COUNT * SIZE * PAGE);
    }
    printf("done\n");
}

int main(int argc, char **argv)
{
    return say_cases((struct say_case[]){{"refused", refused},
                                         {"changed", changed},
                                         {"reserved", reserved},
                                         {"locks", locks},
                                         {"stacks", stacks},
                                         {NULL, NULL}},
                     argc, argv);
}
