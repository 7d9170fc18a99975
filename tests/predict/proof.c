/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/predict/proof.h"

void proof_init(struct proof *proof, const struct an_run *run)
{
    struct an_places places;
    *proof =
        (struct proof){.run = run, .places = sn_calloc(run->ops.count + 1, sizeof *proof->places)};
    an_sync_index_build(&proof->index, run);
    an_ideal_init(&proof->ideal, &proof->index);
    an_places_init(&places, run);
    for (size_t i = 0; i < run->ops.count; i++)
        proof->places[i] = an_places_next(&places, run, i);
    an_places_release(&places);
}

bool proof_witness(struct proof *proof, const uint64_t *goal, size_t count, bool deadlock,
                   struct an_witness *witness)
{
    witness->deadlock = deadlock;
    an_ideal_clear(&proof->ideal);
    for (size_t i = 0; i < count; i++) {
        uint32_t thread = proof->run->ops.at[goal[i]].thread;
        if (!an_ideal_reach(&proof->ideal, thread, proof->places[goal[i]] - 1))
            return false;
        *vec_push(&witness->goal) = goal[i];
    }
    an_witness_of_cut(witness, proof->run, proof->ideal.place);
    return true;
}

bool proof_holds(struct proof *proof, const uint64_t *goal, size_t count, bool deadlock,
                 struct sn_error *err)
{
    struct an_witness witness = {0};
    bool holds = false;
    if (proof_witness(proof, goal, count, deadlock, &witness))
        holds = an_witness_check(&witness, proof->run, err) == 0;
    else
        sn_fail(err, SN_E_FORMAT, NULL, SN_NO_OFFSET, "there is no ideal");
    an_witness_release(&witness);
    return holds;
}

void proof_release(struct proof *proof)
{
    an_ideal_release(&proof->ideal);
    an_sync_index_release(&proof->index);
    free(proof->places);
}
