/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A module's new code with all that belongs to it, as one piece that lies within two gigabytes of
 * the module:
 *
 *     lookup, code, frames, LSDAs, index of frames    executable and read-only; each function is
 *              followed by what its checks seldom need
 *     constants  a copy of the module's, with the tables of switches moved
 *     map      int32 for each byte of the text: where its instruction stands now; 0: nowhere
 *     sites    what is checked (check.h)
 *     places   pairs (new, old), ascending: each instruction, each function's end, and what checks
 *              have behind it
 *     buckets  for each RW_BUCKET bytes of the code, the number of the last place before their end
 *     entries  pairs (new, old): where a jump may lead from the text to the new code
 *
 * As long as image and module lie as far from each other, all of it but the head is the same
 * wherever they lie.
 */
#ifndef REC_ACCESS_REWRITE_IMAGE_H
#define REC_ACCESS_REWRITE_IMAGE_H

#include "interpose/access/rewrite/check.h"

struct rw_image {
    uint8_t *at;
    uint64_t size;
    uint64_t text; /* its address, and size */
    uint32_t text_size;
    uint32_t code_end; /* of what may be executed */
    uint32_t index;    /* .eh_frame_hdr */
    uint32_t constants;
    uint32_t places, place_count;
    uint32_t buckets;
    uint32_t entries, entry_count;
    uint32_t back; /* the way back (callers.h), from the text's beginning on; 0: none */
};

enum { RW_BUCKET = 256 };

/* What became of a module's functions, for the report. */
struct rw_counts {
    uint32_t functions[RW_REASON_COUNT]; /* by reason; RW_MOVED: rewritten */
    uint32_t insns;
    uint32_t unpatched; /* rewritten, but their old entries do not lead there */
};

/* How an image is to be. */
struct rw_wishes {
    struct rw_places places;
    const struct rw_effect *clobbered; /* both as in move.h */
    struct rw_checks *checks;
};

/* The most that an image for MODULE takes. */
uint64_t rw_image_most(const struct rw_module *module);

/* Makes the image of CODE at IMAGE->at, which has IMAGE->size bytes, and trims the size to what it
 * takes. */
bool rw_image_build(struct rw_image *image, struct rw_code *code, const struct rw_wishes *wishes);
/* What became of CODE in it. */
void rw_image_count(const struct rw_image *image, const struct rw_code *code,
                    struct rw_counts *counts);

/* Fills in the head, once the image is where it stays. TOLD as in the wishes. */
void rw_image_settle(const struct rw_image *image, uint64_t told);
/* Leads the old entries to the new code: the text has to be writable. */
void rw_image_enter(const struct rw_image *image);

/* Where the instruction at ADDRESS of the image stood in the text: its address there; 0: it is not
 * of the image's code. What lies between two instructions counts to the first of them. */
uint64_t rw_image_old(const struct rw_image *image, uint64_t address);
/* Where the instruction behind the call that returns to ADDRESS of the text stands in the image: 0
 * if nowhere, or if the call is the last of its function, and does not return. */
uint64_t rw_image_behind(const struct rw_image *image, uint64_t address);

#endif
