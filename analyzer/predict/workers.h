/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Work in independent pieces, shared by several threads: each takes the next piece that nobody has
 * taken. Who does which is left open, so a result must not depend on it.
 */
#ifndef SN_ANALYZER_PREDICT_WORKERS_H
#define SN_ANALYZER_PREDICT_WORKERS_H

#include <stddef.h>

/* Calls WORK(DATA, WORKER, PIECE) for each PIECE below PIECES, by at most WORKERS threads (the
 * caller is one of them, number 0), and returns when all is done. */
void an_workers_run(unsigned workers, size_t pieces,
                    void (*work)(void *data, unsigned worker, size_t piece), void *data);

#endif
