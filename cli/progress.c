/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { WIDTH = 40 };

double sn_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

void sn_progress_start(struct sn_progress *progress, const char *what, const char *path)
{
    const char *terminal = getenv("TERM");
    struct stat status;
    bool known = stat(path, &status) == 0 && S_ISREG(status.st_mode);
    *progress = (struct sn_progress){
        .what = what,
        .terminal = isatty(STDERR_FILENO) && terminal && strcmp(terminal, "dumb") != 0,
        .start = sn_now(),
        .next = sn_now() + 1,
        .megabytes = known ? (double)status.st_size / 1e6 : 0,
    };
}

void sn_progress_show(void *data, double part)
{
    struct sn_progress *progress = data;
    if (!progress->terminal || sn_now() < progress->next)
        return;
    progress->next = sn_now() + 0.1;
    progress->shown = true;
    part = part < 0 ? 0 : part > 1 ? 1 : part;
    char bar[WIDTH + 1];
    memset(bar, '.', WIDTH);
    memset(bar, '#', (size_t)(part * WIDTH));
    bar[WIDTH] = 0;
    fprintf(stderr, "\r%s [%s] %3.0f %%", progress->what, bar, part * 100);
    double elapsed = sn_now() - progress->start;
    if (progress->megabytes > 0)
        fprintf(stderr, ", %.1f MB/s", progress->megabytes * part / elapsed);
    if (part > 0)
        fprintf(stderr, ", %.0f s left", elapsed * (1 - part) / part);
    fputs("\033[K", stderr);
}

void sn_progress_end(struct sn_progress *progress)
{
    if (progress->shown)
        fputs("\r\033[K", stderr);
    progress->shown = false;
}
