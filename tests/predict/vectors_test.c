/* SPDX-License-Identifier: Apache-2.0 */
/* The analyses and their definitions against the results in vectors/, row by row. */
#include "analyzer/predict/collect.h"
#include "analyzer/predict/patterns.h"
#include "analyzer/predict/relation.h"
#include "tests/predict/oracle.h"
#include "trace/std.h"
#include "trace/xstd.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { LONGEST = 4, STATES = 400000, WORKERS = 2 };

/* A line of expectations: NAME COUNTS...[: LIST]. */
struct row {
    char name[32];
    int counts[3]; /* -1: not known */
    bool listed;
    VEC(oracle_set) items; /* each a set of operations */
};

struct trace {
    char name[64];
    struct an_run run;
    VEC(struct row) rows;
};

struct book {
    VEC(struct trace) traces;
};

/* Reading. ---------------------------------------------------------------------------------------
 */

static oracle_set read_item(const char *text, char **end)
{
    oracle_set item = 0;
    for (;; text = *end + 1) {
        unsigned long number = strtoul(text, end, 10);
        assert_in_range(number, 1, ORACLE_MOST);
        item |= oracle_bit((unsigned)number - 1);
        if (**end != '-' && **end != '+')
            return item;
    }
}

static void read_row(const char *line, struct row *row)
{
    int length = 0;
    memset(row, 0, sizeof *row);
    assert_int_equal(sscanf(line, "%31s%n", row->name, &length), 1);
    char *at = (char *)line + length;
    for (int i = 0; i < 3; i++) {
        row->counts[i] = -1;
        at += strspn(at, " ");
        if (isdigit((unsigned char)*at))
            row->counts[i] = (int)strtol(at, &at, 10);
        else
            at += *at == '-';
    }
    row->listed = *at == ':';
    for (at += row->listed; *(at += strspn(at, " \n"));)
        *vec_push(&row->items) = read_item(at, &at);
}

static void read_run(const char *text, struct an_run *run)
{
    struct tr_std *std;
    struct sn_error err;
    struct tr_op ops[ORACLE_MOST];
    int64_t count;
    assert_int_equal(tr_std_open_memory(&std, text, strlen(text), &err), 0);
    while ((count = tr_std_next(std, ops, ORACLE_MOST, &err)) > 0)
        for (int64_t i = 0; i < count; i++)
            an_run_add(run, ops[i]);
    assert_int_equal(count, 0);
    assert_in_range(run->ops.count, 1, ORACLE_MOST);
    tr_std_close(std);
}

static void read_extended(const char *text, struct an_run *run)
{
    struct tr_xstd *xstd;
    struct tr_event ev;
    struct an_world world;
    struct an_collect_options options = {.all = true};
    struct sn_error err;
    assert_int_equal(tr_xstd_open_memory(&xstd, text, strlen(text), &err), 0);
    while (tr_reader_next(tr_xstd_reader(xstd), &ev, &err) > 0)
        continue;
    assert_int_equal(an_collect(tr_xstd_reader(xstd), &options, &world, run, &err), 0);
    an_world_release(&world);
    tr_xstd_close(xstd);
}

static void read_book(const char *name, struct book *book, bool extended)
{
    char path[512], line[4096], text[8192] = "";
    snprintf(path, sizeof path, "%s/tests/predict/vectors/%s.txt", SOURCE_DIR, name);
    FILE *in = fopen(path, "r");
    assert_non_null(in);
    struct trace *trace = NULL;
    while (fgets(line, sizeof line, in)) {
        if (*line == '#' || *line == '\n')
            continue;
        if (sscanf(line, "trace %63s", text) == 1) {
            trace = vec_push(&book->traces);
            strcpy(trace->name, text);
            *text = 0;
        } else if (strchr(line, '|')) {
            assert_in_range(strlen(text) + strlen(line), 1, sizeof text - 1);
            strcat(text, line);
        } else {
            if (!trace->run.ops.count)
                (extended ? read_extended : read_run)(text, &trace->run);
            read_row(line, vec_push(&trace->rows));
        }
    }
    fclose(in);
}

static void release_book(struct book *book)
{
    vec_each (struct trace, trace, &book->traces) {
        vec_each (struct row, row, &trace->rows)
            vec_release(&row->items);
        vec_release(&trace->rows);
        an_run_release(&trace->run);
    }
    vec_release(&book->traces);
}

/* Judging. ---------------------------------------------------------------------------------------
 */

struct judge {
    const struct trace *trace;
    const struct row *row;
    struct oracle oracle;
    unsigned rows, faults;
};

