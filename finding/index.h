/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Findings by id, however many there are.
 *
 *     struct sn_index index;
 *     sn_index_init(&index, &report);
 *     const struct sn_finding *known = sn_index_find(&index, "1:0123456789abcdef");
 *     sn_index_release(&index);
 */
#ifndef SN_FINDING_INDEX_H
#define SN_FINDING_INDEX_H

#include "base/map.h"
#include "finding/finding.h"

struct sn_index {
    struct sn_map findings; /* hash of the id to the finding */
};

/* REPORT must outlive INDEX, and its findings must keep their ids. */
void sn_index_init(struct sn_index *index, const struct sn_report *report);
/* The finding of that id (the first, if there are several), or NULL. NULL has none. */
const struct sn_finding *sn_index_find(const struct sn_index *index, const char *id);
void sn_index_release(struct sn_index *index);

/* A 64-bit hash of LENGTH bytes (FNV-1a, mixed): fingerprints are made of it, so it stays. */
uint64_t sn_hash(const char *bytes, size_t length);

#endif
