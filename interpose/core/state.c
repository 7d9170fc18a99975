/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starting, stopping and configuring the recorder. It starts in the library's constructor. Those of
 * the libraries that the program names run before it; so it starts earlier where one of them makes
 * a thread, or an object whose first value must be known. What comes before that is before
 * everything else, and passes through unrecorded. (Not at the first lock: it may be an allocator's,
 * which has not got as far as to be called itself.) The link option initfirst would put ours before
 * all others, also before the C library's own: dash, for one, then crashes in main.
 */
#include "interpose/access/filter/owner.h"
#include "interpose/access/rewrite/rewrite.h"
#include "interpose/core/control.h"
#include "interpose/core/environment.h"
#include "interpose/core/follow.h"
#include "interpose/core/ring.h"
#include "interpose/core/shared.h"

#include "interpose/core/poison.h"

enum { ARGUMENT_MAX = 4000 };

struct rec_config rec_config = {.output = "snarl.%e.%p"};
__attribute__((aligned(4096))) uint64_t rec_counters[1 << TR_COUNTER_BITS];
__attribute__((aligned(4096))) union rec_live_page rec_live_page;

static struct tr_header first_header; /* until there is a file */
static uint64_t clock_start_ns;
static bool recording; /* in a fork child: the parent was */
bool rec_begun;
extern void *__libc_stack_end;
static uint32_t argument_count;
static const char *arguments; /* one behind the other, each with its end */
static char program[sizeof(((struct tr_header *)0)->program)];

/* What is told from here on may lack something that it depends on. */
static void lose_from_here(void)
{
    uint64_t never = 0;
    __atomic_compare_exchange_n(&rec_header->loss_time, &never, rec_tsc(), 0, __ATOMIC_RELEASE,
                                __ATOMIC_RELAXED);
}

void rec_lost(enum tr_loss why)
{
    if (!rec_header)
        return;
    if (why != TR_LOSS_NO_STACK)
        lose_from_here();
    __atomic_fetch_add(&rec_header->lost[why], 1, __ATOMIC_RELAXED);
}

void rec_off(int reason)
{
    rec_live.on = 0;
    recording = false;
    if (rec_header) {
        lose_from_here();
        rec_header->off_reason = (uint32_t)reason;
        rec_header->state = TR_STATE_OFF;
    }
    rec_control_tell(TR_PROCESS_OFF, NULL, reason);
}

/* The rate of the time stamp counter, better with every chunk that is begun. */
void rec_measure_clock(void)
{
    if (rec_no_system)
        return;
    uint64_t ns = rec_sys_nanoseconds(CLOCK_MONOTONIC) - clock_start_ns;
    uint64_t ticks = rec_tsc() - rec_header->start_tsc;
    if (ns > 1000)
        rec_header->tsc_hz = (uint64_t)((double)ticks * 1e9 / (double)ns);
}

/* Options.
 * ------------------------------------------------------------------------------------------ */

static const char *variable(char **environment, const char *name)
{
    const char *value;
    for (; environment && *environment; environment++)
        if ((value = rec_behind(*environment, name)) && *value == '=')
            return value + 1;
    return NULL;
}

static void copy(char *to, unsigned size, const char *from)
{
    unsigned i = 0;
    for (; from[i] && i < size - 1; i++)
        to[i] = from[i];
    to[i] = 0;
}

/* The next word of *TEXT, blanks and backslashes escaped by a backslash; false at the end. */
static bool next_word(const char **text, char *word, unsigned size)
{
    const char *p = *text;
    unsigned n = 0;
    while (*p == ' ')
        p++;
    if (!*p)
        return false;
    for (; *p && *p != ' '; p++) {
        if (*p == '\\' && p[1])
            p++;
        if (n < size - 1)
            word[n++] = *p;
    }
    word[n] = 0;
    *text = p;
    return true;
}

static void set_accesses(const char *value)
{
    rec_config.automatic = false;
    if (rec_same(value, "none"))
        rec_config.accesses = TR_SOURCE_NONE;
    else if (rec_same(value, "auto"))
        rec_config.automatic = true; /* source.c */
    else if (rec_same(value, "tsan"))
        rec_config.accesses = TR_SOURCE_TSAN;
    else if (rec_same(value, "rewrite")) {
        rec_config.accesses = TR_SOURCE_REWRITE;
        rec_config.rewrite = rec_config.heap = true;
    } else if (rec_same(value, "moved") ||
               rec_same(value, "clobbered")) { /* for tests: rewrite.h */
        rec_config.accesses = TR_SOURCE_NONE;
        rec_config.rewrite = true;
        rec_config.clobber = rec_same(value, "clobbered");
    } else
        rec_log("accesses from '%s' are not available here: none are recorded", value);
}

