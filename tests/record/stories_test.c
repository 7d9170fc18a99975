/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records each of stories.c and looks at the trace: all that is told of an object, in its order;
 * the numbers of every object without gap or double; the life of threads; what is left of a program
 * that was killed.
 */
#define _GNU_SOURCE
#include "trace/reader.h"
#include "trace/text.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define STORIES  BUILD_DIR "/tests/record/stories"
#define RECORDER BUILD_DIR "/lib/snarl/libsnarl.so"

static char directory[] = "/tmp/stories_test.XXXXXX";

struct story {
    char trace[64];
    char said[64]; /* file: its standard output */
    struct {
        char name[16];
        uint64_t address;
    } objects[8];
    size_t count;
};

static pid_t start(struct story *story, const char *name, const char *accesses, int fd)
{
    static unsigned runs;
    char options[128];
    *story = (struct story){.count = 0};
    snprintf(story->trace, sizeof story->trace, "%s/%u", directory, ++runs);
    snprintf(story->said, sizeof story->said, "%s/%u.said", directory, runs);
    snprintf(options, sizeof options, "-o %s --accesses=%s", story->trace, accesses);
    pid_t child = fork();
    if (child == 0) {
        if (fd >= 0)
            dup2(fd, 3);
        freopen(story->said, "w", stdout);
        setenv("LD_PRELOAD", RECORDER, 1);
        setenv("SNARL_OPTIONS", options, 1);
        execl(STORIES, STORIES, name, NULL);
        _exit(127);
    }
    return child;
}

static void read_names(struct story *story)
{
    FILE *said = fopen(story->said, "r");
    char name[16];
    uint64_t address;
    while (said && story->count < 8 && fscanf(said, "%15s %lx", name, &address) == 2) {
        strcpy(story->objects[story->count].name, name);
        story->objects[story->count++].address = address;
    }
    if (said)
        fclose(said);
}

static int run(struct story *story, const char *name, const char *accesses)
{
    int status;
    pid_t child = start(story, name, accesses, -1);
    assert_int_equal(waitpid(child, &status, 0), child);
    read_names(story);
    return status;
}

static const char *name_of(const struct story *story, uint64_t address)
{
    for (size_t i = 0; i < story->count; i++)
        if (story->objects[i].address == address)
            return story->objects[i].name;
    return NULL;
}

/* The line of an event as the test wants it: "T1 acquire mutex m try": names for addresses, no
 * number that changes from run to run. */
static void normalise(const struct story *story, const char *line, struct sn_text *out)
{
    static const char *const dropped[] = {" v", " t=", " e=", " @", " [", " tid=", " pid="};
    const char *p = strchr(line, ' ') + 1;
    bool brackets = false;
    while (*p && *p != '\n') {
        const char *end = p + 1 + strcspn(p + 1, " \n");
        bool drop = brackets;
        for (size_t i = 0; i < sizeof dropped / sizeof *dropped; i++)
            drop |=
                !strncmp(p, dropped[i], strlen(dropped[i])) && (i || (p[2] >= '0' && p[2] <= '9'));
        brackets = (brackets || !strncmp(p, " [", 2)) && end[-1] != ']';
        const char *address = strstr(p, "0x");
        if (!drop && address && address < end) {
            const char *name = name_of(story, strtoull(address, NULL, 16));
            sn_text_add(out, p, (size_t)(address - p));
            sn_text_puts(out, name ? name : "?");
        } else if (!drop) {
            sn_text_add(out, p, (size_t)(end - p));
        }
        p = end;
    }
    sn_text_puts(out, "\n");
}

static struct tr_reader *open_trace(const char *path)
{
    struct tr_reader *reader;
    struct sn_error err = {0};
    assert_int_equal(tr_reader_open(&reader, path, &err), 0);
    return reader;
}

static bool next(struct tr_reader *reader, struct tr_event *ev)
{
    struct sn_error err = {0};
    int more = tr_reader_next(reader, ev, &err);
    assert_true(more >= 0);
    return more;
}

