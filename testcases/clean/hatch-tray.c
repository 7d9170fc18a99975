/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One tray that goes back and forth through two hatches, pipes: what is on it is written to the
 * pipe from where it lies, and read from the pipe to the same place. Each touches it only while the
 * other waits.
 */
/* EXPECT: nothing */
/* TSAN: tells what writev has read behind the order that the bytes carry */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

enum { ROUNDS = 50 };

static int there[2], back[2];
static char tray[64];

static int send_tray(int hatch)
{
    struct iovec halves[2] = {{tray, 32}, {tray + 32, 32}};
    return writev(hatch, halves, 2) == sizeof tray;
}

static int take_tray(int hatch)
{
    return read(hatch, tray, sizeof tray) == sizeof tray;
}

static void *olivia(void *arg)
{
    for (int i = 0; i < ROUNDS && take_tray(there[0]); i++) {
        snprintf(tray + strlen(tray) / 2, 16, "%d", i);
        if (!send_tray(back[1]))
            return NULL;
    }
    return arg;
}

int main(void)
{
    pthread_t thread;
    if (pipe(there) || pipe(back))
        return 1;
    pthread_create(&thread, NULL, olivia, NULL);
    for (int i = 0; i < ROUNDS; i++) {
        strcpy(tray, "bread and soup");
        if (!send_tray(there[1]) || !take_tray(back[0]))
            return 1;
    }
    pthread_join(thread, NULL);
    printf("The last tray: %s\n", tray);
    return 0;
}
