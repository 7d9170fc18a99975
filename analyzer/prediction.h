/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What passes share that predict: the run as operations (predict/), made of the trace when the
 * first of them asks, and the way back from operations to threads, stacks and names.
 *
 *     struct an_prediction *prediction = an_prediction_of(ctx);
 *     if (!prediction->why_not) {
 *         ... find something in prediction->run ...
 *         an_prediction_look(prediction, glimpses, count);
 *         ... tell it, with prediction->ctx ...
 *     }
 *
 * Nothing is predicted from a trace without accesses, or of which a part is missing: `why_not` says
 * so. (Of the former there is a run all the same: what even that excludes need not be told.) What
 * threads do behind a stack that leads through code whose accesses were not recorded counts as
 * unknown.
 */
#ifndef SN_ANALYZER_PREDICTION_H
#define SN_ANALYZER_PREDICTION_H

#include "analyzer/compose.h"
#include "analyzer/predict/ideal.h"
#include "analyzer/predict/osr.h"
#include "analyzer/predict/run.h"
#include "analyzer/predict/witness.h"

/* What was there when an operation's event happened. */
struct an_glimpse {
    uint64_t op; /* filled in by who looks */
    uint8_t kind;
    uint32_t mode;
    struct an_access access;
    const struct an_thread *thread;
    const struct an_thread *other;  /* that it makes, joins or cancels; or NULL */
    const struct an_object *object; /* or NULL */
    struct sn_variable *variable;   /* of accesses, else NULL */
    bool benign;                    /* races on it are meant */
};

struct an_prediction {
    struct an_context ctx; /* the context with a world of its own, as of the last look */
    const char *why_not;   /* what is found may be told as possible at most; or NULL */
    bool made;             /* there is a run: of a trace without accesses, too */
    struct an_world world;
    struct an_run run;
    uint32_t *places; /* of each operation (sync_index.h) */
    struct an_sync_index index;
    struct an_ideal ideal;
    struct an_osr *osr;  /* made at first use */
    bool contradicted;   /* by itself, and that has been told */
    VEC(uint8_t) stacks; /* by number: 0 not known yet, 1 leads through covered code alone, 2 not */
};

/* Why nothing can be predicted from CTX's trace; NULL if something can. */
const char *an_prediction_why_not(const struct an_context *ctx);
/* The one of CTX, made at the first call. */
struct an_prediction *an_prediction_of(struct an_context *ctx);
void an_prediction_free(struct an_prediction *prediction); /* NULL is allowed */

/* Fills in GLIMPSES, sorted here by operation. Threads and objects of earlier ones are gone then.
 */
void an_prediction_look(struct an_prediction *prediction, struct an_glimpse *glimpses,
                        size_t count);

enum an_proof {
    AN_PROVED,
    AN_UNKNOWN, /* it would rest on what was not recorded */
    AN_NOT_PROVED,
};

/* Makes a witness of which GOAL are the next operations, and has it checked. A witness that the
 * checker refuses is an error of ours: a note of the report, and not proved. */
enum an_proof an_prediction_prove(struct an_prediction *prediction, const uint64_t *goal,
                                  size_t count, bool deadlock, struct an_witness *witness);
/* The same of a race for which sections of locks must change places (predict/osr.h). The run has to
 * be whole: see an_options.relation. */
enum an_proof an_prediction_prove_reversed(struct an_prediction *prediction, uint64_t first,
                                           uint64_t second, struct an_witness *witness);
/* The operations of a witness that are worth telling: what its parties do with locks and the like
 * shortly before the end, and what they hold. Appended to STEPS, in its order; the goal is not. */
struct an_steps {
    VEC(uint64_t) of;
};
void an_prediction_steps(const struct an_prediction *prediction, const struct an_witness *witness,
                         struct an_steps *steps);
/* Adds a step to a finding's witness. WANTS: it is the goal of a deadlock. */
void an_prediction_tell_step(const struct an_prediction *prediction, struct sn_finding *finding,
                             const struct an_glimpse *glimpse, bool wants);

#endif
