/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "cli/pager.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static bool allowed;
static int to_pager = -1; /* what it reads */
static pid_t pager;

/* NULL: less, where there is one; empty: none. */
static const char *wanted(void)
{
    const char *name = getenv("SNARL_PAGER");
    if (!name)
        name = getenv("PAGER");
    return name && strcmp(name, "cat") == 0 ? "" : name;
}

/* In the child, which becomes the pager. */
static void become(const char *name, int from)
{
    dup2(from, STDIN_FILENO);
    setenv("LESS", "FRX", 0); /* not for a single screen; with colours; what was shown stays */
    if (name)
        execl("/bin/sh", "sh", "-c", name, (char *)NULL);
    else
        execlp("less", "less", (char *)NULL);
    char bytes[4096]; /* there is none: what would have been paged is shown as it is */
    for (ssize_t n; (n = read(STDIN_FILENO, bytes, sizeof bytes)) > 0;)
        for (ssize_t done = 0, m; done < n; done += m)
            if ((m = write(STDOUT_FILENO, bytes + done, (size_t)(n - done))) < 0)
                _exit(1);
    _exit(0);
}

static void wait_for_it(void)
{
    close(to_pager);
    while (waitpid(pager, NULL, 0) < 0 && errno == EINTR)
        ;
}

static void start(void)
{
    const char *name = wanted();
    int ends[2];
    allowed = false;
    if ((name && !*name) || !isatty(STDOUT_FILENO) || pipe2(ends, O_CLOEXEC) < 0)
        return;
    pager = fork();
    if (pager == 0) {
        close(ends[1]);
        become(name, ends[0]);
    }
    close(ends[0]);
    if (pager < 0) {
        close(ends[1]);
        return;
    }
    to_pager = ends[1];
    atexit(wait_for_it);
}

void sn_pager_allow(void)
{
    allowed = true;
}

int sn_pager_of(int fd)
{
    if (fd != STDOUT_FILENO)
        return fd;
    if (allowed)
        start();
    return to_pager >= 0 ? to_pager : fd;
}
