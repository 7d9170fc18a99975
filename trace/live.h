/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A trace while its program goes on: where the threads are, and a copy of it. Nothing is asked of
 * the program, which does not notice.
 *
 *     struct tr_live live;
 *     if (tr_live_open(&live, path, &err) == 0) {
 *         vec_each (struct tr_tail, tail, &live.tails)
 *             ...
 *     }
 *     tr_live_close(&live);
 */
#ifndef SN_TRACE_LIVE_H
#define SN_TRACE_LIVE_H

#include "base/error.h"
#include "base/vec.h"
#include "trace/event.h"
#include "trace/wire.h"

struct tr_piece { /* a chunk, as it was when the trace was opened */
    uint64_t offset;
    struct tr_chunk header;
    bool last;        /* of its thread */
    uint32_t settled; /* bytes of it that were there then */
};

/* Where a thread is: its latest event that is no definition and no stamp. */
struct tr_tail {
    uint32_t thread;
    uint32_t tid; /* the system's number; 0: not known */
    uint8_t kind; /* 0: none yet */
    uint32_t mode;
    uint64_t object, a0;
};

struct tr_live {
    const uint8_t *bytes;
    uint64_t size;
    VEC(struct tr_piece) pieces; /* by thread, then number */
    VEC(struct tr_tail) tails;   /* by thread */
};

/* Fails (negative, ERR filled) if PATH cannot be read or is no trace. */
int tr_live_open(struct tr_live *live, const char *path, struct sn_error *err);
void tr_live_close(struct tr_live *live);

/* Writes to TO, which must not exist, a consistent copy of the trace PATH (FORMAT.md, "Snapshots").
 * FLAGS are added to the header's. */
int tr_live_copy(const char *path, const char *to, uint32_t flags, struct sn_error *err);

#endif
