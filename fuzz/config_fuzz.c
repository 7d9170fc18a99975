/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options that stand elsewhere than on the command line: a file, and behind the first zero byte
 * what is in SNARL_OPTIONS. What was read is whole: names and values are text of one line of a
 * file.
 */
#define _GNU_SOURCE
#include "cli/config.h"

#include "trace/control.h"

#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct sn_config_option *option)
{
    if (!option->name || !option->place || !*option->place)
        abort();
    if (!option->directory)
        return; /* of SNARL_OPTIONS, where all text is allowed */
    if (!*option->name || option->name[0] == '-' || strpbrk(option->name, " \t\n="))
        abort();
    if (option->value && strpbrk(option->value, "\n\r\033"))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *zero = memchr(data, 0, size);
    size_t length = zero ? (size_t)(zero - data) : size;
    int fd = memfd_create("config", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, length) != (ssize_t)length)
        abort();
    char path[64];
    char *words = zero ? strndup((const char *)zero + 1, size - length - 1) : strdup("");
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    setenv("SNARL_CONFIG", path, 1);
    setenv(TR_OPTIONS_ENV, words, 1);
    unsetenv(TR_CONTROL_ENV);

    struct sn_config config;
    struct sn_error err;
    if (sn_config_read(&config, &err) == 0)
        vec_each (const struct sn_config_option, option, &config.options)
            check(option);
    sn_config_release(&config);
    free(words);
    close(fd);
    return 0;
}
