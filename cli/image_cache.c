/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "cli/image_cache.h"

#include "base/vec.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct file {
    char *name;
    uint64_t size;
    struct timespec used;
};

static int by_use(const void *a, const void *b)
{
    const struct timespec *x = &((const struct file *)a)->used;
    const struct timespec *y = &((const struct file *)b)->used;
    if (x->tv_sec != y->tv_sec)
        return x->tv_sec < y->tv_sec ? -1 : 1;
    return (x->tv_nsec > y->tv_nsec) - (x->tv_nsec < y->tv_nsec);
}

static void trim(const char *path, uint64_t most)
{
    VEC(struct file) files = {0};
    uint64_t all = 0;
    DIR *directory = opendir(path);
    const struct dirent *entry;
    while (directory && (entry = readdir(directory))) {
        struct stat status;
        if (fstatat(dirfd(directory), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) ||
            !S_ISREG(status.st_mode))
            continue;
        *vec_push(&files) = (struct file){.name = strdup(entry->d_name),
                                          .size = (uint64_t)status.st_size,
                                          .used = status.st_atim};
        all += (uint64_t)status.st_size;
    }
    if (files.count)
        qsort(files.at, files.count, sizeof *files.at, by_use);
    for (size_t i = 0; i < files.count; i++) {
        if (all > most && files.at[i].name && unlinkat(dirfd(directory), files.at[i].name, 0) == 0)
            all -= files.at[i].size;
        free(files.at[i].name);
    }
    vec_release(&files);
    if (directory)
        closedir(directory);
}

/* Makes each directory of PATH that is not there. */
static bool make(char *path)
{
    for (char *slash = path + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = 0;
        mkdir(path, 0700);
        *slash = '/';
    }
    struct stat status;
    mkdir(path, 0700);
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == geteuid() &&
           !(status.st_mode & (S_IWGRP | S_IWOTH)) && access(path, W_OK) == 0;
}

bool sn_image_cache_prepare(char path[PATH_MAX], uint64_t most)
{
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    int length = 0;
    if (cache && *cache == '/')
        length = snprintf(path, PATH_MAX, "%s/snarl/rewritten", cache);
    else if (home && *home == '/')
        length = snprintf(path, PATH_MAX, "%s/.cache/snarl/rewritten", home);
    if (length <= 0 || length >= PATH_MAX || !make(path))
        return false;
    trim(path, most);
    return true;
}
