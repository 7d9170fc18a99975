/* SPDX-License-Identifier: Apache-2.0 */
#include "interpose/access/rewrite/output.h"

#include "interpose/core/poison.h"

void rw_put(struct rw_output *out, const void *bytes, uint32_t count)
{
    const uint8_t *from = bytes;
    if (out->room - out->count < count) {
        out->full = true;
        return;
    }
    for (uint32_t i = 0; i < count; i++)
        out->at[out->count + i] = from[i];
    out->count += count;
}

void rw_put_number(struct rw_output *out, uint64_t number, unsigned bytes)
{
    rw_put(out, &number, bytes);
}

void rw_put_fill(struct rw_output *out, uint8_t byte, uint32_t alignment)
{
    while (out->count % alignment && !out->full)
        rw_put(out, &byte, 1);
}

void rw_put_fix(struct rw_output *out, enum rw_fix_kind kind, int64_t value)
{
    *rw_list_add(&out->fixes) = (struct rw_fix){out->count, (uint8_t)kind, value};
    out->full |= rw_list_full(&out->fixes);
    rw_put_number(out, 0, 4);
}