/* Bytes, with K, M or G behind; 0 and a line in the log if it is none that a ring may have. */
static uint64_t ring_size(const char *text)
{
    uint64_t value = 0;
    const char *p = text;
    while (*p >= '0' && *p <= '9' && value < TR_RING_MAX)
        value = value * 10 + (uint64_t)(*p++ - '0');
    unsigned shift = *p == 'K' ? 10 : *p == 'M' ? 20 : *p == 'G' ? 30 : 0;
    value <<= shift;
    if (p > text && !p[shift != 0] && value >= TR_RING_MIN && value <= TR_RING_MAX)
        return value;
    rec_log("SNARL_OPTIONS: --ring takes %u KiB to %u GiB, not '%s'", (uint64_t)TR_RING_MIN >> 10,
            (uint64_t)TR_RING_MAX >> 30, text);
    return 0;
}

/* FROM-TO, numbers of functions. */
static void set_moved(const char *text)
{
    uint32_t *part = &rec_config.move_from;
    rec_config.move_from = rec_config.move_to = 0;
    for (; *text; text++)
        if (*text == '-')
            part = &rec_config.move_to;
        else if (*text >= '0' && *text <= '9')
            *part = *part * 10 + (uint32_t)(*text - '0');
}

/* The long options of `snarl record` that mean something here; the command checks the others
 * before. */
static void read_options(const char *text)
{
    char word[1024];
    const char *value;
    while (text && next_word(&text, word, sizeof word)) {
        if (rec_same(word, "-o") || rec_same(word, "--output")) {
            if (!next_word(&text, rec_config.output, sizeof rec_config.output))
                rec_log("SNARL_OPTIONS: %s needs a file name", word);
        } else if ((value = rec_behind(word, "--output="))) {
            copy(rec_config.output, sizeof rec_config.output, value);
        } else if (rec_same(word, "--log-file")) {
            if (!next_word(&text, rec_config.log_path, sizeof rec_config.log_path))
                rec_log("SNARL_OPTIONS: --log-file needs a file name");
        } else if ((value = rec_behind(word, "--log-file="))) {
            copy(rec_config.log_path, sizeof rec_config.log_path, value);
        } else if ((value = rec_behind(word, "--accesses="))) {
            set_accesses(value);
        } else if ((value = rec_behind(word, "--ring="))) {
            rec_config.ring = ring_size(value);
        } else if ((value = rec_behind(word, "--rewrite="))) {
            copy(rec_config.rewrite_also, sizeof rec_config.rewrite_also, value);
        } else if ((value = rec_behind(word, "--cache="))) {
            copy(rec_config.cache, sizeof rec_config.cache, value);
        } else if ((value = rec_behind(word, "--moved="))) {
            set_moved(value);
        } else if ((value = rec_behind(word, "--follow="))) {
            copy(rec_config.follow, sizeof rec_config.follow, value);
        } else {
            rec_log("SNARL_OPTIONS: unknown option '%s'", word);
        }
    }
}

/* Starting.
 * ------------------------------------------------------------------------------------------- */

static void find_program(void)
{
    long n = rec_syscall6(SYS_readlink, (long)"/proc/self/exe", (long)program, sizeof program - 1,
                          0, 0, 0);
    program[n > 0 ? n : 0] = 0;
    if (n <= 0 && argument_count)
        copy(program, sizeof program, arguments);
}

static void fill_header(void)
{
    rec_header = &first_header;
    first_header = (struct tr_header){
        .magic = TR_MAGIC,
        .version = TR_VERSION_NUMBER,
        .header_size = TR_HEADER_SIZE,
        .arch = TR_ARCH_X86_64,
        .chunk_align = TR_CHUNK_ALIGN,
        .pid = (uint32_t)rec_sys_getpid(),
        .parent_pid = (uint32_t)rec_sys_getppid(),
        .start_tsc = rec_tsc(),
        .start_realtime_ns = rec_sys_nanoseconds(CLOCK_REALTIME),
        .end = TR_HEADER_SIZE,
        .flags = rec_config.accesses != TR_SOURCE_NONE ? TR_FILTER_SAME_EPOCH : 0,
        .access_source = rec_config.accesses,
        .counter_bits = TR_COUNTER_BITS,
    };
    clock_start_ns = rec_sys_nanoseconds(CLOCK_MONOTONIC);
    copy(first_header.program, sizeof first_header.program, program);
}

static uint32_t length_of(const char *argument)
{
    uint32_t length = 0;
    while (length < ARGUMENT_MAX && argument[length])
        length++;
    return length;
}

/* Programs take their arguments apart, and write titles over them, before they fork: a child tells
 * what stood there at the start. */
static void keep_arguments(int count, char **given)
{
    uint64_t size = 0;
    for (int i = 0; i < count; i++)
        size += length_of(given[i]) + 1;
    char *to = size ? rec_sys_memory(size) : NULL;
    arguments = to;
    for (int i = 0; to && i < count; i++, argument_count++) {
        uint32_t length = length_of(given[i]);
        for (uint32_t k = 0; k < length; k++)
            *to++ = given[i][k];
        *to++ = 0;
    }
}

static void tell_program(struct rec_stream *s)
{
    const char *argument = arguments;
    for (uint32_t i = 0; i < argument_count; i++) {
        uint32_t length = length_of(argument);
        rec_emit(s, &(struct tr_event){.kind = TR_META,
                                       .a0 = TR_META_ARGUMENT,
                                       .bytes = (const uint8_t *)argument,
                                       .bytes_length = length});
        argument += length + 1;
    }
}

