/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the hooks of POSIX threads do, for those who call the same objects by another name (C11's
 * threads.h). CFA is where the stack of the program's own call starts (rec_here). All of them are
 * for when rec_live.on, and give what the pthread function gives.
 */
#ifndef REC_PTHREAD_CALLS_H
#define REC_PTHREAD_CALLS_H

#include "interpose/core/rec.h"

/* hook_mutex.c */
int rec_mutex_lock(pthread_mutex_t *mutex, uint64_t cfa);
int rec_mutex_trylock(pthread_mutex_t *mutex, uint64_t cfa);
int rec_mutex_timedlock(pthread_mutex_t *mutex, const struct timespec *until, uint64_t cfa);
int rec_mutex_unlock(pthread_mutex_t *mutex, uint64_t cfa);
int rec_mutex_destroy(pthread_mutex_t *mutex, uint64_t cfa);
void rec_mutex_made(pthread_mutex_t *mutex, uint64_t cfa); /* was initialised */

/* hook_cond.c */
int rec_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex, uint64_t cfa);
int rec_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex, const struct timespec *until,
                       uint64_t cfa);
int rec_cond_signal(pthread_cond_t *cond, uint64_t cfa);
int rec_cond_broadcast(pthread_cond_t *cond, uint64_t cfa);
int rec_cond_destroy(pthread_cond_t *cond, uint64_t cfa);
void rec_cond_made(pthread_cond_t *cond, uint64_t cfa);

/* hook_once.c */
int rec_once(pthread_once_t *control, void (*routine)(void), uint64_t cfa);

/* What is done once, at CONTROL: the caller comes to it while somebody is at it (false: who is, is
 * not known, and nothing was told); it begins; it has ended; it finds it done. Each but the first
 * ends a wait of the caller. */
bool rec_once_waits(const void *control, uint64_t cfa);
void rec_once_begins(const void *control, uint64_t cfa);
void rec_once_ends(const void *control, bool finished, uint64_t cfa);
void rec_once_seen(const void *control, uint64_t cfa);

/* hook_thread.c. To make a thread: prepare its record, whose start and argument the caller's own
 * start routine finds there; call the real function; tell what became of it. The new thread says
 * that it begins, and that it has returned. */
struct rec_thread *rec_thread_prepare(uint64_t cfa, uint32_t *stack); /* NULL: unrecorded */
void rec_thread_made(struct rec_thread *child, const pthread_t *handle, bool detached,
                     uint32_t stack, int error);
void rec_thread_begins(struct rec_thread *self);
void rec_thread_returns(void);
int rec_thread_join(pthread_t handle, void **result, uint64_t cfa);
int rec_thread_detach_handle(pthread_t handle, uint64_t cfa);
void rec_thread_exits(uint64_t cfa); /* is about to call the real pthread_exit */

/* hook_exit.c */
void rec_exit_begins(uint64_t cfa); /* the calling thread is about to end the process */

#endif
