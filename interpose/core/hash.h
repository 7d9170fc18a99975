/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REC_CORE_HASH_H
#define REC_CORE_HASH_H

#include <stdint.h>

/* A hash of HASH and one more VALUE. */
static inline uint64_t rec_mix(uint64_t hash, uint64_t value)
{
    uint64_t mixed = (hash ^ value) * 0x9e3779b97f4a7c15u;
    return mixed ^ mixed >> 29;
}

#endif
