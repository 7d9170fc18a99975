/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that goes from thread to thread, which take turns: each turn is an epoch of its own. Says
 * where it is.
 */
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { COUNT = 1024, BLOCK = 16384, ROUNDS = 5, MANY = 20, MORE = 200 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int turn, nowhere;

static int handed, shared, returned, alone, often;
static int array[COUNT];
static struct {
    char first, second;
} small __attribute__((aligned(4)));
static char four[4] __attribute__((aligned(4)));
static char beside[8] __attribute__((aligned(8))); /* of its granules one has the first byte only */
static char *block;
static char buffer[256] __attribute__((aligned(64)));
static char text[64] __attribute__((aligned(64)));
enum { LARGE = 2000, SMALLER = 1993 }; /* for the allocator, as many steps of 16 */
static char *large, *smaller;
static pthread_barrier_t all_there;

/* Waits until it is TURN's time; what comes before the next call belongs to it. */
static void wait_for(int next)
{
    pthread_mutex_lock(&mutex);
    while (turn != next)
        pthread_cond_wait(&changed, &mutex);
    pthread_mutex_unlock(&mutex);
}

static void pass_on(void)
{
    pthread_mutex_lock(&mutex);
    turn++;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
}

static void new_epoch(void)
{
    static pthread_mutex_t own = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&own);
    pthread_mutex_unlock(&own);
}

static void __attribute__((noinline)) store(int *at, int value)
{
    *(volatile int *)at = value;
}

static void __attribute__((noinline)) load(const int *at)
{
    (void)*(const volatile int *)at;
}

static void __attribute__((noinline)) fill(char *at, int size, char value)
{
    for (int i = 0; i < size; i++)
        ((volatile char *)at)[i] = value;
}

/* For each size of an access, place in 8 bytes where it begins, and byte of it, one that is missing
 * where all others have been read before. */
enum { SIZES = 5, BEGINS = 8, MOST = 16, CELL = 32 };
static char lone[SIZES][BEGINS][MOST][CELL] __attribute__((aligned(CELL)));
static char read_by_several[SIZES][BEGINS][MOST][CELL] __attribute__((aligned(CELL)));

/* From two places of the program in turn: what one goes through, byte by byte, is text. */
static void __attribute__((noinline)) read_even(const char *at)
{
    (void)*(const volatile char *)at;
}

static void __attribute__((noinline)) read_odd(const char *at)
{
    (void)*(const volatile char *)at;
}

static void __attribute__((noinline)) read_but(const char *at, int size, int missing)
{
    for (int i = 0; i < size; i++)
        if (i != missing)
            ((uintptr_t)&at[i] / 4 % 2 ? read_odd : read_even)(&at[i]);
}

static void __attribute__((noinline)) read_text(const char *at, int size)
{
    for (int i = 0; i < size; i++)
        (void)((const volatile char *)at)[i];
}

static void __attribute__((noinline)) read_whole(const char *at, int size)
{
    switch (size) {
    case 1:
        __asm__ volatile("movb (%0), %%al" : : "r"(at) : "rax");
        break;
    case 2:
        __asm__ volatile("movw (%0), %%ax" : : "r"(at) : "rax");
        break;
    case 4:
        __asm__ volatile("movl (%0), %%eax" : : "r"(at) : "rax");
        break;
    case 8:
        __asm__ volatile("movq (%0), %%rax" : : "r"(at) : "rax");
        break;
    default:
        __asm__ volatile("movdqu (%0), %%xmm0" : : "r"(at) : "xmm0");
    }
}

static void for_all(char (*cells)[BEGINS][MOST][CELL], void (*visit)(char *, int, int))
{
    for (int size = 0; size < SIZES; size++)
        for (int begin = 0; begin < BEGINS; begin++)
            for (int missing = 0; missing < 1 << size; missing++)
                visit(&cells[size][begin][missing][begin], 1 << size, missing);
}

static void write_whole(char *at, int size, int missing)
{
    (void)missing;
    fill(at, size, 1);
}

static void read_others(char *at, int size, int missing)
{
    read_but(at, size, missing);
}

static void read_others_and_whole(char *at, int size, int missing)
{
    read_but(at, size, missing);
    read_whole(at, size);
}

static void write_missing(char *at, int size, int missing)
{
    (void)size;
    fill(&at[missing], 1, 2);
}