/* The file, the first thread and what every trace begins with. */
static void begin(uint32_t parent)
{
    fill_header();
    rec_stack_start();
    if (!rec_chunk_open_file(rec_config.output))
        return;
    struct rec_stream *s = rec_thread_attach(rec_thread_new(parent));
    if (!s) {
        rec_off(ENOMEM);
        return;
    }
    rec_control_tell(TR_PROCESS_RECORDING, rec_trace_path, 0);
    tell_program(s);
    rec_source_start();
    if (rec_words_there())
        rec_words_alone(true);
    rec_modules_start(s);
    rec_source_choose();
    rec_heap_unseen(s);
    rec_shared_tell(s);
    rec_ring_keep_on(s);
    rec_thread_expects_end(s->self);
    rec_live.on = 1;
    recording = true;
    rec_leave(s);
}

void rec_start(int argc, char **argv, char **environment)
{
    if (rec_begun)
        return;
    rec_begun = true;
    rec_live.initialized = 1;
    rec_real_resolve();
    const char *preload = variable(environment, "LD_PRELOAD");
    const char *options = variable(environment, TR_OPTIONS_ENV);
    bool preloaded = false;
    for (const char *p = preload; p && *p; p++)
        preloaded |= rec_behind(p, "libsnarl.so") != NULL;
    if (!preloaded && !options)
        return; /* linked in, but nobody asked for a trace */
    keep_arguments(argc, argv);
    rec_config.automatic = true;
    rec_control_open(variable(environment, TR_CONTROL_ENV));
    read_options(options);
    rec_environment_start(environment);
    rec_control_attach();
    find_program();
    if (!rec_follows(program, argc ? argv[0] : "")) {
        rec_control_tell(TR_PROCESS_LEFT_OUT, program, 0);
        return;
    }
    /* Without this a fork child would write where its parent's chunks are no longer mapped, and
     * what its parent has counted would be missing in its own trace. */
    if (rec_sys_advise(&rec_live_page, sizeof rec_live_page, MADV_WIPEONFORK) ||
        rec_sys_advise(rec_counters, sizeof rec_counters, MADV_WIPEONFORK))
        rec_off(ENOSYS);
    else
        begin(TR_NO_THREAD);
}

/*
 * The first thread's stack begins with the arguments and the environment, as the system put them
 * there. Before the C library is ready, as in an executable's .preinit_array, and elsewhere than in
 * the first thread nothing is begun.
 */
void rec_start_early(void)
{
    int error = errno;
    const long *given = __libc_stack_end;
    long count = given && environ ? *given : 0;
    char **words = (char **)(given + 1);
    if (count > 0 && count < 1 << 20 && !words[count] && rec_sys_gettid() == rec_sys_getpid()) {
        rec_start((int)count, words, words + count + 1);
        rec_watch_forks();
    }
    errno = error;
}

/*
 * A forked child's chunks are gone and its live page is zero. It records on, in its own file. Where
 * a signal handler forked that had interrupted the recorder itself, it does not: that work must
 * come to its end.
 */
void rec_restart_in_child(void)
{
    if (rec_live.initialized) /* done, by a handler of fork */
        return;
    struct rec_stream *s = rec_self = rec_own_stream();
    uint32_t forking_thread = s->self ? s->thread : TR_NO_THREAD;
    rec_control_forget();
    rec_live.initialized = 1;
    if (!recording)
        return;
    recording = false;
    rec_reserve_forget();
    if (rec_no_system) {
        rec_header = &first_header;
        return;
    }
    if (!rec_follows_children()) {
        rec_header = &first_header;
        return;
    }
    rec_control_attach();
    if (s->self && s->guard & REC_BUSY) {
        rec_chunk_blank(s);
        rec_control_tell(TR_PROCESS_OFF, NULL, EINTR);
        return;
    }
    struct rec_handler handlers[REC_HANDLERS];
    uint32_t depth = s->handler_depth;
    for (uint32_t i = 0; i < depth; i++)
        handlers[i] = s->handlers[i];
    rec_thread_reset();
    rec_modules_reset();
    rec_atomics_reset();
    rec_objects_after_fork(s->self ? s->tag : 0);
    const uint64_t stack_known = s->stack_known, low = s->stack_low, high = s->stack_high;
    begin(TR_NO_THREAD);
    if (rec_live.on && stack_known) { /* the same stack; asking for it anew may allocate */
        rec_self->stack_known = 1;
        rec_self->stack_low = low;
        rec_self->stack_high = high;
    }
    rec_header->thread_of_parent = forking_thread;
    rec_header->flags |= TR_IS_CHILD;
    if ((s = rec_enter())) {
        rec_objects_inherited(s);
        rec_shared_fork_in_child(s);
        if (depth)
            rec_handlers_again(s, handlers, depth);
        rec_leave(s);
    }
}

__attribute__((constructor(101))) static void constructor(int argc, char **argv, char **environment)
{
    int error = errno;
    rec_start(argc, argv, environment);
    errno = error;
}
