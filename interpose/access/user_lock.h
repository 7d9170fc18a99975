/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a program tells by hand: locks of its own making, order, races that are meant. snarl.h,
 * ThreadSanitizer's annotations and Valgrind's client requests all end here.
 *
 * HOW is of enum tr_lock_mode: SHARED, TRY, TIMED. CFA is rec_here() of the entry that the program
 * called. Where a lock of the C library lies at the same address, that one is the lock, and what is
 * told of it is order alone.
 */
#ifndef REC_ACCESS_USER_LOCK_H
#define REC_ACCESS_USER_LOCK_H

#include "interpose/core/lock.h"

void rec_user_created(const void *address, unsigned attributes, const char *name, uint64_t cfa);
/* A living one's name, for reports. */
void rec_user_name(const void *address, const char *name);
void rec_user_destroyed(const void *address, uint64_t cfa);
/* About to wait: where somebody else holds it, as far as is known. */
void rec_user_requests(const void *address, uint32_t how, uint64_t cfa);
void rec_user_acquired(const void *address, uint32_t how, uint64_t cfa);
void rec_user_failed(const void *address, uint32_t how, uint64_t cfa);
void rec_user_releases(const void *address, uint32_t how, uint64_t cfa);
/* Where the caller does not say how it was taken. */
void rec_user_releases_any(const void *address, uint64_t cfa);

void rec_user_before(const void *key, uint64_t cfa);
void rec_user_after(const void *key, uint64_t cfa);

void rec_user_benign(const void *address, uint64_t size, const char *reason, uint64_t cfa);
/* The thread's reads, or writes, are not told; nested. CHANGE is 1 or -1. */
void rec_user_ignore(bool writes, int change);
void rec_user_thread_name(const char *name);

#endif
