/* SPDX-License-Identifier: Apache-2.0 */
#include "report/sources.h"

#include "finding/stack.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LARGEST_SOURCE = 16 * 1024 * 1024 };

struct sn_source_file {
    const char *path;
    const char **lines;
    size_t count;
};

/* The bytes of a regular file, or NULL. */
static char *read_source(struct sn_arena *arena, const char *path, size_t *size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return NULL;
    struct stat info;
    char *bytes = NULL;
    if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size <= LARGEST_SOURCE) {
        bytes = sn_alloc(arena, (size_t)info.st_size + 1);
        ssize_t got;
        for (*size = 0; *size < (size_t)info.st_size; *size += (size_t)got)
            if ((got = read(fd, bytes + *size, (size_t)info.st_size - *size)) <= 0)
                break;
    }
    close(fd);
    return bytes;
}

static char *find_source(struct sn_sources *sources, const char *path, size_t *size)
{
    struct sn_arena *arena = &sources->arena;
    char *bytes = read_source(arena, path, size);
    const char *rest = path;
    while (!bytes && sources->root && rest) {
        rest += strspn(rest, "/");
        bytes = read_source(arena, sn_sprintf(arena, "%s/%s", sources->root, rest), size);
        rest = strchr(rest, '/');
    }
    return bytes ? bytes : read_source(arena, sn_base_name(path), size);
}

static void split(struct sn_arena *arena, struct sn_source_file *file, char *bytes, size_t size)
{
    size_t lines = 1;
    for (size_t i = 0; i < size; i++)
        lines += bytes[i] == '\n';
    file->lines = SN_NEW_ARRAY(arena, const char *, lines);
    for (char *at = bytes, *end = bytes + size; at < end;) {
        char *newline = memchr(at, '\n', (size_t)(end - at));
        char *stop = newline ? newline : end;
        file->lines[file->count++] = at;
        at = stop + 1;
        *stop = 0;
        if (stop > file->lines[file->count - 1] && stop[-1] == '\r')
            stop[-1] = 0;
    }
}

static const struct sn_source_file *look_up(struct sn_sources *sources, const char *path)
{
    vec_each (struct sn_source_file *, file, &sources->files)
        if (strcmp((*file)->path, path) == 0)
            return *file;
    struct sn_source_file *file = SN_NEW(&sources->arena, struct sn_source_file);
    file->path = sn_strdup(&sources->arena, path);
    *vec_push(&sources->files) = file;
    size_t size = 0;
    char *bytes = find_source(sources, path, &size);
    if (bytes)
        split(&sources->arena, file, bytes, size);
    return file;
}

const char *sn_sources_line(struct sn_sources *sources, const char *path, uint32_t line)
{
    const struct sn_source_file *file = path && line ? look_up(sources, path) : NULL;
    return file && line <= file->count ? file->lines[line - 1] : NULL;
}

void sn_sources_release(struct sn_sources *sources)
{
    vec_release(&sources->files);
    sn_arena_release(&sources->arena);
}
