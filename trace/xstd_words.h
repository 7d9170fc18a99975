/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The vocabulary of extended STD: what each word makes an event of, and what its operands are. One
 * table for reading (xstd.c) and writing (export.c). FORMAT.md says what the words mean.
 */
#ifndef SN_TRACE_XSTD_WORDS_H
#define SN_TRACE_XSTD_WORDS_H

#include "trace/dictionary.h"
#include "trace/event.h"

enum tr_xoperand {
    TR_X_NOTHING,
    /* Names. Each has a space of its own. */
    TR_X_THREAD,
    TR_X_LOCK,
    TR_X_COND,
    TR_X_SEM,
    TR_X_BARRIER,
    TR_X_ONCE,
    TR_X_CHANNEL,
    TR_X_VARIABLE,
    TR_X_SPACES,
    /* And the rest. */
    TR_X_NUMBER = TR_X_SPACES, /* of the field that `number` says */
    TR_X_VALUE,                /* of an atomic: a number, or ? */
    TR_X_BLOCK,                /* what a call waits for */
};

enum { TR_X_OPERANDS = 3, TR_X_WORD_ROOM = 24 };

struct tr_xword {
    char name[TR_X_WORD_ROOM];
    uint8_t kind;                    /* 0: a line that means nothing */
    uint8_t also;                    /* kind of a second event, on the second operand; or 0 */
    uint8_t operands[TR_X_OPERANDS]; /* enum tr_xoperand */
    uint8_t number;                  /* 0 or 1: the number is A0 or A1 */
    uint32_t mode;
    bool plain; /* of STD, too */
};

struct tr_xwords {
    VEC(struct tr_xword) all;
    struct tr_dictionary names; /* number N is all.at[N] */
};

void tr_xwords_init(struct tr_xwords *words);
void tr_xwords_release(struct tr_xwords *words);
/* The word of LENGTH bytes AT, behind which TR_SPELLING_SHORT bytes are readable, or NULL. */
const struct tr_xword *tr_xwords_find(const struct tr_xwords *words, const char *at, size_t length);
/* The first word for an event of that kind whose first operand is of that sort and whose mode has
 * these bits, or NULL. */
const struct tr_xword *tr_xwords_for(const struct tr_xwords *words, uint8_t kind, unsigned operand,
                                     uint32_t mode);

/* What a call waits for, by enum tr_block. Ended by NULL. */
extern const char *const tr_xblocks[];
/* Memory orders as in C11. Ended by NULL. */
extern const char *const tr_xorders[];

#endif
