/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads as little of the file as tells what the dynamic linker will make of it: the ELF header, the
 * program headers up to PT_INTERP, and the linker's name. `#!` lines are followed as the kernel
 * does. What is neither is run by a shell, if at all.
 */
#include "interpose/core/target.h"

#include "interpose/core/fork.h"

#include <elf.h>

#include "interpose/core/poison.h"

enum { LINE = 256, DEPTH = 4, SEGMENTS = 64 };

static long read_at(int fd, void *bytes, uint64_t size, uint64_t offset)
{
    return rec_syscall6(SYS_pread64, fd, (long)bytes, (long)size, (long)offset, 0, 0);
}

static bool ends_with(const char *text, const char *end)
{
    const char *at = text;
    while (*at)
        at++;
    const char *last = end;
    while (*last)
        last++;
    while (last > end && at > text && last[-1] == at[-1])
        last--, at--;
    return last == end;
}

static enum rec_target elf_target(int fd, const Elf64_Ehdr *header)
{
    if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_machine != EM_X86_64)
        return REC_TARGET_FOREIGN;
    for (unsigned i = 0; i < header->e_phnum && i < SEGMENTS; i++) {
        Elf64_Phdr segment;
        char linker[64] = "";
        if (read_at(fd, &segment, sizeof segment, header->e_phoff + i * sizeof segment) !=
            sizeof segment)
            return REC_TARGET_UNKNOWN;
        if (segment.p_type != PT_INTERP)
            continue;
        read_at(fd, linker, sizeof linker - 1, segment.p_offset);
        return ends_with(linker, "/ld-linux-x86-64.so.2") ? REC_TARGET_OURS : REC_TARGET_FOREIGN;
    }
    return REC_TARGET_STATIC;
}

static bool privileged(int fd, const struct stat *status)
{
    char capabilities[64];
    return status->st_mode & S_ISUID ||
           (status->st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) ||
           rec_syscall6(SYS_fgetxattr, fd, (long)"security.capability", (long)capabilities,
                        sizeof capabilities, 0, 0) > 0;
}

/* The interpreter that a `#!` line names, or NULL. */
static const char *interpreter(char *line)
{
    char *name = line + 2, *end;
    if (line[0] != '#' || line[1] != '!')
        return NULL;
    while (*name == ' ' || *name == '\t')
        name++;
    for (end = name; *end && *end != '\n' && *end != ' ' && *end != '\t';)
        end++;
    *end = 0;
    return *name ? name : NULL;
}

/* Closes FD. Where there is an interpreter, its name is in LINE, and it is what counts. */
static enum rec_target look_at(int fd, char line[LINE + 1], const char **next)
{
    struct stat status;
    enum rec_target target = REC_TARGET_UNKNOWN;
    long n = read_at(fd, line, LINE, 0);
    if (rec_syscall3(SYS_fstat, fd, (long)&status, 0) == 0 && S_ISREG(status.st_mode) && n >= 0) {
        line[n] = 0;
        Elf64_Ehdr header;
        bool elf = n >= (long)sizeof header && line[0] == ELFMAG0 && line[1] == ELFMAG1 &&
                   line[2] == ELFMAG2 && line[3] == ELFMAG3;
        __builtin_memcpy(&header, line, sizeof header);
        *next = elf ? NULL : interpreter(line);
        target = !elf                      ? REC_TARGET_OURS
                 : privileged(fd, &status) ? REC_TARGET_PRIVILEGED
                                           : elf_target(fd, &header);
    }
    rec_sys_close(fd);
    return target;
}

enum rec_target rec_target_of(int directory, const char *path, int flags, int *error)
{
    const int how = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    char line[LINE + 1], again[32];
    const char *next = path;
    enum rec_target target = REC_TARGET_UNKNOWN;
    *error = 0;
    if (flags & AT_EMPTY_PATH && path && !*path) { /* a descriptor, perhaps one by O_PATH */
        char *p = again;
        for (const char *text = "/proc/self/fd/"; *text;)
            *p++ = *text++;
        char digits[12];
        unsigned count = 0;
        for (unsigned value = (unsigned)directory; !count || value; value /= 10)
            digits[count++] = (char)('0' + value % 10);
        while (count)
            *p++ = digits[--count];
        *p = 0;
        next = again;
    }
    bool alone = rec_fork_keep_out_soon();
    for (unsigned depth = 0; next && depth <= DEPTH; depth++) {
        int fd = (int)rec_syscall6(SYS_openat, directory, (long)next, how, 0, 0, 0);
        *error = depth || fd >= 0 ? 0 : fd;
        next = NULL;
        target = fd < 0 ? REC_TARGET_UNKNOWN : look_at(fd, line, &next);
    }
    if (alone)
        rec_fork_let_in();
    return target;
}

static bool can_execute(const char *path)
{
    struct stat status;
    return rec_syscall3(SYS_stat, (long)path, (long)&status, 0) == 0 && S_ISREG(status.st_mode) &&
           rec_syscall3(SYS_access, (long)path, 1 /* X_OK */, 0) == 0;
}

const char *rec_target_find(const char *file, const char *list, char *found, uint32_t size)
{
    for (const char *p = file; *p; p++)
        if (*p == '/')
            return file;
    if (!list)
        list = "/bin:/usr/bin";
    for (const char *end;; list = end + 1) {
        char *to = found, *limit = found + size - 1;
        for (end = list; *end && *end != ':'; end++)
            if (to < limit)
                *to++ = *end;
        if (to > found && to < limit)
            *to++ = '/';
        for (const char *p = file; *p && to < limit; p++)
            *to++ = *p;
        *to = 0;
        if (to < limit && can_execute(found))
            return found;
        if (!*end)
            return file;
    }
}
