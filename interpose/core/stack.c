/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Call stacks. The hot path is rec_stack in rec.h: a stack seen before, told by its return
 * addresses where they lie. Here is the rest: libunwind walks the stack once and tells where each
 * return address lies, and the stream gets a definition.
 *
 * libunwind is opened at the start, out of the host's sight (RTLD_LOCAL): linked in, its _Unwind_*
 * functions would take over the host's C++ exceptions. While it works, the calls that it makes pass
 * through the hooks unrecorded. A fork waits until nobody is inside it, since the child would
 * inherit its locks.
 */
#include "interpose/access/rewrite/dynamic.h"
#include "interpose/access/rewrite/rewrite.h"
#include "interpose/core/fork.h"
#include "interpose/core/hot.h"

#define UNW_LOCAL_ONLY
#include <libunwind.h>

#include <dlfcn.h>
#include <link.h>

#include "interpose/core/poison.h"

static struct {
    int (*getcontext)(unw_tdep_context_t *);
    int (*init)(unw_cursor_t *, unw_context_t *);
    int (*step)(unw_cursor_t *);
    int (*get)(unw_cursor_t *, int, unw_word_t *);
} unwind;

static bool lock_lost; /* a walk was left, perhaps with libunwind's lock: there is none any more */

static pthread_t main_thread; /* the one whose stack the kernel made */

extern void *__libc_stack_end;

/*
 * libunwind tests an address by writing the byte there into a pipe: two descriptors that the
 * program can notice and close, a byte into whatever gets their numbers then, and cancellation
 * points. So its calls are answered here: there is no pipe, nothing to read from it, and the system
 * says whether the byte can be read.
 */
static int no_pipe(int ends[2], int flags)
{
    (void)flags;
    ends[0] = ends[1] = -1;
    return -1;
}

static ssize_t no_byte(int fd, void *bytes, size_t size)
{
    (void)fd, (void)bytes, (void)size;
    errno = EAGAIN;
    return -1;
}

static ssize_t test_byte(int fd, const void *byte, size_t size)
{
    (void)fd, (void)size;
    enum { NO_OPERATION = -1 }; /* the mask is read, and then refused */
    errno = EFAULT;
    return rec_syscall6(SYS_rt_sigprocmask, NO_OPERATION, (long)byte, 0, 8, 0, 0) == -EFAULT ? -1
                                                                                             : 1;
}

/* One version writes like this. */
static long answer_call(long number, long a, long b, long c, long d, long e, long f)
{
    if (number == SYS_write)
        return test_byte((int)a, (const void *)b, (size_t)c);
    long result = rec_syscall6(number, a, b, c, d, e, f);
    if (result >= 0 || result < -4095)
        return result;
    errno = (int)-result;
    return -1;
}

/* It blocks signals while it has its locks, in each step. That is done already, once for the whole
 * walk (masked_walk). */
static int keep_mask(int how, const sigset_t *set, sigset_t *before)
{
    (void)how, (void)set, (void)before;
    return 0;
}

/* Where the linker was told to protect all of the table, it is made writable again. */
static bool writable(void *place)
{
    uint64_t page = (uint64_t)place & ~4095ull;
    return rec_syscall3(SYS_mprotect, (long)page, 4096, PROT_READ | PROT_WRITE) == 0;
}

/*
 * Everything that is interposed is answered by the real function: allocators and profilers use
 * libunwind, too, and a hook that it calls then would walk while this thread has libunwind's locks.
 */
static void *instead_of(const char *name)
{
    static const struct {
        char name[16];
        void *function;
    } answers[] = {{"pipe2", (void *)no_pipe},
                   {"read", (void *)no_byte},
                   {"write", (void *)test_byte},
                   {"syscall", (void *)answer_call},
                   {"sigprocmask", (void *)keep_mask},
                   {"pthread_sigmask", (void *)keep_mask},
                   {"dl_iterate_phdr", (void *)rec_modules_iterate}};
    for (unsigned i = 0; i < sizeof answers / sizeof *answers; i++)
        if (rec_same(name, answers[i].name))
            return answers[i].function;
    return rec_real_named(name);
}

