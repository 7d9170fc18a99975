/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocks are what the compiler calls vectors: it makes of them what the machine has. Comparison is
 * signed because the oldest machines have no other.
 */
#include "analyzer/predict/vector.h"

#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

typedef int32_t block __attribute__((vector_size(AN_VECTOR_BLOCK * 4), aligned(4), may_alias));

static void grow(struct an_vector *vector, uint32_t count)
{
    if (count <= vector->count)
        return;
    count = (count + AN_VECTOR_BLOCK - 1) / AN_VECTOR_BLOCK * AN_VECTOR_BLOCK;
    vector->at = sn_realloc(vector->at, count * sizeof *vector->at);
    memset(vector->at + vector->count, 0, (count - vector->count) * sizeof *vector->at);
    vector->count = count;
}

void an_vector_set(struct an_vector *vector, uint32_t thread, uint32_t value)
{
    grow(vector, thread + 1);
    vector->at[thread] = value;
}

void an_vector_join(struct an_vector *into, const struct an_vector *from)
{
    grow(into, from->count);
    for (uint32_t i = 0; i < from->count; i += AN_VECTOR_BLOCK) {
        block *to = (block *)(into->at + i);
        block mine = *to, other = *(const block *)(from->at + i);
        block more = other > mine;
        *to = (other & more) | (mine & ~more);
    }
}

void an_vector_copy(struct an_vector *into, const struct an_vector *from)
{
    grow(into, from->count);
    if (from->count)
        memcpy(into->at, from->at, from->count * sizeof *into->at);
    if (into->count > from->count)
        memset(into->at + from->count, 0, (into->count - from->count) * sizeof *into->at);
}

void an_vector_clear(struct an_vector *vector)
{
    if (vector->count)
        memset(vector->at, 0, vector->count * sizeof *vector->at);
}

void an_vector_release(struct an_vector *vector)
{
    free(vector->at);
    *vector = (struct an_vector){0};
}
