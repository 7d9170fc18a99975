/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Images that were made before: a file for each, by a hash of all that an image depends on. One is
 * mapped as far from its module as it was then, so that nothing but its head has to be filled in.
 * Where there is no such room, or anything is not as expected, there is no image.
 */
#ifndef REC_ACCESS_REWRITE_CACHE_H
#define REC_ACCESS_REWRITE_CACHE_H

#include "interpose/access/rewrite/image.h"

struct rw_cache_key {
    uint64_t half[2];
};

/* Of the image that MODULE would get by OPTIONS, SIZE bytes that say everything else that it
 * depends on. */
struct rw_cache_key rw_cache_key(const struct rw_module *module, const void *options,
                                 uint32_t size);

/* What a file says beside the image. */
struct rw_cached {
    struct rw_image image;
    struct rw_coverage coverage;
    struct rw_counts counts;
    uint32_t resume; /* as in check.h */
};

/* Maps KEY's image beside MODULE, which may then be executed, but is not settled yet. False: there
 * is none. DIRECTORY: an absolute path; empty: no cache. */
bool rw_cache_load(const char *directory, struct rw_cache_key key, const struct rw_module *module,
                   struct rw_cached *cached);
/* Writes CACHED, which lies beside MODULE. Whoever comes later finds all of it or nothing. */
void rw_cache_save(const char *directory, struct rw_cache_key key, const struct rw_module *module,
                   const struct rw_cached *cached);

#endif
