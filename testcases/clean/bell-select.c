/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Barron sleeps until one of two bells rings, and looks at the order that lies under it. Which bell
 * it was says enough: nobody reads what the bells say.
 */
/* EXPECT: nothing */
/* TSAN: does not take what select finds for order */
#include <pthread.h>
#include <stdio.h>
#include <sys/select.h>
#include <unistd.h>

enum { BELLS = 2 };

static int bells[BELLS][2];
static int orders[BELLS];

static void *olivia(void *arg)
{
    orders[0] = 3;
    return write(bells[0][1], "x", 1) == 1 ? arg : NULL;
}

static void *steve(void *arg)
{
    orders[1] = 4;
    return write(bells[1][1], "y", 1) == 1 ? arg : NULL;
}

/* Until BELL has rung. */
static int order_under(int bell)
{
    int fd = bells[bell][0];
    fd_set in;
    FD_ZERO(&in);
    FD_SET(fd, &in);
    int rung =
        bell ? pselect(fd + 1, &in, NULL, NULL, NULL, NULL) : select(fd + 1, &in, NULL, NULL, NULL);
    return rung == 1 && FD_ISSET(fd, &in) ? orders[bell] : 0;
}

int main(void)
{
    pthread_t waitress, guest;
    if (pipe(bells[0]) || pipe(bells[1]))
        return 1;
    pthread_create(&waitress, NULL, olivia, NULL);
    pthread_create(&guest, NULL, steve, NULL);
    int all = order_under(0) + order_under(1);
    pthread_join(waitress, NULL);
    pthread_join(guest, NULL);
    printf("Orders: %d\n", all);
    return 0;
}
