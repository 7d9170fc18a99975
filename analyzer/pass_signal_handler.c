/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signal handlers that took a lock, or called what is not async-signal-safe (POSIX, 2.4.3): such a
 * call may have been interrupted in its middle by the handler itself. Told once for each handler,
 * with each place in it.
 *
 * Handlers that their thread let in are none (world/handlers.h): what they interrupt is a safe
 * call, and then they may do all. Of what comes behind the end of the thread or of the process, in
 * a handler, only that end itself counts. Where a handler waits for a lock that its own thread
 * holds, the self-deadlock tells it.
 */
#define _GNU_SOURCE /* sigabbrev_np */
#include "analyzer/wait_story.h"
#include "base/text.h"

#include <string.h>

enum { PLACES = 6 /* of a handler that are told */ };

struct place { /* in a handler */
    struct an_thread *thread;
    const struct an_object *object; /* or NULL */
    const char *what;               /* it did */
    enum sn_role role;
    uint32_t stack;
    uint64_t index, count;
};

struct handler { /* of a signal */
    struct an_thread *thread;
    struct an_handler first; /* that did such a thing */
    uint64_t latest;         /* its latest run that did: index of its beginning */
    uint64_t runs;
    VEC(struct place) places;
};

struct handlers {
    struct an_context *ctx;
    struct sn_map number_of; /* by signal and handler: its place, plus one */
    VEC(struct handler) all;
    VEC(struct an_thread *) ending; /* threads that end in a handler */
};

static bool wants(uint8_t kind)
{
    return an_is_unsafe(kind) || kind == TR_UNSAFE_CALL || kind == TR_EXIT ||
           kind == TR_THREAD_EXIT;
}

static void *open_pass(struct an_context *ctx)
{
    struct handlers *self = sn_calloc(1, sizeof *self);
    self->ctx = ctx;
    return self;
}

/* The innermost handler that THREAD is in, if one of them was not let in; else NULL. */
static const struct an_handler *handler_of(const struct an_thread *thread)
{
    for (size_t i = thread->handlers.count; i-- > 0;)
        if (!an_handler_was_let_in(&thread->handlers.at[i]))
            return vec_last(&thread->handlers);
    return NULL;
}

/* What EV says that is not safe; NULL: nothing. */
static const char *unsafe(const struct an_context *ctx, const struct tr_event *ev,
                          enum sn_role *role)
{
    *role = SN_ROLE_TAKES;
    switch (ev->kind) {
    case TR_ACQUIRE:
        return ev->mode & TR_LOCK_IN_WAIT ? NULL : "took a lock";
    case TR_SEM_WAIT:
        return "waited for a semaphore";
    case TR_COND_WAIT:
        *role = SN_ROLE_WAITS;
        return "waited for a condition";
    case TR_BARRIER_ENTER:
        *role = SN_ROLE_WAITS;
        return "waited at a barrier";
    case TR_COND_SIGNAL:
        *role = SN_ROLE_SIGNALS;
        return "signalled a condition";
    case TR_ONCE_BEGIN:
        return "initialised something once";
    case TR_THREAD_CREATE:
        *role = SN_ROLE_CREATES;
        return "made a thread";
    case TR_JOIN_REQUEST:
        *role = SN_ROLE_JOINS;
        return "joined a thread";
    case TR_ALLOC:
        return ev->mode & TR_HEAP_MAPPED ? NULL : "called malloc";
    case TR_FREE:
        *role = SN_ROLE_FREE;
        return ev->mode & TR_HEAP_MAPPED ? NULL : "called free";
    case TR_UNSAFE_CALL:
        if (ev->bytes_length == 5 && memcmp(ev->bytes, "stdio", 5) == 0)
            return "used a stream (stdio)";
        return sn_sprintf(&ctx->report->arena, "called %.*s", (int)ev->bytes_length,
                          (const char *)ev->bytes);
    case TR_EXIT:
        *role = SN_ROLE_ENDS;
        return ev->mode == TR_EXIT_CALL ? "called exit" : NULL;
    case TR_THREAD_EXIT:
        *role = SN_ROLE_ENDS;
        return ev->mode == TR_EXIT_CALL ? "called pthread_exit" : NULL;
    default:
        return NULL;
    }
}

static struct handler *entry(struct handlers *self, struct an_thread *thread,
                             const struct an_handler *handler)
{
    uint64_t *number =
        sn_map_at(&self->number_of, (uint64_t)handler->signal << 32 | handler->stack);
    if (!*number) {
        struct handler *fresh = vec_push(&self->all);
        fresh->thread = thread;
        fresh->first = *handler;
        *number = self->all.count;
    }
    struct handler *found = &self->all.at[*number - 1];
    found->runs += found->latest != handler->index;
    found->latest = handler->index;
    return found;
}

/* The frames of a stack above what the handler interrupted are the same each time: of these the
 * innermost says where in the handler. */
static uint64_t place_in_handler(const struct an_context *ctx, uint32_t stack)
{
    struct tr_stack frames = tr_reader_stack(ctx->reader, stack);
    return frames.count ? frames.pcs[0] : 0;
}

static void add(struct handlers *self, struct handler *handler, struct place place)
{
    vec_each (struct place, known, &handler->places) {
        if (known->what == place.what && known->object == place.object &&
            place_in_handler(self->ctx, known->stack) == place_in_handler(self->ctx, place.stack)) {
            known->count++;
            return;
        }
    }
    if (handler->places.count < PLACES)
        *vec_push(&handler->places) = place;
}

static bool is_ending(const struct handlers *self, const struct an_thread *thread)
{
    for (size_t i = 0; i < self->ending.count; i++)
        if (self->ending.at[i] == thread)
            return true;
    return false;
}

