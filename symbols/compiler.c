/* SPDX-License-Identifier: Apache-2.0 */
/* Each compiler leaves its name in the section .comment of what it makes. */
#define _GNU_SOURCE
#include "symbols/compiler.h"

#include <fcntl.h>
#include <gelf.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static Elf_Data *section_of(Elf *elf, const char *name)
{
    size_t names;
    GElf_Shdr header;
    if (elf_getshdrstrndx(elf, &names) < 0)
        return NULL;
    for (Elf_Scn *section = NULL; (section = elf_nextscn(elf, section));) {
        const char *its =
            gelf_getshdr(section, &header) ? elf_strptr(elf, names, header.sh_name) : NULL;
        if (its && strcmp(its, name) == 0)
            return elf_getdata(section, NULL);
    }
    return NULL;
}

static bool made_by(Elf *elf, const char *compiler)
{
    const Elf_Data *comment = section_of(elf, ".comment");
    return comment && comment->d_buf &&
           memmem(comment->d_buf, comment->d_size, compiler, strlen(compiler));
}

bool sn_hides_reads(const struct tr_module *module, const char *sysroot)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s%s", sysroot ? sysroot : "", module->path ? module->path : "");
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || elf_version(EV_CURRENT) == EV_NONE) {
        if (fd >= 0)
            close(fd);
        return true;
    }
    Elf *elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
    bool hides = !elf || made_by(elf, "clang") || !made_by(elf, "GCC");
    elf_end(elf);
    close(fd);
    return hides;
}
