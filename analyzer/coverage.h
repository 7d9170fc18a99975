/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Of which code the trace tells what it reads and writes. Whoever concludes from an access that is
 * not there must ask.
 */
#ifndef SN_ANALYZER_COVERAGE_H
#define SN_ANALYZER_COVERAGE_H

#include "analyzer/analysis.h"

/* Libraries whose own data does not tell a program's threads where to go, or whose calls hooks tell
 * of. */
bool an_is_runtime(const char *path);
/* The innermost place of STACK that lies in no run-time library: what such a library does on its
 * behalf is its own. 0: none. */
uint64_t an_place(const struct an_context *ctx, uint32_t stack);
/* Are the accesses of the function around that place recorded? */
bool an_is_covered(const struct an_context *ctx, uint32_t stack);

#endif
