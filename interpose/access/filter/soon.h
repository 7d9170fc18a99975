/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What most accesses are that the words do not cover: of memory that is the thread's own, or
 * nobody's, or that several read, and nothing of it is to be told. The same as owner.c does, in
 * fewer steps.
 */
#ifndef REC_ACCESS_FILTER_SOON_H
#define REC_ACCESS_FILTER_SOON_H

#include "interpose/access/filter/words.h"

/* Of at most REC_WORDS_SMALL bytes. KEPT: of the access, with a stack. False: nothing was done, or
 * it has to be told. */
bool rec_keep_soon(uint64_t address, uint64_t size, bool write, uint32_t kept);
/* The same of whole granules, at most 16 bytes, that are all alike. */
bool rec_keep_whole(uint64_t address, uint64_t size, bool write, uint32_t kept);

static inline bool rec_is_whole(uint64_t address, uint64_t size)
{
    return !((address | size) & (REC_GRANULE - 1)) && size <= 16;
}

#endif
