/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A witness: another order of a run's operations, as far as it goes, behind which a race or a
 * deadlock is there. And the checker, which knows nothing of how a witness was found: it replays
 * the order against what the run's operations say, and refuses it by name where the order is none
 * that the program could have taken.
 *
 *   thread order       each thread's operations come in its order, none is left out between two
 *   fork, join         a thread begins behind its fork; a join comes behind all that it waited for
 *   locks              nobody takes what another holds in the way
 *   reads-from         each read sees the write that it saw in the run, or none as there
 *   channels           a RECEIVE comes behind each SEND that came before it in the run
 *   semaphores         a WAIT finds a token
 *   unknown            nothing stands behind an operation that may hang on what was not recorded
 *
 * A race is there if both accesses are what their threads do next. A deadlock is there if each
 * party's next operation waits for a lock that another party holds in the way, or for the end of
 * another party, so that none of them can ever go on. A party that waits (run->awaits) for a signal
 * or a token must have got none since its last step, and all that there are in the run must be of
 * another party; at a barrier another party is missing.
 */
#ifndef SN_ANALYZER_PREDICT_WITNESS_H
#define SN_ANALYZER_PREDICT_WITNESS_H

#include "analyzer/predict/run.h"
#include "base/error.h"

struct an_witness {
    VEC(uint64_t) order; /* operations */
    VEC(uint64_t) goal; /* what its threads do next: two accesses that race, or each party's wait */
    bool deadlock;
};

/* The operations up to a cut's places (sync_index.h), in trace order. */
void an_witness_of_cut(struct an_witness *witness, const struct an_run *run,
                       const uint32_t *places);
/* 0 if the witness holds; SN_E_FORMAT, and ERR says at which operation (its offset) what is wrong.
 */
int an_witness_check(const struct an_witness *witness, const struct an_run *run,
                     struct sn_error *err);
/* The same of the run's own order up to the witness's end: a trace that contradicts itself, where
 * two threads have one lock, proves nothing. */
int an_witness_check_run(const struct an_witness *witness, const struct an_run *run,
                         struct sn_error *err);
void an_witness_release(struct an_witness *witness);

#endif
