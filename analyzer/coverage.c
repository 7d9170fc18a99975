/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/coverage.h"

#include <string.h>

bool an_is_runtime(const char *path)
{
    static const char *const names[] = {
        "libc.so",   "libc-",      "libpthread", "ld-linux",    "libm.so",    "libdl.",
        "librt.",    "libstdc++.", "libgcc_s.",  "libc++",      "libgomp.",   "libomp.",
        "libsnarl.", "libtsan.",   "libsnarl_",  "libclang_rt", "linux-vdso", "[vdso]",
    };
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strncmp(name, names[i], strlen(names[i])) == 0)
            return true;
    return false;
}

uint64_t an_place(const struct an_context *ctx, uint32_t stack)
{
    struct tr_stack frames = tr_reader_stack(ctx->reader, stack);
    for (uint32_t i = 0; i < frames.count; i++) {
        const struct tr_module *module = tr_reader_module_at(ctx->reader, frames.pcs[i] - 1);
        if (!module || !module->path || !an_is_runtime(module->path))
            return frames.pcs[i];
    }
    return 0;
}

bool an_is_covered(const struct an_context *ctx, uint32_t stack)
{
    const struct tr_module *module = tr_reader_module_at(ctx->reader, an_place(ctx, stack) - 1);
    return module && module->access_source != TR_SOURCE_NONE;
}