static bool about_threads(const struct tr_event *ev)
{
    return (ev->kind >= TR_THREAD_START && ev->kind <= TR_JOIN_FAIL) || ev->kind == TR_EXIT ||
           ev->kind == TR_FORK;
}

/* What the trace at PATH tells of WHOM: an object by its name, or a thread's life ("T1"). */
static void expect_in(const struct story *story, const char *path, const char *whom,
                      const char *expected)
{
    struct tr_reader *reader = open_trace(path);
    struct sn_text lines = {0};
    struct tr_event ev;
    unsigned thread;
    bool life = sscanf(whom, "T%u", &thread) == 1;
    while (next(reader, &ev)) {
        const char *name = tr_kinds[ev.kind].fields & TR_OBJECT ? name_of(story, ev.object) : NULL;
        if (life ? about_threads(&ev) && ev.thread == thread : name && !strcmp(name, whom)) {
            struct sn_text line = {0};
            tr_text_event(&line, reader, &ev);
            normalise(story, line.at, &lines);
            sn_text_release(&line);
        }
    }
    assert_string_equal(lines.at ? lines.at : "", expected);
    assert_int_equal(tr_reader_damage(reader)->places, 0);
    sn_text_release(&lines);
    tr_reader_close(reader);
}

static void expect(const struct story *story, const char *whom, const char *expected)
{
    expect_in(story, story->trace, whom, expected);
}

/* Each object's numbers go up by one, in the reader's order. */
static void expect_numbers(const char *path)
{
    struct {
        uint64_t object, version;
    } seen[64] = {{0}};
    struct tr_reader *reader = open_trace(path);
    struct tr_event ev;
    while (next(reader, &ev)) {
        if (tr_kinds[ev.kind].order != TR_ORDER_ADVANCES || ev.kind == TR_ALLOC ||
            ev.kind == TR_FREE)
            continue;
        size_t i = 0;
        while (seen[i].object && seen[i].object != ev.object)
            i++;
        assert_true(i < 63);
        if (seen[i].object)
            assert_int_equal(ev.version, seen[i].version + 1);
        seen[i].object = ev.object;
        seen[i].version = ev.version;
    }
    tr_reader_close(reader);
}

static void tell(struct story *story, const char *name)
{
    assert_int_equal(run(story, name, "none"), 0);
    expect_numbers(story->trace);
}

static void mutexes(void **state)
{
    (void)state;
    struct story story;
    tell(&story, "mutex_tries");
    expect(&story, "m",
           "T0 object_new mutex m static\nT0 acquire mutex m\n"
           "T1 try_fail mutex m holder=T0 try\nT1 request mutex m holder=T0 timed\n"
           "T1 try_fail mutex m holder=T0 timed timeout\nT0 release mutex m\n"
           "T0 acquire mutex m try\nT0 release mutex m\n"
           "T0 acquire mutex m timed\nT0 release mutex m\n"
           "T0 object_end mutex destroy m\nT0 object_new mutex m\n"
           "T0 object_end mutex reinit m\nT0 object_new mutex m\n");
    tell(&story, "mutex_contended");
    expect(&story, "m",
           "T0 object_new mutex m static\nT0 acquire mutex m\nT1 request mutex m holder=T0\n"
           "T0 release mutex m\nT1 acquire mutex m contended\nT1 release mutex m\n");
    tell(&story, "mutex_kinds");
    expect(&story, "m",
           "T0 object_new mutex m recursive\nT0 acquire mutex m\nT0 acquire mutex m nested\n"
           "T0 release mutex m nested\nT0 release mutex m\nT0 op_error mutex m error=1 foreign\n");
    expect(&story, "other",
           "T0 object_new mutex other error_check\nT0 op_error mutex other error=1 foreign\n"
           "T0 op_error mutex other error=1 in_wait foreign\nT0 acquire mutex other\n"
           "T0 request mutex other holder=T0\nT0 op_error mutex other error=35\n"
           "T0 try_fail mutex other holder=T0\nT0 release mutex other\n");
    tell(&story, "mutex_robust");
    expect(&story, "m",
           "T0 object_new mutex m robust\nT1 acquire mutex m\nT0 acquire mutex m owner_dead\n"
           "T0 release mutex m\n");
}

