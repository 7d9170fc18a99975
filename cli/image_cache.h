/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where rewritten code is kept for the next run: the recorder writes and maps the files
 * (interpose/access/rewrite/cache.h), snarl makes their directory and keeps it within bounds.
 */
#ifndef SN_CLI_IMAGE_CACHE_H
#define SN_CLI_IMAGE_CACHE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

/* Bytes that the directory may have before a run. */
#define SN_IMAGE_CACHE_MOST (UINT64_C(2) << 30)

/*
 * Makes sure that there is a directory for them, whose path is put into PATH: snarl/rewritten below
 * XDG_CACHE_HOME or ~/.cache, of which others can read nothing. While its files take more than MOST
 * bytes, those that were used longest ago are removed. False if there is no such place: all works
 * without.
 */
bool sn_image_cache_prepare(char path[PATH_MAX], uint64_t most);

#endif
