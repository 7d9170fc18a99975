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

#include "base/vec.h"
#include "trace/wire.h"

struct tr_writer_thread;

struct tr_writer {
    struct tr_header header; /* the caller may fill in what it knows before finish */
    VEC(struct tr_writer_thread *) threads;
};

void tr_writer_init(struct tr_writer *writer);
/* Defines a stack for THREAD and returns the thread's own number of it. */
uint32_t tr_writer_stack(struct tr_writer *writer, uint32_t thread, const uint64_t *pcs,
                         uint32_t count);
/* Appends EV to its thread. EV->time, if not 0, is stamped first. EV->stack is the thread's own
 * number. */
void tr_writer_add(struct tr_writer *writer, const struct tr_event *ev);
/* The file as bytes; *BYTES comes from malloc. */
void tr_writer_finish(struct tr_writer *writer, uint8_t **bytes, size_t *size);
void tr_writer_release(struct tr_writer *writer);

#endif
