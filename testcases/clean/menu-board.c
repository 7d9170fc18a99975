/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The menu is written on a board of pages of its own. Olivia reads it, and says so by a lock when
 * she has; then the landlord takes the board down. Something else is put where it was: another
 * board, the stack of a thread. Nobody reads what is not there.
 */
/* EXPECT: nothing */
#define _GNU_SOURCE
#include "order.h"
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>

enum { SOUPS = 40000, SIZE = SOUPS * sizeof(int) };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int read_by; /* guarded by mutex */
static int *board;

static int *hang_up(void *where)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | (where ? MAP_FIXED_NOREPLACE : 0);
    int *pages = mmap(where, SIZE, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (pages == MAP_FAILED)
        perror("mmap");
    pages[1500] = 7;
    return pages;
}

static void *olivia(void *arg)
{
    *(int *)arg += board[1500];
    pthread_mutex_lock(&mutex);
    read_by++;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&mutex);
    order_await(1); /* she stays for a while */
    return NULL;
}

static void *barron(void *arg)
{
    int courses[SOUPS], *course = arg;
    for (int i = 0; i < SOUPS; i++)
        courses[i] = *course + i;
    *course = courses[*course];
    return NULL;
}

/* Where the board was, a thread's stack comes, which the thread gives back itself. */
static void stack_in_place(void *place)
{
    enum { STACK = 1 << 20 };
    pthread_attr_t attributes;
    pthread_t guest;
    int course = 3;
    void *stack = mmap(place, STACK, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (stack == MAP_FAILED)
        perror("mmap");
    pthread_attr_init(&attributes);
    pthread_attr_setstack(&attributes, stack, STACK);
    pthread_create(&guest, &attributes, barron, &course);
    pthread_join(guest, NULL);
    pthread_attr_destroy(&attributes);
    munmap(stack, STACK);
}

int main(void)
{
    pthread_t guests[2];
    int soups[2] = {0};
    board = hang_up((void *)0x7e9100000000);
    for (int i = 0; i < 2; i++)
        pthread_create(&guests[i], NULL, olivia, &soups[i]);
    pthread_mutex_lock(&mutex);
    while (read_by < 2)
        pthread_cond_wait(&changed, &mutex);
    pthread_mutex_unlock(&mutex);
    munmap(board, SIZE);
    board = hang_up(board);
    printf("soup number %d\n", board[1500]);
    munmap(board, SIZE);
    stack_in_place(board);
    order_reach(1);
    for (int i = 0; i < 2; i++)
        pthread_join(guests[i], NULL);
    printf("%d\n", soups[0] + soups[1]);
    return 0;
}
