/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Binaries as they are: a module's functions are moved into new code (move.h), beside the module,
 * and their old entries lead there. The old text stays, and stays right: whatever still points into
 * it, or is executing it, finds the same program.
 */
#ifndef REC_ACCESS_REWRITE_REWRITE_H
#define REC_ACCESS_REWRITE_REWRITE_H

#include "interpose/access/rewrite/image.h"

#include <link.h>
#include <ucontext.h>

/* What moved code keeps meanwhile (output.h). */
extern __thread uint64_t rec_rewrite_slots[RW_SLOT_COUNT]
    __attribute__((tls_model("initial-exec")));

/* Before the first module: what has to be opened, with CHECKS of what is accessed or without. False
 * if nothing can be rewritten. */
bool rec_rewrite_start(bool checks);
/* Rewrites the module that INFO describes, of which no code runs but what waits for us; IN_USE:
 * some has run. NULL, or why its code stays as it is. While handlers wait. */
const char *rec_rewrite(const struct dl_phdr_info *info, bool in_use, struct rw_coverage *coverage,
                        struct rw_counts *counts);
/* The module that lay in [START, START + SIZE) is there no more. */
void rec_rewrite_gone(uint64_t start, uint64_t size);
/* No more is rewritten, and all text is what its file has: who is not in moved code now does not
 * come there any more. */
void rec_rewrite_end(void);

/* The image whose code holds PC, or NULL. */
const struct rw_image *rec_rewrite_at(uint64_t pc);
/* Where the instruction behind the call that returns to PC, of old text, stands now; 0: nowhere. */
uint64_t rec_rewrite_behind(uint64_t pc);
/* Is there no thread but the caller's, as far as the system says? */
bool rec_rewrite_alone(void);
/* Where PC stood before: itself, if it is in no image. */
uint64_t rec_rewrite_old(uint64_t pc);
/* What a signal's handler may see and overwrite of code that was moved. */
struct rec_rewrite_paused {
    uint64_t slots[RW_SLOT_COUNT];
    uint64_t old, new;
};

/* Before the program's handler, and behind it: to the handler the interrupted place is the old one.
 * Where it has not set another, the thread goes on where it was. */
void rec_rewrite_pause(struct rec_rewrite_paused *paused, ucontext_t *context);
void rec_rewrite_resume(const struct rec_rewrite_paused *paused, ucontext_t *context);

/* dl_iterate_phdr for images: each as a module that has nothing but frames. */
int rec_rewrite_iterate(int (*callback)(struct dl_phdr_info *, size_t, void *), void *data);

#endif
