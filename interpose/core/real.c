/* SPDX-License-Identifier: Apache-2.0 */
#include "interpose/core/real.h"

#include "interpose/access/rewrite/rewrite.h"

#include <elf.h>
#include <link.h>

struct rec_real rec_real;
bool rec_real_resolved, rec_real_own_heap, rec_real_own_new;
__thread bool rec_real_resolving __attribute__((tls_model("initial-exec")));

/* The hook. Declared here, as nobody may call it. */
extern __typeof__(*rec_real.free) rec_hook_free __asm__("free");

static void *find(const char *name, const char *version)
{
    void *found = version ? dlvsym(RTLD_NEXT, name, version) : NULL;
    return found ? found : dlsym(RTLD_NEXT, name);
}

/* Where a program only takes the address of a function, that lies in the program, too, but has no
 * definition there. */
static void *definition(const char *name)
{
    Dl_info info;
    const ElfW(Sym) *symbol = NULL;
    void *found = dlsym(RTLD_DEFAULT, name);
    if (found && found != (void *)rec_hook_free &&
        dladdr1(found, &info, (void **)&symbol, RTLD_DL_SYMENT) && symbol &&
        symbol->st_shndx != SHN_UNDEF)
        return found;
    return dlsym(RTLD_NEXT, name);
}

static bool together(const void *one, const void *other)
{
    uint64_t start, end;
    if (!rec_real_module((uint64_t)one, &start, &end))
        return !rec_real._dl_find_object; /* nothing says that they are not */
    return (uint64_t)other - start < end - start;
}

static size_t unknown_size(void *block)
{
    (void)block;
    return 0;
}

/* An allocator need not have malloc_usable_size. The C library's would then read, and follow, what
 * stands in front of blocks that are not its own. */
static void find_allocator(void)
{
    void *sizes = definition("malloc_usable_size"), *deletes = rec_real._ZdlPv;
    const void *allocator = definition("free"), *runtime = dlsym(RTLD_NEXT, "__cxa_throw");
    bool fits = sizes && together(allocator, sizes);
    *(void **)&rec_real.malloc_usable_size = fits ? sizes : (void *)unknown_size;
    rec_real_own_heap = allocator != (void *)rec_real.free;
    rec_real_own_new = deletes && !together(deletes, allocator) && !together(deletes, runtime);
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
    find_allocator();
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

const char *rec_behind(const char *text, const char *prefix)
{
    while (*prefix && *text == *prefix)
        text++, prefix++;
    return *prefix ? NULL : text;
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
static bool module_at(uint64_t pc, struct dl_find_object *object)
{
    return rec_real._dl_find_object &&
           !rec_real._dl_find_object((void *)rec_rewrite_old(pc), object);
}

void *rec_real_near(const char *name, uint64_t pc)
{
    struct dl_find_object object;
    if (!module_at(pc, &object))
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
    if (!module_at(pc, &object))
        return false;
    *start = (uint64_t)object.dlfo_map_start;
    *end = (uint64_t)object.dlfo_map_end;
    return true;
}
