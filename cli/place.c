/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "cli/place.h"

#include "trace/control.h"
#include "trace/wire.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEFAULT_NAME "snarl.%e.%p"

enum { LONGEST = TR_CONTROL_PATH - 64 }; /* leaves room for what the recorder puts in */

/* Access rights do not tell (root in /proc has them all): a file without a name, or else one that
 * is gone at once. */
static bool may_write_in(const char *directory)
{
    int fd = open(directory, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR)) {
        char name[PATH_MAX];
        if (snprintf(name, sizeof name, "%s/snarl.XXXXXX", directory) >= PATH_MAX)
            return false;
        fd = mkostemp(name, O_CLOEXEC);
        if (fd >= 0)
            unlink(name);
    }
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

/* The pattern: DIRECTORY, in which a % is no placeholder, and NAME, in which it is. */
static int set_pattern(struct sn_place *place, const char *directory, const char *name,
                       struct sn_error *err)
{
    char *to = place->pattern;
    size_t room = sizeof place->pattern;
    if (2 * strlen(directory) + strlen(name) + 2 > room || strlen(directory) > LONGEST)
        return sn_fail(err, SN_E_LIMIT, directory, SN_NO_OFFSET,
                       "the name of the trace is too long");
    for (const char *from = directory; *from; from++) {
        *to++ = *from;
        if (*from == '%')
            *to++ = '%';
    }
    sprintf(to, "%s%s", *name == '/' ? "" : "/", name);
    return 0;
}

/* Traces may be large: not where memory is the disk, if there is a choice. */
static bool make_own_directory(struct sn_place *place)
{
    const char *directories[] = {getenv("TMPDIR"), "/var/tmp", "/tmp"};
    for (size_t i = 0; i < sizeof directories / sizeof *directories; i++) {
        const char *in = directories[i];
        if (!in || *in != '/' || strlen(in) > LONGEST)
            continue;
        snprintf(place->directory, sizeof place->directory, "%s/snarl.XXXXXX", in);
        if (mkdtemp(place->directory))
            return true;
    }
    place->directory[0] = 0;
    return false;
}

static int set_default(struct sn_place *place, const char *here, bool discard, struct sn_error *err)
{
    if (!discard && strlen(here) <= LONGEST && may_write_in(here))
        return set_pattern(place, here, DEFAULT_NAME, err);
    const char *temporary = getenv("TMPDIR");
    if (discard && make_own_directory(place))
        return set_pattern(place, place->directory, DEFAULT_NAME, err);
    return set_pattern(place, temporary && *temporary == '/' ? temporary : "/tmp", DEFAULT_NAME,
                       err);
}

static int check_directory(const char *path, struct sn_error *err)
{
    char directory[2 * PATH_MAX];
    snprintf(directory, sizeof directory, "%s", path);
    *(strrchr(directory, '/') + 1) = 0; /* "/" of "/trace" stays */
    struct stat st;
    if (stat(directory, &st) < 0)
        return sn_fail(err, SN_E_SYSTEM, path, SN_NO_OFFSET,
                       "the trace cannot be written, its directory: %s", strerror(errno));
    if (!may_write_in(directory))
        return sn_fail(err, SN_E_SYSTEM, path, SN_NO_OFFSET,
                       "the trace cannot be written: no file can be made in its directory");
    return 0;
}

/* An earlier trace makes room; what is no regular file is left alone. */
static int remove_earlier(const char *path, struct sn_error *err)
{
    struct stat st;
    if (lstat(path, &st) < 0)
        return 0;
    if (!S_ISREG(st.st_mode))
        return sn_fail(err, SN_E_USAGE, path, SN_NO_OFFSET,
                       "is there and no regular file; a trace needs a file of its own");
    if (unlink(path) < 0)
        return sn_fail(err, SN_E_SYSTEM, path, SN_NO_OFFSET,
                       "an earlier file of this name cannot be removed: %s", strerror(errno));
    return 0;
}

int sn_place_init(struct sn_place *place, const char *output, bool discard, struct sn_error *err)
{
    *place = (struct sn_place){0};
    char here[PATH_MAX], path[2 * PATH_MAX];
    if (!getcwd(here, sizeof here))
        snprintf(here, sizeof here, "/");
    if (!output)
        return set_default(place, here, discard, err);
    bool absolute = output[0] == '/';
    int n = snprintf(path, sizeof path, "%s/%s", absolute ? "" : here, output + absolute);
    if (n > LONGEST)
        return sn_fail(err, SN_E_LIMIT, output, SN_NO_OFFSET, "the name of the trace is too long");
    if (!strchr(output, '%') && (check_directory(path, err) < 0 || remove_earlier(path, err) < 0))
        return err->code;
    return set_pattern(place, absolute ? "" : here, output, err);
}

bool sn_place_each(const struct sn_place *place, void (*found)(void *, const char *path),
                   void *data)
{
    struct dirent **entries;
    int count = place->directory[0] ? scandir(place->directory, &entries, NULL, alphasort) : -1;
    for (int i = 0; i < count; i++) {
        char path[2 * PATH_MAX];
        snprintf(path, sizeof path, "%s/%s", place->directory, entries[i]->d_name);
        if (entries[i]->d_type == DT_REG || entries[i]->d_type == DT_UNKNOWN)
            found(data, path);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    return count >= 0;
}

static void remove_file(void *data, const char *path)
{
    (void)data;
    unlink(path);
}

void sn_place_release(struct sn_place *place)
{
    if (sn_place_each(place, remove_file, NULL))
        rmdir(place->directory);
    place->directory[0] = 0;
}

void sn_place_remove_trace(const char *path)
{
    uint64_t magic = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return;
    ssize_t n = read(fd, &magic, sizeof magic);
    close(fd);
    if (n == sizeof magic && magic == TR_MAGIC)
        unlink(path);
}
