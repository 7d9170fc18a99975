/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signal handlers: which ones a thread is in. The trampoline in front of a handler tells when it
 * begins and returns (hook_signal.c). Meanwhile the stream's guard says REC_HANDLER, so that each
 * hook comes by rec_enter_slow, and nothing is looked for elsewhere.
 *
 * A handler may also be left. By an exception or the thread's end, then the trampoline's cleanup
 * tells; by longjmp, then its hook tells where the thread goes on (hook_jump.c); or by setcontext
 * and the like, then the next hook sees a stack pointer at which the trampoline's frame cannot be
 * any more. Where the handler had interrupted the recorder, that work is then abandoned: its chunk
 * may hold half an event, and the thread takes a new one.
 *
 * A handler may interrupt any of this. A place in the list is taken before it is filled in, and is
 * empty (cfa 0) until then.
 */
#include "interpose/access/filter/owner.h"
#include "interpose/core/rec.h"

#include "interpose/core/poison.h"

enum {
    ROOM = 4096,            /* what telling a handler may take of its stack */
    UNKNOWN_STACK = 1 << 18 /* how far a stack of the program's own making may reach */
};

static inline void in_order(void)
{
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static bool is_inside(const struct rec_handler *handler, uint64_t sp)
{
    return handler->cfa && sp - handler->low < handler->cfa - handler->low;
}

static uint64_t stack_below(const struct rec_stream *s, uint64_t cfa, const stack_t *alternate)
{
    uint64_t low = (uint64_t)alternate->ss_sp;
    if (!(alternate->ss_flags & SS_DISABLE) && cfa - low <= alternate->ss_size)
        return low;
    if (s->stack_known && cfa > s->stack_low && cfa <= s->stack_high)
        return s->stack_low;
    return cfa > UNKNOWN_STACK ? cfa - UNKNOWN_STACK : 0;
}

static void tell_begin(struct rec_stream *s, int signal, const void *handler, bool let_in)
{
    /* The handler alone: the frames below it would be others each time. */
    uint32_t stack = rec_stack_place(s, handler ? (uint64_t)handler + 1 : 0);
    rec_emit(s, &(struct tr_event){.kind = TR_HANDLER_BEGIN,
                                   .mode = let_in ? TR_HANDLER_LET_IN : 0,
                                   .stack = stack,
                                   .a0 = (uint64_t)(unsigned)signal});
    const void *key = rec_signal_key(signal);
    struct rec_object *object = rec_object_find(key);
    if (object)
        rec_sync(s, TR_HB_AFTER, TR_BY_SIGNAL, stack, (uint64_t)key, rec_version(object));
}

static void rest(struct rec_stream *s)
{
    s->resting = s->handler_depth ? REC_HANDLER : 0;
}

void rec_abandon(struct rec_stream *s)
{
    rec_stack_abandoned(s);
    rec_owner_abandon();
    rec_chunk_close(s);
}

/* Takes the innermost handler off the list. The recorder is the caller's. */
static void pop(struct rec_stream *s, bool left)
{
    struct rec_handler *handler = &s->handlers[s->handler_depth - 1];
    bool busy = handler->busy, told = handler->cfa && !busy;
    int signal = handler->signal;
    handler->cfa = 0;
    s->letting = left ? 0 : handler->letting;
    in_order();
    s->handler_depth--;
    rest(s);
    if (busy && left)
        rec_abandon(s);
    if (told && rec_live.on)
        rec_emit(s, &(struct tr_event){.kind = TR_HANDLER_END,
                                       .mode = left ? TR_HANDLER_LEFT : 0,
                                       .a0 = (uint64_t)(unsigned)signal});
}

static void pop_left(struct rec_stream *s, uint64_t sp)
{
    while (s->handler_depth && !is_inside(&s->handlers[s->handler_depth - 1], sp))
        pop(s, true);
}

void rec_handlers_leave(struct rec_stream *s, uint64_t sp)
{
    if (!s->handler_depth || is_inside(&s->handlers[s->handler_depth - 1], sp))
        return;
    int error = errno;
    /* Nobody else is at work: what was, is being left. */
    if (s->guard & REC_BUSY && !s->handlers[s->handler_depth - 1].busy)
        rec_abandon(s);
    s->guard |= REC_BUSY;
    pop_left(s, sp);
    if (s->waiting.kind && rec_live.on) /* what was waiting is below what is gone on with */
        rec_wait_left(s);
    rec_leave(s);
    errno = error;
}

bool rec_handler_begins(int signal, bool fault, const void *handler, uint64_t cfa,
                        const stack_t *alternate)
{
    struct rec_stream *s = rec_self;
    if (!rec_live.on || !s->self)
        return false;
    uint64_t low = stack_below(s, cfa, alternate);
    if (s->handler_depth == REC_HANDLERS || cfa - low < ROOM)
        return false;
    int error = errno;
    bool busy = s->guard & REC_BUSY;
    if (!busy) {
        s->guard |= REC_BUSY;
        pop_left(s, cfa - 1);
    }
    struct rec_handler *place = &s->handlers[s->handler_depth];
    s->handler_depth++;
    in_order();
    place->signal = (uint8_t)signal;
    place->letting = s->letting;
    s->letting = 0;
    place->busy = busy;
    place->low = low;
    in_order();
    place->cfa = cfa;
    rest(s);
    if (!busy) {
        tell_begin(s, signal, handler, fault || place->letting);
        rec_leave(s);
    }
    errno = error;
    return true;
}

void rec_handler_ends(uint64_t cfa, bool left)
{
    struct rec_stream *s = rec_self; /* in a fork child another */
    uint32_t place = s->handler_depth;
    while (place && s->handlers[place - 1].cfa != cfa)
        place--;
    if (!place)
        return;
    int error = errno;
    bool busy = s->handlers[place - 1].busy;
    if (!busy && s->guard & REC_BUSY) /* the work of a handler within this one, long left */
        rec_abandon(s);
    s->guard |= REC_BUSY;
    while (s->handler_depth > place)
        pop(s, true);
    pop(s, left);
    if (!busy || left)
        rec_leave(s);
    errno = error;
}

void rec_handlers_again(struct rec_stream *s, const struct rec_handler *handlers, uint32_t depth)
{
    for (uint32_t i = 0; i < depth; i++) {
        s->handlers[i] = handlers[i];
        if (handlers[i].cfa && !handlers[i].busy)
            tell_begin(s, handlers[i].signal, NULL, handlers[i].letting);
    }
    s->handler_depth = depth;
    rest(s);
}

void rec_unsafe_in_handler(const char *what, uint64_t cfa)
{
    int error = errno;
    struct rec_stream *s = rec_enter();
    if (s) {
        uint32_t length = 0;
        while (what[length])
            length++;
        rec_emit(s, &(struct tr_event){.kind = TR_UNSAFE_CALL,
                                       .stack = rec_stack(s, cfa),
                                       .bytes = (const uint8_t *)what,
                                       .bytes_length = length});
        rec_leave(s);
    }
    errno = error;
}
