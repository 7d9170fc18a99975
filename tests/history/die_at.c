/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Preloaded: the process is killed just before its nth call (DIE_AT=N) that changes a file or sends
 * something to a server. Without DIE_AT, nothing.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

static void count(void)
{
    static long seen;
    const char *nth = getenv("DIE_AT");
    if (nth && ++seen == atol(nth))
        raise(SIGKILL);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t offset)
{
    count();
    return REAL(pwrite64)(fd, bytes, size, offset);
}

ssize_t write(int fd, const void *bytes, size_t size)
{
    count();
    return REAL(write)(fd, bytes, size);
}

ssize_t send(int fd, const void *bytes, size_t size, int flags)
{
    count();
    return REAL(send)(fd, bytes, size, flags);
}

int fdatasync(int fd)
{
    count();
    return REAL(fdatasync)(fd);
}

int fsync(int fd)
{
    count();
    return REAL(fsync)(fd);
}

int ftruncate64(int fd, off64_t size)
{
    count();
    return REAL(ftruncate64)(fd, size);
}

int unlink(const char *path)
{
    count();
    return REAL(unlink)(path);
}