static void fault(struct judge *judge, const char *who, const char *what)
{
    judge->faults++;
    print_error("%s, %s: %s: %s\n", judge->trace->name, judge->row->name, who, what);
}

static bool listed(const struct row *row, oracle_set item)
{
    vec_each (oracle_set, known, &row->items)
        if (*known == item)
            return true;
    return false;
}

/* Counts what is EXPECTED of pairs, events and variables; -1 in ROW is anything. */
static void judge_counts(struct judge *judge, const char *who, const int found[3])
{
    for (int i = 0; i < 3; i++)
        if (judge->row->counts[i] >= 0 && found[i] >= 0 && found[i] != judge->row->counts[i]) {
            char text[96];
            snprintf(text, sizeof text, "%d %d %d instead of %d %d %d", found[0], found[1],
                     found[2], judge->row->counts[0], judge->row->counts[1], judge->row->counts[2]);
            fault(judge, who, text);
            return;
        }
}

static int variables_of(const struct oracle *oracle, oracle_set seconds)
{
    uint64_t variables = 0;
    for (; seconds; seconds &= seconds - 1)
        variables |= oracle_bit(oracle_op(oracle, (unsigned)__builtin_ctzll(seconds)).target);
    return __builtin_popcountll(variables);
}

/* The later of each pair, or each of the events that stand alone. */
static oracle_set seconds_expected(const struct row *row)
{
    oracle_set seconds = 0;
    vec_each (oracle_set, item, &row->items)
        seconds |= oracle_bit(63 - (unsigned)__builtin_clzll(*item));
    return seconds;
}

static void judge_definition(struct judge *judge, const struct oracle_races *races)
{
    const struct oracle *oracle = &judge->oracle;
    oracle_set seconds = 0;
    int pairs = 0;
    for (unsigned j = 0; j < oracle->count; j++) {
        pairs += __builtin_popcountll(races->with[j]);
        seconds |= races->with[j] ? oracle_bit(j) : 0;
        for (unsigned i = 0; i < j; i++)
            if (races->with[j] & oracle_bit(i) && judge->row->counts[0] >= 0 &&
                !listed(judge->row, oracle_bit(i) | oracle_bit(j)))
                fault(judge, "definition", "another pair");
    }
    if (seconds != seconds_expected(judge->row))
        fault(judge, "definition", "other events");
    judge_counts(judge, "definition",
                 (int[]){pairs, __builtin_popcountll(seconds), variables_of(oracle, seconds)});
}

/* What the engine of that NAME finds; pairs must be RACES. */
static void judge_engine(struct judge *judge, const char *name, const struct oracle_races *races)
{
    const struct an_relation *relation = an_relation_find(name);
    struct an_pairs found = {0};
    oracle_set seconds = 0;
    if (!relation) {
        fault(judge, "engine", "there is none of that name in relations.def");
        return;
    }
    an_relation_apply(relation, &judge->trace->run, WORKERS, &found);
    vec_each (struct an_pair, pair, &found.of) {
        seconds |= oracle_bit((unsigned)pair->second);
        if (!(races->with[pair->second] & oracle_bit((unsigned)pair->first)))
            fault(judge, "engine", "a pair that does not race");
    }
    if (seconds != seconds_expected(judge->row))
        fault(judge, "engine", "other events");
    judge_counts(judge, "engine",
                 (int[]){-1, (int)found.of.count, variables_of(&judge->oracle, seconds)});
    vec_release(&found.of);
}

static void judge_races(struct judge *judge)
{
    static const struct {
        const char *row, *engine;
        enum oracle_relation definition;
    } relations[] = {
        {"HB", "hb", ORACLE_HB},          {"FASTTRACK", "fasttrack", ORACLE_FASTTRACK},
        {"SHB", "shb", ORACLE_SHB},       {"WCP", "wcp", ORACLE_WCP},
        {"SYNCP", "syncp", ORACLE_SYNCP}, {"LOCKSET", "lockset", ORACLE_LOCKSET},
    };
    struct oracle_races races;
    for (size_t i = 0; i < sizeof relations / sizeof *relations; i++)
        if (strcmp(judge->row->name, relations[i].row) == 0) {
            oracle_races(&judge->oracle, relations[i].definition, &races);
            judge_definition(judge, &races);
            judge_engine(judge, relations[i].engine, &races);
            return;
        }
    fault(judge, "test", "a row that it does not know");
}

