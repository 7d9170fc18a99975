/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file that will run when somebody types NAME, found before it is started, as execvp would.
 *
 *     struct sn_program program;
 *     int code = sn_program_find(&program, "python3", &err);
 *     if (code)
 *         return code;                 // 126 or 127; ERR says why
 *     if (sn_program_check(&program, &err) < 0)
 *         return 125;                  // it cannot be recorded; ERR says why, and the way out
 */
#ifndef SN_CLI_PROGRAM_H
#define SN_CLI_PROGRAM_H

#include "base/error.h"

#include <limits.h>
#include <stdbool.h>

struct sn_program {
    char path[PATH_MAX];   /* what the name stands for */
    char binary[PATH_MAX]; /* what is loaded: the same, or the interpreter of a script */
    bool instrumented; /* by sn_program_check: it, or a library that it needs directly, was built
                          with -fsanitize=thread */
};

/* 0; or the exit code, 126 (cannot be executed) or 127 (not found), and ERR. */
int sn_program_find(struct sn_program *program, const char *name, struct sn_error *err);
int sn_program_check(struct sn_program *program, struct sn_error *err);

#endif
