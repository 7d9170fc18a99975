/* SPDX-License-Identifier: Apache-2.0 */
/* Opening the kitchen, once, asks whether the kitchen is open, which opens it, once. */
/* EXPECT: self-deadlock observed @opens @again */
/* HANGS */
/* SOURCE: @again opened */
/* SOURCE: @opens opened */
#include <pthread.h>
#include <stdio.h>

static pthread_once_t opened = PTHREAD_ONCE_INIT;
static int stoves;

static void open_kitchen(void);

static int count_stoves(void)
{
    pthread_once(&opened, open_kitchen); /* @again */
    return stoves;
}

static void open_kitchen(void)
{
    stoves = 1 + count_stoves();
}

static void *barron(void *arg)
{
    pthread_once(&opened, open_kitchen); /* @opens */
    return arg;
}

int main(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, barron, NULL);
    pthread_join(thread, NULL);
    printf("Stoves: %d\n", stoves);
    return 0;
}
