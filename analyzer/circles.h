/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deadlocks that were observed: after the last event, threads that wait for each other in a circle.
 *
 * A wait for a lock is one for all who hold it in the way, a join is one for a thread, and whoever
 * comes to a once that is being done waits for who does it: a circle of these is closed for good,
 * whatever the others do. Whom a thread waits for at a condition, a semaphore or a barrier is not
 * said anywhere. Such waits belong to a circle only if all that live are past help
 * (world/standstill.h), and then lead to those who did before what they wait for, or to all if
 * nobody ever did.
 */
#ifndef SN_ANALYZER_CIRCLES_H
#define SN_ANALYZER_CIRCLES_H

#include "analyzer/compose.h"

/* Tells all of them; adds to OBSERVED each set of objects waited for, as an_object_set_key. */
void an_circles_tell(struct an_context *ctx, struct sn_map *observed);
/* KEY with OBJECT added: equal for any order of the same objects. */
static inline uint64_t an_object_set_key(uint64_t key, const struct an_object *object)
{
    return key + sn_mix(object->id);
}

#endif
