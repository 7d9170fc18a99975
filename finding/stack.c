/* SPDX-License-Identifier: Apache-2.0 */
#include "finding/stack.h"

#include <string.h>

static bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool starts_with_any(const char *text, const char *const *prefixes)
{
    for (; *prefixes; prefixes++)
        if (starts_with(text, *prefixes))
            return true;
    return false;
}

static bool is_recorder(const struct sn_frame *frame)
{
    static const char *const modules[] = {"libsnarl", "libtsan.so", "libclang_rt.tsan", NULL};
    return frame->module && starts_with_any(frame->module, modules);
}

static bool is_runtime(const struct sn_frame *frame)
{
    static const char *const modules[] = {
        "libc.so",  "libc-2",  "libpthread", "ld-linux", "libstdc++",     "libc++",
        "libgcc_s", "libgomp", "libomp.",    "[vdso]",   "linux-vdso.so", NULL,
    };
    return frame->module && starts_with_any(frame->module, modules);
}

/* The few start-up functions that are linked into the program itself. */
static bool is_start_up(const struct sn_frame *frame)
{
    static const char *const names[] = {
        "_start",  "__libc_start_main",      "clone",  "__libc_start_main_impl",
        "__clone", "__libc_start_call_main", "clone3", "__clone3",
        NULL,
    };
    for (const char *const *name = names; frame->function && *name; name++)
        if (strcmp(frame->function, *name) == 0)
            return true;
    return false;
}

/* Inlined and template code of the standard library lies in the program's own module. Its file
 * tells; without one, the name has to. */
static bool is_system_header(const struct sn_frame *frame)
{
    static const char *const names[] = {"std::", "__gnu_cxx::", "__gthread_", NULL};
    if (frame->file)
        return strstr(frame->file, "/include/c++/") || starts_with(frame->file, "/usr/include/") ||
               strstr(frame->file, "/lib/gcc/");
    return frame->function && starts_with_any(frame->function, names);
}

bool sn_frame_is_own(const struct sn_frame *frame)
{
    return !is_recorder(frame) && !is_runtime(frame) && !is_start_up(frame) &&
           !is_system_header(frame);
}

bool sn_frame_is_handler_call(const struct sn_frame *frame)
{
    return frame->function && (strcmp(frame->function, SN_SIGNAL_FRAME) == 0 ||
                               (is_recorder(frame) && starts_with(frame->function, "rec_handle")));
}

struct sn_stack sn_stack_skip_recorder(const struct sn_stack *stack)
{
    size_t first = 0;
    while (first < stack->count && is_recorder(&stack->frames[first]))
        first++;
    if (first == stack->count)
        return *stack;
    return (struct sn_stack){stack->frames + first, stack->count - first};
}

struct sn_stack sn_stack_trim(const struct sn_stack *stack)
{
    struct sn_stack rest = sn_stack_skip_recorder(stack);
    while (rest.count > 0 && !sn_frame_is_own(&rest.frames[rest.count - 1]))
        rest.count--;
    return rest.count ? rest : *stack;
}

const struct sn_frame *sn_stack_place(const struct sn_stack *stack)
{
    struct sn_stack rest = sn_stack_trim(stack);
    for (size_t i = 0; i < rest.count; i++)
        if (sn_frame_is_own(&rest.frames[i]))
            return &rest.frames[i];
    return rest.count ? &rest.frames[0] : NULL;
}

const struct sn_frame *sn_stack_caller(const struct sn_stack *stack)
{
    static const char *const library[] = {"libc.so", "libc-2", "libpthread", "ld-linux", NULL};
    for (size_t i = 0; i < stack->count; i++) {
        const struct sn_frame *frame = &stack->frames[i];
        if (!is_recorder(frame) && !(frame->module && starts_with_any(frame->module, library)))
            return frame;
    }
    return NULL;
}

/* Length of the number or compiler's word that ends TEXT behind a '.', with the '.'; 0: none. */
static size_t clone_suffix(const char *text, size_t length)
{
    static const char *const words[] = {"part", "constprop", "isra",       "cold",
                                        "llvm", "lto_priv",  "localalias", "ipa"};
    size_t start = length;
    while (start > 0 && text[start - 1] != '.')
        start--;
    if (start < 2 || start == length)
        return 0;
    if (strspn(text + start, "0123456789") >= length - start)
        return length - start + 1;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i]) == length - start &&
            memcmp(text + start, words[i], length - start) == 0)
            return length - start + 1;
    return 0;
}

size_t sn_function_length(const char *function)
{
    const char *clone = strstr(function, " [clone ");
    size_t length = clone ? (size_t)(clone - function) : strlen(function), suffix;
    while ((suffix = clone_suffix(function, length)) > 0)
        length -= suffix;
    return length;
}

const char *sn_base_name(const char *path)
{
    const char *slash = path ? strrchr(path, '/') : NULL;
    return slash ? slash + 1 : path;
}
