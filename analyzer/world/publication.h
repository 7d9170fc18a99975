/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may have handed what to whom by a location that may be atomic: machine code does not tell a
 * release store from a plain one (TR_ACC_MAY_BE_ATOMIC). Where a thread stored such a location and
 * another one loaded it later, and nothing else orders the two, all that comes before the store may
 * be ordered before all that comes behind the load; so a race between them is not certain. An
 * access is recorded before it is made: of a load and a store that nothing orders, either may have
 * come first, wherever they stand.
 *
 * Within an epoch of the recorder's, accesses need not be told in their order: what lies in a
 * store's epoch may come before it, what lies in a load's behind it. In doubt, and when too much
 * was asked, it says that they may be ordered.
 */
#ifndef SN_ANALYZER_WORLD_PUBLICATION_H
#define SN_ANALYZER_WORLD_PUBLICATION_H

#include "analyzer/world/memory.h"
#include "analyzer/world/order.h"

struct an_published; /* a location */
struct an_handovers; /* from one thread to another one */

struct an_publication {
    struct sn_map locations; /* by address / 4: place in PUBLISHED, plus 1 */
    VEC(struct an_published) published;
    struct sn_map pairs; /* from << 32 | to, by thread: place in HANDOVERS, plus 1 */
    VEC(struct an_handovers) handovers;
    size_t count;   /* of all of them */
    uint64_t steps; /* that were spent on asking */
};

/* THREAD accesses ADDRESS; DOUBTFUL: it is not known whether atomically, else it is so. */
void an_publication_access(struct an_publication *publication, struct an_order *order,
                           const struct an_thread *thread, uint64_t address, bool reads,
                           bool writes, bool doubtful);
/* THREAD makes ACCESS; of CONFLICTS, the earlier accesses that did not happen before it, a read may
 * have seen what it writes, or it what a write has written, of whose range an_publication_access
 * knows the first location. */
void an_publication_unordered(struct an_publication *publication, struct an_order *order,
                              const struct an_thread *thread, const struct an_access *access,
                              const struct an_conflicts *conflicts);
/* May one of two accesses that nothing orders, FIRST in the trace, come before the other, by other
 * locations than that at ADDRESS? Where it is not known what
 * SECOND's thread knew then (`past`), by threads alone. */
bool an_publication_may_order(struct an_publication *publication, const struct an_access *first,
                              const struct an_access *second, uint64_t address);
void an_publication_release(struct an_publication *publication);

#endif
