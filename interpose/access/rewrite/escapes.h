/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slots of a function's frame of which it takes the address: others may write there, and what the
 * function loads from there may be what it waits for. All else that it does with its frame is its
 * own, and not looked at.
 */
#ifndef REC_ACCESS_REWRITE_ESCAPES_H
#define REC_ACCESS_REWRITE_ESCAPES_H

#include "interpose/access/rewrite/code.h"

enum { RW_ESCAPES = 16 }; /* of a function that has more the first ones */

struct rw_escapes {
    const struct rw_function *function; /* NULL: none yet */
    unsigned count;
    struct {
        int32_t displacement;
        uint8_t base; /* rsp or rbp */
    } at[RW_ESCAPES];
};

/* Fills in those of FUNCTION, if they are not there already. */
void rw_escapes_find(struct rw_escapes *escapes, const struct rw_code *code,
                     const struct rw_function *function);
/* Does ACCESS load from one? */
bool rw_escapes_hold(const struct rw_escapes *escapes, const struct rw_access *access);

#endif