/* Puts the answers where LIBRARY's calls look for the C library's functions. */
static void answer_calls(const struct link_map *library)
{
    struct rec_dynamic dynamic;
    if (!rec_dynamic_read(&dynamic, library->l_ld, library->l_addr))
        return;
    for (unsigned which = 0; which < 2; which++)
        for (uint64_t i = 0; i < dynamic.counts[which]; i++) {
            const Elf64_Rela *entry = &dynamic.relocations[which][i];
            const char *name = rec_dynamic_name(&dynamic, entry);
            void *answer = name ? instead_of(name) : NULL;
            void **place = (void **)(dynamic.base + entry->r_offset);
            if (answer && writable(place))
                *place = answer;
        }
}

/* Where threads are made by clone, the C library believes in one thread alone, and its locks, which
 * libunwind uses, keep nobody out. */
static bool walk_by_turns;
static uint8_t walking; /* atomic */

void rec_stack_by_turns(void)
{
    walk_by_turns = true;
}

void rec_stack_start(void)
{
    walk_by_turns = false; /* in a fork child, too */
    walking = 0;
    if (!main_thread)
        main_thread = pthread_self();
    if (!unwind.step) {
        void *library = dlopen("libunwind.so.8", RTLD_NOW | RTLD_LOCAL);
        if (!library)
            return;
        answer_calls(library);
        *(void **)&unwind.getcontext = dlsym(library, "_Ux86_64_getcontext");
        *(void **)&unwind.init = dlsym(library, "_ULx86_64_init_local");
        *(void **)&unwind.get = dlsym(library, "_ULx86_64_get_reg");
        *(void **)&unwind.step = dlsym(library, "_ULx86_64_step");
    }
    if (unwind.getcontext && unwind.init && unwind.get && unwind.step)
        rec_header->flags |= TR_HAS_STACKS;
    else
        unwind.step = NULL;
}

/* Slots above the stack's end are not cached: nothing says that they stay mapped. */
void rec_stack_range(struct rec_stream *s)
{
    s->stack_known = 1;
    if (!pthread_self()) { /* made by clone: the C library knows nothing of it */
        s->stack_low = s->stack_high = 0;
        return;
    }
    if (pthread_self() == main_thread) {
        s->stack_high = (uint64_t)__libc_stack_end;
        s->stack_low = s->stack_high - (64u << 20);
        return;
    }
    /* The C library puts the thread's descriptor at the upper end of its stack. */
    pthread_attr_t attributes;
    void *low = NULL;
    size_t size = 0;
    if (!rec_no_system && pthread_getattr_np(pthread_self(), &attributes) == 0) {
        pthread_attr_getstack(&attributes, &low, &size);
        pthread_attr_destroy(&attributes);
    }
    s->stack_low = (uint64_t)low;
    s->stack_high = (uint64_t)low + size;
}

struct walked {
    uint64_t pcs[REC_FRAMES];
    uint64_t slots[REC_FRAMES]; /* address of the return address; 0 not known */
    uint32_t count;
    bool complete; /* up to the thread's first frame */
};

/* Does the code at PC end a signal handler? Its frame's outer one is where the signal came. Where a
 * handler has a way back of its own, there may be no code at PC. */
static bool returns_from_handler(uint64_t pc)
{
    static const uint8_t code[] = {0x48, 0xc7, 0xc0, SYS_rt_sigreturn, 0, 0, 0, 0x0f, 0x05};
    uint64_t start, end;
    unsigned i = 0;
    if (!rec_real_module(pc, &start, &end) || end - pc < sizeof code)
        return false;
    while (i < sizeof code && ((const uint8_t *)pc)[i] == code[i])
        i++;
    return i == sizeof code;
}

/* From the frame that called the hook outwards. The frame's own return address lies just below its
 * CFA, which is the stack pointer of the frame outside it, or lies somewhat below that. Where a
 * signal came there is none, and perhaps no memory: the stack may have overflowed. */
