/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Vector clocks of runs: one 32-bit count per thread, flat, in whole blocks of eight, so that
 * joining is a loop over registers. What lies beyond the end is 0. Counts stay below 2^31.
 */
#ifndef SN_ANALYZER_PREDICT_VECTOR_H
#define SN_ANALYZER_PREDICT_VECTOR_H

#include <stdbool.h>
#include <stdint.h>

enum { AN_VECTOR_BLOCK = 8 };

struct an_vector { /* all zero: knows nothing */
    uint32_t *at;
    uint32_t count; /* a multiple of AN_VECTOR_BLOCK */
};

static inline uint32_t an_vector_get(const struct an_vector *vector, uint32_t thread)
{
    return thread < vector->count ? vector->at[thread] : 0;
}

void an_vector_set(struct an_vector *vector, uint32_t thread, uint32_t value);
/* INTO becomes the later of both in each place. */
void an_vector_join(struct an_vector *into, const struct an_vector *from);
void an_vector_copy(struct an_vector *into, const struct an_vector *from);
void an_vector_clear(struct an_vector *vector); /* keeps its memory */
void an_vector_release(struct an_vector *vector);

#endif
