/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file is read into suppressions of its own, which are handed over only when all of it was
 * understood.
 */
#include "finding/suppress/suppress.h"

#include "base/file.h"
#include "finding/suppress/lines.h"

#include <stdlib.h>
#include <string.h>

enum { LARGEST_FILE = 16 << 20 };

static void release_one(struct sn_suppression *one)
{
    vec_each (struct sn_stack_pattern, stack, &one->stacks)
        vec_release(&stack->frames);
    vec_release(&one->stacks);
    vec_release(&one->variables);
    vec_release(&one->locks);
    vec_release(&one->threads);
}

void sn_suppressions_release(struct sn_suppressions *suppressions)
{
    vec_each (struct sn_suppression *, one, &suppressions->of)
        release_one(*one);
    vec_release(&suppressions->of);
    sn_arena_release(&suppressions->arena);
}

static int parse_lines(struct sn_suppressions *suppressions, struct sn_lines *lines)
{
    const char *zero = memchr(lines->bytes, 0, (size_t)(lines->end - lines->bytes));
    if (zero)
        return sn_fail(lines->err, SN_E_FORMAT, lines->path, (uint64_t)(zero - lines->bytes),
                       "a byte of 0: this is no text");
    if (!sn_lines_next(lines))
        return 0;
    if (sn_suppressions_look_valgrind(lines))
        return sn_suppressions_parse_valgrind(suppressions, lines);
    if (sn_suppressions_look_own(lines))
        return sn_suppressions_parse_own(suppressions, lines);
    if (sn_suppressions_look_tsan(lines))
        return sn_suppressions_parse_tsan(suppressions, lines);
    return sn_lines_fail(lines, lines->at,
                         "expected a suppression of snarl's ('suppress KIND'), of "
                         "ThreadSanitizer's ('race:PATTERN') or of Valgrind's ('{'), not '%s'",
                         sn_lines_show(lines->at, lines->length).text);
}

int sn_suppressions_parse(struct sn_suppressions *suppressions, const char *path, const char *bytes,
                          size_t size, struct sn_error *err)
{
    struct sn_suppressions read = {.arena = suppressions->arena};
    struct sn_lines lines;
    sn_lines_init(&lines, path, bytes, size, err);
    int code = parse_lines(&read, &lines);
    suppressions->arena = read.arena;
    vec_each (struct sn_suppression *, one, &read.of) {
        if (code == 0)
            *vec_push(&suppressions->of) = *one;
        else
            release_one(*one);
    }
    vec_release(&read.of);
    return code;
}

int sn_suppressions_read(struct sn_suppressions *suppressions, const char *path,
                         struct sn_error *err)
{
    size_t size;
    char *bytes;
    int code =
        sn_file_read(path, LARGEST_FILE, "larger than 16 MiB, which no file of suppressions is",
                     &bytes, &size, err);
    if (code < 0)
        return code;
    code = sn_suppressions_parse(suppressions, path, bytes, size, err);
    free(bytes);
    return code;
}
