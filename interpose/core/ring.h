/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The flight recorder: a trace file of one size, in which new chunks take the places of the oldest
 * ones. All of it is backed and mapped when it is begun, so that nothing can fail later, and no
 * file needs to be opened again.
 *
 * The first chunk is thread 0's and is kept: it tells what every later event needs, the program
 * and its modules. The other places are all equal. A place in which a thread is at work is never
 * taken from it; where all are in use, the file grows by one for each further thread.
 */
#ifndef REC_CORE_RING_H
#define REC_CORE_RING_H

#include "interpose/core/rec.h"

struct rec_ring {
    uint8_t *base;      /* the mapped file behind its header; NULL: no ring */
    uint32_t size;      /* of a chunk */
    uint32_t kept_size; /* of the first one */
    uint32_t places;
};
extern struct rec_ring rec_ring;

/* Lays out the ring in the empty file FD, if the options ask for one. 0, or -errno. */
int rec_ring_start(int fd);
/* In a child in which nothing of the ring is mapped. */
void rec_ring_forget(void);

/* The next place to write to, wiped, and its offset in the file; NULL if all are in use. */
uint8_t *rec_ring_take(uint64_t *offset);
/* CHUNK was added to the file at OFFSET, since all were in use. */
void rec_ring_add(uint8_t *chunk, uint64_t offset);
/* Nobody writes to CHUNK any more, of which USED bytes are written. False if it is none of the
 * ring. */
bool rec_ring_give(uint8_t *chunk, uint32_t used);

/* S is done with the first chunk; what is to be kept is added to it from here on. */
void rec_ring_keep_on(struct rec_stream *s);
/* Tells EV, of a kind that has no place in the order: where it is kept, if there is room. */
void rec_ring_keep(struct rec_stream *s, const struct tr_event *ev);

#endif
