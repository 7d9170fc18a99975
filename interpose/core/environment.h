/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a program finds in its environment so that it is recorded too: LD_PRELOAD with our
 * libraries, SNARL_CONTROL and SNARL_OPTIONS. A process that executes another with an environment
 * of its own making hides everything behind it. So what is missing is put into a copy, and the
 * variable SNARL_ADDED says what it was: the recorder of the new program takes exactly that out
 * again, before the program looks.
 *
 *     struct rec_environment change;
 *     if (rec_environment_differs(&change, environment, target))
 *         environment = rec_environment_make(&change, room of change.room bytes);
 */
#ifndef REC_CORE_ENVIRONMENT_H
#define REC_CORE_ENVIRONMENT_H

#include "interpose/core/rec.h"
#include "interpose/core/target.h"

struct rec_environment {
    char *const *from;
    uint32_t count;   /* of its variables */
    uint32_t preload; /* which of them is LD_PRELOAD; COUNT: none */
    bool add_preload, add_control, add_options, drop_preload;
    uint64_t room; /* bytes that the copy takes */
};

/* At the start: remembers our variables, and takes out what was added to them for us. */
void rec_environment_start(char **environment);
/* Are there variables to be passed on? */
bool rec_environment_known(void);
/* Must a program of kind TARGET find another environment than FROM? */
bool rec_environment_differs(struct rec_environment *change, char *const *from,
                             enum rec_target target);
char **rec_environment_make(const struct rec_environment *change, void *room);

#endif
