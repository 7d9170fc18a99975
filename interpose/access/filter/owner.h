/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What becomes of an access that the words (words.h) do not cover.
 *
 * Memory that one thread alone has used is that thread's: of it the words know the latest read and
 * the latest write, and nothing of it is in the trace. When another thread comes, both are told in
 * the first one's name (TR_ACC_DEFERRED), by the one that came across them, and from then on each
 * thread's first access in each epoch is told.
 *
 * Of a thread's accesses before its latest write none can race where that does not: who comes later
 * is ordered behind all of them, or behind none that the write is not.
 */
#ifndef REC_ACCESS_FILTER_OWNER_H
#define REC_ACCESS_FILTER_OWNER_H

#include "interpose/access/filter/words.h"
#include "interpose/core/rec.h"

/* Makes the words. False if that cannot be. */
bool rec_words_start(void);
bool rec_words_there(void);
/* The calling thread is the only one; or no longer. While it is, all that it does comes before all
 * that others will do, and is not told. */
void rec_words_alone(bool is_alone);
/* The calling thread's value in its present epoch, as a word without bytes; it covers from now on.
 */
uint32_t rec_words_value(const struct rec_stream *s);
/* The thread stops to use values. */
void rec_words_leave(void);
/* Whose, by tag (REC_STREAM), and in which epoch; tag 0: nobody knows any more. */
void rec_words_whose(uint32_t word, uint32_t *tag, uint64_t *epoch);

/* An access that may not be covered, within rec_enter and rec_leave. MODE: flags of an access. The
 * stack is that of CFA, as rec_stack has it. */
void rec_owner_access(struct rec_stream *s, uint64_t address, uint64_t size, bool write,
                      uint32_t mode, uint64_t cfa);
/* The same, if nothing has to be saved for it: by general registers alone, without a call of what
 * is not in this directory. False: nothing was done. */
bool rec_owner_access_soon(struct rec_stream *s, uint64_t address, uint64_t size, bool write,
                           uint32_t mode, uint64_t cfa);
/* A location that is used atomically: what is used so once is so by plain moves, too. */
void rec_owner_atomic(struct rec_stream *s, uint64_t address, uint64_t size);
/* Has that been said of it? */
bool rec_owner_is_atomic(uint64_t address);
/* What was there ends, and this thread brings that about: tells what others have done with it. */
void rec_owner_ends(struct rec_stream *s, uint64_t address, uint64_t size);
/* The thread's own work was left in the middle, and is not gone back to. */
void rec_owner_abandon(void);
void rec_owner_reset(void); /* in a fork child */
/* What is there now is new. */
void rec_owner_forget(uint64_t address, uint64_t size);

#endif
