/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The vocabulary of a trace in text: what the bits of each kind's mode, and its numbers, are
 * called. One table for printing and parsing. Private to both.
 */
#ifndef SN_TRACE_WORDS_H
#define SN_TRACE_WORDS_H

#include "trace/wire.h"

/* NAME stands for VALUE in the bits of MASK. Tables end with NAME NULL. */
struct tr_word {
    uint32_t mask, value;
    const char *name;
};

enum tr_style {
    TR_SAY_DECIMAL,
    TR_SAY_HEX,
    TR_SAY_THREAD, /* T3, without the name; T? for TR_NO_THREAD */
    TR_SAY_PARENT, /* NAME=T3 */
    TR_SAY_HOLDER, /* NAME=T3; nothing for TR_NO_THREAD */
    TR_SAY_WORDS,  /* of the table WORDS */
};

struct tr_saying {
    const struct tr_word *lead;  /* of the mode, in front of the object */
    const struct tr_word *flags; /* of the mode, behind all numbers */
    uint32_t implied;            /* object type that goes without saying, or 0 */
    bool sized;                  /* the mode holds an access size */
    struct {
        const char *name;
        enum tr_style style;
    } a[3];
    const struct tr_word *words; /* of a0 */
};

extern const struct tr_saying tr_sayings[TR_KINDS];

/* The numbers of the trace's header, by their names. Ends with NAME NULL. */
struct tr_header_word {
    const char *name;
    uint16_t offset, size;
};

extern const struct tr_header_word tr_header_words[];

uint64_t tr_header_get(const struct tr_header *header, const struct tr_header_word *word);
/* False if VALUE does not fit. */
bool tr_header_set(struct tr_header *header, const struct tr_header_word *word, uint64_t value);

#endif
