/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The check before an access of moved code: is it covered by the words of what it accesses
 * (filter/words.h)? If not it goes on behind the function, where all lies that is seldom needed: a
 * closer look, and then a stub, which says in slots of the thread's which access it is (a site, by
 * number) and of which address, to where the access is told; and from there on behind the check.
 *
 * Of two bytes that lie in two granules only the first is looked at: only what reads text as it
 * comes has such.
 *
 * Registers and flags are as they were when the instruction gets its turn. A check keeps its own in
 * what nobody reads any more (liveness.h), or puts that into a slot meanwhile, never on the stack,
 * below which a red zone may be in use.
 */
#ifndef REC_ACCESS_REWRITE_CHECK_H
#define REC_ACCESS_REWRITE_CHECK_H

#include "interpose/access/rewrite/code.h"
#include "interpose/access/rewrite/escapes.h"
#include "interpose/access/rewrite/output.h"
#include "interpose/access/rewrite/updates.h"

enum rw_site_flags {
    RW_SITE_WRITES = 1 << 0,
    RW_SITE_READS = 1 << 1,
    RW_SITE_PLAIN = 1 << 2,    /* a move of at most 8 bytes, such as atomics are compiled to */
    RW_SITE_REPEATED = 1 << 3, /* as often as rcx says */
    RW_SITE_LOCKED = 1 << 4,
    RW_SITE_COMPARES = 1 << 5, /* and writes only if that gives equal */
    RW_SITE_DONE = 1 << 6,     /* told behind the instruction: of one that was told before */
};

struct rw_site {
    uint32_t old;  /* its instruction, in the text */
    uint32_t back; /* where to go on, in the image */
    uint32_t copy; /* or there: the same instruction, and then its RW_SITE_DONE; 0: there is none,
                      1: there will be one */
    uint16_t size; /* bytes */
    uint16_t flags;
};

/* What became of a module's accesses, for the report. */
struct rw_coverage {
    uint32_t sites, covered;
};

struct rw_checks {
    const struct rw_effect *effects;
    struct rw_coverage coverage;
    struct rw_escapes escapes; /* of the present function, */
    struct rw_updates updates; /* and of that, too */
    uint32_t first;            /* site of the present instruction */
    uint32_t resume;           /* in the new code: a jump to RW_SLOT_TARGET */
    RW_LIST(struct rw_site)
    sites; /* old: the instruction's number, and back: so many bytes behind
              where that begins, until all code has its place */
    RW_LIST(struct rw_check) unfinished; /* of the present function: they go on behind it */
    RW_LIST(struct rw_place) aside;      /* what lies there, by place */
};

/* The lists, empty, for all of CODE. False if there is no memory. */
bool rw_checks_open(struct rw_checks *checks, const struct rw_code *code);
void rw_checks_close(struct rw_checks *checks);
/* The checks before FUNCTION's instruction INSN. STUB: where stubs go on, in the new code. */
void rw_put_checks(struct rw_checks *checks, const struct rw_code *code,
                   const struct rw_function *function, const struct rw_insn *insn, uint32_t stub,
                   struct rw_output *out);
/* What comes behind INSN, which stands there now. */
void rw_put_done(struct rw_checks *checks, const struct rw_insn *insn, uint32_t stub,
                 struct rw_output *out);
/* What comes behind a function whose instructions have their places. */
void rw_put_aside(struct rw_checks *checks, uint32_t stub, struct rw_output *out);
/* Where all stubs go on; TOLD: 8 bytes of the new code, the address from there on. Behind it, and
 * that is returned, a jump to RW_SLOT_TARGET. */
uint32_t rw_put_checked(struct rw_output *out, uint32_t told);
/* All code has its place. */
void rw_checks_place(struct rw_checks *checks, const struct rw_code *code);

#endif
