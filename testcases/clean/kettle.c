/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The landlord keeps his ears shut while he works, and opens them just to sit down at the window:
 * the kettle's whistle reaches him there alone. So he may do whatever he likes when it does, even
 * send somebody else to make the tea.
 */
/* EXPECT: nothing */
/* TSAN: hangs in the handler */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TIMES = 3 };

static volatile sig_atomic_t whistles;
static char *tea;
static pthread_mutex_t cupboard = PTHREAD_MUTEX_INITIALIZER;

static void whistle(int signal)
{
    pthread_mutex_lock(&cupboard);
    free(tea);
    tea = malloc(64);
    snprintf(tea, 64, "tea no. %d, by signal %d", (int)whistles, signal);
    pthread_mutex_unlock(&cupboard);
    if (whistles++ == 0 && fork() == 0) {
        pthread_mutex_lock(&cupboard);
        free(tea);
        pthread_mutex_unlock(&cupboard);
        _exit(0);
    }
}

static void *kettle(void *landlord)
{
    for (int i = 0; i < TIMES; i++) {
        usleep(20000);
        pthread_kill(*(pthread_t *)landlord, SIGUSR1);
    }
    return NULL;
}

int main(void)
{
    pthread_t self = pthread_self(), thread;
    sigset_t whistling;
    struct sigaction action = {.sa_handler = whistle};
    sigemptyset(&whistling);
    sigaddset(&whistling, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &whistling, NULL);
    sigaction(SIGUSR1, &action, NULL);
    pthread_create(&thread, NULL, kettle, &self);
    while (whistles < TIMES) {
        pthread_sigmask(SIG_UNBLOCK, &whistling, NULL);
        poll(NULL, 0, 1000);
        pthread_sigmask(SIG_BLOCK, &whistling, NULL);
    }
    pthread_join(thread, NULL);
    wait(NULL);
    printf("%s\n", tea);
    free(tea);
    return 0;
}
