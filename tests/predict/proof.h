/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Has what SyncP and SPD find a witness that the checker (analyzer/predict/witness.h) accepts?
 *
 *     struct proof proof;
 *     proof_init(&proof, &run);
 *     if (!proof_holds(&proof, (uint64_t[]){pair->first, pair->second}, 2, false, &err))
 *         ...
 *     proof_release(&proof);
 */
#ifndef SN_TESTS_PREDICT_PROOF_H
#define SN_TESTS_PREDICT_PROOF_H

#include "analyzer/predict/ideal.h"
#include "analyzer/predict/witness.h"

struct proof {
    const struct an_run *run;
    struct an_sync_index index;
    struct an_ideal ideal;
    uint32_t *places; /* of each operation */
};

void proof_init(struct proof *proof, const struct an_run *run);
/* GOAL: operations that come next in some order of the run. */
bool proof_holds(struct proof *proof, const uint64_t *goal, size_t count, bool deadlock,
                 struct sn_error *err);
/* The order alone, unchecked; false if there is none. WITNESS, empty before, is the caller's. */
bool proof_witness(struct proof *proof, const uint64_t *goal, size_t count, bool deadlock,
                   struct an_witness *witness);
void proof_release(struct proof *proof);

#endif
