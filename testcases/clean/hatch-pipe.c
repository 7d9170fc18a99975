/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Barron cooks, Olivia serves, and the only thing between them is a hatch: a pipe for a byte each
 * way. She looks at the plate when the byte has come, he takes the next when hers is back. At the
 * end he closes the hatch, which she notices as well.
 */
/* EXPECT: nothing */
/* TSAN: does not take the end of a pipe for order */
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

enum { PLATES = 100 };

static int there[2], back[2];
static int plate, bill;

static void *barron(void *arg)
{
    char byte = 0;
    for (int i = 1; i <= PLATES; i++) {
        plate = i;
        if (write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1)
            return NULL;
    }
    plate = -1;
    close(there[1]);
    return arg;
}

static void *olivia(void *arg)
{
    char byte;
    while (read(there[0], &byte, 1) == 1) {
        bill += plate;
        if (write(back[1], &byte, 1) != 1)
            return NULL;
    }
    bill -= plate; /* after the end of the data, which is order too */
    return arg;
}

int main(void)
{
    pthread_t cook, waitress;
    if (pipe(there) || pipe(back))
        return 1;
    pthread_create(&cook, NULL, barron, NULL);
    pthread_create(&waitress, NULL, olivia, NULL);
    pthread_join(cook, NULL);
    pthread_join(waitress, NULL);
    printf("Bill: %d\n", bill);
    return 0;
}
