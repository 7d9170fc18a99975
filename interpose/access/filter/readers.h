/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The latest reads of memory that several threads read, each thread's in a table of its own: the
 * words (words.h) have room for one reader. A granule has one place in each table, which another
 * granule may take from it.
 *
 * A table is changed by its thread, which holds the granule's stripe (owner.c) where another
 * thread may be about to take the entry.
 */
#ifndef REC_ACCESS_FILTER_READERS_H
#define REC_ACCESS_FILTER_READERS_H

#include <stdbool.h>
#include <stdint.h>

enum { REC_READERS = 1 << 14 };

struct rec_reader {
    uint64_t granule; /* its address; 0: no entry */
    uint32_t word;    /* who, when, which bytes: as the words say it */
    uint32_t kept;    /* as it is kept beside the words */
};

struct rec_readers {
    struct rec_readers *next; /* of all that there are */
    bool used;                /* by a thread; atomic */
    struct rec_reader at[REC_READERS];
};

/* Granules that lie side by side have places side by side. */
static inline struct rec_reader *rec_reader_at(struct rec_readers *readers, uint64_t granule)
{
    return &readers->at[((granule >> 2) + (granule >> 16) * 1021) % REC_READERS];
}

/* A table for the calling thread; NULL if there is no memory. */
struct rec_readers *rec_readers_new(void);
/* The thread needs it no more. What it has stays, until it is taken. */
void rec_readers_leave(struct rec_readers *readers);
/* Puts READER into PLACE; returns in EVICTED what was there. */
void rec_reader_put(struct rec_reader *place, const struct rec_reader *reader,
                    struct rec_reader *evicted);
/* Takes GRANULE's entry out of the next table that has one, from *READERS on, which is the first
 * one if NULL. False: there are no more. */
bool rec_readers_take(struct rec_readers **readers, uint64_t granule, struct rec_reader *taken);
/* Throws away what there is on memory from FROM to TO. */
void rec_readers_forget(uint64_t from, uint64_t to);
/* Throws away what the values (words.h) say that are about to be given out again. */
void rec_readers_reset(void);

#endif
