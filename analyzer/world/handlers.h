/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signal handlers: which ones a thread is in, and what they interrupted. A wait that a handler
 * interrupts goes on when the handler returns, whatever that waited for itself.
 */
#ifndef SN_ANALYZER_WORLD_HANDLERS_H
#define SN_ANALYZER_WORLD_HANDLERS_H

#include "analyzer/world/threads.h"

/* HANDLER_BEGIN, HANDLER_END, UNBLOCKS. */
void an_handlers_event(struct an_world *world, const struct tr_event *ev);
/* Is an event of that KIND told of a call that is not async-signal-safe? (Of a pair the first.) */
bool an_is_unsafe(uint8_t kind);
/* Is EV of such a call, or of the other one of a pair? Its thread makes it now. */
void an_handlers_note(struct an_world *world, const struct tr_event *ev);
/* Could HANDLER come only where its thread let it in: in a call that sends or unblocks signals,
 * that waits for one, or that has a mask of its own; or in one that waits, and for which, as it
 * seems, they had just been unblocked? (Or nobody knows, in a child that was forked in it.) Such
 * calls are async-signal-safe, and behind them a handler may do what it likes (POSIX, 2.4.3). */
bool an_handler_was_let_in(const struct an_handler *handler);

#endif
