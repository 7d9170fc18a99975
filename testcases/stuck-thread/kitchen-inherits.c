/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Orders go to a second kitchen, a child process, through a pipe. It reads up to their end, which
 * never comes: it has inherited the end that orders go in by, and holds that open itself.
 */
/* EXPECT: stuck-thread observed @reads */
/* HANGS */
/* SOURCE: @reads orders */

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* The second kitchen reads orders up to their end. */
static void cook(int orders)
{
    char byte;
    while (read(orders, &byte, 1) == 1) /* @reads */
        continue;
    exit(0);
}

int main(void)
{
    int orders[2], status;
    if (pipe(orders))
        return 1;
    pid_t kitchen = fork();
    if (kitchen == 0) {
        cook(orders[0]);
    }
    if (write(orders[1], "soup", 4) != 4)
        return 1;
    close(orders[1]);
    waitpid(kitchen, &status, 0);
    printf("The kitchen is closed: %d\n", status);
    return 0;
}
