/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The functions that the hooks stand in for. All are resolved once, at the first hook or at start,
 * whichever comes first; hooks.def has one line for each.
 */
#ifndef REC_CORE_REAL_H
#define REC_CORE_REAL_H

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/types.h>
#include <threads.h>
#include <time.h>

struct rec_real {
#define HOOK(result, name, parameters, version) result(*name) parameters;
#define CALL                                    HOOK
#include "interpose/hooks.def"
#undef CALL
#undef HOOK
};

extern struct rec_real rec_real;

/* Fills in rec_real. May be called again, from several threads, and while it runs (dlsym may
 * allocate). */
void rec_real_resolve(void);

/* The real function NAME. */
#define REAL(name)                                                                                 \
    (__builtin_expect(rec_real.name != NULL, 1) ? rec_real.name                                    \
                                                : (rec_real_resolve(), rec_real.name))

#endif
