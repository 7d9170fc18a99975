/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A library with the SONAME of a ThreadSanitizer run-time: preloaded, it keeps the dynamic linker
 * from loading the real one, and libsnarl.so answers the calls.
 *
 * What user code may call beyond __tsan_* is here: the functions of
 * sanitizer/common_interface_defs.h and its neighbours, accepted and without effect, so that such a
 * program finds its symbols. They are not in libsnarl.so, where they would stand before those of
 * another sanitizer. This library stands there too when it is preloaded, so what another run-time
 * calls through its own symbol table goes on to the next library that defines it.
 */
#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>

#pragma GCC diagnostic ignored "-Wunused-parameter"

#define ANSWER(result, name, parameters, value)                                                    \
    result name parameters;                                                                        \
    result name parameters                                                                         \
    {                                                                                              \
        return value;                                                                              \
    }
#define ACCEPT(name, parameters) ANSWER(void, name, parameters, )

/* NAME, of ARGUMENTS, in the next library, if there is one. */
#define PASS_ON(name, parameters, arguments)                                                       \
    void name parameters;                                                                          \
    void name parameters                                                                           \
    {                                                                                              \
        void(*next) parameters;                                                                    \
        *(void **)&next = dlsym(RTLD_NEXT, #name);                                                 \
        if (next)                                                                                  \
            next arguments;                                                                        \
    }

PASS_ON(__sanitizer_report_error_summary, (const char *summary), (summary))
PASS_ON(__sanitizer_on_print, (const char *text), (text))
PASS_ON(__sanitizer_set_report_path, (const char *path), (path))
PASS_ON(__sanitizer_set_report_fd, (void *fd), (fd))
PASS_ON(__sanitizer_set_death_callback, (void (*callback)(void)), (callback))
PASS_ON(__sanitizer_print_stack_trace, (void), ())
PASS_ON(__sanitizer_sandbox_on_notify, (void *arguments), (arguments))
PASS_ON(__sanitizer_cov_dump, (void), ())
PASS_ON(__sanitizer_cov_reset, (void), ())
PASS_ON(__sanitizer_dump_coverage, (const uintptr_t *pcs, uintptr_t length), (pcs, length))
PASS_ON(__sanitizer_dump_trace_pc_guard_coverage, (void), ())

int __sanitizer_get_module_and_offset_for_pc(void *pc, char *path, size_t size, void **offset);
int __sanitizer_get_module_and_offset_for_pc(void *pc, char *path, size_t size, void **offset)
{
    int (*next)(void *, char *, size_t, void **);
    *(void **)&next = dlsym(RTLD_NEXT, "__sanitizer_get_module_and_offset_for_pc");
    return next ? next(pc, path, size, offset) : 0;
}

/* Nothing is known of the process. */
ANSWER(const char *, __sanitizer_get_report_path, (void), "")
ANSWER(int, __sanitizer_acquire_crash_state, (void), 1)
ANSWER(size_t, __sanitizer_get_current_allocated_bytes, (void), 0)
ANSWER(size_t, __sanitizer_get_heap_size, (void), 0)
ANSWER(size_t, __sanitizer_get_free_bytes, (void), 0)
ANSWER(size_t, __sanitizer_get_unmapped_bytes, (void), 0)
ANSWER(size_t, __sanitizer_get_estimated_allocated_size, (size_t size), size)
ANSWER(int, __sanitizer_get_ownership, (const volatile void *block), 0)
ANSWER(size_t, __sanitizer_get_allocated_size, (const volatile void *block), 0)
ANSWER(int, __sanitizer_install_malloc_and_free_hooks,
       (void (*allocated)(const volatile void *, size_t), void (*freed)(const volatile void *)), 0)
ACCEPT(__sanitizer_malloc_hook, (const volatile void *block, size_t size))
ACCEPT(__sanitizer_free_hook, (const volatile void *block))

/* The run-time defines it, so programs linked with it import what is in no shared C library. */
extern int __cxa_atexit(void (*function)(void *), void *argument, void *library);
int atexit(void (*function)(void));
int atexit(void (*function)(void))
{
    return __cxa_atexit((void (*)(void *))(uintptr_t)function, NULL, NULL);
}

static void empty(char *text, size_t size)
{
    if (size)
        *text = 0;
}
ANSWER(void, __sanitizer_symbolize_pc, (void *pc, const char *format, char *text, size_t size),
       empty(text, size))
ANSWER(void, __sanitizer_symbolize_global,
       (void *address, const char *format, char *text, size_t size), empty(text, size))

/* Memory of any alignment, by hand: the access is told like the compiler's own. */
void __tsan_read_range_pc(void *address, unsigned long size, void *pc);
void __tsan_write_range_pc(void *address, unsigned long size, void *pc);
#define UNALIGNED(bits, size)                                                                      \
    uint##bits##_t __sanitizer_unaligned_load##bits(const void *p);                                \
    uint##bits##_t __sanitizer_unaligned_load##bits(const void *p)                                 \
    {                                                                                              \
        uint##bits##_t value;                                                                      \
        __tsan_read_range_pc((void *)p, size, __builtin_return_address(0));                        \
        __builtin_memcpy(&value, p, size);                                                         \
        return value;                                                                              \
    }                                                                                              \
    void __sanitizer_unaligned_store##bits(void *p, uint##bits##_t value);                         \
    void __sanitizer_unaligned_store##bits(void *p, uint##bits##_t value)                          \
    {                                                                                              \
        __tsan_write_range_pc(p, size, __builtin_return_address(0));                               \
        __builtin_memcpy(p, &value, size);                                                         \
    }
UNALIGNED(16, 2)
UNALIGNED(32, 4)
UNALIGNED(64, 8)

/* -fsanitize-coverage. */
ACCEPT(__sanitizer_cov_8bit_counters_init, (char *start, char *end))
ACCEPT(__sanitizer_cov_bool_flag_init, (char *start, char *end))
ACCEPT(__sanitizer_cov_pcs_init, (const uintptr_t *start, const uintptr_t *end))
ACCEPT(__sanitizer_cov_trace_pc_guard, (uint32_t * guard))
ACCEPT(__sanitizer_cov_trace_pc_guard_init, (uint32_t * start, uint32_t *end))
ACCEPT(__sanitizer_cov_trace_pc_indir, (uintptr_t callee))
ACCEPT(__sanitizer_cov_trace_cmp, (void))
ACCEPT(__sanitizer_cov_trace_cmp1, (uint8_t a, uint8_t b))
ACCEPT(__sanitizer_cov_trace_cmp2, (uint16_t a, uint16_t b))
ACCEPT(__sanitizer_cov_trace_cmp4, (uint32_t a, uint32_t b))
ACCEPT(__sanitizer_cov_trace_cmp8, (uint64_t a, uint64_t b))
ACCEPT(__sanitizer_cov_trace_const_cmp1, (uint8_t a, uint8_t b))
ACCEPT(__sanitizer_cov_trace_const_cmp2, (uint16_t a, uint16_t b))
ACCEPT(__sanitizer_cov_trace_const_cmp4, (uint32_t a, uint32_t b))
ACCEPT(__sanitizer_cov_trace_const_cmp8, (uint64_t a, uint64_t b))
ACCEPT(__sanitizer_cov_trace_switch, (uint64_t value, void *cases))
ACCEPT(__sanitizer_cov_trace_div4, (uint32_t value))
ACCEPT(__sanitizer_cov_trace_div8, (uint64_t value))
ACCEPT(__sanitizer_cov_trace_gep, (uintptr_t index))

/* sanitizer/linux_syscall_hooks.h: its macros pass every argument as a long. */
#define SYSCALL(name)                                                                              \
    ACCEPT(__sanitizer_syscall_pre_impl_##name, (long a, long b, long c, long d, long e, long f))  \
    ACCEPT(__sanitizer_syscall_post_impl_##name, (long result, long a, long b, long c, long d))
#include "interpose/stubs/syscalls.def"