static void event(void *data, const struct tr_event *ev)
{
    struct handlers *self = data;
    const struct an_now *now = &self->ctx->world->now;
    struct an_thread *thread = now->thread;
    if (!thread->handlers.count)
        return;
    const struct an_handler *handler = handler_of(thread);
    enum sn_role role;
    const char *what = handler && !is_ending(self, thread) ? unsafe(self->ctx, ev, &role) : NULL;
    if (ev->kind == TR_EXIT || ev->kind == TR_THREAD_EXIT)
        *vec_push(&self->ending) = thread;
    if (!what)
        return;
    bool about = ev->kind != TR_ALLOC && ev->kind != TR_FREE;
    add(self, entry(self, thread, handler),
        (struct place){thread, about ? now->object : NULL, what, role, ev->stack, ev->index, 1});
}

/* Telling. --------------------------------------------------------------------------------------
 */

static const char *signal_name(const struct an_context *ctx, uint32_t number)
{
    const char *name = sigabbrev_np((int)number);
    return name ? sn_sprintf(&ctx->report->arena, "SIG%s", name)
                : sn_sprintf(&ctx->report->arena, "signal %u", number);
}

/* That PLACE's lock is waited for in a handler by a thread that holds it is told already. */
static bool is_told(const struct an_world *world, const struct handler *handler,
                    const struct place *place)
{
    vec_each (struct an_thread *, at, &world->threads.all) {
        const struct an_thread *thread = *at;
        if (thread->handlers.count && thread->wait.kind == AN_WAIT_LOCK && thread->blamed &&
            thread->blamed->kind == SN_SELF_DEADLOCK && thread->wait.object == place->object &&
            vec_last(&thread->handlers)->stack == handler->first.stack)
            return true;
    }
    return false;
}

static void add_interrupted(const struct an_context *ctx, struct sn_finding *finding,
                            const struct handler *handler, struct sn_text *text)
{
    const struct an_wait *wait = &handler->first.interrupted;
    if (wait->kind == AN_WAIT_NONE) {
        sn_text_puts(text, " It came while the thread was at work, wherever that was just then.");
        return;
    }
    sn_text_printf(text, " It came while the thread waited %s.", an_wait_text(ctx, wait));
    an_site(ctx, finding,
            wait->kind == AN_WAIT_JOIN      ? SN_ROLE_JOINS
            : wait->kind == AN_WAIT_OUTSIDE ? SN_ROLE_SLEEPS
                                            : SN_ROLE_WAITS,
            handler->thread, wait->stack, wait->index, an_wait_object(wait))
        ->note = "interrupted";
    if (wait->kind == AN_WAIT_JOIN)
        an_name_thread(ctx, finding, wait->thread);
}

static void explain(const struct an_context *ctx, struct sn_finding *finding,
                    const struct handler *handler, const struct place *first, const char *signal)
{
    struct sn_text text = {0};
    sn_text_printf(&text, "%s handled %s, and in the handler it %s%s%s",
                   an_thread_begins(ctx, first->thread), signal, first->what,
                   first->object ? ": " : "",
                   first->object ? an_lock_text(ctx, first->object) : "");
    const char *told[PLACES] = {first->what};
    size_t count = 1;
    vec_each (struct place, place, &handler->places) {
        bool known = false;
        for (size_t i = 0; i < count; i++)
            known |= strcmp(told[i], place->what) == 0;
        if (known || is_told(ctx->world, handler, place))
            continue;
        told[count++] = place->what;
        sn_text_printf(&text, ", %s", place->what);
    }
    sn_text_puts(&text, ".");
    add_interrupted(ctx, finding, handler, &text);
    sn_text_puts(
        &text,
        " That is not async-signal-safe (POSIX, 2.4.3): if the handler interrupts the same lock, "
        "or "
        "malloc or stdio at work, it waits for what only the interrupted code can release, or "
        "finds it half done." AN_ADVICE
        "Only set a flag of type volatile sig_atomic_t, write to a pipe or an eventfd, or sem_post "
        "in the handler; or let a thread of its own take the signal, by sigwait or signalfd.");
    finding->explanation = sn_strndup(&ctx->report->arena, text.at, text.length);
    sn_text_release(&text);
}

static void tell(const struct an_context *ctx, const struct handler *handler)
{
    struct sn_finding *finding = NULL;
    const struct place *first = NULL;
    const char *signal = signal_name(ctx, handler->first.signal);
    vec_each (struct place, place, &handler->places) {
        if (is_told(ctx->world, handler, place))
            continue;
        if (!finding)
            finding = an_finding(ctx, SN_LOCK_IN_SIGNAL_HANDLER, SN_OBSERVED);
        first = first ? first : place;
        an_site(ctx, finding, place->role, place->thread, place->stack, place->index, place->object)
            ->note = place->what;
    }
    if (!finding)
        return;
    finding->count = handler->runs;
    finding->title = sn_sprintf(&ctx->report->arena, "a handler of %s %s", signal, first->what);
    explain(ctx, finding, handler, first, signal);
}

static void finish(void *data)
{
    struct handlers *self = data;
    vec_each (struct handler, handler, &self->all)
        tell(self->ctx, handler);
}

static void close_pass(void *data)
{
    struct handlers *self = data;
    vec_each (struct handler, handler, &self->all)
        vec_release(&handler->places);
    vec_release(&self->all);
    vec_release(&self->ending);
    sn_map_release(&self->number_of);
    free(self);
}

const struct an_analysis an_signal_handler = {
    .name = "signal_handler",
    .wants = wants,
    .open = open_pass,
    .event = event,
    .finish = finish,
    .close = close_pass,
};
