/* SPDX-License-Identifier: Apache-2.0 */
/* For execs.c: a program of 32 bits, which the recorder is no part of. */
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    const char *preload = getenv("LD_PRELOAD");
    printf("%u bits, %d arguments, the last %s, LD_PRELOAD %s\n", (unsigned)sizeof(long) * 8, argc,
           argv[argc - 1], preload && *preload ? "set" : "not set");
    return 4;
}
