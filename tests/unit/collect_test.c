/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run with quiet memory (sights.h) told by epochs, beside the same run with all accesses: on
 * random traces both have the same races and the same deadlocks. And it is as short as it is said
 * to be.
 */
#include "analyzer/predict/collect.h"
#include "analyzer/predict/patterns.h"
#include "analyzer/predict/relation.h"
#include "tests/unit/trace_test.h"

#include <stdio.h>

enum { TRACES = 5000, STEPS = 60, THREADS = 4, LOCKS = 2 };

/* Random traces. --------------------------------------------------------------------------------
 */

struct play {
    struct sn_text text;
    uint64_t seed;
    int holder[LOCKS]; /* thread plus 1, or 0 */
    bool lives[THREADS], over[THREADS];
};

static unsigned draw(struct play *play, unsigned below)
{
    return (unsigned)(trace_random(&play->seed) % below);
}

static bool holds(const struct play *play, unsigned thread, unsigned lock)
{
    return play->holder[lock] == (int)thread + 1;
}

/* Memory that no lock, one of them or both protect, and a block that comes and goes under the first
 * one. Parts of granules, too. */
static void access_memory(struct play *play, unsigned thread)
{
    bool careless = draw(play, 16) == 0;
    bool first = careless || holds(play, thread, 0), second = careless || holds(play, thread, 1);
    const char *what = draw(play, 2) ? "write" : "read";
    if (first && second && draw(play, 2))
        sn_text_printf(&play->text, "T%u %s 8 0x3000\n", thread, what);
    else if (first && draw(play, 6) == 0)
        sn_text_printf(&play->text, "T%u free 0x8000 size=16\nT%u alloc 0x8000 size=16\n", thread,
                       thread);
    else if (first && draw(play, 3) == 0)
        sn_text_printf(&play->text, "T%u %s 4 0x800%u\n", thread, what, draw(play, 3) * 4);
    else if (first)
        sn_text_printf(&play->text, "T%u %s 4 0x100%u\n", thread, what, draw(play, 4) * 4 % 10);
    else if (second)
        sn_text_printf(&play->text, "T%u %s 8 0x200%u\n", thread, what, draw(play, 2) * 8);
    else if (draw(play, 4) == 0)
        sn_text_printf(&play->text, "T%u %s 8 0x4000\n", thread, what);
}

/* The first thread makes the others, and joins some. */
static void step(struct play *play)
{
    unsigned thread = draw(play, THREADS), lock = draw(play, LOCKS);
    if (thread && !play->lives[thread] && !play->over[thread]) {
        sn_text_printf(&play->text, "T0 thread_create T%u\nT%u thread_start 0x0 parent=T0\n",
                       thread, thread);
        play->lives[thread] = true;
    } else if (thread && play->lives[thread] && draw(play, 12) == 0 && !holds(play, thread, 0) &&
               !holds(play, thread, 1)) {
        sn_text_printf(&play->text, "T%u thread_exit return\nT0 join T%u\n", thread, thread);
        play->lives[thread] = false;
        play->over[thread] = true;
    }
    if (!play->lives[thread])
        thread = 0;
    if (draw(play, 2)) {
        access_memory(play, thread);
    } else if (holds(play, thread, lock)) {
        sn_text_printf(&play->text, "T%u release mutex 0x%u0\n", thread, lock + 1);
        play->holder[lock] = 0;
    } else if (!play->holder[lock]) {
        sn_text_printf(&play->text, "T%u acquire mutex 0x%u0\n", thread, lock + 1);
        play->holder[lock] = (int)thread + 1;
    }
}

static void begin(struct play *play, uint64_t seed)
{
    *play = (struct play){.seed = seed};
    sn_text_printf(&play->text, "#: snarl trace 1\n#: flags %d\n#: access_source 1\n",
                   TR_FILTER_SAME_EPOCH);
    sn_text_puts(&play->text, "T0 alloc 0x8000 size=16\n");
}

/* Both runs of a trace. -------------------------------------------------------------------------
 */

struct looked_at {
    struct tr_reader *reader;
    struct an_world world; /* of the first look */
    struct an_world worlds[2];
    struct an_run whole, quiet;
};

static void collect(struct looked_at *at, struct trace *trace)
{
    struct tr_event ev;
    struct sn_error err;
    at->reader = trace_open(trace);
    an_world_init(&at->world, at->reader);
    at->world.sights.wanted = true;
    an_guards_init(&at->world.sights.guards);
    while (tr_reader_next(at->reader, &ev, &err) > 0)
        an_world_event(&at->world, &ev);
    struct an_collect_options options = {0};
    assert_int_equal(an_collect(at->reader, &options, &at->worlds[0], &at->whole, &err), 0);
    options.suspects = &at->world.sights.suspects;
    assert_int_equal(an_collect(at->reader, &options, &at->worlds[1], &at->quiet, &err), 0);
}