static void other_locks(void **state)
{
    (void)state;
    struct story story;
    tell(&story, "rwlock");
    expect(&story, "rw",
           "T0 object_new rwlock rw static\nT0 acquire rwlock rw shared\n"
           "T1 acquire rwlock rw shared\nT1 try_fail rwlock rw try\nT1 release rwlock rw shared\n"
           "T1 request rwlock rw\nT0 release rwlock rw shared\nT1 acquire rwlock rw contended\n"
           "T1 release rwlock rw\nT0 acquire rwlock rw shared try\nT0 release rwlock rw shared\n"
           "T0 object_end rwlock destroy rw\n");
    tell(&story, "spins");
    expect(&story, "spin",
           "T0 object_new spin spin\nT0 acquire spin spin\nT0 try_fail spin spin holder=T0 try\n"
           "T0 release spin spin\nT0 object_end spin destroy spin\n");
}

static void conditions(void **state)
{
    (void)state;
    struct story story;
    tell(&story, "cond");
    expect(&story, "c",
           "T1 object_new cond c static\nT1 cond_wait c mutex=m\nT0 cond_signal c\n"
           "T1 cond_wake c\nT0 cond_wait c mutex=m timed\nT0 cond_wake c timed timeout\n"
           "T0 cond_signal c broadcast\nT0 object_end cond destroy c\n");
    expect(&story, "m",
           "T1 object_new mutex m static\nT1 acquire mutex m\nT1 release mutex m in_wait\n"
           "T0 acquire mutex m\nT0 release mutex m\nT1 acquire mutex m in_wait\n"
           "T1 release mutex m\nT0 acquire mutex m\nT0 release mutex m in_wait\n"
           "T0 acquire mutex m in_wait\nT0 release mutex m\n");
    tell(&story, "cond_cancelled");
    expect(&story, "c",
           "T1 object_new cond c static\nT1 cond_wait c mutex=m\nT1 cond_wake c cancelled\n");
    expect(&story, "m",
           "T1 object_new mutex m static\nT1 acquire mutex m\nT1 release mutex m in_wait\n"
           "T1 acquire mutex m in_wait\nT1 release mutex m\n");
}

static void meetings(void **state)
{
    (void)state;
    struct story story;
    tell(&story, "semaphore");
    expect(&story, "sem",
           "T0 object_new sem sem value=1\nT0 sem_wait sem\nT0 try_fail sem sem try\n"
           "T0 request sem sem timed\nT0 try_fail sem sem timed timeout\nT1 request sem sem\n"
           "T0 sem_post sem\nT1 sem_wait sem contended\nT0 object_end sem destroy sem\n");
    tell(&story, "once_only");
    expect(&story, "once",
           "T0 object_new once once static\nT0 once_begin once\nT0 once_end once\n"
           "T0 once_seen once\nT1 once_seen once\n");
    assert_int_equal(run(&story, "barrier", "none"), 0);
    expect_numbers(story.trace);
    struct tr_reader *reader = open_trace(story.trace);
    struct tr_event ev;
    unsigned entered = 0, left[2] = {0, 0}, serial = 0;
    while (next(reader, &ev)) {
        if (ev.kind == TR_BARRIER_ENTER) {
            entered++;
        } else if (ev.kind == TR_BARRIER_EXIT) {
            assert_true(ev.a0 < 2 && entered >= 2 * (ev.a0 + 1));
            left[ev.a0]++;
            serial += (ev.mode & TR_LOCK_SERIAL) != 0;
        }
    }
    assert_int_equal(entered, 4);
    assert_int_equal(left[0], 2);
    assert_int_equal(left[1], 2);
    assert_int_equal(serial, 2);
    tr_reader_close(reader);
}

