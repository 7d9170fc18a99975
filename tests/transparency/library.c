/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Libraries that are loaded and go again: found by the run path of whoever calls dlopen, loaded
 * twice, in a namespace of their own, with locks in them; errors; and a plugin in C++.
 */
#define _GNU_SOURCE
#include "say.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <link.h>
#include <sys/wait.h>

static const char *error(void)
{
    const char *text = dlerror();
    return text ? text : "no error";
}

static void *call(void *library, const char *function)
{
    void *(*f)(void) = NULL;
    *(void **)&f = dlsym(library, function);
    MUST(f);
    return f();
}

static int counts(struct dl_phdr_info *info, size_t size, void *data)
{
    (void)size;
    *(int *)data += strstr(info->dlpi_name, "libinner.so") != NULL;
    return 0;
}

static int inner_count(void)
{
    int count = 0;
    dl_iterate_phdr(counts, &count);
    return count;
}

static void say(const char *what, bool is)
{
    printf("%s: %d, ", what, is);
    printf("%s\n", error());
}

static void errors(void)
{
    say("at the start", true);
    say("a library", dlopen("libnowhere.so", RTLD_NOW) != NULL);
    say("a function", dlsym(RTLD_DEFAULT, "no_such_function") != NULL);
    say("of an allocator", dlsym(RTLD_DEFAULT, "mallocx") != NULL);
    say("the next one", dlsym(RTLD_NEXT, "pthread_mutex_lock") != NULL);
    say("the program closed", dlclose(dlopen(NULL, RTLD_NOW)) == 0);
}

/* libinner.so lies where only libouter.so's run path says. */
static void run_path(void)
{
    say("inner, for us", dlopen("libinner.so", RTLD_NOW) != NULL);
    for (int i = 0; i < 3; i++) {
        void *outer = dlopen("libouter.so", RTLD_NOW);
        MUST(outer);
        printf("inner: %s\n", (const char *)call(outer, "outer_opens"));
        printf("%d of them\n", inner_count());
        void *again = dlopen("libouter.so", RTLD_NOW | RTLD_NOLOAD);
        printf("the same: %d\n", again == outer);
        SAY(dlclose(again));
        call(outer, "outer_closes");
        printf("%d of them\n", inner_count());
        SAY(dlclose(outer));
        printf("still there: %d\n", dlopen("libouter.so", RTLD_NOW | RTLD_NOLOAD) != NULL);
    }
}

static void *uses(void *library)
{
    for (int i = 0; i < 200; i++)
        call(library, "outer_locks");
    return library;
}

static void reloaded(void)
{
    for (int i = 0; i < 30; i++) {
        void *library = dlopen("libouter.so", RTLD_LAZY);
        MUST(library);
        pthread_t threads[2] = {make_thread(uses, library), make_thread(uses, library)};
        uses(library);
        for (int n = 0; n < 2; n++)
            MUST(pthread_join(threads[n], NULL) == 0);
        long locked = (long)call(library, "outer_locks");
        MUST(locked == 601);
        MUST(dlclose(library) == 0);
    }
    printf("done\n");
}

static void apart(void)
{
    void *library = dlmopen(LM_ID_NEWLM, "libouter.so", RTLD_NOW);
    MUST(library);
    Lmid_t namespace = LM_ID_BASE;
    SAY(dlinfo(library, RTLD_DI_LMID, &namespace));
    printf("elsewhere: %d\n", namespace != LM_ID_BASE);
    printf("inner: %s\n", (const char *)call(library, "outer_opens"));
    for (int i = 0; i < 10; i++)
        call(library, "outer_locks");
    call(library, "outer_closes");
    SAY(dlclose(library));
}

static void plugin(void)
{
    for (int i = 0; i < 2; i++) {
        void *library = dlopen("libplugin.so", RTLD_NOW | RTLD_LOCAL);
        MUST(library);
        call(library, "plugin_works");
        dlclose(library);
    }
}

static void own_plugin(void)
{
    void *library = dlopen("libown_plugin.so", RTLD_NOW | RTLD_LOCAL);
    MUST(library);
    call(library, "plugin_works");
    dlclose(library);
}

static volatile bool opens;

static void *opens_and_closes(void *unused)
{
    while (opens)
        MUST(dlclose(dlopen("libouter.so", RTLD_NOW)) == 0);
    return unused;
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void locks_at_depth(int depth, volatile bool *unlocked)
{
    if (depth)
        locks_at_depth(depth - 1, unlocked);
    else
        SAY(pthread_mutex_lock(&mutex) || pthread_mutex_unlock(&mutex));
    *unlocked = true;
}

/* A child that was forked in the middle of another thread's dlopen works on, and looks around in
 * places that its parent has not been to. */
static void forks(void)
{
    opens = true;
    pthread_t other = make_thread(opens_and_closes, NULL);
    for (int i = 0; i < 60; i++) {
        int status = -1;
        volatile bool unlocked = false;
        pid_t child = fork();
        if (child == 0) {
            locks_at_depth(i % 40, &unlocked);
            _exit(unlocked ? 7 : 8);
        }
        MUST(waitpid(child, &status, 0) == child);
        MUST(WIFEXITED(status) && WEXITSTATUS(status) == 7);
    }
    opens = false;
    MUST(pthread_join(other, NULL) == 0);
    printf("all have ended\n");
}

extern const char __executable_start[], etext[];

/* Where code says that it is. */
static __attribute__((noinline)) void places_inside(void)
{
    void *places[16], *caller = __builtin_return_address(0);
    Dl_info info;
    SAY(dladdr(caller, &info) != 0);
    printf("called from here: %d\n", info.dli_fbase == (const void *)__executable_start);
    int count = backtrace(places, 16), own = 0;
    for (int i = 0; i < count; i++)
        own += places[i] > (void *)__executable_start && places[i] < (void *)etext;
    printf("%d frames here\n", own); /* others come and go with who has made the thread */
}

static void *places_in_thread(void *unused)
{
    places_inside();
    return unused;
}

static void places(void)
{
    places_inside();
    elsewhere(places_in_thread, NULL);
    places_inside();
}

int main(int argc, char **argv)
{
    return say_cases((struct say_case[]){{"errors", errors},
                                         {"run-path", run_path},
                                         {"reloaded", reloaded},
                                         {"apart", apart},
                                         {"forks", forks},
                                         {"places", places},
                                         {"plugin", plugin},
                                         {"own-plugin", own_plugin},
                                         {NULL, NULL}},
                     argc, argv);
}
