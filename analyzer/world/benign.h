/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory on which the program says that races are meant, until it is something else.
 */
#ifndef SN_ANALYZER_WORLD_BENIGN_H
#define SN_ANALYZER_WORLD_BENIGN_H

#include "analyzer/world/ranges.h"

#include <stdbool.h>

void an_benign_add(struct an_ranges *benign, uint64_t start, uint64_t size);
bool an_benign_holds(const struct an_ranges *benign, uint64_t address);
void an_benign_forget(struct an_ranges *benign, uint64_t start, uint64_t size);

#endif
