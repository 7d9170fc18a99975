/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bell may only ring while Barron waits for guests: all signals are blocked but around select.
 * What its handler interrupts is then async-signal-safe: it may ask malloc for paper, and so may a
 * child that it makes.
 */
/* EXPECT: nothing */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int written;

static void on_bell(int signal)
{
    char *paper = malloc((size_t)signal);
    written = paper != NULL;
    free(paper);
    pid_t child = fork();
    if (!child) {
        free(malloc((size_t)signal));
        _exit(0);
    }
    waitpid(child, NULL, 0);
}

static void *olivia(void *barron)
{
    nanosleep(&(struct timespec){0, 100000000}, NULL); /* until he waits */
    pthread_kill(*(pthread_t *)barron, SIGUSR1);
    return NULL;
}

int main(void)
{
    pthread_t thread, barron = pthread_self();
    sigset_t all, none;
    sigfillset(&all);
    sigemptyset(&none);
    sigaction(SIGUSR1, &(struct sigaction){.sa_handler = on_bell, .sa_mask = all}, NULL);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
    pthread_create(&thread, NULL, olivia, &barron);
    while (!written) {
        pthread_sigmask(SIG_SETMASK, &none, NULL);
        select(0, NULL, NULL, NULL, &(struct timeval){0, 50000});
        pthread_sigmask(SIG_SETMASK, &all, NULL);
    }
    pthread_join(thread, NULL);
    printf("written %d\n", written);
    return 0;
}
