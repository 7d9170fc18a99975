/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The modules of a trace, each once. Where several files lay at overlapping addresses, one after
 * the other, an address alone does not say which is meant. So the reader gives each of them
 * addresses of its own: those of the process for the first, and for the others the same, moved by a
 * multiple of 2^48. Private to the reader.
 */
#ifndef SN_TRACE_MODULES_H
#define SN_TRACE_MODULES_H

#include "base/vec.h"
#include "trace/reader.h"

struct tr_telling { /* a MODULE */
    struct tr_module module;
    uint64_t time;
};

struct tr_ground { /* addresses where several modules lay in turn */
    uint64_t start, end;
    size_t first, last; /* in `tellings`, where they are by time */
};

struct tr_modules {              /* all zero: none */
    VEC(struct tr_module) known; /* by start, once settled */
    VEC(struct tr_telling) tellings;
    VEC(struct tr_ground) grounds; /* by start */
};

/* Adds MODULE, told at TIME. Returns where it is, until another one is added. */
struct tr_module *tr_modules_add(struct tr_modules *modules, const struct tr_module *module,
                                 uint64_t time);
/* All are added. */
void tr_modules_settle(struct tr_modules *modules);
/* ADDRESS, as it was meant at TIME. */
uint64_t tr_modules_place(const struct tr_modules *modules, uint64_t address, uint64_t time);
/* The module at PLACE, or NULL. */
const struct tr_module *tr_modules_at(const struct tr_modules *modules, uint64_t place);
void tr_modules_release(struct tr_modules *modules);

#endif
