/* SPDX-License-Identifier: Apache-2.0 */
#include "trace/xstd_values.h"

/* In READS: nothing is known; of an update, what it read is not. */
#define UNKNOWN        UINT32_MAX
#define UPDATE_UNKNOWN (1u << 31)

static struct tr_values_location *location_of(struct tr_values *values, uint64_t location)
{
    uint64_t *place = sn_map_at(&values->location_of, location);
    if (!*place) {
        struct tr_values_location *new = vec_push(&values->locations);
        *vec_push(&new->versions) = 0;
        new->latest_known = true;
        *sn_map_at(&new->store_of, 0) = 1;
        *place = values->locations.count;
    }
    return &values->locations.at[*place - 1];
}

static uint32_t add_store(struct tr_values_location *at, int64_t value, bool known)
{
    *vec_push(&at->versions) = 0;
    if (known)
        *sn_map_at(&at->store_of, (uint64_t)value) = at->versions.count;
    at->latest = value;
    at->latest_known = known;
    return (uint32_t)at->versions.count - 1;
}

void tr_values_store(struct tr_values *values, uint64_t location, int64_t value, bool known)
{
    uint32_t store = add_store(location_of(values, location), value, known);
    *vec_push(&values->reads) = store;
}

bool tr_values_load(struct tr_values *values, uint64_t location, int64_t value, bool known)
{
    struct tr_values_location *at = location_of(values, location);
    const uint64_t *store = known ? sn_map_find(&at->store_of, (uint64_t)value) : NULL;
    *vec_push(&values->reads) = store ? (uint32_t)*store - 1 : UNKNOWN;
    if (!store)
        return false;
    at->versions.at[*store - 1]++;
    return *store < at->versions.count;
}

void tr_values_update(struct tr_values *values, uint64_t location, int64_t old, bool old_known,
                      int64_t value, bool known)
{
    struct tr_values_location *at = location_of(values, location);
    bool fits = old_known && at->latest_known && at->latest == old;
    uint32_t store = add_store(at, value, known);
    *vec_push(&values->reads) = store | (fits ? 0 : UPDATE_UNKNOWN);
}

void tr_values_settle(struct tr_values *values)
{
    vec_each (struct tr_values_location, at, &values->locations) {
        uint64_t version = 0;
        vec_each (uint64_t, store, &at->versions) {
            uint64_t readers = *store;
            *store = version;
            version += readers + 1;
        }
        at->versions.at[0] = 1; /* the initial value has no event of its own */
    }
}

uint64_t tr_values_next(struct tr_values *values, uint64_t location, bool *known)
{
    uint32_t read = values->reads.at[values->asked++];
    *known = read < UPDATE_UNKNOWN;
    if (read == UNKNOWN)
        return 0;
    return location_of(values, location)->versions.at[read & ~UPDATE_UNKNOWN]++;
}

void tr_values_release(struct tr_values *values)
{
    vec_each (struct tr_values_location, at, &values->locations) {
        vec_release(&at->versions);
        sn_map_release(&at->store_of);
    }
    vec_release(&values->locations);
    vec_release(&values->reads);
    sn_map_release(&values->location_of);
}
