/* SPDX-License-Identifier: Apache-2.0 */
#include "interpose/core/real.h"

#include <dlfcn.h>
#include <link.h>

struct rec_real rec_real;
bool rec_real_resolved;
__thread bool rec_real_resolving __attribute__((tls_model("initial-exec")));

/* Lock-free; the C library has it since 2.35. */
__attribute__((weak)) extern int _dl_find_object(void *, struct dl_find_object *);

static void *find(const char *name, const char *version)
{
    void *found = version ? dlvsym(RTLD_NEXT, name, version) : NULL;
    return found ? found : dlsym(RTLD_NEXT, name);
}

/*
 * What dlsym allocates meanwhile comes from our own arena (hook_heap.c): the caller may be an
 * allocator at its start. Storing the same pointer twice, from two threads, is harmless. The last
 * search succeeds, so that dlerror has nothing to tell the program.
 */
void rec_real_resolve(void)
{
    bool outer = rec_real_resolving;
    rec_real_resolving = true;
#define HOOK(result, name, parameters, version)                                                    \
    if (!rec_real.name)                                                                            \
        *(void **)&rec_real.name = find(#name, version);
#define CALL HOOK
#include "interpose/hooks.def"
#undef CALL
#undef HOOK
    (void)dlsym(RTLD_NEXT, "malloc");
    rec_real_resolving = outer;
    if (!outer)
        __atomic_store_n(&rec_real_resolved, true, __ATOMIC_RELEASE);
}

bool rec_same(const char *one, const char *other)
{
    while (*one && *one == *other)
        one++, other++;
    return *one == *other;
}

void *rec_real_named(const char *name)
{
#define HOOK(result, function, parameters, version)                                                \
    if (rec_same(name, #function))                                                                 \
        return (void *)rec_real.function;
#define CALL(result, function, parameters, version)
#include "interpose/hooks.def"
#undef CALL
#undef HOOK
    return NULL;
}

/* A library that was loaded for another has no search list of its own until it is opened itself. */
void *rec_real_near(const char *name, uint64_t pc)
{
    struct dl_find_object object;
    if (!_dl_find_object || _dl_find_object((void *)pc, &object))
        return NULL;
    void *found = dlsym(RTLD_NEXT, name); /* loaded for everybody since */
    if (found)
        return found;
    void *library = dlopen(object.dlfo_link_map->l_name, RTLD_LAZY | RTLD_NOLOAD);
    if (!library)
        return NULL;
    found = dlsym(library, name);
    REAL(dlclose)(library);
    return found;
}

bool rec_real_module(uint64_t pc, uint64_t *start, uint64_t *end)
{
    struct dl_find_object object;
    if (!_dl_find_object || _dl_find_object((void *)pc, &object))
        return false;
    *start = (uint64_t)object.dlfo_map_start;
    *end = (uint64_t)object.dlfo_map_end;
    return true;
}
