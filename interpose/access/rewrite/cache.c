/* SPDX-License-Identifier: Apache-2.0 */
#include "interpose/access/rewrite/cache.h"

#include "interpose/core/rec.h"

#include <fcntl.h>
#include <sys/stat.h>

#define XXH_INLINE_ALL
#define XXH_NO_STDLIB
#include <xxhash.h>
#undef assert

#include "interpose/core/poison.h"

enum { PAGE = 4096, NAME = 1024 };

/* What a file begins with; the image comes behind it, at a page of its own. */
struct head {
    struct rw_cache_key key;
    uint64_t below;       /* the module begins so far above the image, modulo 2^64 */
    uint64_t text_offset; /* of the text, from the module's base on */
    struct rw_cached cached;
};
_Static_assert(sizeof(struct head) <= PAGE, "the image begins at the next page");

/* The key. --------------------------------------------------------------------------------------
 */

struct rw_cache_key rw_cache_key(const struct rw_module *module, const void *options, uint32_t size)
{
    XXH128_hash_t hash = XXH3_128bits(options, size);
    for (uint32_t i = 0; i < module->constant_count; i++) {
        uint64_t from = module->constants[i].start, to = module->constants[i].end;
        uint64_t seed = hash.low64 ^ hash.high64 * 31 ^ (from - module->start);
        XXH128_hash_t next = XXH3_128bits_withSeed((const void *)from, to - from, seed);
        hash.low64 ^= next.low64;
        hash.high64 = hash.high64 * 31 + next.high64;
    }
    return (struct rw_cache_key){{hash.low64, hash.high64}};
}

/* Files. ----------------------------------------------------------------------------------------
 */

/* DIRECTORY/KEY and what makes it one of this process's own, if it is not whole yet. */
static bool name_of(char name[NAME], const char *directory, struct rw_cache_key key,
                    bool unfinished)
{
    uint32_t length = rec_text(name, 0, NAME, "%s/%x-%x", directory, key.half[0], key.half[1]);
    if (unfinished)
        length = rec_text(name, length, NAME, ".%u", (uint64_t)rec_sys_getpid());
    if (!*directory || length == NAME)
        return false;
    name[length] = 0;
    return true;
}

/* Nobody else may say what is executed here. */
static bool is_own_file(int fd, uint64_t *size)
{
    struct stat status;
    if (rec_syscall3(SYS_fstat, fd, (long)&status, 0) || !S_ISREG(status.st_mode) ||
        status.st_mode & (S_IWGRP | S_IWOTH) ||
        status.st_uid != (uid_t)rec_syscall3(SYS_geteuid, 0, 0, 0))
        return false;
    *size = (uint64_t)status.st_size;
    return true;
}

static bool is_as_expected(const struct head *head, struct rw_cache_key key, uint64_t file_size)
{
    const struct rw_image *image = &head->cached.image;
    return head->key.half[0] == key.half[0] && head->key.half[1] == key.half[1] && image->size &&
           !(image->size % PAGE) && !(image->code_end % PAGE) && image->code_end < image->size &&
           file_size == PAGE + image->size;
}

/* Executable right away: some file systems refuse that. */
static void *map(int fd, uint64_t at, const struct rw_image *image)
{
    void *mapped = rec_sys_map_at(at, image->size, fd, PAGE);
    if (!mapped)
        return NULL;
    if (rec_syscall3(SYS_mprotect, (long)mapped, image->code_end, PROT_READ | PROT_EXEC) == 0 &&
        rec_syscall3(SYS_mprotect, (long)mapped, PAGE, PROT_READ | PROT_WRITE) == 0)
        return mapped;
    rec_sys_unmap(mapped, image->size);
    return NULL;
}

bool rw_cache_load(const char *directory, struct rw_cache_key key, const struct rw_module *module,
                   struct rw_cached *cached)
{
    char name[NAME];
    struct head head;
    uint64_t size;
    int fd =
        name_of(name, directory, key, false) ? rec_sys_open(name, O_RDONLY | O_NOFOLLOW, 0) : -1;
    if (fd < 0)
        return false;
    struct rw_image *image = &cached->image;
    bool loaded = is_own_file(fd, &size) && rec_sys_read(fd, &head, sizeof head) == sizeof head &&
                  is_as_expected(&head, key, size);
    if (loaded) {
        *cached = head.cached;
        image->at = map(fd, module->start - head.below, image);
        image->text = module->base + head.text_offset;
        loaded = image->at != NULL;
    }
    rec_sys_close(fd);
    return loaded;
}

static bool write_all(int fd, const void *bytes, uint64_t size)
{
    for (long n; size; bytes = (const char *)bytes + n, size -= (uint64_t)n)
        if ((n = rec_sys_write(fd, bytes, size)) <= 0)
            return false;
    return true;
}

void rw_cache_save(const char *directory, struct rw_cache_key key, const struct rw_module *module,
                   const struct rw_cached *cached)
{
    static union {
        struct head head;
        uint8_t page[PAGE];
    } first;
    char name[NAME], unfinished[NAME];
    if (!name_of(name, directory, key, false) || !name_of(unfinished, directory, key, true))
        return;
    int fd = rec_sys_open(unfinished, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, S_IRUSR | S_IWUSR);
    if (fd < 0)
        return;
    first.head = (struct head){.key = key,
                               .below = module->start - (uint64_t)cached->image.at,
                               .text_offset = cached->image.text - module->base,
                               .cached = *cached};
    first.head.cached.image.at = NULL;
    first.head.cached.image.text = 0;
    bool written = write_all(fd, &first, sizeof first) &&
                   write_all(fd, cached->image.at, cached->image.size) &&
                   rec_syscall3(SYS_fdatasync, fd, 0, 0) == 0; /* a crash leaves all or no name */
    rec_sys_close(fd);
    if (!written || rec_syscall3(SYS_rename, (long)unfinished, (long)name, 0))
        rec_syscall3(SYS_unlink, (long)unfinished, 0, 0);
}
