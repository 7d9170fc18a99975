/* SPDX-License-Identifier: Apache-2.0 */
/* A library (library.c) that opens another, which its own run path finds; with a lock of its own.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static long locked;
static void *inner;

const char *outer_opens(void)
{
    inner = dlopen("libinner.so", RTLD_NOW);
    return inner ? "found" : dlerror();
}

void *outer_closes(void)
{
    if (inner)
        dlclose(inner);
    return inner = NULL;
}

void *outer_locks(void)
{
    pthread_mutex_lock(&mutex);
    free(malloc(50));
    long now = ++locked;
    pthread_mutex_unlock(&mutex);
    return (void *)now;
}

__attribute__((destructor)) static void ends(void)
{
    outer_locks();
}
