/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything that can fail is tried before the program starts: is it there, can it be recorded, can
 * the trace be written. Afterwards the control page tells whether the recorder was really in it: a
 * program that ran unrecorded must never look like one without hazards.
 */
#define _GNU_SOURCE
#include "cli/recording.h"

#include "cli/command.h"
#include "cli/environment.h"
#include "cli/image_cache.h"
#include "cli/process_list.h"
#include "cli/program.h"
#include "cli/trouble.h"
#include "trace/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int trouble(const struct sn_error *err, int code)
{
    sn_say_error("", err);
    return code;
}

static int prepare(struct sn_recording *recording, const struct sn_settings *settings,
                   struct sn_environment *environment, struct sn_error *err)
{
    struct sn_arena *arena = &recording->arena;
    if (sn_place_init(&recording->place, settings->output, recording->discard, err) < 0 ||
        sn_control_open(&recording->control, err) < 0)
        return err->code;
    char *options = sn_options_add(arena, "", "-o");
    options = sn_options_add(arena, options, recording->place.pattern);
    static const char *const sources[] = {
        [SN_ACCESSES_TSAN] = "--accesses=tsan",
        [SN_ACCESSES_REWRITE] = "--accesses=rewrite",
        [SN_ACCESSES_NONE] = "--accesses=none",
    };
    if (settings->accesses != SN_ACCESSES_AUTO) /* which is the recorder's own choice */
        options = sn_options_add(arena, options, sources[settings->accesses]);
    if (settings->rewrite)
        options =
            sn_options_add(arena, options, sn_sprintf(arena, "--rewrite=%s", settings->rewrite));
    enum { LONGEST_CACHE = 512 }; /* as the recorder has room for it */
    char cache[PATH_MAX];
    if ((settings->accesses == SN_ACCESSES_REWRITE || settings->accesses == SN_ACCESSES_AUTO) &&
        sn_image_cache_prepare(cache, SN_IMAGE_CACHE_MOST) && strlen(cache) < LONGEST_CACHE)
        options = sn_options_add(arena, options, sn_sprintf(arena, "--cache=%s", cache));
    if (settings->follow)
        options =
            sn_options_add(arena, options, sn_sprintf(arena, "--follow=%s", settings->follow));
    if (settings->ring)
        options = sn_options_add(
            arena, options, sn_sprintf(arena, "--ring=%llu", (unsigned long long)settings->ring));
    return sn_environment_init(environment, recording->control.path, options, err);
}

static int check_program(struct sn_recording *recording, const struct sn_settings *settings)
{
    struct sn_error err;
    struct sn_program program;
    int code = sn_program_find(&program, settings->arguments[0], &err);
    if (code)
        return trouble(&err, code);
    if (sn_program_check(&program, &err) < 0)
        return trouble(&err, SN_EXIT_SNARL);
    recording->instrumented = program.instrumented;
    if (settings->accesses == SN_ACCESSES_TSAN && !program.instrumented) {
        sn_say("%s: --accesses=tsan: neither it nor a library that it needs was built with "
               "-fsanitize=thread; build it with snarl-cc, or record with --accesses=none",
               program.binary);
        return SN_EXIT_SNARL;
    }
    return 0;
}

static void add_trace(struct sn_recording *recording, const char *path)
{
    *vec_push(&recording->traces) = sn_strdup(&recording->arena, path);
}

static void add_if_new(void *data, const char *path)
{
    struct sn_recording *recording = data;
    vec_each (const char *const, trace, &recording->traces)
        if (strcmp(*trace, path) == 0)
            return;
    add_trace(recording, path);
}

__attribute__((format(printf, 2, 3))) static void add_gap(struct sn_recording *recording,
                                                          const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    *vec_push(&recording->gaps) = sn_strdup(&recording->arena, text);
}

/* The header of the trace at PATH, and the file's size; all zero if there is none. */
static struct tr_header header_of(const char *path, off_t *size)
{
    struct tr_header header = {0};
    struct stat st = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st) < 0 || read(fd, &header, sizeof header) != sizeof header)
        header = (struct tr_header){0};
    if (fd >= 0)
        close(fd);
    *size = st.st_size;
    return header;
}

/* A trace of which not even the first chunk could be written: all its events were lost. */
static bool is_blank(const char *path)
{
    off_t size;
    struct tr_header header = header_of(path, &size);
    uint64_t lost = 0;
    for (unsigned why = 0; why < TR_LOSSES; why++)
        lost += header.lost[why];
    return size <= TR_HEADER_SIZE && lost > 0;
}

static bool has_trace(const struct tr_control_process *entry)
{
    return (entry->state == TR_PROCESS_RECORDING || entry->state == TR_PROCESS_OFF) &&
           entry->path[0];
}