static void walk(uint64_t cfa, struct walked *walked)
{
    unw_context_t context;
    unw_cursor_t cursor;
    unw_word_t sp = 0, pc = 0;
    bool interrupted = false;
    walked->count = 0;
    if (unwind.getcontext(&context) || unwind.init(&cursor, &context))
        return;
    do {
        if (unwind.step(&cursor) <= 0 || unwind.get(&cursor, UNW_REG_SP, &sp))
            return;
    } while (sp < cfa);
    do {
        if (unwind.get(&cursor, UNW_REG_IP, &pc) || unwind.get(&cursor, UNW_REG_SP, &sp) || !pc)
            return;
        uint64_t slot = walked->count ? sp - 8 : cfa - 8;
        walked->slots[walked->count] = !interrupted && *(const uint64_t *)slot == pc ? slot : 0;
        walked->pcs[walked->count++] = pc;
        interrupted = returns_from_handler(pc);
        if (unwind.step(&cursor) <= 0) {
            walked->complete = true;
            return;
        }
    } while (walked->count < REC_FRAMES);
}

static bool take_turn(void)
{
    enum { PATIENCE = 100000 };
    for (unsigned n = 0; n < PATIENCE; n++) {
        if (!__atomic_exchange_n(&walking, 1, __ATOMIC_ACQUIRE))
            return true;
        rec_sys_yield();
    }
    return false;
}

/* While signals are blocked, nobody jumps out of libunwind with its lock, is cancelled in it, or
 * forks. Faults are for the program: the walk may be what overflows the stack, and its handler
 * knows. */
static void masked_walk(struct rec_stream *s, uint64_t cfa, struct walked *walked)
{
    s->walking_at = (uint64_t)__builtin_frame_address(0);
    s->unwinding = REC_WALKING;
    s->mask = rec_sys_mask(~REC_FAULTS);
    s->masked = 1;
    if (!walk_by_turns) {
        walk(cfa, walked);
    } else if (take_turn()) {
        walk(cfa, walked);
        __atomic_store_n(&walking, 0, __ATOMIC_RELEASE);
    }
    s->masked = 0;
    rec_sys_mask(s->mask);
    s->unwinding = 0;
}

static uint64_t hash_of(const uint64_t *pcs, uint32_t count)
{
    uint64_t hash = count;
    for (uint32_t i = 0; i < count; i++) {
        hash = (hash ^ pcs[i]) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 29;
    }
    return hash ? hash : 1;
}

void rec_stack_refresh(struct rec_stream *s)
{
    uint64_t generation = rec_modules_generation();
    if (rec_likely(s->stacks_of == generation))
        return;
    s->stacks_of = generation;
    for (unsigned i = 0; i < REC_STACK_IDS; i++)
        s->stack_ids[i] = 0;
    for (unsigned set = 0; set < REC_STACK_SETS; set++)
        for (unsigned way = 0; way < REC_STACK_WAYS; way++)
            s->stack_places[set][way].cfa = 0;
    rec_hot_forget(s, NULL);
    rec_access_new_code(s);
}

/* Tells the modules of PCS, and the time if they are others than before: whose addresses a stack's
 * are is seen by when it was defined. */
static void tell_modules(struct rec_stream *s, const uint64_t *pcs, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        rec_modules_check(s, pcs[i]);
    uint64_t turn = rec_modules_turn();
    if (rec_unlikely(s->modules_of != turn)) {
        s->modules_of = turn;
        rec_stamp(s);
    }
}

void rec_stack_renumber(struct rec_stream *s, uint32_t *old)
{
    *old = s->next_stack - 1;
    for (unsigned i = 0; i < REC_STACK_IDS; i++)
        s->stack_ids[i] = 0;
}

uint32_t rec_stack_define(struct rec_stream *s, const uint64_t *pcs, uint32_t count, uint64_t hash)
{
    unsigned place = hash >> 54;
    rec_stack_refresh(s);
    if (rec_unlikely(s->at >= s->soft)) /* it and its event belong into one chunk */
        rec_chunk_next(s, TR_EVENT_MAX);
    if (s->stack_ids[place] && s->stack_hashes[place] == hash)
        return s->stack_ids[place];
    tell_modules(s, pcs, count);
    if (rec_unlikely(s->at >= s->soft))
        rec_chunk_next(s, TR_EVENT_MAX);
    uint8_t bytes[TR_VARINT_MAX * (1 + REC_FRAMES)], *p = tr_put(bytes, count);
    uint64_t before = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t pc = rec_rewrite_old(pcs[i]);
        p = tr_put(p, tr_zigzag((int64_t)(pc - before)));
        before = pc;
    }
    uint32_t id = s->next_stack;
    if (rec_unlikely(id - s->kept_from > REC_STACKS_KEPT))
        rec_stack_renumber(s, &s->kept_from);
    rec_emit(s, &(struct tr_event){.kind = TR_STACK_DEF,
                                   .a0 = id,
                                   .bytes = bytes,
                                   .bytes_length = (uint32_t)(p - bytes)});
    s->next_stack = id + 1;
    s->stack_ids[place] = id;
    s->stack_hashes[place] = hash;
    return id;
}

