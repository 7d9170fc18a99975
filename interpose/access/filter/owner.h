/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What becomes of an access that the words (words.h) do not cover.
 *
 * Memory belongs to the thread that used it last. Of what it does there the words know the latest
 * read and the latest write, and none of that is in the trace. When another thread comes, both are
 * told in the first one's name (TR_ACC_DEFERRED), by the one that came across them; its own access
 * is told, too, if it may race with a write of before; and then the memory is its own. So of each
 * time that a thread has it the first access and the last ones are told.
 *
 * That is enough: an access of before races with one in between only if it races with the first,
 * and one of later only if it races with the last ones. What gets lost is in which other places of
 * the program that also happens, and accesses of which only another order of the run would make
 * races.
 *
 * Where a thread is alone and comes back in epoch after epoch, its words last (words.h), and only
 * the first of some epochs is known: up to a block's end it may have come again. When another
 * thread comes, it also tells the latest epoch in which the first one may have written there
 * (TR_ACC_PERHAPS), so that nothing is concluded from what may be an older value. What gets lost
 * are races with an access of before the other one came that is behind the known one in
 * synchronisation; from then on each access counts. A thread that makes another one begins a new
 * block.
 *
 * What several threads read in turn belongs to none: the first read of each is told, and the latest
 * one of each is known (readers.h), or lasts, as far as there is memory for that: beyond a quarter
 * of a gigabyte of such memory, of all threads, only first reads are told.
 */
#ifndef REC_ACCESS_FILTER_OWNER_H
#define REC_ACCESS_FILTER_OWNER_H

#include "interpose/access/filter/words.h"
#include "interpose/core/rec.h"

/* Makes the words. False if that cannot be. */
bool rec_words_start(void);
bool rec_words_there(void);
/* The calling thread is the only one; or no longer. While it is, all that it does comes before all
 * that others will do, and is not told. False does nothing where there are no words. */
void rec_words_alone(bool is_alone);
/* The calling thread's value in its present epoch, as a word without bytes; it covers from now on.
 */
uint32_t rec_words_value(const struct rec_stream *s);
/* A new block, which will be used all over if it is a large one: its words come by large pages.
 * That divides mappings, of which a process may have so many only: after some blocks nothing is
 * done. */
void rec_words_expect(uint64_t address, uint64_t size);
/* The calling thread stops to use values of its block. */
void rec_words_leave(const struct rec_stream *s);
/* The latest epoch in which WORD may have covered, if it lasts. */
uint64_t rec_words_until(uint32_t word);

/* An access that may not be covered, within rec_enter and rec_leave. MODE: flags of an access. The
 * stack is that of CFA, as rec_stack has it. */
void rec_owner_access(struct rec_stream *s, uint64_t address, uint64_t size, bool write,
                      uint32_t mode, uint64_t cfa);
/* The same of one that is not covered, by the stack that was found last, if nothing has to be saved
 * for it: by general registers alone, without a call of what is not in this directory. False:
 * nothing was done. */
bool rec_owner_access_soon(struct rec_stream *s, uint64_t address, uint64_t size, bool write,
                           uint32_t mode);
/* A location that is used atomically: what is used so once is so by plain moves, too. */
void rec_owner_atomic(struct rec_stream *s, uint64_t address, uint64_t size);
/* Has that been said of it? */
bool rec_owner_is_atomic(uint64_t address);
/* What was there ends, and this thread brings that about: tells what others have done with it. */
void rec_owner_ends(struct rec_stream *s, uint64_t address, uint64_t size);
/* The thread's own work was left in the middle, and is not gone back to. */
void rec_owner_abandon(void);
void rec_owner_leave(struct rec_stream *s); /* the thread ends */
void rec_owner_reset(void);                 /* in a fork child */
/* What is there now is new. */
void rec_owner_forget(uint64_t address, uint64_t size);

#endif
