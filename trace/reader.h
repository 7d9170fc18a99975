/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a trace and hands out its events in one order, that every consumer sees alike.
 *
 *     struct tr_reader *reader;
 *     if (tr_reader_open(&reader, "snarl.prog.123", &err) < 0)
 *         ...
 *     struct tr_event ev;
 *     int more;
 *     while ((more = tr_reader_next(reader, &ev, &err)) > 0)
 *         consume(&ev);
 *     tr_reader_close(reader);
 *
 * The order is a linearisation: it keeps each thread's own order and, for each object, the order of
 * versions; among threads that neither constrains, it follows the time stamps, then the lower
 * thread number. It depends on the file alone. Stream kinds (TIME, STACK_DEF, RUN) are consumed
 * inside.
 *
 * A damaged or cut file is no error as long as its header can be read: what precedes the damage in
 * each chunk is handed out, and tr_reader_damage tells how much was not and where.
 */
#ifndef SN_TRACE_READER_H
#define SN_TRACE_READER_H

#include "base/error.h"
#include "trace/event.h"
#include "trace/wire.h"

struct tr_reader;

struct tr_stack {
    const uint64_t *pcs; /* innermost first; return addresses: the place is that of pc - 1; moved
                            as their modules are */
    uint32_t count;
};

struct tr_module {
    uint64_t base;       /* load bias: address in the file + base = address in the process */
    uint64_t start, end; /* the mapped range */
    uint64_t moved;      /* added to all three, and to what is told of the module: since another one
                            lay there at another time, it has addresses of its own */
    char *path;
    const char *name; /* the last part of PATH where that means this load bias alone, else NULL */
    uint8_t build_id[32];
    uint32_t build_id_length;
    uint32_t access_source;  /* enum tr_access_source */
    uint64_t sites, covered; /* 0, 0: not counted */
    char *reason;            /* why not covered, or NULL */
};

struct tr_damage {
    uint64_t places;       /* how many separate damaged or missing places */
    uint64_t first_offset; /* of the first one */
    char first_reason[120];
    bool cut; /* the file ends before its last chunk does */
};

/* Opens PATH, a regular file; what is taken off its end until close counts as damage (a trace that
 * is still being written only grows). Fails (negative, ERR filled) if it cannot be read, is empty,
 * or has no header of a known version. */
int tr_reader_open(struct tr_reader **reader, const char *path, struct sn_error *err);
/* The same on SIZE bytes in memory, which the caller keeps until close: for tests and fuzzing. */
int tr_reader_open_memory(struct tr_reader **reader, const void *bytes, size_t size,
                          struct sn_error *err);
void tr_reader_close(struct tr_reader *reader);

/* 1 and the next event; 0 at the end; negative on trouble. EV->bytes is there until the next call.
 */
int tr_reader_next(struct tr_reader *reader, struct tr_event *ev, struct sn_error *err);

/* Begins again with the first event; numbers of events and stacks are the same as before. For
 * the first time only after the last event. */
void tr_reader_rewind(struct tr_reader *reader);

const struct tr_header *tr_reader_header(const struct tr_reader *reader);
const char *tr_reader_path(const struct tr_reader *reader);

/* The stack of number STACK (tr_event.stack); an empty one for 0 and for one that was lost. Equal
 * stacks of different threads have one number. Valid until close. */
struct tr_stack tr_reader_stack(const struct tr_reader *reader, uint32_t stack);
uint32_t tr_reader_stack_count(const struct tr_reader *reader);

/* Modules seen so far: all of them, once opened (modules are indexed up front). */
const struct tr_module *tr_reader_modules(const struct tr_reader *reader, size_t *count);
/* The module that holds ADDRESS, moved as it is, or NULL. */
const struct tr_module *tr_reader_module_at(const struct tr_reader *reader, uint64_t address);
/* An address in the process, moved as the module that lies there by the time of the last event. */
uint64_t tr_reader_place(const struct tr_reader *reader, uint64_t address);

/* The program's arguments, indexed up front. */
char *const *tr_reader_arguments(const struct tr_reader *reader, size_t *count);

/* Complete after the last event; before that, what opening found. */
const struct tr_damage *tr_reader_damage(const struct tr_reader *reader);

/* Is anything missing in the middle, so that some events are `unsure`? What a ring has given up is
 * not meant. */
bool tr_reader_lost(const struct tr_reader *reader);

/* Nanoseconds from the trace's start to time stamp TSC; 0 if the clock rate is not known. */
uint64_t tr_reader_nanoseconds(const struct tr_reader *reader, uint64_t tsc);

/* How much has been read, 0 to 1, for a progress bar. */
double tr_reader_progress(const struct tr_reader *reader);

#endif
