/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the ELF file through libelf, which checks every offset. A program counts as instrumented if
 * a dynamic symbol that it leaves undefined starts with __tsan_; one that defines __tsan_init
 * carries the run-time itself. Libraries are looked up as the dynamic linker would, but for its
 * cache: LD_LIBRARY_PATH, the program's own run path, the system's directories.
 */
#define _GNU_SOURCE
#include "cli/elf_check.h"

#include "base/vec.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define LINKER "ld-linux-x86-64.so.2"

struct image {
    const char *path;
    int fd;
    Elf *elf;
    GElf_Ehdr header;
};

static int refuse(const struct image *image, struct sn_error *err, const char *reason)
{
    return sn_fail(err, SN_E_USAGE, image->path, SN_NO_OFFSET, "%s", reason);
}

static int image_open(struct image *image, const char *path)
{
    *image = (struct image){.path = path, .fd = open(path, O_RDONLY | O_CLOEXEC)};
    if (image->fd < 0)
        return -1;
    elf_version(EV_CURRENT);
    image->elf = elf_begin(image->fd, ELF_C_READ_MMAP, NULL);
    return 0;
}

static void image_close(struct image *image)
{
    if (image->elf)
        elf_end(image->elf);
    if (image->fd >= 0)
        close(image->fd);
}

static int check_rights(const struct image *image, struct sn_error *err)
{
    struct stat st;
    if (fstat(image->fd, &st) < 0)
        return sn_fail(err, SN_E_SYSTEM, image->path, SN_NO_OFFSET, "%s", strerror(errno));
    if (st.st_mode & S_ISUID)
        return refuse(image, err,
                      "is a setuid program, and the system keeps recorders out of those; "
                      "record a copy without the setuid bit");
    if ((st.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP))
        return refuse(image, err,
                      "is a setgid program, and the system keeps recorders out of those; "
                      "record a copy without the setgid bit");
    if (fgetxattr(image->fd, "security.capability", NULL, 0) > 0)
        return refuse(image, err,
                      "has file capabilities, and the system keeps recorders out of such "
                      "programs; record a copy, which has none");
    return 0;
}

static int check_kind(struct image *image, struct sn_error *err)
{
    if (!image->elf || elf_kind(image->elf) != ELF_K_ELF ||
        !gelf_getehdr(image->elf, &image->header))
        return refuse(image, err, "is no ELF program that can be read");
    if (gelf_getclass(image->elf) != ELFCLASS64)
        return refuse(image, err,
                      "is a 32-bit program, and the recorder is 64-bit; build it without -m32");
    if (image->header.e_machine != EM_X86_64)
        return refuse(image, err, "is built for another machine; build it for x86-64");
    return 0;
}

/* The interpreter's path in PT_INTERP; NULL if there is none. */
static const char *dynamic_linker(const struct image *image)
{
    size_t count;
    if (elf_getphdrnum(image->elf, &count) < 0)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        GElf_Phdr segment;
        if (!gelf_getphdr(image->elf, (int)i, &segment) || segment.p_type != PT_INTERP)
            continue;
        size_t size;
        const char *bytes = elf_rawfile(image->elf, &size);
        if (!bytes || segment.p_offset >= size || segment.p_filesz > size - segment.p_offset ||
            !memchr(bytes + segment.p_offset, 0, segment.p_filesz))
            return NULL;
        return bytes + segment.p_offset;
    }
    return NULL;
}

static int check_linker(const struct image *image, struct sn_error *err)
{
    const char *linker = dynamic_linker(image);
    if (!linker)
        return refuse(image, err,
                      "is statically linked, so that no recorder can be preloaded; "
                      "link it dynamically (without -static)");
    const char *slash = strrchr(linker, '/');
    if (strcmp(slash ? slash + 1 : linker, LINKER) == 0)
        return 0;
    if (strstr(linker, "musl"))
        return refuse(image, err,
                      "is built for musl's C library, the recorder for glibc; build it with glibc");
    return sn_fail(err, SN_E_USAGE, image->path, SN_NO_OFFSET,
                   "is loaded by %.100s, the recorder works with glibc's " LINKER
                   " alone; build it with glibc",
                   linker);
}

/* Calls FOUND for each section of TYPE until it returns true. */
static bool any_section(const struct image *image, Elf64_Word type, void *data,
                        bool (*found)(const struct image *, Elf_Scn *, const GElf_Shdr *, void *))
{
    Elf_Scn *section = NULL;
    while ((section = elf_nextscn(image->elf, section))) {
        GElf_Shdr header;
        if (gelf_getshdr(section, &header) && header.sh_type == type &&
            found(image, section, &header, data))
            return true;
    }
    return false;
}

struct symbol_search {
    const char *name;
    bool defined, prefix;
};

static bool has_symbol(const struct image *image, Elf_Scn *section, const GElf_Shdr *header,
                       void *data)
{
    const struct symbol_search *search = data;
    Elf_Data *symbols = elf_getdata(section, NULL);
    size_t count = header->sh_entsize ? header->sh_size / header->sh_entsize : 0;
    for (size_t i = 1; symbols && i < count; i++) {
        GElf_Sym symbol;
        if (!gelf_getsym(symbols, (int)i, &symbol))
            break;
        if ((symbol.st_shndx != SHN_UNDEF) != search->defined)
            continue;
        const char *name = elf_strptr(image->elf, header->sh_link, symbol.st_name);
        if (name && strncmp(name, search->name, strlen(search->name)) == 0 &&
            (search->prefix || strcmp(name, search->name) == 0))
            return true;
    }
    return false;
}

