/* SPDX-License-Identifier: Apache-2.0 */
/* The host of a random C program, which is compiled with another name for its main. It runs in the
 * first thread, or, with another one beside it, in a thread that is made for it. */
#include "tests/differential/companion.h"

int subject_main(int argc, char **argv);

/* By the linker: all of the program's that can be written. */
extern const unsigned char __data_start[], _end[];

static int result;

static void *run(void *name)
{
    char *arguments[] = {name, NULL};
    result = subject_main(1, arguments);
    return NULL;
}

int main(int argc, char **argv)
{
    const char *way = argc > 1 ? argv[1] : "lone";
    const struct companion_range all = {__data_start, (size_t)(_end - __data_start)};
    companion_begins(way, &all, 1);
    if (companion_is(way, "lone"))
        run(argv[0]);
    else
        companion_apart(run, argv[0]);
    companion_next();
    companion_ends(way);
    return result;
}
