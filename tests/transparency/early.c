/* SPDX-License-Identifier: Apache-2.0 */
/* A program whose libraries work before main and behind it, and one that is loaded later. */
#define _GNU_SOURCE
#include "say.h"

#include <dlfcn.h>

int early_library_value(void);

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void *locks(void *unused)
{
    pthread_mutex_lock(&mutex);
    free(malloc(10));
    pthread_mutex_unlock(&mutex);
    return unused;
}

static void before_all(int argc, char **argv, char **environment)
{
    (void)argc, (void)argv, (void)environment;
    locks(NULL);
}

__attribute__((section(".preinit_array"), used)) static void (*first)(int, char **,
                                                                      char **) = before_all;

__attribute__((constructor(102))) static void constructor(void)
{
    elsewhere(locks, NULL);
}

__attribute__((destructor(102))) static void destructor(void)
{
    elsewhere(locks, NULL);
    printf("destructor of the program\n");
}

int main(int argc, char **argv)
{
    printf("the library's value: %d\n", early_library_value());
    for (int i = 0; i < 3 && argc > 1; i++) {
        void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
        if (!library)
            printf("%s\n", dlerror());
        MUST(library);
        int (*value)(void);
        *(void **)&value = dlsym(library, "early_library_value");
        printf("loaded: %d\n", value());
        dlclose(library);
    }
    return 0;
}