static bool carries_runtime(const struct image *image)
{
    struct symbol_search search = {.name = "__tsan_init", .defined = true};
    return any_section(image, SHT_DYNSYM, &search, has_symbol) ||
           any_section(image, SHT_SYMTAB, &search, has_symbol);
}

static bool calls_runtime(const struct image *image)
{
    struct symbol_search search = {.name = "__tsan_", .prefix = true};
    return any_section(image, SHT_DYNSYM, &search, has_symbol);
}

/* What the dynamic section says of libraries. Strings are the image's. */
struct needs {
    VEC(const char *) libraries;
    const char *run_path;
};

static bool read_needs(const struct image *image, Elf_Scn *section, const GElf_Shdr *header,
                       void *data)
{
    struct needs *needs = data;
    Elf_Data *entries = elf_getdata(section, NULL);
    size_t count = header->sh_entsize ? header->sh_size / header->sh_entsize : 0;
    for (size_t i = 0; entries && i < count; i++) {
        GElf_Dyn entry;
        if (!gelf_getdyn(entries, (int)i, &entry) || entry.d_tag == DT_NULL)
            break;
        const char *name = elf_strptr(image->elf, header->sh_link, entry.d_un.d_val);
        if (name && entry.d_tag == DT_NEEDED)
            *vec_push(&needs->libraries) = name;
        else if (name && (entry.d_tag == DT_RUNPATH || entry.d_tag == DT_RPATH))
            needs->run_path = name;
    }
    return false;
}

/* Is NAME in one of the directories of LIST? ORIGIN stands for $ORIGIN. */
static bool find_in_list(char *found, const char *list, const char *name, const char *origin)
{
    for (const char *at = list, *end; at && *at; at = *end ? end + 1 : end) {
        end = strchrnul(at, ':');
        int length = (int)(end - at);
        const char *from = "";
        if (strncmp(at, "$ORIGIN", 7) == 0 || strncmp(at, "${ORIGIN}", 9) == 0) {
            int skip = at[1] == '{' ? 9 : 7;
            from = origin;
            at += skip;
            length -= skip;
        }
        if (snprintf(found, PATH_MAX, "%s%.*s/%s", from, length, at, name) < PATH_MAX &&
            access(found, R_OK) == 0)
            return true;
    }
    return false;
}

static bool find_library(char *found, const char *name, const struct needs *needs,
                         const char *program)
{
    static const char system[] = "/lib/x86_64-linux-gnu:/usr/lib/x86_64-linux-gnu:/lib64:"
                                 "/usr/lib64:/usr/local/lib:/lib:/usr/lib";
    if (strchr(name, '/'))
        return snprintf(found, PATH_MAX, "%s", name) < PATH_MAX && access(found, R_OK) == 0;
    char origin[PATH_MAX];
    snprintf(origin, sizeof origin, "%s", program);
    char *slash = strrchr(origin, '/');
    snprintf(slash ? slash : origin, 2, "%s", slash ? "" : ".");
    return find_in_list(found, getenv("LD_LIBRARY_PATH"), name, origin) ||
           find_in_list(found, needs->run_path, name, origin) ||
           find_in_list(found, system, name, origin);
}

static bool is_runtime(const char *name)
{
    return strstr(name, "libtsan.so") || strstr(name, "libclang_rt.tsan");
}

static bool library_calls_runtime(const char *name, const struct needs *needs, const char *program)
{
    char path[PATH_MAX];
    struct image library;
    if (is_runtime(name))
        return true; /* who is linked with it was built for it */
    if (!find_library(path, name, needs, program))
        return false;
    bool found = image_open(&library, path) == 0 && library.elf && calls_runtime(&library);
    image_close(&library);
    return found;
}

static bool is_instrumented(const struct image *image)
{
    if (calls_runtime(image))
        return true;
    struct needs needs = {0};
    any_section(image, SHT_DYNAMIC, &needs, read_needs);
    bool found = false;
    for (size_t i = 0; i < needs.libraries.count && !found; i++)
        found = library_calls_runtime(needs.libraries.at[i], &needs, image->path);
    vec_release(&needs.libraries);
    return found;
}

static int check(struct image *image, bool *instrumented, struct sn_error *err)
{
    if (check_rights(image, err) < 0 || check_kind(image, err) < 0 || check_linker(image, err) < 0)
        return err->code;
    if (carries_runtime(image))
        return refuse(image, err,
                      "has ThreadSanitizer's run-time linked into it, which leaves no room for the "
                      "recorder; relink it with snarl-cc (or with -shared-libsan)");
    *instrumented = is_instrumented(image);
    return 0;
}

int sn_elf_check(const char *path, bool *instrumented, struct sn_error *err)
{
    struct image image;
    *instrumented = false;
    if (image_open(&image, path) < 0)
        return sn_fail(err, SN_E_SYSTEM, path, SN_NO_OFFSET,
                       "cannot be examined (%s), so that nothing is known of how it is linked",
                       strerror(errno));
    int ret = check(&image, instrumented, err);
    image_close(&image);
    return ret;
}