static void release(struct looked_at *at)
{
    an_world_release(&at->world);
    an_world_release(&at->worlds[0]);
    an_world_release(&at->worlds[1]);
    an_run_release(&at->whole);
    an_run_release(&at->quiet);
    tr_reader_close(at->reader);
    *at = (struct looked_at){0};
}

static void tell_races(struct sn_text *out, const struct an_run *run, const char *relation)
{
    struct an_pairs found = {0};
    an_relation_apply(an_relation_find(relation), run, 1, &found);
    vec_each (struct an_pair, pair, &found.of) {
        bool stands = pair->variable >= run->addresses.count; /* for others: that does not race */
        sn_text_printf(out, "%s %llu %llu 0x%llx\n", relation,
                       (unsigned long long)an_run_event(run, pair->first),
                       (unsigned long long)an_run_event(run, pair->second),
                       stands ? 0 : (unsigned long long)run->addresses.at[pair->variable]);
    }
    vec_release(&found.of);
}

static void tell_deadlocks(struct sn_text *out, const struct an_run *run)
{
    struct an_patterns found = {0};
    an_patterns_find(run, 3, AN_PATTERNS_PROVED, 1, &found);
    vec_each (struct an_pattern, pattern, &found.of) {
        for (uint32_t i = 0; i < pattern->length; i++)
            sn_text_printf(out, "%llu ", (unsigned long long)an_run_event(run, pattern->ops[i]));
        sn_text_puts(out, "\n");
    }
    an_patterns_release(&found);
}

static char *results(const struct an_run *run)
{
    struct sn_text out = {0};
    sn_text_puts(&out, "");
    tell_races(&out, run, "hb");
    tell_races(&out, run, "shb");
    tell_races(&out, run, "syncp");
    tell_deadlocks(&out, run);
    return out.at;
}

static void quiet_memory_changes_no_result(void **state)
{
    (void)state;
    size_t told = 0, shorter = 0;
    for (uint64_t seed = 1; seed <= TRACES; seed++) {
        struct play play;
        struct looked_at at = {0};
        begin(&play, seed * 7919);
        for (int i = 0; i < STEPS; i++)
            step(&play);
        struct trace trace = trace_of(play.text.at);
        collect(&at, &trace);
        char *whole = results(&at.whole), *quiet = results(&at.quiet);
        if (strcmp(whole, quiet)) {
            fprintf(stderr, "%sall accesses:\n%squiet memory by epochs:\n%s", play.text.at, whole,
                    quiet);
            fail_msg("seed %llu", (unsigned long long)seed);
        }
        told += strlen(whole) > 0;
        shorter += at.quiet.ops.count < at.whole.ops.count;
        free(whole);
        free(quiet);
        release(&at);
        trace_free(&trace);
        sn_text_release(&play.text);
    }
    assert_true(told > TRACES / 10);
    assert_true(shorter > TRACES / 2);
}

/* However much is accessed in a section, it is told by as many operations. */
static void a_run_is_linear_in_synchronisation(void **state)
{
    (void)state;
    size_t ops[2];
    for (int k = 0; k < 2; k++) {
        struct play play;
        struct looked_at at = {0};
        begin(&play, 1);
        sn_text_puts(&play.text, "T0 thread_create T1\nT1 thread_start 0x0 parent=T0\n");
        for (int i = 0; i < 20; i++) {
            sn_text_printf(&play.text, "T%d acquire mutex 0x10\n", i % 2);
            for (int v = 0; v < (k ? 100 : 2); v++)
                sn_text_printf(&play.text, "T%d read 8 0x%x\nT%d write 8 0x%x\n", i % 2,
                               0x1000 + v * 8, i % 2, 0x1000 + v * 8);
            sn_text_printf(&play.text, "T%d release mutex 0x10\n", i % 2);
        }
        struct trace trace = trace_of(play.text.at);
        collect(&at, &trace);
        ops[k] = at.quiet.ops.count;
        assert_int_equal(at.world.sights.suspects.of.count, 0);
        release(&at);
        trace_free(&trace);
        sn_text_release(&play.text);
    }
    assert_int_equal(ops[0], ops[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(quiet_memory_changes_no_result),
                                       cmocka_unit_test(a_run_is_linear_in_synchronisation)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
