/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Steve writes the menu, once for all, and waits for the fish, which nobody brings. Olivia waits
 * for the menu.
 */
/* EXPECT: deadlock observed @runs @fish @asks */
/* HANGS */
/* SOURCE: @fish fish */
/* SOURCE: @asks menu_once */
/* SOURCE: @runs menu_once */

#include "order.h"
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>

static pthread_once_t menu_once = PTHREAD_ONCE_INIT;
static sem_t fish;
static int courses;

static void write_menu(void)
{
    order_reach(1);
    sem_wait(&fish); /* @fish */
    courses = 3;
}

static void *olivia(void *arg)
{
    order_await(1);
    pthread_once(&menu_once, write_menu); /* @asks */
    return arg;
}

static void *steve(void *arg)
{
    pthread_once(&menu_once, write_menu); /* @runs */
    return arg;
}

int main(void)
{
    pthread_t writer, reader;
    sem_init(&fish, 0, 0);
    pthread_create(&writer, NULL, steve, NULL);
    pthread_create(&reader, NULL, olivia, NULL);
    pthread_join(reader, NULL);
    pthread_join(writer, NULL);
    printf("%d courses\n", courses);
    return 0;
}
