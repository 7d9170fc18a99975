/* SPDX-License-Identifier: Apache-2.0 */
/* Barron keeps the notebook, a stream, for himself, and gives it back before he waits for Olivia.
 */
/* EXPECT: nothing */

#include <pthread.h>
#include <stdio.h>

static FILE *notebook;

static void *olivia(void *arg)
{
    fputs("Olivia: soup\n", notebook);
    return arg;
}

int main(void)
{
    pthread_t thread;
    notebook = tmpfile();
    flockfile(notebook);
    pthread_create(&thread, NULL, olivia, NULL);
    funlockfile(notebook);
    pthread_join(thread, NULL);
    return 0;
}
