/* SPDX-License-Identifier: Apache-2.0 */
#include "report/sources.h"

#include "base/text.h"
#include "finding/stack.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LARGEST_SOURCE = 16 * 1024 * 1024 };

struct sn_source_file {
    const char *path;
    const char **lines;
    size_t count;
    const char *within; /* the path from the root on, or NULL */
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

/* PATH without ".", ".." and empty parts; NULL if it leads out of where it starts. */
static char *tidy(struct sn_arena *arena, const char *path)
{
    bool absolute = *path == '/';
    char *tidied = SN_NEW_ARRAY(arena, char, strlen(path) + 2), *end = tidied;
    while (*(path += strspn(path, "/"))) {
        size_t length = strcspn(path, "/");
        if (length == 2 && memcmp(path, "..", 2) == 0) {
            if (end == tidied && !absolute)
                return NULL;
            while (end > tidied && *--end != '/')
                continue;
        } else if (length != 1 || *path != '.') {
            if (absolute || end > tidied)
                *end++ = '/';
            memcpy(end, path, length);
            end += length;
        }
        path += length;
    }
    *end = 0;
    return tidied;
}

static const char *absolute_root(struct sn_sources *sources)
{
    if (!sources->absolute_root) {
        char *root = realpath(sources->root ? sources->root : ".", NULL);
        sources->absolute_root = sn_strdup(&sources->arena, root ? root : "");
        free(root);
    }
    return sources->absolute_root;
}

static bool is_below_root(struct sn_sources *sources, const char *rest)
{
    struct sn_text path = {0};
    struct stat info;
    sn_text_printf(&path, "%s/%s", sources->root, rest);
    bool found = stat(path.at, &info) == 0 && S_ISREG(info.st_mode);
    sn_text_release(&path);
    return found;
}

/* What follows ROOT in an absolute PATH, or NULL. */
static const char *behind_root(const char *root, const char *path)
{
    size_t length = strcmp(root, "/") == 0 ? 0 : strlen(root);
    bool below = *root && strncmp(path, root, length) == 0 && path[length] == '/';
    return below ? path + length + 1 : NULL;
}

/* The same of a path that leads there by other names, such as a link. */
static const char *behind_real_root(struct sn_sources *sources, const char *path)
{
    char *real = realpath(path, NULL);
    const char *rest = real ? behind_root(absolute_root(sources), real) : NULL;
    rest = sn_strdup(&sources->arena, rest);
    free(real);
    return rest;
}

static const char *find_within(struct sn_sources *sources, const char *path)
{
    const char *tidied = tidy(&sources->arena, path), *found = NULL;
    if (!tidied || !*tidied)
        return NULL;
    if (*tidied == '/')
        found = behind_root(absolute_root(sources), tidied);
    if (*tidied == '/' && !found)
        found = behind_real_root(sources, tidied);
    if (found)
        return found;
    for (const char *rest = tidied; sources->root && rest; rest = strchr(rest, '/')) {
        rest += strspn(rest, "/");
        if (is_below_root(sources, rest))
            return rest;
    }
    return *tidied == '/' ? NULL : tidied;
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
    file->within = find_within(sources, path);
    *vec_push(&sources->files) = file;
    size_t size = 0;
    char *bytes = find_source(sources, path, &size);
    if (bytes)
        split(&sources->arena, file, bytes, size);
    return file;
}

const char *sn_sources_line(struct sn_sources *sources, const char *path, uint32_t line)
{
    bool possible = path && line && strlen(path) < PATH_MAX;
    const struct sn_source_file *file = possible ? look_up(sources, path) : NULL;
    return file && line <= file->count ? file->lines[line - 1] : NULL;
}

const char *sn_sources_within(struct sn_sources *sources, const char *path)
{
    return path && *path && strlen(path) < PATH_MAX ? look_up(sources, path)->within : NULL;
}

void sn_sources_release(struct sn_sources *sources)
{
    vec_release(&sources->files);
    sn_arena_release(&sources->arena);
}
