/* SPDX-License-Identifier: Apache-2.0 */
/*
 * C11's mutex and condition, used after they were destroyed.
 */
/* EXPECT: use-after-destroy observed @takes @destroys-pencil */
/* EXPECT: use-after-destroy observed @rings @destroys-bell */
/* SOURCE: @takes pencil */
/* SOURCE: @rings bell */
/* SOURCE: @destroys-pencil pencil */
/* SOURCE: @destroys-bell bell */
#include <stdio.h>
#include <threads.h>

static mtx_t pencil;
static cnd_t bell;

static int barron(void *arg)
{
    /* SOURCE: @takes pencil */
    /* SOURCE: @rings bell */
    /* SOURCE: @destroys-pencil pencil */
    /* SOURCE: @destroys-bell bell */
    (void)arg;
    int result = mtx_lock(&pencil); /* @takes */
    cnd_broadcast(&bell);           /* @rings */
    return result == thrd_error;
}

int main(void)
{
    thrd_t thread;
    int refused;
    mtx_init(&pencil, mtx_plain);
    cnd_init(&bell);
    mtx_destroy(&pencil); /* @destroys-pencil */
    cnd_destroy(&bell);   /* @destroys-bell */
    thrd_create(&thread, barron, NULL);
    thrd_join(thread, &refused);
    printf("Refused: %d\n", refused);
    return 0;
}
