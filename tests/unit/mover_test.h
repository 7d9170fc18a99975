/* SPDX-License-Identifier: Apache-2.0 */
/* What the recorder's system calls want to know, for tests of code that makes some. */
#ifndef TESTS_UNIT_MOVER_TEST_H
#define TESTS_UNIT_MOVER_TEST_H

#include "interpose/core/system.h"

int rec_no_system, rec_no_clock;
uint64_t rec_clock_stopped;

void *rec_reserve_memory(uint64_t size)
{
    (void)size;
    return NULL;
}

#endif
