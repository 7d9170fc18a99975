/* SPDX-License-Identifier: Apache-2.0 */
/* Two bells that are eventfds: one says that the soup is done, the other that it is eaten. */
/* EXPECT: nothing */
#include <pthread.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { SOUPS = 100 };

static int done, eaten;
static int soup;

static void *olivia(void *arg)
{
    eventfd_t count;
    for (int i = 0; i < SOUPS; i++) {
        soup++;
        if (eventfd_write(done, 1) || eventfd_read(eaten, &count))
            return NULL;
    }
    return arg;
}

int main(void)
{
    pthread_t thread;
    eventfd_t count, one = 1;
    done = eventfd(0, 0);
    eaten = eventfd(0, EFD_CLOEXEC);
    pthread_create(&thread, NULL, olivia, NULL);
    for (int i = 0; i < SOUPS; i++) {
        if (read(done, &count, sizeof count) != sizeof count)
            return 1;
        soup++;
        if (write(eaten, &one, sizeof one) != sizeof one)
            return 1;
    }
    pthread_join(thread, NULL);
    printf("Soup: %d\n", soup);
    return 0;
}