/* The same program may have been executed often. */
static void add_unable(struct sn_recording *recording, const char *program)
{
    vec_each (const char *const, gap, &recording->gaps)
        if (strncmp(*gap, program, strlen(program)) == 0)
            return;
    add_gap(recording,
            "%s was executed and not recorded: it is static, or of another class or C library",
            program);
}

/* An entry that is off but has a path was switched off on the way: its trace tells why. */
static void add_entry(struct sn_recording *recording, const struct tr_control_process *entry)
{
    recording->recorded |= entry->state == TR_PROCESS_RECORDING && !is_blank(entry->path);
    recording->known += entry->state != TR_PROCESS_NONE;
    if (entry->state == TR_PROCESS_NONE || entry->state == TR_PROCESS_LEFT_OUT)
        return;
    if (has_trace(entry))
        add_trace(recording, entry->path);
    else if (entry->state == TR_PROCESS_UNABLE)
        add_unable(recording, entry->path);
    else if (entry->state == TR_PROCESS_OFF)
        add_gap(recording, "process %u was not recorded: %s", entry->pid,
                entry->error == EINTR
                    ? "a signal handler forked it that had interrupted the recorder"
                : entry->error ? strerror((int)entry->error)
                               : "the recorder is off");
    else
        add_gap(recording, "process %u ended while its recorder was starting", entry->pid);
}

/* Has the process of ENTRY, which is at INDEX, another one behind it: has it executed a program? */
static bool comes_again(const struct sn_recording *recording, unsigned index, unsigned count,
                        const struct tr_control_process *entry)
{
    while (++index < count)
        if (sn_control_entry(&recording->control, index).pid == entry->pid)
            return true;
    return false;
}

/* A daemon that was left behind, say: nobody waits for it. */
static void add_running(struct sn_recording *recording, unsigned index, unsigned count)
{
    struct tr_control_process entry = sn_control_entry(&recording->control, index);
    if (entry.state != TR_PROCESS_RECORDING || !sn_process_lives(entry.pid) ||
        comes_again(recording, index, count, &entry))
        return;
    if (entry.path[0])
        *vec_push(&recording->living) = sn_strdup(&recording->arena, entry.path);
    if (!sn_control_shared_by(&recording->control, entry.pid))
        return;
    add_gap(recording, "process %u still runs: its trace is that of what it did so far", entry.pid);
}

/* It became another program, of which nothing was heard. */
static void add_vanished(struct sn_recording *recording, unsigned index, unsigned count)
{
    struct tr_control_process entry = sn_control_entry(&recording->control, index);
    off_t size;
    if (entry.state != TR_PROCESS_RECORDING ||
        !(header_of(entry.path, &size).flags & TR_HAS_EXECUTED) ||
        comes_again(recording, index, count, &entry))
        return;
    add_gap(recording,
            "process %u executed a program that was not recorded: it runs with privileges of its "
            "own, or as a user who may not write here (then start snarl as that user)",
            entry.pid);
}

/* Lists the traces, the program's own first. */
static void collect(struct sn_recording *recording)
{
    unsigned count = sn_control_count(&recording->control);
    for (int own = 1; own >= 0; own--)
        for (unsigned i = 0; i < count; i++) {
            struct tr_control_process entry = sn_control_entry(&recording->control, i);
            if ((entry.pid == (uint32_t)recording->outcome.pid) == own)
                add_entry(recording, &entry);
        }
    for (unsigned i = 0; i < count; i++) {
        add_running(recording, i, count);
        add_vanished(recording, i, count);
    }
    uint32_t all = __atomic_load_n(&recording->control.page->processes, __ATOMIC_RELAXED);
    if (all > recording->known && !sn_place_each(&recording->place, add_if_new, recording))
        add_gap(recording, "%u processes were started, the traces of %u are known", all,
                recording->known);
}

/* The names of the programs that were not followed, each once. */
static const char *left_out(struct sn_recording *recording)
{
    enum { NAMES = 8 };
    const char *names[NAMES + 1];
    unsigned count = sn_control_count(&recording->control), known = 0;
    const char *list = "";
    for (unsigned i = 0; i < count; i++) {
        struct tr_control_process entry = sn_control_entry(&recording->control, i);
        if (entry.state != TR_PROCESS_LEFT_OUT)
            continue;
        const char *slash = strrchr(entry.path, '/');
        names[known] = sn_strdup(&recording->arena, slash ? slash + 1 : entry.path);
        unsigned same = 0;
        while (strcmp(names[same], names[known]) != 0)
            same++;
        if (same < known)
            continue;
        if (known == NAMES)
            return sn_sprintf(&recording->arena, "%s, ...", list);
        list = sn_sprintf(&recording->arena, "%s%s%s", list, known ? ", " : "", names[known]);
        known++;
    }
    return list;
}

