/* SPDX-License-Identifier: Apache-2.0 */
/* The environment that brings the recorder into the program. */
#ifndef SN_CLI_ENVIRONMENT_H
#define SN_CLI_ENVIRONMENT_H

#include "base/arena.h"
#include "base/error.h"

struct sn_environment {
    struct sn_arena arena;
    char **variables; /* for exec; ends with NULL */
};

/* OPTIONS is what the recorder is told in SNARL_OPTIONS, instead of what the user had there: that
 * was for the command (config.h). */
int sn_environment_init(struct sn_environment *environment, const char *control,
                        const char *options, struct sn_error *err);
void sn_environment_release(struct sn_environment *environment);

/* Appends WORD to a list that blanks separate: blanks and backslashes in it get a backslash. */
char *sn_options_add(struct sn_arena *arena, const char *list, const char *word);

#endif
