/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What symbols_test compiles in many ways and looks up. Prints its own modules and addresses:
 *
 *     module BASE START END
 *     NAME ADDRESS
 */
#define _GNU_SOURCE
#include <link.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>

struct stats {
    long hits;
    union {
        int as_int;
        double as_double;
    };
};

typedef struct entry {
    const char *name;
    volatile int count;
    struct stats stats[3];
    pthread_mutex_t lock;
    unsigned flag : 1, other : 7;
} entry_t;

entry_t table[8];
int matrix[4][5];
static pthread_mutex_t chopstick_a = PTHREAD_MUTEX_INITIALIZER; /* MARK chopstick */
int garlic_count;                                               /* MARK garlic */

/* Where the call to this returns to. */
__attribute__((noinline)) static void *here(void)
{
    __asm__ volatile("" ::: "memory");
    return __builtin_return_address(0);
}

__attribute__((always_inline)) static inline void *inner(void)
{
    void *pc = here(); /* MARK inner */
    __asm__ volatile("" ::"r"(pc));
    return pc;
}

__attribute__((always_inline)) static inline void *middle(void)
{
    return inner(); /* MARK middle */
}

__attribute__((noinline)) static void *outer(void)
{
    void *pc = middle(); /* MARK outer */
    __asm__ volatile("" ::"r"(pc) : "memory");
    return pc;
}

__attribute__((noinline)) static void *plain(void)
{
    void *pc = here(); /* MARK plain */
    __asm__ volatile("" ::"r"(pc) : "memory");
    return pc;
}

__attribute__((noinline)) static int *static_local(void)
{
    static int visits;
    visits++;
    return &visits;
}

static int print_module(struct dl_phdr_info *info, size_t size, void *data)
{
    uint64_t start = UINT64_MAX, end = 0;
    (void)size;
    (void)data;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        uint64_t at = info->dlpi_addr + header->p_vaddr;
        if (header->p_type != PT_LOAD)
            continue;
        start = at < start ? at : start;
        end = at + header->p_memsz > end ? at + header->p_memsz : end;
    }
    printf("module %#lx %#lx %#lx\n", (long)info->dlpi_addr, (long)start, (long)end);
    return 1; /* the first is the program itself */
}

int main(void)
{
    dl_iterate_phdr(print_module, NULL);
    garlic_count++;
    pthread_mutex_lock(&chopstick_a);
    pthread_mutex_unlock(&chopstick_a);
    table[3].count = matrix[1][2];
    printf("outer %p\nplain %p\nvisits %p\n", outer(), plain(), (void *)static_local());
    printf("chopstick %p\ngarlic %p\n", (void *)&chopstick_a, (void *)&garlic_count);
    printf("table3 %p\ncount %p\n", (void *)&table[3], (void *)&table[3].count);
    printf("hits %p\nunion %p\n", (void *)&table[7].stats[2].hits,
           (void *)&table[7].stats[2].as_int);
    printf("lock %p\nmatrix %p\n", (void *)&table[3].lock, (void *)&matrix[1][2]);
    return 0;
}
