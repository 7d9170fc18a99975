/* SPDX-License-Identifier: Apache-2.0 */
/* The recorder's same-epoch filter against a model that forgets nothing: what it calls covered must
 * have been added in this epoch, byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "interpose/access/filter.h"

enum { GRANULES = 64, PLACES = 4 };

/* Few granules at places far apart, of which several share a cell. */
static const uint64_t places[PLACES] = {0x10000, 0x555555550000, 0x7ffff7f00000, 0x7ffff7f20000};

static struct rec_filter filter;
static uint8_t model[PLACES][GRANULES * 8]; /* bit 0 read, bit 1 written, in this epoch */
static uint64_t seed = 42;

static unsigned random_below(unsigned limit)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(seed >> 33) % limit;
}

static bool in_model(unsigned place, unsigned offset, unsigned size, bool write)
{
    bool all = true;
    for (unsigned i = 0; i < size; i++)
        all &= model[place][offset + i] >> write & 1;
    return all;
}

static void covers_nothing_new(void **state)
{
    (void)state;
    unsigned covered = 0;
    memset(&filter, 0, sizeof filter);
    rec_filter_next(&filter);
    for (unsigned n = 0; n < 2000000; n++) {
        if (random_below(500) == 0) {
            rec_filter_next(&filter);
            memset(model, 0, sizeof model);
        }
        unsigned place = random_below(PLACES), size = 1u << random_below(4);
        unsigned offset = random_below(GRANULES) * 8 + random_below(8 / size) * size;
        bool write = random_below(2);
        uint64_t address = places[place] + offset;
        uint64_t bytes = rec_filter_bytes(address, size, write);
        if (rec_filter_covers(&filter, address, bytes)) {
            assert_true(in_model(place, offset, size, write));
            covered++;
            continue;
        }
        rec_filter_add(&filter, address, bytes);
        assert_true(rec_filter_covers(&filter, address, bytes));
        for (unsigned i = 0; i < size; i++)
            model[place][offset + i] |= (uint8_t)(1u << write);
    }
    assert_true(covered > 100000);
}

static void generations_may_wrap(void **state)
{
    (void)state;
    uint64_t address = places[1], bytes = rec_filter_bytes(address, 8, true);
    memset(&filter, 0, sizeof filter);
    rec_filter_next(&filter);
    rec_filter_add(&filter, address, bytes);
    for (unsigned n = 0; n < 3u << REC_GENERATION_BITS; n++) {
        rec_filter_next(&filter);
        assert_false(rec_filter_covers(&filter, address, bytes));
        if (n % 1000 == 0)
            rec_filter_add(&filter, address, bytes);
    }
}

static void reads_do_not_cover_writes(void **state)
{
    (void)state;
    uint64_t address = places[2];
    memset(&filter, 0, sizeof filter);
    rec_filter_next(&filter);
    rec_filter_add(&filter, address, rec_filter_bytes(address, 4, false));
    assert_true(rec_filter_covers(&filter, address + 2, rec_filter_bytes(address + 2, 2, false)));
    assert_false(rec_filter_covers(&filter, address, rec_filter_bytes(address, 4, true)));
    assert_false(rec_filter_covers(&filter, address, rec_filter_bytes(address, 8, false)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(covers_nothing_new),
        cmocka_unit_test(generations_may_wrap),
        cmocka_unit_test(reads_do_not_cover_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
