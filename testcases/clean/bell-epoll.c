/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Barron waits for whichever of two hatches opens. What he is to do with it lies in memory of which
 * the kernel only hands the address back: it is written before epoll_ctl, and read after
 * epoll_wait.
 */
/* EXPECT: nothing */
/* TSAN: does not take what poll finds for order */
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { HATCHES = 2 };

struct hatch {
    int ends[2], orders;
};

static int watch;
static int last_order;

static void *olivia(void *arg)
{
    for (int i = 0; i < HATCHES; i++) {
        struct hatch *hatch = malloc(sizeof *hatch);
        if (pipe(hatch->ends))
            return NULL;
        hatch->orders = 0;
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = hatch};
        if (write(hatch->ends[1], "x", 1) != 1 ||
            epoll_ctl(watch, EPOLL_CTL_ADD, hatch->ends[0], &event))
            return NULL;
    }
    return arg;
}

static void *steve(void *arg)
{
    last_order = 1;
    return write(*(int *)arg, "y", 1) == 1 ? arg : NULL;
}

int main(void)
{
    int orders = 0, ends[2];
    pthread_t waitress, guest;
    watch = epoll_create1(0);
    pthread_create(&waitress, NULL, olivia, NULL);
    while (orders < HATCHES) {
        struct epoll_event event;
        char byte;
        if (epoll_wait(watch, &event, 1, -1) != 1)
            return 1;
        struct hatch *hatch = event.data.ptr;
        hatch->orders++;
        orders++;
        if (read(hatch->ends[0], &byte, 1) != 1)
            return 1;
    }
    if (pipe(ends))
        return 1;
    pthread_create(&guest, NULL, steve, &ends[1]);
    struct pollfd ready = {.fd = ends[0], .events = POLLIN};
    if (poll(&ready, 1, -1) == 1) /* that there is something says enough */
        orders += last_order;
    pthread_join(waitress, NULL);
    pthread_join(guest, NULL);
    printf("Orders: %d\n", orders);
    return 0;
}