static int judge(struct sn_recording *recording, const struct sn_settings *settings)
{
    if (recording->traces.count)
        return 0;
    const char *others = left_out(recording);
    if (*others) {
        sn_say(
            "--follow=%s: no such process was there, so nothing was recorded; those that were: %s",
            settings->follow, others);
        return SN_EXIT_SNARL;
    }
    if (!sn_control_attached(&recording->control)) {
        sn_say("the recorder did not attach to the program, so nothing was recorded: the dynamic "
               "linker could not load it (a message of ld.so above says why), or something "
               "removed LD_PRELOAD from the environment");
        return SN_EXIT_SNARL;
    }
    vec_each (const char *const, gap, &recording->gaps)
        sn_say("%s", *gap);
    sn_say("nothing was recorded");
    return SN_EXIT_SNARL;
}

static int supervise(struct sn_recording *recording, const struct sn_settings *settings,
                     const struct sn_environment *environment, bool stop_on_deadlock)
{
    struct sn_supervision what = {.argv = settings->arguments,
                                  .environment = environment->variables,
                                  .timeout = settings->timeout,
                                  .hang = settings->hang,
                                  .look_for_standstill = stop_on_deadlock && !settings->no_hang,
                                  .discard = recording->discard,
                                  .arena = &recording->arena,
                                  .stop_on_deadlock = stop_on_deadlock};
    struct sn_outcome *outcome = &recording->outcome;
    struct sn_error err;
    if (sn_supervise(outcome, &what, &recording->control, &err) < 0)
        return trouble(&err, SN_EXIT_SNARL);
    if (outcome->exec_error) {
        sn_say("%s: cannot be executed: %s", settings->arguments[0], strerror(outcome->exec_error));
        return outcome->exec_error == ENOENT ? SN_EXIT_NOT_FOUND : SN_EXIT_CANNOT_EXECUTE;
    }
    collect(recording);
    return judge(recording, settings);
}

static void remove_traces(const struct sn_control *control)
{
    unsigned count = control->page ? sn_control_count(control) : 0;
    for (unsigned i = 0; i < count; i++) {
        struct tr_control_process entry = sn_control_entry(control, i);
        if (has_trace(&entry))
            sn_place_remove_trace(entry.path);
    }
}

/* What a signal that ends snarl has to clean up; NULL when there is nothing. */
static const struct sn_recording *volatile guarded;

static void clean_and_die(int number)
{
    const struct sn_recording *recording = guarded;
    if (recording && recording->discard)
        remove_traces(&recording->control);
    if (recording && recording->place.directory[0])
        rmdir(recording->place.directory);
    if (recording && recording->control.temporary)
        unlink(recording->control.path);
    raise(number); /* SA_RESETHAND: this time it ends us */
}

/* The program inherits none of it: exec makes caught signals usual ones again. */
static void guard(const struct sn_recording *recording)
{
    static const int numbers[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP};
    guarded = recording;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct sigaction old, action = {.sa_handler = clean_and_die, .sa_flags = SA_RESETHAND};
        if (sigaction(numbers[i], NULL, &old) == 0 && old.sa_handler == SIG_DFL)
            sigaction(numbers[i], &action, NULL);
    }
}

int sn_recording_make(struct sn_recording *recording, const struct sn_settings *settings,
                      bool stop_on_deadlock, bool discard)
{
    *recording = (struct sn_recording){.control = {.fd = -1}, .discard = discard};
    int code = check_program(recording, settings);
    if (code)
        return code;
    struct sn_error err;
    struct sn_environment environment = {0};
    guard(recording);
    if (prepare(recording, settings, &environment, &err) < 0)
        code = trouble(&err, SN_EXIT_SNARL);
    else
        code = supervise(recording, settings, &environment, stop_on_deadlock);
    sn_environment_release(&environment);
    return code;
}

int sn_recording_exit_code(const struct sn_recording *recording)
{
    const struct sn_outcome *outcome = &recording->outcome;
    if (!recording->recorded) {
        sn_say("the recorder gave up before the program's end: what is missing may hold hazards");
        return SN_EXIT_SNARL;
    }
    if (outcome->timed_out)
        return SN_EXIT_TIMEOUT;
    return outcome->signal ? SN_EXIT_SIGNAL + outcome->signal : outcome->exit_status;
}

void sn_recording_release(struct sn_recording *recording)
{
    if (recording->discard)
        remove_traces(&recording->control);
    guarded = NULL;
    sn_place_release(&recording->place);
    sn_control_close(&recording->control);
    vec_release(&recording->outcome.ends.of);
    vec_release(&recording->traces);
    vec_release(&recording->living);
    vec_release(&recording->gaps);
    sn_arena_release(&recording->arena);
}
