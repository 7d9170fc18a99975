/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The menu is written on a board of pages of its own. Olivia reads today's soup from it; the
 * landlord takes the board down without asking whether somebody still reads. That Olivia was done
 * is luck: a moment later her read would have been a crash.
 */
/* EXPECT: data-race observed @read @take_down */
/* TSAN: sees no race with munmap */
/* SOURCE: @take_down board */
#define _GNU_SOURCE
#include "order.h"
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>

enum { SOUPS = 2000, SIZE = SOUPS * sizeof(int) };

static int *board;

static void *olivia(void *arg)
{
    int *soup = arg;
    *soup = board[1500]; /* @read */
    order_reach(1);
    return NULL;
}

int main(void)
{
    pthread_t guest;
    int soup = 0;
    board = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (board == MAP_FAILED)
        perror("mmap");
    board[1500] = 7;
    pthread_create(&guest, NULL, olivia, &soup);
    order_await(1);
    munmap(board, SIZE); /* @take_down */
    pthread_join(guest, NULL);
    printf("soup number %d\n", soup);
    return 0;
}
