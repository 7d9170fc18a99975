/* SPDX-License-Identifier: Apache-2.0 */
/* Two look into the menu; whoever is first writes it. */
/* EXPECT: nothing */

#include <pthread.h>
#include <stdio.h>

static pthread_once_t menu_once = PTHREAD_ONCE_INIT;
static int courses;

static void *olivia(void *arg);

static void write_menu(void)
{
    courses = 3;
}

static void *olivia(void *arg)
{
    pthread_once(&menu_once, write_menu);
    printf("%d courses\n", courses);
    return arg;
}

int main(void)
{
    pthread_t one, other;
    pthread_create(&one, NULL, olivia, NULL);
    pthread_create(&other, NULL, olivia, NULL);
    pthread_join(one, NULL);
    pthread_join(other, NULL);
    return 0;
}
