/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/engine.h"

#define ANALYSIS(name) extern const struct an_analysis an_##name;
#include "analyzer/analyses.def"
#undef ANALYSIS

static const struct an_analysis *const analyses[] = {
#define ANALYSIS(name) &an_##name,
#include "analyzer/analyses.def"
#undef ANALYSIS
};

enum { ANALYSES = sizeof analyses / sizeof *analyses };

struct an_engine {
    void *self[ANALYSES];
    /* By kind: the analyses that want it, ended by ANALYSES. */
    uint8_t wanted_by[TR_KINDS][ANALYSES + 1];
};

static bool takes_part(const struct an_engine *engine, unsigned i)
{
    return !analyses[i]->open || engine->self[i];
}

struct an_engine *an_engine_open(struct an_context *ctx)
{
    struct an_engine *engine = sn_calloc(1, sizeof *engine);
    for (unsigned i = 0; i < ANALYSES; i++)
        engine->self[i] = analyses[i]->open ? analyses[i]->open(ctx) : NULL;
    for (unsigned kind = 0; kind < TR_KINDS; kind++) {
        unsigned count = 0;
        for (unsigned i = 0; i < ANALYSES; i++)
            if (takes_part(engine, i) && analyses[i]->event &&
                (!analyses[i]->wants || analyses[i]->wants((uint8_t)kind)))
                engine->wanted_by[kind][count++] = (uint8_t)i;
        engine->wanted_by[kind][count] = ANALYSES;
    }
    return engine;
}

void an_engine_event(struct an_engine *engine, const struct tr_event *ev)
{
    for (const uint8_t *i = engine->wanted_by[ev->kind]; *i < ANALYSES; i++)
        analyses[*i]->event(engine->self[*i], ev);
}

void an_engine_finish(struct an_engine *engine)
{
    for (unsigned i = 0; i < ANALYSES; i++)
        if (takes_part(engine, i) && analyses[i]->finish)
            analyses[i]->finish(engine->self[i]);
}

void an_engine_close(struct an_engine *engine)
{
    for (unsigned i = 0; i < ANALYSES; i++)
        if (takes_part(engine, i) && analyses[i]->close)
            analyses[i]->close(engine->self[i]);
    free(engine);
}