/* The cached stack with that number, or NULL. */
static struct rec_cached_stack *cached_as(struct rec_stream *s, uint32_t id)
{
    if (s->found && s->found->id == id)
        return s->found;
    for (unsigned set = 0; set < REC_STACK_SETS; set++)
        for (unsigned way = 0; way < REC_STACK_WAYS; way++)
            if (s->stacks[set][way].id == id)
                return &s->stacks[set][way];
    return NULL;
}

/* What was defined in an earlier chunk is defined once more: from the cache, or else it is lost. */
static uint32_t define_again(struct rec_stream *s, uint32_t id)
{
    struct rec_cached_stack *stack = cached_as(s, id);
    if (!stack) {
        rec_lost(TR_LOSS_NO_STACK);
        return 0;
    }
    uint64_t pcs[REC_FRAMES];
    uint32_t count = 0;
    for (; count < stack->compared; count++)
        pcs[count] = stack->returns[count / 4].pcs[count % 4];
    for (unsigned i = 0; i < stack->outer && count < REC_FRAMES; i++)
        pcs[count++] = s->outermost[i];
    return stack->id = rec_stack_define(s, pcs, count, hash_of(pcs, count));
}

uint32_t rec_stack_here(struct rec_stream *s, uint64_t cfa)
{
    uint32_t id = rec_stack(s, cfa);
    return id && rec_stack_is_old(s, id) ? define_again(s, id) : id;
}

void rec_emit_retold(struct rec_stream *s, const struct tr_event *ev)
{
    struct tr_event retold = *ev;
    retold.stack = define_again(s, ev->stack);
    rec_emit(s, &retold);
}

uint32_t rec_stack_place(struct rec_stream *s, uint64_t pc)
{
    return pc ? rec_stack_define(s, &pc, 1, hash_of(&pc, 1)) : 0;
}

/* Can every return address be looked at again, whenever the stack pointer is at CFA? */
static bool cacheable(const struct rec_stream *s, uint64_t cfa, const struct walked *walked)
{
    if (cfa < s->stack_low || cfa > s->stack_high)
        return false;
    for (uint32_t i = 0; i < walked->count; i++)
        if (walked->slots[i] < cfa - 8 || walked->slots[i] > s->stack_high ||
            walked->slots[i] - (cfa - 8) > UINT32_MAX)
            return false;
    return true;
}

static void remember(struct rec_stream *s, uint64_t cfa, const struct walked *walked, uint32_t id)
{
    if (!s->stack_known)
        rec_stack_range(s);
    if (!cacheable(s, cfa, walked))
        return;
    /* The first three frames of a thread (of the C library, and the one that calls main or is our
     * own) stay. */
    if (!s->stack_base && walked->complete && walked->count > REC_FIRST_FRAMES) {
        s->stack_base = walked->slots[walked->count - REC_FIRST_FRAMES];
        for (unsigned i = 0; i < REC_FIRST_FRAMES; i++)
            s->outermost[i] = walked->pcs[walked->count - REC_FIRST_FRAMES + i];
    }
    uint32_t set = rec_stack_set(cfa, *(const uint64_t *)(cfa - 8));
    struct rec_stack_place *place = &s->stack_places[set][REC_STACK_WAYS - 1];
    struct rec_cached_stack *stack = s->found = place->stack;
    rec_hot_forget(s, stack);
    place->cfa = cfa;
    stack->id = id;
    stack->compared = 0;
    while (stack->compared < walked->count &&
           (!s->stack_base || walked->slots[stack->compared] < s->stack_base))
        stack->compared++;
    stack->outer = (uint8_t)(walked->count - stack->compared);
    unsigned fours = stack->compared ? (stack->compared + 3u) / 4 : 1;
    stack->size = (uint16_t)(fours * sizeof *stack->returns);
    for (unsigned i = 0; i < fours * 4; i++) {
        unsigned frame = i < stack->compared ? i : 0;
        stack->returns[i / 4].pcs[i % 4] = walked->pcs[frame];
        stack->returns[i / 4].slots[i % 4] = (uint32_t)(walked->slots[frame] - (cfa - 8));
    }
    rec_stack_to_front(s, set, REC_STACK_WAYS - 1);
}

