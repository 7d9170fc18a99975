/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which store each atomic load of a text has read, by the values that the text names, and from that
 * the versions of the atomics of each location: a store, then all that read it, then the next one.
 * A trace says by versions what was read, and has no values.
 *
 * Two looks: at first all atomics are told in the order of the text, then their versions are asked
 * for, in the same order.
 *
 *     tr_values_store(&values, location, 1, true);
 *     tr_values_load(&values, location, 0, true);     // reads the initial 0: before the store
 *     tr_values_settle(&values);
 *     tr_values_next(&values, location);              // 2
 *     tr_values_next(&values, location);              // 1
 *
 * A load reads the latest earlier store that has its value, or the initial 0; an update (RMW) reads
 * the latest store. If there is no such store, it is not known what was read.
 */
#ifndef SN_TRACE_XSTD_VALUES_H
#define SN_TRACE_XSTD_VALUES_H

#include "base/map.h"
#include "base/vec.h"

struct tr_values_location {
    VEC(uint64_t) versions; /* while told: how many read the store; then the next one's version */
    struct sn_map store_of; /* by value: the latest such store, plus 1. Store 0 is the initial 0 */
    int64_t latest;         /* value of the latest store */
    bool latest_known;
};

struct tr_values {             /* all zero: empty */
    struct sn_map location_of; /* its place in LOCATIONS, plus 1 */
    VEC(struct tr_values_location) locations;
    VEC(uint32_t) reads; /* what each atomic read; a store: itself */
    size_t asked;
};

/* KNOWN: the text says VALUE. */
void tr_values_store(struct tr_values *values, uint64_t location, int64_t value, bool known);
/* True if it reads a store that was overwritten earlier in the text. */
bool tr_values_load(struct tr_values *values, uint64_t location, int64_t value, bool known);
void tr_values_update(struct tr_values *values, uint64_t location, int64_t old, bool old_known,
                      int64_t value, bool known);
void tr_values_settle(struct tr_values *values);
/* The version of the next atomic, and whether it is known what it read. Version 0: nothing is
 * known of its place. */
uint64_t tr_values_next(struct tr_values *values, uint64_t location, bool *known);
void tr_values_release(struct tr_values *values);

#endif
