/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads: the small record that others read (never unmapped), and the stream that the thread alone
 * writes (used again by a later thread). Records lie in segments, so that no limit and no lock is
 * needed.
 */
#include "interpose/access/filter/owner.h"
#include "interpose/core/rec.h"

#include "interpose/core/poison.h"

enum { SEGMENT = 1024, SEGMENTS = 8192 };

struct rec_stream rec_unborn_stream = {.guard = 1}, rec_dead_stream = {.guard = 1};
__thread struct rec_stream *rec_self __attribute__((tls_model("initial-exec"))) =
    &rec_unborn_stream;

static struct rec_thread *segments[SEGMENTS];
static uint32_t thread_count;

/* Free streams, as a stack; the upper half of the word counts the changes (ABA). Streams are
 * page-aligned in a 48-bit address space, which leaves 28 bits of count. */
static uint64_t free_streams;

enum { STREAM_SHIFT = 12, STREAM_BITS = 36 };

static struct rec_stream *stream_of(uint64_t word)
{
    return (struct rec_stream *)((word & ((1ull << STREAM_BITS) - 1)) << STREAM_SHIFT);
}

static uint64_t word_of(const struct rec_stream *s, uint64_t old)
{
    uint64_t count = (old >> STREAM_BITS) + 1;
    return count << STREAM_BITS | (uint64_t)s >> STREAM_SHIFT;
}

