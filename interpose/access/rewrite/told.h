/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REC_ACCESS_REWRITE_TOLD_H
#define REC_ACCESS_REWRITE_TOLD_H

#include "interpose/access/rewrite/move.h"
#include "interpose/access/rewrite/rewrite.h"
#include "interpose/core/rec.h"

/* Code: where checks go on. It comes back by REC_REWRITE_GO_ON, a jump to RW_SLOT_TARGET, of which
 * each image has one. */
extern const char rec_rewrite_checked[] __attribute__((visibility("hidden")));
extern const void *rec_rewrite_go_on __attribute__((visibility("hidden")));

/* Can this machine go there? */
bool rec_rewrite_can_tell(void);

/* What rec_rewrite_checked leaves on the stack. */
struct rec_told_frame {
    uint64_t rbx, r11, r10, r9, r8, rdi, rsi, rdx, rcx, rax, flags;
    uint64_t pc; /* as if returned to: behind the first byte of the access's instruction */
};

struct rec_told {
    const uint8_t *image;
    const struct rw_site *site;
    uint64_t address, size;
};

/* What the check has left. */
static inline struct rec_told rec_told(const struct rec_told_frame *frame)
{
    enum { DOWNWARDS = 1 << 10 };
    const uint8_t *image = (const uint8_t *)rec_rewrite_slots[RW_SLOT_IMAGE];
    const struct rw_site *sites =
        (const struct rw_site *)(image + *(const uint32_t *)(image + RW_HEAD_SITES));
    struct rec_told told = {
        .image = image,
        .site = &sites[(uint32_t)rec_rewrite_slots[RW_SLOT_SITE]],
        .address = rec_rewrite_slots[RW_SLOT_ADDRESS],
    };
    told.size = told.site->size;
    if (told.site->flags & RW_SITE_REPEATED) {
        if (frame->flags & DOWNWARDS)
            told.address -= (frame->rcx - 1) * told.size;
        told.size *= frame->rcx;
    }
    return told;
}

/* Of the access's event. */
static inline uint32_t rec_told_mode(const struct rw_site *site, uint64_t address)
{
    bool both = site->flags & RW_SITE_WRITES && site->flags & RW_SITE_READS;
    bool plain = site->flags & RW_SITE_PLAIN && !(address & (site->size - 1u));
    return (both ? TR_ACC_COMPOUND : 0u) | (plain ? TR_ACC_MAY_BE_ATOMIC : 0u);
}

#endif
