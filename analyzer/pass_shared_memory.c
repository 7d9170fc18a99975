/* SPDX-License-Identifier: Apache-2.0 */
/* Notes which memory this process shares with others (processes.h). */
#include "analyzer/compose.h"
#include "analyzer/processes.h"

static bool wants(uint8_t kind)
{
    return kind == TR_SHARED_MEMORY;
}

static void *open_pass(struct an_context *ctx)
{
    return ctx;
}

static void event(void *self, const struct tr_event *ev)
{
    const struct an_context *ctx = self;
    struct an_processes *processes = ctx->options->processes;
    if (processes)
        *vec_push(&processes->uses) = (struct an_shared_use){ctx->process, ev->a1};
}

const struct an_analysis an_shared_memory = {
    .name = "shared_memory",
    .wants = wants,
    .open = open_pass,
    .event = event,
};
