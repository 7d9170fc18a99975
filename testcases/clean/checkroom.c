/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Coats hang in the checkroom by number, and the numbers are those of sockets. Barron takes his
 * coat and closes his socket. Whoever is given that number later comes behind him: it was not free
 * before.
 */
/* EXPECT: nothing */
/* TSAN: the kernel hands numbers on, which it does not follow */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HOOKS = 64 };

static int coats[HOOKS];

static void *barron(void *number)
{
    int own = *(const int *)number;
    coats[own] += 1;
    close(own);
    return NULL;
}

static void *olivia(void *number)
{
    int wanted = *(const int *)number;
    for (;;) {
        int given = socket(AF_UNIX, SOCK_STREAM, 0);
        if (given == wanted)
            break;
        close(given);
        sched_yield();
    }
    coats[wanted] += 10;
    close(wanted);
    return NULL;
}

int main(void)
{
    pthread_t threads[2];
    int number = socket(AF_UNIX, SOCK_STREAM, 0);
    if (number < 0 || number >= HOOKS)
        return 1;
    pthread_create(&threads[0], NULL, barron, &number);
    pthread_create(&threads[1], NULL, olivia, &number);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    printf("%d coats hung there.\n", coats[number]);
    return 0;
}