uint32_t rec_stack_to_front(struct rec_stream *s, uint32_t set, unsigned place)
{
    struct rec_stack_place *places = s->stack_places[set], found = places[place];
    for (; place; place--)
        places[place] = places[place - 1];
    places[0] = found;
    return found.stack->id;
}

/* A signal stack may be small. */
static bool has_room(const struct rec_stream *s, uint64_t cfa)
{
    enum { WALK_ROOM = 7168 }; /* libunwind takes some 5 KiB */
    const struct rec_handler *handler = s->handlers + s->handler_depth - 1;
    return !s->handler_depth || cfa - handler->low >= WALK_ROOM;
}

uint32_t rec_stack_slow(struct rec_stream *s, uint64_t cfa)
{
    int error = errno;
    struct walked walked = {.count = 0};
    if (unwind.step && !lock_lost && has_room(s, cfa) && rec_fork_keep_out()) {
        masked_walk(s, cfa, &walked);
        rec_fork_let_in();
    }
    if (!walked.count) { /* the caller alone is better than nothing */
        rec_lost(TR_LOSS_NO_STACK);
        walked.pcs[0] = *(const uint64_t *)(cfa - 8);
        walked.slots[0] = cfa - 8;
        walked.count = 1;
    }
    uint32_t id = rec_stack_define(s, walked.pcs, walked.count, hash_of(walked.pcs, walked.count));
    s->unwinding = 1;
    s->found = NULL;
    remember(s, cfa, &walked, id);
    s->unwinding = 0;
    errno = error;
    return id;
}

void rec_stack_redirect(struct rec_stream *s, uint64_t cfa, uint64_t (*to)(uint64_t pc))
{
    struct walked walked;
    if (!unwind.step)
        return;
    masked_walk(s, cfa, &walked);
    for (uint32_t i = 0; i < walked.count; i++) {
        uint64_t other = walked.slots[i] ? to(walked.pcs[i]) : 0;
        if (other)
            *(uint64_t *)walked.slots[i] = other;
    }
    rec_stack_forget(s);
    rec_hot_forget(s, NULL);
}

void rec_stack_forget(struct rec_stream *s)
{
    for (unsigned i = 0; i < REC_STACK_IDS; i++)
        s->stack_ids[i] = 0;
    for (unsigned set = 0; set < REC_STACK_SETS; set++)
        for (unsigned way = 0; way < REC_STACK_WAYS; way++)
            s->stack_places[set][way] = (struct rec_stack_place){.stack = &s->stacks[set][way]};
    s->found = NULL;
}

/* What was found may be half remembered, or be in two places at once; and a number may be told, but
 * not counted yet. */
void rec_stack_abandoned(struct rec_stream *s)
{
    if (s->unwinding == REC_WALKING)
        rec_fork_let_in();
    if (s->masked) { /* by a fault; its handler need not give the mask back */
        lock_lost = true;
        rec_sys_mask(s->mask | (rec_sys_mask(~REC_FAULTS) & REC_FAULTS));
    }
    s->unwinding = s->masked = 0;
    for (unsigned set = 0; set < REC_STACK_SETS; set++)
        for (unsigned way = 0; way < REC_STACK_WAYS; way++)
            if (s->stacks[set][way].id)
                s->stacks[set][way].id = 0;
    rec_stack_forget(s);
    rec_hot_forget(s, NULL);
    rec_access_new_code(s);
    s->next_stack++;
}