/* Each third turn, from FIRST on. */
static void read_in_turn(int first)
{
    for (int round = 0; round < ROUNDS; round++) {
        wait_for(first + 3 * round);
        load(&shared);
        pass_on();
    }
}

static void *first(void *unused)
{
    pthread_barrier_wait(&all_there); /* nobody allocates for a new thread any more */
    wait_for(0);
    store(&handed, 1);
    new_epoch();
    store(&handed, 2);
    for (int i = 0; i < COUNT; i++)
        store(&array[i], i);
    store(&shared, 1);
    store(&returned, 1);
    fill(&small.first, 1, 1);
    for (int i = 0; i < 8; i += 4)
        *(volatile char *)&beside[i] = 1;
    *(volatile char *)&four[0] = 1;
    *(volatile char *)&four[3] = 1;
    new_epoch();
    *(volatile char *)&small.second = 2;
    block = malloc(BLOCK);
    fill(text, sizeof text, 1);
    large = malloc(LARGE);
    fill(&large[SMALLER], LARGE - SMALLER, 1);
    free(large);
    for_all(read_by_several, write_whole);
    for (int i = 0; i < MANY; i++) {
        store(&alone, i);
        new_epoch();
    }
    pass_on();
    read_in_turn(3);
    wait_for(3 + 3 * ROUNDS);
    store(&shared, 2);
    store(&returned, 2);
    store(&alone, MANY);
    store(&often, 1);
    fill(text, sizeof text, 2);
    for_all(read_by_several, write_missing);
    free(block);
    pass_on();
    return unused;
}

static void *second(void *unused)
{
    pthread_barrier_wait(&all_there);
    wait_for(1);
    for (int i = 0; i < 4; i++) {
        load(&handed);
        new_epoch();
    }
    for (int i = 0; i < COUNT; i++)
        load(&array[i]);
    load(&returned);
    load(&alone);
    for (int i = 2; i < 6; i += 2)
        read_even(&beside[i]);
    load(&often);
    fill(&small.first, 1, 3);
    fill(&four[1], 1, 2);
    fill(buffer, sizeof buffer, 1);
    read_text(text, sizeof text);
    smaller = malloc(SMALLER);
    free(smaller);
    new_epoch();
    for (unsigned i = 0; i < sizeof buffer; i += 4)
        load((const int *)(const void *)&buffer[i]);
    for (char i = 0; i < 3; i++) {
        fill(block, BLOCK, i);
        new_epoch();
    }
    for_all(lone, read_others_and_whole);
    for_all(read_by_several, read_others);
    pass_on();
    wait_for(4);
    for (int i = 0; i < MORE; i++) { /* as the third one did before */
        load(&often);
        new_epoch();
    }
    for_all(read_by_several, read_others_and_whole);
    read_in_turn(4);
    return unused;
}

static void *third(void *unused)
{
    pthread_barrier_wait(&all_there);
    wait_for(2);
    store(&handed, 3);
    (void)!write(nowhere, buffer, sizeof buffer);
    for_all(lone, write_missing);
    load(&often);
    for_all(read_by_several, read_others);
    pass_on();
    read_in_turn(5);
    return unused;
}

int main(void)
{
    void *(*const bodies[])(void *) = {first, second, third};
    pthread_t threads[3];
    pthread_barrier_init(&all_there, NULL, 3);
    mallopt(M_ARENA_MAX, 1); /* what one thread frees the next one gets */
    nowhere = open("/dev/null", O_WRONLY);
    for (int i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, bodies[i], NULL);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    printf("alone %p 4\noften %p 4\nhanded %p 4\nshared %p 4\nreturned %p 4\narray %p %zu\nsmall "
           "%p 1\nfour %p 4\nbeside %p 8\nbuffer "
           "%p %zu\nblock %p %d\nlone %p %zu\nread-by-several %p %zu\ntext %p %zu\n"
           "rest %p %d\nsame %x 1\n",
           (void *)&alone, (void *)&often, (void *)&handed, (void *)&shared, (void *)&returned,
           (void *)array, sizeof array, (void *)&small.first, (void *)four, (void *)beside,
           (void *)buffer, sizeof buffer, (void *)block, BLOCK, (void *)lone, sizeof lone,
           (void *)read_by_several, sizeof read_by_several, (void *)text, sizeof text,
           (void *)&large[SMALLER], LARGE - SMALLER, large == smaller);
    return 0;
}
