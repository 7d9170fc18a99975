/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Traces of which the text form leaves something out.
 */
#ifndef SN_FUZZ_TURNS_H
#define SN_FUZZ_TURNS_H

#include "trace/reader.h"

/* Libraries lay at one address in turn: the text says which one a stack means, but not since when
 * the stack was known. */
static inline bool fuzz_modules_in_turn(const struct tr_reader *reader)
{
    size_t count;
    const struct tr_module *modules = tr_reader_modules(reader, &count);
    for (size_t i = 0; i < count; i++)
        if (modules[i].start >> 48)
            return true;
    return false;
}

#endif
