/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System calls made without libc: they set no errno, are no cancellation points, and nobody
 * interposes them. Each returns the result, or -errno.
 */
#ifndef REC_CORE_SYSTEM_H
#define REC_CORE_SYSTEM_H

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>

/* In a sandbox (reserve.c) no call is made, and each fails as one that is not known. */
extern int rec_no_system, rec_no_clock __attribute__((visibility("hidden")));
extern uint64_t rec_clock_stopped __attribute__((visibility("hidden")));
void *rec_reserve_memory(uint64_t size);

static inline long rec_syscall6(long n, long a, long b, long c, long d, long e, long f)
{
    long result;
    if (__builtin_expect(rec_no_system, 0))
        return -ENOSYS;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

static inline long rec_syscall3(long n, long a, long b, long c)
{
    return rec_syscall6(n, a, b, c, 0, 0, 0);
}

/* NULL on failure. */
static inline void *rec_sys_map(uint64_t size, int protection, int flags, int fd, uint64_t offset)
{
    long p = rec_syscall6(SYS_mmap, 0, (long)size, protection, flags, fd, (long)offset);
    return p < 0 && p > -4096 ? (void *)0 : (void *)p;
}

/* SIZE bytes of zeroed private memory that cost nothing until touched, or NULL. */
static inline void *rec_sys_memory(uint64_t size)
{
    if (__builtin_expect(rec_no_system, 0))
        return rec_reserve_memory(size);
    return rec_sys_map(size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                       -1, 0);
}

static inline int rec_sys_unmap(void *p, uint64_t size)
{
    return (int)rec_syscall3(SYS_munmap, (long)p, (long)size, 0);
}

/* Memory at AT and nowhere else, or what FD has from OFFSET on (-1: none); NULL if that is taken.
 * An old kernel takes the address for a hint. */
static inline void *rec_sys_map_at(uint64_t at, uint64_t size, int fd, uint64_t offset)
{
    int kind = fd < 0 ? MAP_ANONYMOUS | MAP_NORESERVE : 0;
    long mapped = rec_syscall6(SYS_mmap, (long)at, (long)size, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_FIXED_NOREPLACE | kind, fd, (long)offset);
    if (mapped == (long)at)
        return (void *)mapped;
    if (mapped > 0)
        rec_sys_unmap((void *)mapped, size);
    return NULL;
}

static inline int rec_sys_advise(void *p, uint64_t size, int advice)
{
    return (int)rec_syscall3(SYS_madvise, (long)p, (long)size, advice);
}

static inline int rec_sys_open(const char *path, int flags, int mode)
{
    return (int)rec_syscall6(SYS_openat, AT_FDCWD, (long)path, flags | O_CLOEXEC, mode, 0, 0);
}

static inline int rec_sys_close(int fd)
{
    return (int)rec_syscall3(SYS_close, fd, 0, 0);
}

static inline long rec_sys_read(int fd, void *bytes, uint64_t size)
{
    return rec_syscall3(SYS_read, fd, (long)bytes, (long)size);
}

static inline long rec_sys_write(int fd, const void *bytes, uint64_t size)
{
    return rec_syscall3(SYS_write, fd, (long)bytes, (long)size);
}

static inline int rec_sys_allocate(int fd, uint64_t offset, uint64_t size)
{
    return (int)rec_syscall6(SYS_fallocate, fd, 0, (long)offset, (long)size, 0, 0);
}

static inline int rec_sys_getpid(void)
{
    return (int)rec_syscall3(SYS_getpid, 0, 0, 0);
}

/* Copies memory that may not be there: how many bytes, or -errno. */
static inline long rec_sys_peek(void *to, const void *from, uint64_t size)
{
    struct iovec here = {to, size}, there = {(void *)(uintptr_t)from, size};
    return rec_syscall6(SYS_process_vm_readv, rec_sys_getpid(), (long)&here, 1, (long)&there, 1, 0);
}

static inline int rec_sys_getppid(void)
{
    return (int)rec_syscall3(SYS_getppid, 0, 0, 0);
}

static inline int rec_sys_gettid(void)
{
    return (int)rec_syscall3(SYS_gettid, 0, 0, 0);
}

/* All faults, which are for the program, whatever else is blocked. */
#define REC_FAULTS                                                                                 \
    (1ull << (SIGSEGV - 1) | 1ull << (SIGBUS - 1) | 1ull << (SIGILL - 1) | 1ull << (SIGFPE - 1) |  \
     1ull << (SIGTRAP - 1) | 1ull << (SIGSYS - 1))

/* Blocks these signals, and no others; returns which were blocked. The C library's own call leaves
 * out two that only it uses, or would even let them in: the thread that it keeps for timers waits
 * with one of them blocked, and that one would end the process. The other cancels. */
static inline uint64_t rec_sys_mask(uint64_t blocked)
{
    uint64_t before = 0;
    rec_syscall6(SYS_rt_sigprocmask, SIG_SETMASK, (long)&blocked, (long)&before, sizeof before, 0,
                 0);
    return before;
}

static inline void rec_sys_yield(void)
{
    rec_syscall3(SYS_sched_yield, 0, 0, 0);
}

/* In a sandbox all waiting is over. */
static inline uint64_t rec_sys_nanoseconds(int clock)
{
    if (__builtin_expect(rec_no_system, 0))
        return UINT64_MAX;
    struct timespec now = {0, 0};
    rec_syscall3(SYS_clock_gettime, clock, (long)&now, 0);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static inline uint64_t rec_tsc(void)
{
    return __builtin_expect(rec_no_clock, 0) ? rec_clock_stopped : __builtin_ia32_rdtsc();
}

#endif
