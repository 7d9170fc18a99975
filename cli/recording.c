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
#include "cli/program.h"
#include "cli/trouble.h"
#include "trace/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char default_name[] = "snarl.%e.%p";

static int trouble(const struct sn_error *err, int code)
{
    sn_say_error("", err);
    return code;
}

/* DIRECTORY as part of a pattern: a % in it is no placeholder. */
static const char *literal(struct sn_arena *arena, const char *directory)
{
    struct sn_text text = {0};
    for (const char *p = directory; *p; p++)
        sn_text_printf(&text, *p == '%' ? "%%%%" : "%c", *p);
    const char *copy = sn_strdup(arena, text.at);
    sn_text_release(&text);
    return copy;
}

/* Access rights do not tell (root in /proc has them all): a file without a name, or else one that
 * is gone at once. */
static bool may_write_in(const char *directory)
{
    int fd = open(directory, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR)) {
        char name[PATH_MAX];
        snprintf(name, sizeof name, "%s/snarl.XXXXXX", directory);
        fd = mkostemp(name, O_CLOEXEC);
        if (fd >= 0)
            unlink(name);
    }
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

/* Our own name for the trace: in the working directory, or where temporary files go. */
static const char *default_pattern(struct sn_arena *arena, const char *here)
{
    const char *temporary = getenv("TMPDIR");
    if (!may_write_in(here))
        here = temporary && *temporary == '/' ? temporary : "/tmp";
    return sn_sprintf(arena, "%s/%s", literal(arena, here), default_name);
}

/* An earlier trace makes room; what is no regular file is left alone. */
static int remove_earlier(const char *path, struct sn_error *err)
{
    struct stat st;
    if (lstat(path, &st) < 0)
        return 0;
    if (!S_ISREG(st.st_mode))
        return sn_fail(err, SN_E_USAGE, path, SN_NO_OFFSET,
                       "is there and no regular file; a trace needs a file of its own");
    if (unlink(path) < 0)
        return sn_fail(err, SN_E_SYSTEM, path, SN_NO_OFFSET,
                       "an earlier file of this name cannot be removed: %s", strerror(errno));
    return 0;
}

static int check_directory(struct sn_arena *arena, const char *path, struct sn_error *err)
{
    const char *directory = dirname(sn_strdup(arena, path));
    struct stat st;
    if (stat(directory, &st) < 0)
        return sn_fail(err, SN_E_SYSTEM, path, SN_NO_OFFSET,
                       "the trace cannot be written, its directory: %s", strerror(errno));
    if (!S_ISDIR(st.st_mode) || !may_write_in(directory))
        return sn_fail(err, SN_E_SYSTEM, path, SN_NO_OFFSET,
                       "the trace cannot be written: %s is no directory that we may write in",
                       directory);
    return 0;
}

/* The recorder's pattern for the names of traces, absolute: a child may have gone elsewhere. */
static const char *make_pattern(struct sn_arena *arena, const char *output, struct sn_error *err)
{
    char here[PATH_MAX];
    if (!getcwd(here, sizeof here))
        snprintf(here, sizeof here, "/");
    if (!output)
        return default_pattern(arena, here);
    const char *path = output[0] == '/' ? output : sn_sprintf(arena, "%s/%s", here, output);
    if (strlen(path) >= TR_CONTROL_PATH - 8) {
        sn_fail(err, SN_E_LIMIT, output, SN_NO_OFFSET, "the name of the trace is too long");
        return NULL;
    }
    if (!strchr(output, '%') &&
        (check_directory(arena, path, err) < 0 || remove_earlier(path, err) < 0))
        return NULL;
    return output[0] == '/' ? output : sn_sprintf(arena, "%s/%s", literal(arena, here), output);
}

static int prepare(struct sn_recording *recording, const struct sn_settings *settings,
                   struct sn_environment *environment, struct sn_error *err)
{
    bool tsan = recording->instrumented && settings->accesses != SN_ACCESSES_NONE;
    struct sn_arena *arena = &recording->arena;
    const char *pattern = make_pattern(arena, settings->output, err);
    if (!pattern || sn_control_open(&recording->control, err) < 0)
        return err->code;
    char *options = sn_options_add(arena, "", "-o");
    options = sn_options_add(arena, options, pattern);
    options = sn_options_add(arena, options, tsan ? "--accesses=tsan" : "--accesses=none");
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

static bool already_listed(const struct sn_recording *recording, const char *path)
{
    vec_each (const char *const, trace, &recording->traces) {
        if (strcmp(*trace, path) == 0)
            return true;
    }
    return false;
}

/* A trace of which not even the first chunk could be written: all its events were lost. */
static bool is_blank(const char *path)
{
    struct tr_header header = {0};
    struct stat st = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t n = fd < 0 || fstat(fd, &st) < 0 ? 0 : read(fd, &header, sizeof header);
    if (fd >= 0)
        close(fd);
    uint64_t lost = 0;
    for (unsigned why = 0; why < TR_LOSSES; why++)
        lost += header.lost[why];
    return n == sizeof header && st.st_size <= TR_HEADER_SIZE && lost > 0;
}

/* An entry that is off but has a path was switched off on the way: its trace tells why. */
static void add_entry(struct sn_recording *recording, const struct tr_control_process *entry)
{
    struct sn_arena *arena = &recording->arena;
    recording->recorded |= entry->state == TR_PROCESS_RECORDING && !is_blank(entry->path);
    if (entry->state == TR_PROCESS_NONE)
        return;
    if (entry->state != TR_PROCESS_CLAIMED && entry->path[0]) {
        if (!already_listed(recording, entry->path))
            *vec_push(&recording->traces) = sn_strdup(arena, entry->path);
    } else if (entry->state == TR_PROCESS_OFF) {
        *vec_push(&recording->gaps) =
            sn_sprintf(arena, "process %u was not recorded: %s", entry->pid,
                       entry->error ? strerror((int)entry->error) : "the recorder is off");
    } else {
        *vec_push(&recording->gaps) =
            sn_sprintf(arena, "process %u ended while its recorder was starting", entry->pid);
    }
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
    uint32_t all = __atomic_load_n(&recording->control.page->processes, __ATOMIC_RELAXED);
    if (all > count)
        *vec_push(&recording->gaps) = sn_sprintf(
            &recording->arena, "%u processes were started, the traces of %u are known", all, count);
}

static int judge(struct sn_recording *recording)
{
    if (recording->traces.count)
        return 0;
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
    return judge(recording);
}

/* The names come from a page that the program could write to: only what is a trace is removed. */
static void remove_trace(const char *path)
{
    uint64_t magic = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return;
    ssize_t n = read(fd, &magic, sizeof magic);
    close(fd);
    if (n == sizeof magic && magic == TR_MAGIC)
        unlink(path);
}

static void remove_traces(const struct sn_control *control)
{
    unsigned count = control->page ? sn_control_count(control) : 0;
    for (unsigned i = 0; i < count; i++) {
        struct tr_control_process entry = sn_control_entry(control, i);
        if (entry.path[0])
            remove_trace(entry.path);
    }
}

/* What a signal that ends snarl has to clean up; NULL when there is nothing. */
static const struct sn_recording *volatile guarded;

static void clean_and_die(int number)
{
    const struct sn_recording *recording = guarded;
    if (recording && recording->discard)
        remove_traces(&recording->control);
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
    sn_control_close(&recording->control);
    vec_release(&recording->traces);
    vec_release(&recording->gaps);
    sn_arena_release(&recording->arena);
}
