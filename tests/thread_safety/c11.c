/* SPDX-License-Identifier: Apache-2.0 */
/* The locks of threads.h. */
#include "snarl/thread_safety.h"

#include <threads.h>

static mtx_t pencil;
static cnd_t bell;
static unsigned garlic SNARL_GUARDED_BY(pencil);

int work(void);

int work(void)
{
    if (mtx_init(&pencil, mtx_plain) != thrd_success)
        return 1;
    SNARL_ALONE(pencil);
    garlic = 1;
    return 0;
}

int shop(void);

int shop(void)
{
    mtx_lock(&pencil);
    while (garlic == 0)
        cnd_wait(&bell, &pencil);
    garlic++;
    mtx_unlock(&pencil);
    if (!mtx_trylock(&pencil)) { /* thrd_success is nothing that clang follows */
        garlic--;
        mtx_unlock(&pencil);
    }
    return (int)garlic; /* WARNS: requires holding mutex 'pencil' */
}
