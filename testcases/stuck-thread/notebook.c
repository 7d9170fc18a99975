/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Barron keeps the notebook, a stream, for himself until Olivia has come; and she writes into it.
 * The lock is one of the C library's own, which no call tells of.
 */
/* EXPECT: stuck-thread observed @joins @begins */
/* HANGS */
/* SOURCE: @begins pencil */
/* SOURCE: @joins thread */

#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t pencil = PTHREAD_MUTEX_INITIALIZER;

static FILE *notebook;

static void *olivia(void *arg)
{
    pthread_mutex_lock(&pencil);
    pthread_mutex_unlock(&pencil);     /* @begins */
    fputs("Olivia: soup\n", notebook); /* @begins */
    return arg;
}

int main(void)
{
    pthread_t thread;
    notebook = tmpfile();
    flockfile(notebook);
    pthread_create(&thread, NULL, olivia, NULL);
    pthread_join(thread, NULL); /* @joins */
    funlockfile(notebook);
    return 0;
}
