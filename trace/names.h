/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which modules can be told by their file's name alone: where a stack in text may say
 * "libc.so.6+0x2724b". A name that two load biases share says nothing, nor does one with characters
 * that the text's grammar uses. Private to reader and text.
 */
#ifndef SN_TRACE_NAMES_H
#define SN_TRACE_NAMES_H

#include "base/map.h"
#include "base/vec.h"

#include <stdbool.h>

struct tr_name {
    char *name;
    uint64_t base;
    bool shared;
};

struct tr_names { /* all zero: none */
    struct sn_arena arena;
    VEC(struct tr_name) known;
    struct sn_map by_hash; /* place in KNOWN, plus 1 */
};

/* Adds the module of PATH, loaded at BASE. */
void tr_names_add(struct tr_names *names, const char *path, size_t length, uint64_t base);
/* The load bias of the one module that NAME names; NULL if it names none or several. */
const uint64_t *tr_names_base(const struct tr_names *names, const char *name, size_t length);
/* The last part of PATH. */
const char *tr_names_of(const char *path, size_t *length);
/* The path in the *LENGTH bytes of a MODULE, behind the build-id; all of them if they are not of
 * that form. */
const char *tr_names_path(const uint8_t *bytes, uint32_t *length);
void tr_names_release(struct tr_names *names);

#endif
