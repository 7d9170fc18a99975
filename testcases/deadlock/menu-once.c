/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whoever writes the menu asks Olivia first, and waits for her answer; she looks into the menu, and
 * waits until it is written. Neither of the two waits is for a lock.
 */
/* EXPECT: deadlock observed @once @joins @asks */
/* HANGS */
/* SOURCE: @joins helper */
/* SOURCE: @asks menu_once */
/* SOURCE: @once menu_once */

#include <pthread.h>
#include <stdio.h>

static pthread_once_t menu_once = PTHREAD_ONCE_INIT;
static int courses;

static void *olivia(void *arg);

static void write_menu(void)
{
    pthread_t helper;
    pthread_create(&helper, NULL, olivia, NULL);
    pthread_join(helper, NULL); /* @joins */
    courses = 3;
}

static void *olivia(void *arg)
{
    pthread_once(&menu_once, write_menu); /* @asks */
    printf("%d courses\n", courses);
    return arg;
}

int main(void)
{
    pthread_once(&menu_once, write_menu); /* @once */
    printf("%d courses\n", courses);
    return 0;
}