static void lives(void **state)
{
    (void)state;
    struct story story;
    tell(&story, "threads");
    expect(&story, "T0",
           "T0 thread_start ? parent=T?\nT0 thread_create T1\nT0 join_request T1\nT0 join T1\n"
           "T0 thread_create T2\nT0 join_request T2\nT0 join T2\nT0 thread_create T3\n"
           "T0 thread_cancel T3\nT0 join_request T3\nT0 join T3\nT0 thread_create T4\n"
           "T0 thread_detach T4\nT0 thread_create T5 detached\nT0 exit return\n");
    expect(&story, "T1", "T1 thread_start ? parent=T0\nT1 thread_exit return\n");
    expect(&story, "T2",
           "T2 thread_start ? parent=T0\nT2 thread_name T2 \"leaver\"\nT2 thread_exit call\n");
    expect(&story, "T3", "T3 thread_start ? parent=T0\nT3 thread_exit cancel\n");
}

static void memory(void **state)
{
    (void)state;
    static const char *const sources[] = {"none", "auto"};
    struct story story;
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(run(&story, "heap", sources[i]), 0);
        expect(&story, "in_block",
               "T0 object_new mutex in_block static\nT0 acquire mutex in_block\n"
               "T0 release mutex in_block\nT0 object_end mutex free in_block\n");
    }
    tell(&story, "stack");
    expect(&story, "on_stack",
           "T1 object_new mutex on_stack static\nT1 acquire mutex on_stack\n"
           "T1 release mutex on_stack\nT1 object_end mutex stack on_stack\n");
}

static void children(void **state)
{
    (void)state;
    struct story story;
    char path[80];
    tell(&story, "child");
    expect(&story, "m", "T1 object_new mutex m static\nT1 acquire mutex m\nT1 release mutex m\n");
    expect(&story, "T1", "T1 thread_start ? parent=T0\nT1 fork\nT1 thread_exit return\n");
    snprintf(path, sizeof path, "%s.1", story.trace);
    expect_numbers(path);
    /* Held since before the fork, by the thread that is now the first. */
    expect_in(&story, path, "m",
              "T0 object_new mutex m static\nT0 release mutex m\nT0 acquire mutex m\n");
    expect_in(&story, path, "b",
              "T0 object_new barrier b static value=1\nT0 barrier_enter b\n"
              "T0 barrier_exit b round=1 serial\n");
    expect_in(&story, path, "T0", "T0 thread_start ? parent=T?\nT0 exit call status=3\n");
    struct tr_reader *parent = open_trace(story.trace), *child = open_trace(path);
    assert_int_equal(tr_reader_header(child)->parent_pid, tr_reader_header(parent)->pid);
    assert_int_equal(tr_reader_header(child)->thread_of_parent, 1);
    tr_reader_close(parent);
    tr_reader_close(child);
}

/* Killed anywhere in a loop: of what was done before, at most the one in flight is not told. */
static void killed(void **state)
{
    (void)state;
    enum { KILLS = 50 };
    for (unsigned n = 0; n < KILLS; n++) {
        struct story story;
        int fd = memfd_create("done", 0), status;
        assert_int_equal(ftruncate(fd, 4096), 0);
        volatile uint64_t *done = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
        pid_t child = start(&story, "counts", "none", fd);
        while (*done < 1 + n * n * 37 % 9001) /* somewhere; then at any moment */
            ;
        for (volatile unsigned i = 0; i < n * 7919 % 1000; i++)
            ;
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));
        read_names(&story);
        struct tr_reader *reader = open_trace(story.trace);
        struct tr_event ev;
        uint64_t told = 0;
        while (next(reader, &ev))
            if (ev.kind == TR_ACQUIRE || ev.kind == TR_RELEASE) {
                assert_int_equal(ev.version, told + 2);
                assert_int_equal(ev.kind, told % 2 ? TR_RELEASE : TR_ACQUIRE);
                told++;
            }
        assert_in_range(told, *done, *done + 2);
        assert_int_equal(tr_reader_header(reader)->state, TR_STATE_RUNNING);
        /* A chunk that was being begun. */
        assert_true(tr_reader_damage(reader)->places <= 1);
        tr_reader_close(reader);
        munmap((void *)done, 4096);
        close(fd);
    }
}

