/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RAPID's STD text, `thread|op(name)|location` a line, read as operations at memory speed: in
 * windows, so that a file larger than memory can be read; names become dense numbers.
 *
 *     struct tr_std *std;
 *     if (tr_std_open(&std, "trace.std", &err) < 0)
 *         ...
 *     struct tr_op ops[4096];
 *     int64_t count;
 *     while ((count = tr_std_next(std, ops, 4096, &err)) > 0)
 *         relation->ops(self, ops, count);
 *     tr_std_close(std);
 *
 * Each line is one operation, so operation I (counted from 0, over all calls) is line I + 1. Ops
 * are acq, rel, r, w, fork, join; what begins with `begin` or `end` is TR_OP_NONE. Anything else is
 * an error that names the line's byte offset (and its number in the text). Threads, locks and
 * variables have name spaces of their own. FORMAT.md has the grammar.
 */
#ifndef SN_TRACE_STD_H
#define SN_TRACE_STD_H

#include "base/error.h"
#include "trace/op.h"

#include <stddef.h>

struct tr_std;

enum tr_std_space { TR_STD_THREAD, TR_STD_LOCK, TR_STD_VARIABLE, TR_STD_SPACES };

enum {
    TR_STD_WINDOW = 1 << 18,      /* bytes read at once */
    TR_STD_LINE_MAX = 1 << 20,    /* the longest line, in bytes */
    TR_STD_THREADS_MAX = 1 << 24, /* what tr_op.thread can tell apart */
};

/* PATH may be a pipe. Fails (negative, ERR filled) if it cannot be read or is empty. */
int tr_std_open(struct tr_std **std, const char *path, struct sn_error *err);
/* The same on SIZE bytes in memory, which the caller keeps until close. */
int tr_std_open_memory(struct tr_std **std, const void *bytes, size_t size, struct sn_error *err);
/* Reads WINDOW bytes at once from now on. Tests make it small. */
void tr_std_set_window(struct tr_std *std, size_t window);
/* At most ROOM operations more. How many there are; 0 at the end; negative on trouble, once all
 * operations before it have been handed out. */
int64_t tr_std_next(struct tr_std *std, struct tr_op *ops, size_t room, struct sn_error *err);
/* How many names of that space occurred so far, and the name of one (valid until close). */
uint32_t tr_std_count(const struct tr_std *std, enum tr_std_space space);
const char *tr_std_name(const struct tr_std *std, enum tr_std_space space, uint32_t number);
/* 0 to 1; of a pipe always 0. */
double tr_std_progress(const struct tr_std *std);
void tr_std_close(struct tr_std *std);

/* Do these first bytes of a file look like STD or extended STD text? */
bool tr_std_looks_like(const void *bytes, size_t size);

#endif
