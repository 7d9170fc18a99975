/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may have handed what to whom by a location that may be atomic: machine code does not tell a
 * release store from a plain one (TR_ACC_MAY_BE_ATOMIC). Where a thread stored such a location and
 * another one loaded it later, all that the first did may be ordered before all that the second did
 * from then on; so a race between them is not certain. An access is recorded before it is made: of
 * a load and a store that nothing orders, either may have come first, wherever they stand.
 *
 * It is kept by thread, not by moment: in doubt it says that they may be ordered.
 */
#ifndef SN_ANALYZER_WORLD_PUBLICATION_H
#define SN_ANALYZER_WORLD_PUBLICATION_H

#include "analyzer/world/memory.h"
#include "base/map.h"
#include "base/vec.h"

#include <stdbool.h>
#include <stdint.h>

struct an_published; /* a location */

struct an_handover {
    uint32_t from, to;       /* threads */
    uint64_t granules[2];    /* by which locations: two different ones are enough */
    uint32_t granules_known; /* so many of them */
};

struct an_publication {
    struct sn_map locations; /* by address: place in PUBLISHED, plus 1 */
    VEC(struct an_published) published;
    struct sn_map pairs; /* from << 32 | to: place in HANDOVERS, plus 1 */
    VEC(struct an_handover) handovers;
};

/* THREAD has accessed ADDRESS; DOUBTFUL: it is not known whether atomically, else it was so. */
void an_publication_access(struct an_publication *publication, uint32_t thread, uint64_t address,
                           bool reads, bool writes, bool doubtful);
/* Of WRITTEN, a write, and the earlier accesses that it conflicts with and that did not happen
 * before it: the reads may have seen it. */
void an_publication_unordered(struct an_publication *publication, const struct an_access *written,
                              const struct an_conflicts *conflicts);
/* May something of FROM come before something of TO by other locations than that at ADDRESS? */
bool an_publication_may_order(const struct an_publication *publication, uint32_t from, uint32_t to,
                              uint64_t address);
void an_publication_release(struct an_publication *publication);

#endif
