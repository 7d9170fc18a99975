/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Can the recorder get into this program? LD_PRELOAD does not reach a program that is static, that
 * gains rights by being started, or that another dynamic linker loads; and inside a program that
 * carries ThreadSanitizer's run-time in itself it would see nothing.
 */
#ifndef SN_CLI_ELF_CHECK_H
#define SN_CLI_ELF_CHECK_H

#include "base/error.h"

#include <stdbool.h>

/* 0, and whether code in it or in a library that it needs directly was built with
 * -fsanitize=thread; or negative, with the reason and the way out in ERR. */
int sn_elf_check(const char *path, bool *instrumented, struct sn_error *err);

#endif
