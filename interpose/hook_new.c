/* SPDX-License-Identifier: Apache-2.0 */
/*
 * operator new and operator delete in all their forms. libstdc++'s call malloc and free, which are
 * hooked as well; those of other allocators do not. Either way a block is told once (core/heap.h).
 *
 * Where a plugin alone brings the C++ run-time, no real function is found among what everybody
 * sees: then the one that the plugin itself would have found is the real one. It is looked for
 * again after each dlclose. Who is called from where no library of C++ is, by a jump at a
 * destructor's end, takes what was found for anybody, or a C++ run-time that is there.
 */
#include "interpose/core/heap.h"

#include <dlfcn.h>

#include "interpose/core/poison.h"

enum { FORMS = 20, CALLERS = 16 };

/* What was found for the libraries that call, by form; the latest CALLERS of them. */
static struct found {
    uint64_t start, end; /* of the caller's module */
    uint64_t generation; /* of modules */
    void *function;
} found[FORMS][CALLERS];
static uint32_t found_next[FORMS];
static int found_busy; /* one thread at a time writes; who comes second remembers nothing */

__attribute__((visibility("hidden"))) extern const char __ehdr_start[], _end[];

/* A real function may end with a jump to another form: that one seems to be called by us, but is
 * called by whoever called the first. */
static uint64_t caller(uint64_t pc)
{
    static __thread uint64_t latest __attribute__((tls_model("initial-exec")));
    if (pc < (uint64_t)__ehdr_start || pc >= (uint64_t)_end)
        latest = pc;
    return latest;
}

static void *in_any_runtime(const char *name)
{
    static const char *const runtimes[] = {"libstdc++.so.6", "libc++.so.1", "libc++abi.so.1"};
    for (unsigned i = 0; i < sizeof runtimes / sizeof *runtimes; i++) {
        void *library = dlopen(runtimes[i], RTLD_LAZY | RTLD_NOLOAD);
        void *function = library ? dlsym(library, name) : NULL;
        if (library)
            REAL(dlclose)(library);
        if (function)
            return function;
    }
    return NULL;
}

static void *found_for_anybody(unsigned form, const char *name)
{
    uint64_t generation = rec_modules_generation();
    for (uint32_t i = 1; i <= CALLERS; i++) { /* the latest first */
        const struct found *f = &found[form][(found_next[form] - i) % CALLERS];
        void *function = __atomic_load_n(&f->function, __ATOMIC_ACQUIRE);
        if (function && f->generation == generation)
            return function;
    }
    return in_any_runtime(name);
}

static __attribute__((noinline)) void *near(unsigned form, const char *name, uint64_t pc)
{
    pc = caller(pc);
    if (!rec_real_resolved) {
        rec_real_resolve();
        void *function = dlsym(RTLD_NEXT, name);
        if (function)
            return function;
    }
    uint64_t generation = rec_modules_generation();
    for (unsigned i = 0; i < CALLERS; i++) {
        const struct found *f = &found[form][i];
        void *function = __atomic_load_n(&f->function, __ATOMIC_ACQUIRE);
        if (function && f->generation == generation && pc - f->start < f->end - f->start)
            return function;
    }
    int error = errno;
    uint64_t start = 0, end = 0;
    void *function = rec_real_near(name, pc);
    if (function && rec_real_module(pc, &start, &end) &&
        !__atomic_exchange_n(&found_busy, 1, __ATOMIC_ACQUIRE)) {
        struct found *f = &found[form][found_next[form]++ % CALLERS];
        __atomic_store_n(&f->function, NULL, __ATOMIC_RELEASE);
        f->start = start;
        f->end = end;
        f->generation = generation;
        __atomic_store_n(&f->function, function, __ATOMIC_RELEASE);
        __atomic_store_n(&found_busy, 0, __ATOMIC_RELEASE);
    }
    if (!function)
        function = found_for_anybody(form, name);
    errno = error;
    return function;
}

#define CALLER ((uint64_t)__builtin_return_address(0))
#define REAL_FORM(form, name)                                                                      \
    (rec_likely(rec_real.name != NULL) ? rec_real.name                                             \
                                       : (__typeof__(rec_real.name))near(form, #name, CALLER))

/* The real one may throw: nothing is to be undone then. */
#define NEW(form, name, parameters, arguments)                                                     \
    REC_EXPORT void *name parameters                                                               \
    {                                                                                              \
        void *(*real)parameters = REAL_FORM(form, name);                                           \
        if (!rec_heap_told())                                                                      \
            return real arguments;                                                                 \
        rec_heap_self.begun = NULL;                                                                \
        void *block = real arguments;                                                              \
        if (rec_heap_self.begun != block)                                                          \
            rec_block_begins(block, size, rec_here());                                             \
        return block;                                                                              \
    }

NEW(0, _Znwm, (size_t size), (size))
NEW(1, _Znam, (size_t size), (size))
NEW(2, _ZnwmRKSt9nothrow_t, (size_t size, const void *nothrow), (size, nothrow))
NEW(3, _ZnamRKSt9nothrow_t, (size_t size, const void *nothrow), (size, nothrow))
NEW(4, _ZnwmSt11align_val_t, (size_t size, size_t alignment), (size, alignment))
NEW(5, _ZnamSt11align_val_t, (size_t size, size_t alignment), (size, alignment))
NEW(6, _ZnwmSt11align_val_tRKSt9nothrow_t, (size_t size, size_t alignment, const void *nothrow),
    (size, alignment, nothrow))
NEW(7, _ZnamSt11align_val_tRKSt9nothrow_t, (size_t size, size_t alignment, const void *nothrow),
    (size, alignment, nothrow))

#define DELETE(form, name, parameters, arguments)                                                  \
    REC_EXPORT void name parameters                                                                \
    {                                                                                              \
        void(*real) parameters = REAL_FORM(form, name);                                            \
        if (!block || !rec_live.on || rec_heap_self.ending == block) {                             \
            real arguments;                                                                        \
            return;                                                                                \
        }                                                                                          \
        rec_new_block_ends(block, rec_here());                                                     \
        rec_heap_self.ending = block;                                                              \
        real arguments;                                                                            \
        rec_block_ended(block);                                                                    \
    }

DELETE(8, _ZdlPv, (void *block), (block))
DELETE(9, _ZdaPv, (void *block), (block))
DELETE(10, _ZdlPvm, (void *block, size_t size), (block, size))
DELETE(11, _ZdaPvm, (void *block, size_t size), (block, size))
DELETE(12, _ZdlPvRKSt9nothrow_t, (void *block, const void *nothrow), (block, nothrow))
DELETE(13, _ZdaPvRKSt9nothrow_t, (void *block, const void *nothrow), (block, nothrow))
DELETE(14, _ZdlPvSt11align_val_t, (void *block, size_t alignment), (block, alignment))
DELETE(15, _ZdaPvSt11align_val_t, (void *block, size_t alignment), (block, alignment))
DELETE(16, _ZdlPvmSt11align_val_t, (void *block, size_t size, size_t alignment),
       (block, size, alignment))
DELETE(17, _ZdaPvmSt11align_val_t, (void *block, size_t size, size_t alignment),
       (block, size, alignment))
DELETE(18, _ZdlPvSt11align_val_tRKSt9nothrow_t,
       (void *block, size_t alignment, const void *nothrow), (block, alignment, nothrow))
DELETE(19, _ZdaPvSt11align_val_tRKSt9nothrow_t,
       (void *block, size_t alignment, const void *nothrow), (block, alignment, nothrow))
