/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All analyses of analyses.def, run side by side over one trace: each event goes to those that want
 * its kind, in the order of analyses.def.
 */
#ifndef SN_ANALYZER_ENGINE_H
#define SN_ANALYZER_ENGINE_H

#include "analyzer/analysis.h"

struct an_engine;

struct an_engine *an_engine_open(struct an_context *ctx);
void an_engine_event(struct an_engine *engine, const struct tr_event *ev);
void an_engine_finish(struct an_engine *engine);
void an_engine_close(struct an_engine *engine);

#endif
