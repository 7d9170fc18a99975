/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Optimistic sync-reversal races, one pair at a time, with the reordering that shows each.
 *
 *     struct an_osr *osr = an_osr_open(run);
 *     struct an_reordering order = {0};
 *     if (an_osr_pair(osr, first, second, &order))
 *         the operations in `order`, one after another, leave FIRST and SECOND both next to happen
 *     vec_release(&order.ops);
 *     an_osr_close(osr);
 *
 * The run must stay as it is until close.
 */
#ifndef SN_ANALYZER_PREDICT_OSR_H
#define SN_ANALYZER_PREDICT_OSR_H

#include "analyzer/predict/relation.h"

struct an_reordering {
    VEC(uint64_t) ops; /* as relation.h counts them */
};

struct an_osr;

struct an_osr *an_osr_open(const struct an_run *run);
/* Can these conflicting operations of two threads, FIRST before SECOND, happen side by side? ORDER
 * (may be NULL) becomes what happens before. */
bool an_osr_pair(struct an_osr *osr, uint64_t first, uint64_t second, struct an_reordering *order);
void an_osr_close(struct an_osr *osr);

#endif