/* PREDICTABLE, DL_PREDICTABLE, OSR: what any order of the run shows. */
static void judge_search(struct judge *judge)
{
    struct oracle_races races;
    struct oracle_cycles deadlocks = {0};
    if (!oracle_search(&judge->oracle, STATES, &races, &deadlocks)) {
        fault(judge, "definition", "more states than the test looks at");
    } else if (strcmp(judge->row->name, "PREDICTABLE") == 0) {
        judge_definition(judge, &races);
    } else if (strcmp(judge->row->name, "OSR") == 0) {
        judge_engine(judge, "osr", &races);
    } else {
        vec_each (oracle_set, deadlock, &deadlocks.of)
            if (!listed(judge->row, *deadlock))
                fault(judge, "definition", "another deadlock");
        judge_counts(judge, "definition", (int[]){(int)deadlocks.of.count, -1, -1});
    }
    vec_release(&deadlocks.of);
}

static void judge_patterns(struct judge *judge, bool proved)
{
    const struct oracle *oracle = &judge->oracle;
    struct oracle_cycles all = {0}, instances = {0}, abstract = {0};
    struct an_patterns found = {0};
    oracle_patterns(oracle, LONGEST, &all);
    vec_each (oracle_set, instance, &all.of) {
        if (proved && !oracle_reached(oracle, *instance))
            continue;
        oracle_cycles_add(&instances, *instance);
        oracle_cycles_add(&abstract, oracle_abstract(oracle, *instance));
        if (judge->row->listed && !listed(judge->row, *instance))
            fault(judge, "definition", "another instance");
    }
    judge_counts(judge, "definition", (int[]){(int)instances.of.count, (int)abstract.of.count, -1});
    an_patterns_find(&judge->trace->run, LONGEST, proved, WORKERS, &found);
    vec_each (struct an_pattern, pattern, &found.of) {
        oracle_set instance = 0;
        for (uint32_t i = 0; i < pattern->length; i++)
            instance |= oracle_bit((unsigned)pattern->ops[i]);
        if (!oracle_cycles_have(&instances, instance))
            fault(judge, "engine", "an instance that is none");
    }
    judge_counts(judge, "engine", (int[]){-1, (int)found.of.count, -1});
    an_patterns_release(&found);
    vec_release(&all.of);
    vec_release(&instances.of);
    vec_release(&abstract.of);
}

/* What the engines find in a run that STD has no words for: racing variables, reached patterns. */
static void judge_extended(struct judge *judge)
{
    static const char *const names[] = {"shb", "syncp"};
    const struct an_run *run = &judge->trace->run;
    struct an_patterns patterns = {0};
    uint64_t variables = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct an_pairs found = {0};
        an_relation_apply(an_relation_find(names[i]), run, WORKERS, &found);
        vec_each (struct an_pair, pair, &found.of)
            variables |= oracle_bit(pair->variable);
        vec_release(&found.of);
    }
    an_patterns_find(run, LONGEST, true, WORKERS, &patterns);
    judge_counts(judge, "engines",
                 (int[]){__builtin_popcountll(variables), (int)patterns.of.count, -1});
    an_patterns_release(&patterns);
}

static void judge_row(struct judge *judge)
{
    const char *name = judge->row->name;
    judge->rows++;
    if (strcmp(name, "EXTENDED") == 0)
        judge_extended(judge);
    else if (strcmp(name, "DL_PATTERN") == 0 || strcmp(name, "SPD") == 0)
        judge_patterns(judge, *name == 'S');
    else if (strstr(name, "PREDICTABLE") || strcmp(name, "OSR") == 0)
        judge_search(judge);
    else
        judge_races(judge);
}

static void judge_book(const char *name, unsigned rows, bool extended)
{
    struct book book = {0};
    struct judge judge = {0};
    read_book(name, &book, extended);
    vec_each (struct trace, trace, &book.traces) {
        judge.trace = trace;
        oracle_init(&judge.oracle, &trace->run);
        vec_each (struct row, row, &trace->rows) {
            judge.row = row;
            judge_row(&judge);
        }
    }
    release_book(&book);
    print_message("%s: %u rows, %u faults\n", name, judge.rows, judge.faults);
    assert_int_equal(judge.rows, rows);
    assert_int_equal(judge.faults, 0);
}

static void canonical(void **state)
{
    (void)state;
    judge_book("canonical", 51 * 11, false);
}

static void random_races(void **state)
{
    (void)state;
    judge_book("random-races", 200 * 6, false);
}

static void random_deadlocks(void **state)
{
    (void)state;
    judge_book("random-deadlocks", 100 * 3, false);
}

static void extended(void **state)
{
    (void)state;
    judge_book("extended", 28, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(canonical),
        cmocka_unit_test(random_races),
        cmocka_unit_test(random_deadlocks),
        cmocka_unit_test(extended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
