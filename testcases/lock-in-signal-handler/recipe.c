/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A timer goes off while Steve waits for Olivia to end. Its handler writes a recipe: on paper that
 * it asks malloc for, by printf, and tells a waiter through a condition.
 */
/* EXPECT: lock-in-signal-handler observed @joins @paper @writes @tells @tears */
/* SOURCE: @paper "malloc((size_t)signal)" - */
/* SOURCE: @writes "printf(\"Garlic, salt.\\n\")" - */
/* SOURCE: @tells ready */
/* SOURCE: @tears paper */
/* SOURCE: @joins thread */
#include "order.h"
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

static pthread_cond_t ready = PTHREAD_COND_INITIALIZER;
static void *volatile paper;
static atomic_int written;

static void on_timer(int signal)
{
    paper = malloc((size_t)signal); /* @paper */
    printf("Garlic, salt.\n");      /* @writes */
    pthread_cond_signal(&ready);    /* @tells */
    free(paper);                    /* @tears */
    written = 1;
}

static void *olivia(void *steve)
{
    order_await_blocked(0);
    pthread_kill(*(pthread_t *)steve, SIGALRM);
    while (!written)
        order_tick();
    return NULL;
}

int main(void)
{
    pthread_t thread, steve = pthread_self();
    signal(SIGALRM, on_timer);
    printf("Steve reads.\n");
    order_sit(0);
    pthread_create(&thread, NULL, olivia, &steve);
    pthread_join(thread, NULL); /* @joins */
    return 0;
}
