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

/* Are there deferred accesses of which the text does not say enough? Those that others than their
 * threads have told: where numbers are missing as well, their place in the teller's stream decides
 * what is let through first. And those of an empty stack: they come as soon as that is defined. */
static inline bool fuzz_defers(struct tr_reader *reader)
{
    struct tr_event ev;
    struct sn_error err;
    bool found = false;
    tr_reader_rewind(reader);
    while (!found && tr_reader_next(reader, &ev, &err) > 0)
        found = tr_is_deferred(&ev) &&
                (ev.teller != ev.thread || !tr_reader_stack(reader, ev.stack).count);
    return found;
}

#endif
