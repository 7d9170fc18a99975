/* SPDX-License-Identifier: Apache-2.0 */
#include "interpose/core/real.h"

#include <dlfcn.h>

struct rec_real rec_real;

static void *find(const char *name, const char *version)
{
    void *found = version ? dlvsym(RTLD_NEXT, name, version) : NULL;
    return found ? found : dlsym(RTLD_NEXT, name);
}

/* The allocator first: dlsym may call it for the others. Storing the same pointer twice, from two
 * threads, is harmless. */
void rec_real_resolve(void)
{
#define HOOK(result, name, parameters, version)                                                    \
    if (!rec_real.name)                                                                            \
        *(void **)&rec_real.name = find(#name, version);
#define CALL HOOK
#include "interpose/hooks.def"
#undef CALL
#undef HOOK
}