static struct rec_stream *stream_take(void)
{
    uint64_t head = __atomic_load_n(&free_streams, __ATOMIC_ACQUIRE);
    struct rec_stream *s;
    while ((s = stream_of(head)))
        if (__atomic_compare_exchange_n(&free_streams, &head, word_of(s->next_free, head), 0,
                                        __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
            return s;
    return rec_sys_memory(sizeof *s);
}

static void stream_give(struct rec_stream *s)
{
    uint64_t head = __atomic_load_n(&free_streams, __ATOMIC_ACQUIRE);
    do
        s->next_free = stream_of(head);
    while (!__atomic_compare_exchange_n(&free_streams, &head, word_of(s, head), 0, __ATOMIC_ACQ_REL,
                                        __ATOMIC_ACQUIRE));
}

uint32_t rec_thread_count(void)
{
    return __atomic_load_n(&thread_count, __ATOMIC_ACQUIRE);
}

struct rec_thread *rec_thread_at(uint32_t number)
{
    if (number / SEGMENT >= SEGMENTS)
        return NULL;
    struct rec_thread *segment = __atomic_load_n(&segments[number / SEGMENT], __ATOMIC_ACQUIRE);
    return segment ? &segment[number % SEGMENT] : NULL;
}

struct rec_thread *rec_thread_new(uint32_t parent)
{
    uint32_t number = __atomic_fetch_add(&thread_count, 1, __ATOMIC_ACQ_REL);
    if (number / SEGMENT >= SEGMENTS)
        return NULL;
    struct rec_thread **place = &segments[number / SEGMENT];
    if (!__atomic_load_n(place, __ATOMIC_ACQUIRE)) {
        struct rec_thread *fresh = rec_sys_memory(sizeof *fresh * SEGMENT), *nobody = NULL;
        if (!fresh)
            return NULL;
        if (!__atomic_compare_exchange_n(place, &nobody, fresh, 0, __ATOMIC_ACQ_REL,
                                         __ATOMIC_ACQUIRE))
            rec_sys_unmap(fresh, sizeof *fresh * SEGMENT);
    }
    struct rec_thread *thread = &(*place)[number % SEGMENT];
    if (number == 1)
        rec_words_alone(false);
    if (rec_words.block) /* what is published by that is told exactly */
        rec_words_leave(rec_self);
    thread->number = number;
    thread->parent = parent;
    thread->exit_cause = TR_EXIT_CANCEL; /* until it returns or calls pthread_exit */
    rec_header->threads = rec_thread_count();
    return thread;
}

struct rec_stream *rec_thread_attach(struct rec_thread *thread)
{
    rec_self = &rec_dead_stream; /* a handler meanwhile must not begin another */
    struct rec_stream *s = thread ? stream_take() : NULL;
    if (!s) {
        rec_self = &rec_unborn_stream;
        return NULL;
    }
    s->guard = REC_BUSY;
    s->resting = 0;
    s->handler_depth = 0;
    s->self = thread;
    s->thread = thread->number;
    s->tag = thread->number + 1;
    s->epoch = 0;
    s->chunk = s->at = s->end = s->limit = NULL;
    s->chunk_size = s->chunk_number = 0;
    s->coder.last = 0; /* nothing is expected, where the first chunk is not to be had */
    s->coder.again = NULL;
    s->unwinding = s->masked = s->stack_known = s->forking = 0;
    s->waiting.kind = 0;
    s->stack_base = 0;
    if (!rec_config.ring || !s->next_stack) /* else what is in the cache keeps its own numbers */
        s->next_stack = 1;
    s->told_before = s->kept_from = 0;
    s->soft = (uint8_t *)UINTPTR_MAX;
    s->stacks_of = rec_modules_generation();
    for (unsigned i = 0; i < 64; i++)
        s->once_seen[i] = 0;
    rec_stack_forget(s);
    rec_access_reset(s);
    rec_self = s;
    rec_emit(s, &(struct tr_event){.kind = TR_THREAD_START,
                                   .object = (uint64_t)pthread_self(),
                                   .a0 = thread->parent,
                                   .a1 = (uint64_t)rec_sys_gettid()});
    return s;
}

void rec_thread_detach(struct rec_stream *s)
{
    __atomic_store_n(&s->self->ended, 1, __ATOMIC_SEQ_CST);
    rec_self = &rec_dead_stream;
    rec_access_end(s);
    rec_stamp(s); /* so that it is known that all of it came before what is lost later */
    rec_chunk_close(s);
    stream_give(s);
}

void rec_thread_reset(void)
{
    for (unsigned i = 0; i < SEGMENTS && segments[i]; i++)
        for (unsigned n = 0; n < SEGMENT; n++)
            segments[i][n] = (struct rec_thread){0};
    thread_count = 0;
    if (rec_self->self) {
        rec_self->chunk = NULL; /* not mapped in the child */
        stream_give(rec_self);
    }
    rec_self = &rec_unborn_stream;
}

/*
 * A thread that clone made without thread-local storage of its own finds its maker's: two would
 * write into one stream. The maker's is put behind a cover, a stream that is guarded for ever, so
 * that each of their calls comes here, and only the maker is let through.
 */
bool rec_thread_lend(void)
{
    struct rec_stream *s = rec_self;
    if (!s->self || s->lender)
        return false;
    struct rec_stream *cover = rec_sys_memory(sizeof *cover);
    if (!cover) {
        rec_lost(TR_LOSS_NO_THREAD);
        rec_self = &rec_dead_stream;
        return false;
    }
    cover->guard = REC_BUSY;
    cover->self = s->self;
    cover->lender = s;
    cover->lender_tid = (uint32_t)rec_sys_gettid();
    rec_self = cover;
    return true;
}

void rec_thread_take_back(void)
{
    struct rec_stream *cover = rec_self;
    rec_self = cover->lender;
    rec_sys_unmap(cover, sizeof *cover);
}

/*
 * Has asynchronous cancellation struck in the middle of the recorder's work, and the C library now
 * runs a cleanup? Its handler of that signal never returns, so the signal stays blocked, which
 * nobody else can do with the C library's help. Of our own work only a walk calls what may come
 * here; that is deeper than the walk.
 */
static __attribute__((noinline)) bool work_was_cancelled(const struct rec_stream *s, uint64_t frame)
{
    enum { CANCELLATION = 32 };
    uint64_t blocked = 0;
    if (!s->self || !__atomic_load_n(&s->self->cancelled, __ATOMIC_SEQ_CST) ||
        (s->unwinding && (s->unwinding != REC_WALKING || frame <= s->walking_at)))
        return false;
    rec_syscall6(SYS_rt_sigprocmask, SIG_BLOCK, 0, (long)&blocked, sizeof blocked, 0, 0);
    return blocked >> (CANCELLATION - 1) & 1;
}

/* No stream, or one that is at work: a foreign thread, a thread before its start, a handler in
 * between. Or a handler of the program's, in which all is well. */
struct rec_stream *rec_enter_slow(void)
{
    struct rec_stream *s = rec_self;
    if (s->lender) {
        if ((uint32_t)rec_sys_gettid() != s->lender_tid) {
            rec_lost(TR_LOSS_NO_THREAD);
            return NULL;
        }
        s = s->lender;
        if (!s->guard) {
            s->guard = REC_BUSY;
            return s;
        }
    }
    if (s != &rec_unborn_stream) {
        const struct rec_handler *handler = s->handlers + s->handler_depth - 1;
        bool interrupts = s->handler_depth && handler->busy;
        if (s->handler_depth && handler->cfa && (interrupts || !(s->guard & REC_BUSY)))
            rec_handlers_leave(s, (uint64_t)__builtin_frame_address(0));
        if (!(s->guard & REC_BUSY)) {
            s->guard |= REC_BUSY;
            return s;
        }
        if (!interrupts && work_was_cancelled(s, (uint64_t)__builtin_frame_address(0))) {
            rec_abandon(s);
            return s;
        }
        if (s != &rec_dead_stream && (interrupts || !s->unwinding))
            rec_lost(TR_LOSS_REENTRY);
        return NULL;
    }
    int error = errno;
    s = rec_thread_attach(rec_thread_new(TR_NO_THREAD));
    if (s) {
        s->self->exit_cause = TR_EXIT_RETURN; /* nobody sees how it ends */
        if (pthread_self()) /* made by clone, it need not have what the C library keeps there */
            rec_thread_expects_end(s->self);
    } else {
        rec_lost(TR_LOSS_NO_THREAD);
    }
    errno = error;
    return s;
}