/* The frames of each acquisition, outermost last: by its call sites within the program. */
static void stacks(void **state)
{
    (void)state;
    struct story story;
    tell(&story, "stacks");
    struct tr_reader *reader = open_trace(story.trace);
    struct tr_event ev;
    uint32_t first[2] = {0, 0};
    unsigned acquisitions = 0, deepest = 0;
    while (next(reader, &ev)) {
        if (ev.kind != TR_ACQUIRE)
            continue;
        struct tr_stack stack = tr_reader_stack(reader, ev.stack);
        assert_true(stack.count > 1);
        deepest = stack.count > deepest ? stack.count : deepest;
        /* Ten times left and right: equal frames, but for the caller. */
        if (acquisitions < 2)
            first[acquisitions] = ev.stack;
        else if (acquisitions < 20)
            assert_int_equal(ev.stack, first[acquisitions % 2]);
        else if (acquisitions >= 34) /* with frames of other sizes: left, from its third place */
            assert_int_equal(stack.count, tr_reader_stack(reader, first[0]).count);
        acquisitions++;
    }
    assert_int_not_equal(first[0], first[1]);
    struct tr_stack left = tr_reader_stack(reader, first[0]),
                    right = tr_reader_stack(reader, first[1]);
    assert_int_equal(left.count, right.count);
    unsigned differing = 0;
    for (uint32_t i = 0; i < left.count; i++)
        differing += left.pcs[i] != right.pcs[i];
    assert_int_equal(differing, 2); /* in left or right, and where main calls it */
    assert_int_equal(acquisitions, 20 + 14 + 8);
    assert_int_equal(deepest, 64);
    assert_int_equal(tr_reader_header(reader)->lost[TR_LOSS_NO_STACK], 0);
    tr_reader_close(reader);
}

/* Several threads meet objects for the first time: one tells of it, all numbers are there once. */
static void crowd(void **state)
{
    (void)state;
    enum { CROWD = 4, FRESH = 3000 };
    static struct {
        uint64_t version;
        unsigned taken;
    } seen[FRESH];
    struct story story;
    assert_int_equal(run(&story, "crowd", "none"), 0);
    uint64_t low = story.objects[0].address, size = (story.objects[1].address - low) / FRESH;
    struct tr_reader *reader = open_trace(story.trace);
    struct tr_event ev;
    while (next(reader, &ev)) {
        if (tr_kinds[ev.kind].order != TR_ORDER_ADVANCES || ev.object - low >= size * FRESH)
            continue;
        uint64_t i = (ev.object - low) / size;
        assert_int_equal(ev.version, ++seen[i].version);
        assert_int_equal(ev.kind == TR_OBJECT_NEW, ev.version == 1);
        seen[i].taken += ev.kind == TR_ACQUIRE;
    }
    for (unsigned i = 0; i < FRESH; i++)
        assert_int_equal(seen[i].taken, CROWD);
    assert_int_equal(tr_reader_damage(reader)->places, 0);
    tr_reader_close(reader);
}

static int make_directory(void **state)
{
    (void)state;
    return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
    (void)state;
    char command[100];
    snprintf(command, sizeof command, "rm -rf '%s'", directory);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mutexes),  cmocka_unit_test(other_locks), cmocka_unit_test(conditions),
        cmocka_unit_test(meetings), cmocka_unit_test(lives),       cmocka_unit_test(memory),
        cmocka_unit_test(crowd),    cmocka_unit_test(children),    cmocka_unit_test(killed),
        cmocka_unit_test(stacks),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
