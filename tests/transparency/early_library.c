/* SPDX-License-Identifier: Apache-2.0 */
/* Its constructor locks, allocates, and makes a thread; its destructor locks. */
#include "say.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER, other = PTHREAD_MUTEX_INITIALIZER;
static int *value;

static void *raises(void *unused)
{
    pthread_mutex_lock(&mutex);
    ++*value;
    pthread_mutex_unlock(&mutex);
    return unused;
}

__attribute__((constructor)) static void constructor(void)
{
    pthread_mutex_lock(&mutex);
    value = calloc(1, sizeof *value);
    pthread_mutex_unlock(&mutex);
    raises(NULL);
    pthread_mutex_lock(&other);
    elsewhere(raises, NULL);
    pthread_mutex_unlock(&other);
}

__attribute__((destructor)) static void destructor(void)
{
    pthread_mutex_lock(&mutex);
    printf("destructor of a library: %d\n", *value);
    free(value);
    pthread_mutex_unlock(&mutex);
}

int early_library_value(void);
int early_library_value(void)
{
    return *value;
}
