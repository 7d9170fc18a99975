/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Builds a trace in memory: for the text form, the importers and the tests. (The recorder has its
 * own writer, which lives under other rules; both encode through wire.h.)
 *
 *     struct tr_writer writer;
 *     tr_writer_init(&writer);
 *     uint32_t stack = tr_writer_stack(&writer, 1, pcs, 3);
 *     tr_writer_add(&writer, &(struct tr_event){.kind = TR_ACQUIRE, .thread = 1, ...});
 *     tr_writer_finish(&writer, &bytes, &size);   // the caller frees bytes
 *     tr_writer_release(&writer);
 */
#ifndef SN_TRACE_WRITER_H
#define SN_TRACE_WRITER_H

#include "base/map.h"
#include "base/vec.h"
#include "trace/wire.h"

enum { TR_WRITER_BYTES_MAX = 8 << 20, TR_WRITER_STACK_MAX = 1 << 16 /* frames */ };

struct tr_writer_thread;

struct tr_writer {
    struct tr_header header; /* the caller may fill in what it knows before finish */
    uint32_t chunk_size;     /* at which a thread begins a new chunk; tests make it small */
    VEC(struct tr_writer_thread *) threads;
    struct sn_map thread_of; /* by number: the place in THREADS, plus 1 */
    uint64_t modules;        /* MODULE and MODULE_GONE so far */
};

void tr_writer_init(struct tr_writer *writer);
/* Defines a stack for THREAD and returns the thread's own number of it. */
uint32_t tr_writer_stack(struct tr_writer *writer, uint32_t thread, const uint64_t *pcs,
                         uint32_t count);
/* Appends EV to its thread. EV->time, if it is later than the thread's time, is stamped first.
 * EV->stack is the thread's own number; EV->epoch counts only for a deferred access, which is told
 * by its own thread here (see below). RUN is allowed, TIME and STACK_DEF are not. BYTES are cut at
 * TR_WRITER_BYTES_MAX. */
void tr_writer_add(struct tr_writer *writer, const struct tr_event *ev);
/* The same for a deferred access of EV->thread, told by thread TELLER. */
void tr_writer_add_deferred(struct tr_writer *writer, uint32_t teller, const struct tr_event *ev);
/* THREAD was there at TIME, though it may have done nothing of its own. */
void tr_writer_reach(struct tr_writer *writer, uint32_t thread, uint64_t time);
/* The latest time of THREAD; 0 before the first. */
uint64_t tr_writer_time(struct tr_writer *writer, uint32_t thread);
/* The epoch in which THREAD is; and moves it there, by a new chunk. It starts at 0 and moves by
 * itself behind each event with tr_moves_epoch. */
uint64_t tr_writer_epoch(struct tr_writer *writer, uint32_t thread);
void tr_writer_set_epoch(struct tr_writer *writer, uint32_t thread, uint64_t epoch);
/* The file as bytes; *BYTES comes from malloc. */
void tr_writer_finish(struct tr_writer *writer, uint8_t **bytes, size_t *size);
void tr_writer_release(struct tr_writer *writer);

#endif
