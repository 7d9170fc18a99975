/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compares the relations and deadlock patterns of analyzer/predict with their definitions on random
 * runs (shapes.h, oracle.h), and says which run they disagree about, in the smallest form of it.
 *
 *     random_test [--seed SEED] [--count RUNS] [--shape NAME] [--relation NAME]
 *
 * Run I of seed S is run 0 of seed S + I, so that one that failed comes again alone.
 */
#include "analyzer/predict/patterns.h"
#include "analyzer/predict/relation.h"
#include "analyzer/predict/semaphore_locks.h"
#include "tests/predict/oracle.h"
#include "tests/predict/proof.h"
#include "tests/predict/shapes.h"
#include "tests/predict/stuck.h"

#include <getopt.h>
#include <stdarg.h>
#include <sys/random.h>

enum {
    WORKERS = 3,
    LONGEST = 5,
    SEARCHED = 16,   /* operations of a run whose other orders are walked through */
    STATES = 200000, /* ... unless there are more of them */
    REPORTED = 5,    /* failures that are shown */
};

struct settings {
    uint64_t seed;
    unsigned long count;
    const char *shape, *relation;
};

/* What is wrong with a run; empty if nothing is. */
struct verdict {
    char text[256];
};

struct tally {
    unsigned long runs, searched, races, deadlocks, awaits, beyond;
};

static const char *const names[] = {
    [ORACLE_HB] = "hb",   [ORACLE_FASTTRACK] = "fasttrack", [ORACLE_SHB] = "shb",
    [ORACLE_WCP] = "wcp", [ORACLE_SYNCP] = "syncp",         [ORACLE_LOCKSET] = "lockset",
};

__attribute__((format(printf, 2, 3))) static bool wrong(struct verdict *verdict, const char *format,
                                                        ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(verdict->text, sizeof verdict->text, format, args);
    va_end(args);
    return false;
}

static bool same_pairs(const struct an_pairs *a, const struct an_pairs *b)
{
    if (a->of.count != b->of.count)
        return false;
    for (size_t i = 0; i < a->of.count; i++)
        if (a->of.at[i].first != b->of.at[i].first || a->of.at[i].second != b->of.at[i].second ||
            a->of.at[i].variable != b->of.at[i].variable)
            return false;
    return true;
}

/* What RELATION finds with one worker, if more of them find the same. */
static bool apply(const struct an_relation *relation, const struct an_run *run,
                  struct an_pairs *found, struct verdict *verdict)
{
    bool good = true;
    an_relation_apply(relation, run, 1, found);
    for (unsigned workers = 2; good && relation->whole && workers <= WORKERS; workers++) {
        struct an_pairs other = {0};
        an_relation_apply(relation, run, workers, &other);
        if (!same_pairs(found, &other))
            good = wrong(verdict, "%s: %zu races by 1 worker, %zu by %u, or others", relation->name,
                         found->of.count, other.of.count, workers);
        vec_release(&other.of);
    }
    return good;
}

/* Each pair is one of two accesses of that variable, in their order, and of another event. */
static bool well_formed(const char *name, const struct an_run *run, const struct an_pairs *found,
                        struct verdict *verdict)
{
    uint64_t last = 0;
    vec_each (struct an_pair, pair, &found->of) {
        if (pair->first >= pair->second || pair->second >= run->ops.count)
            return wrong(verdict, "%s: a race of %llu and %llu", name,
                         (unsigned long long)pair->first + 1, (unsigned long long)pair->second + 1);
        if (pair->variable != run->ops.at[pair->second].target)
            return wrong(verdict, "%s: the race at %llu is said to be on V%u", name,
                         (unsigned long long)pair->second + 1, pair->variable);
        if (an_run_event(run, pair->second) <= last)
            return wrong(verdict, "%s: event %llu is told twice, or too late", name,
                         (unsigned long long)an_run_event(run, pair->second));
        last = an_run_event(run, pair->second);
    }
    return true;
}

/* What is told, and all that is of the same events. */
static oracle_set seconds_of(const struct oracle *oracle, const struct an_pairs *found)
{
    oracle_set seconds = 0;
    vec_each (struct an_pair, pair, &found->of)
        seconds |= oracle->event[pair->second];
    return seconds;
}

static oracle_set seconds_expected(const struct oracle *oracle, const struct oracle_races *races)
{
    oracle_set seconds = 0;
    for (unsigned j = 0; j < oracle->count; j++)
        seconds |= races->with[j] ? oracle_bit(j) : 0;
    return seconds;
}

/* All pairs of FOUND are RACES; says which second event is none, or has another first. */
static bool contained(const char *name, const struct an_pairs *found,
                      const struct oracle_races *races, struct verdict *verdict)
{
    vec_each (struct an_pair, pair, &found->of)
        if (!(races->with[pair->second] >> pair->first & 1))
            return wrong(verdict, "%s: %llu and %llu do not race", name,
                         (unsigned long long)pair->first + 1, (unsigned long long)pair->second + 1);
    return true;
}

static bool complete(const char *name, const struct oracle *oracle, const struct an_pairs *found,
                     const struct oracle_races *races, struct verdict *verdict)
{
    oracle_set missing = seconds_expected(oracle, races) & ~seconds_of(oracle, found);
    if (!missing)
        return true;
    unsigned j = (unsigned)__builtin_ctzll(missing);
    return wrong(verdict, "%s: %u races with %u, and is not told", name, j + 1,
                 (unsigned)__builtin_ctzll(races->with[j]) + 1);
}

static bool has_witness(const struct oracle *oracle, const char *name, const uint64_t *goal,
                        size_t count, struct verdict *verdict)
{
    struct proof proof;
    struct sn_error err;
    proof_init(&proof, oracle->run);
    bool holds = proof_holds(&proof, goal, count, strcmp(name, "spd") == 0, &err);
    proof_release(&proof);
    return holds ||
           wrong(verdict, "%s: the witness of %llu and %llu is refused: %s", name,
                 (unsigned long long)goal[0] + 1, (unsigned long long)goal[1] + 1, err.text);
}

static bool has_atomics(const struct an_run *run)
{
    vec_each (struct tr_op, op, &run->ops)
        if (tr_op_is_atomic(op->kind))
            return true;
    return false;
}

static bool check_relation(const struct oracle *oracle, const struct an_relation *relation,
                           enum oracle_relation which, struct tally *tally, struct verdict *verdict)
{
    const char *name = relation->name;
    struct an_pairs found = {0};
    struct oracle_races races;
    /* FastTrack forgets, so that what it knows of a variable is a matter of definition; of atomics
     * there is none. */
    bool part = which == ORACLE_FASTTRACK && has_atomics(oracle->run);
    oracle_races(oracle, part ? ORACLE_HB : which, &races);
    bool good = apply(relation, oracle->run, &found, verdict) &&
                well_formed(name, oracle->run, &found, verdict) &&
                contained(name, &found, &races, verdict) &&
                (part || complete(name, oracle, &found, &races, verdict));
    if (which == ORACLE_SYNCP)
        vec_each (struct an_pair, pair, &found.of)
            good = good &&
                   has_witness(oracle, name, (uint64_t[]){pair->first, pair->second}, 2, verdict);
    tally->races += found.of.count;
    vec_release(&found.of);
    return good;
}

/* OSR is neither defined here nor complete: it must find what SyncP finds (but for semaphores, of
 * which it keeps each token behind all that was posted before), and nothing impossible.
 */
static bool check_osr(const struct oracle *oracle, const struct oracle_races *possible,
                      struct tally *tally, struct verdict *verdict)
{
    const struct an_relation *osr = an_relation_find("osr");
    struct an_pairs found = {0};
    struct oracle_races races;
    if (!osr)
        return true;
    oracle_races(oracle, ORACLE_SYNCP, &races);
    bool good = apply(osr, oracle->run, &found, verdict) &&
                well_formed("osr", oracle->run, &found, verdict) &&
                (oracle->run->initial.count || complete("osr", oracle, &found, &races, verdict)) &&
                (!possible || contained("osr", &found, possible, verdict));
    if (possible)
        tally->beyond += (unsigned)__builtin_popcountll(seconds_expected(oracle, possible) &
                                                        ~seconds_of(oracle, &found));
    vec_release(&found.of);
    return good;
}

static bool check_relations(const struct oracle *oracle, const char *only, struct tally *tally,
                            struct verdict *verdict)
{
    for (unsigned i = 0; i < ORACLE_RELATIONS; i++) {
        /* What a release of a lock that is not held tells others, nobody has said for WCP. */
        if (i == ORACLE_WCP && oracle->unmatched)
            continue;
        const struct an_relation *relation = an_relation_find(names[i]);
        if (relation && (!only || strcmp(only, names[i]) == 0) &&
            !check_relation(oracle, relation, (enum oracle_relation)i, tally, verdict))
            return false;
    }
    return true;
}

/* The abstract patterns of INSTANCES that are reached, or all. */
static void abstract_patterns(const struct oracle *oracle, const struct oracle_cycles *instances,
                              bool reached, struct oracle_cycles *abstract)
{
    vec_each (oracle_set, instance, &instances->of)
        if (!reached || oracle_reached(oracle, *instance))
            oracle_cycles_add(abstract, oracle_abstract(oracle, *instance));
}

static const char *told(oracle_set instance, char *buffer, size_t size)
{
    size_t length = 0;
    for (*buffer = 0; instance && length < size; instance &= instance - 1)
        length += (size_t)snprintf(buffer + length, size - length, "%s%u", length ? "+" : "",
                                   (unsigned)__builtin_ctzll(instance) + 1);
    return buffer;
}

static bool check_instance(const struct oracle *oracle, const struct oracle_cycles *instances,
                           bool proved, oracle_set instance, struct verdict *verdict)
{
    const char *name = proved ? "spd" : "patterns";
    char text[64];
    told(instance, text, sizeof text);
    if (!oracle_cycles_have(instances, instance))
        return wrong(verdict, "%s: %s is no instance of a pattern", name, text);
    if (proved && !oracle_reached(oracle, instance))
        return wrong(verdict, "%s: %s is not reached", name, text);
    return true;
}

static bool same_patterns(const struct an_patterns *a, const struct an_patterns *b)
{
    if (a->of.count != b->of.count || a->exhausted != b->exhausted)
        return false;
    for (size_t i = 0; i < a->of.count; i++) {
        const struct an_pattern *x = &a->of.at[i], *y = &b->of.at[i];
        if (x->length != y->length || memcmp(x->ops, y->ops, x->length * sizeof *x->ops) != 0)
            return false;
    }
    return true;
}

/* The patterns that one worker finds, if more of them find the same. */
static bool find_patterns(const struct an_run *run, bool proved, struct an_patterns *found,
                          struct verdict *verdict)
{
    unsigned how = proved ? AN_PATTERNS_PROVED : 0;
    bool good = true;
    an_patterns_find(run, LONGEST, how, 1, found);
    for (unsigned workers = 2; good && workers <= WORKERS; workers++) {
        struct an_patterns other = {0};
        an_patterns_find(run, LONGEST, how, workers, &other);
        if (!same_patterns(found, &other))
            good = wrong(verdict, "%s: %zu patterns by 1 worker, %zu by %u, or others",
                         proved ? "spd" : "patterns", found->of.count, other.of.count, workers);
        an_patterns_release(&other);
    }
    return good;
}

static bool check_patterns(const struct oracle *oracle, bool proved, struct tally *tally,
                           struct verdict *verdict)
{
    struct oracle_cycles instances = {0}, expected = {0}, told_of = {0};
    struct an_patterns found = {0};
    char text[64];
    oracle_patterns(oracle, LONGEST, &instances);
    abstract_patterns(oracle, &instances, proved, &expected);
    bool good = find_patterns(oracle->run, proved, &found, verdict);
    vec_each (struct an_pattern, pattern, &found.of) {
        oracle_set instance = 0;
        for (uint32_t i = 0; i < pattern->length; i++)
            instance |= oracle_bit((unsigned)pattern->ops[i]);
        good = good && check_instance(oracle, &instances, proved, instance, verdict) &&
               (!proved || has_witness(oracle, "spd", pattern->ops, pattern->length, verdict));
        oracle_cycles_add(&told_of, oracle_abstract(oracle, instance));
    }
    vec_each (oracle_set, cycle, &expected.of)
        if (good && !oracle_cycles_have(&told_of, *cycle))
            good = wrong(verdict, "%s: the pattern of %s is not told", proved ? "spd" : "patterns",
                         told(*cycle, text, sizeof text));
    if (good && found.of.count != expected.of.count)
        good = wrong(verdict, "%s: %zu patterns told, there are %zu", proved ? "spd" : "patterns",
                     found.of.count, expected.of.count);
    tally->deadlocks += found.of.count;
    an_patterns_release(&found);
    vec_release(&instances.of);
    vec_release(&expected.of);
    vec_release(&told_of.of);
    return good;
}

/* The definitions themselves: what they say can happen does, in some order of the run. */
static bool check_possible(const struct oracle *oracle, const struct oracle_races *possible,
                           const struct oracle_cycles *deadlocks, struct verdict *verdict)
{
    struct oracle_races races;
    struct oracle_cycles instances = {0};
    bool good = true;
    oracle_races(oracle, ORACLE_SYNCP, &races);
    for (unsigned j = 0; good && j < oracle->count; j++)
        if (races.with[j] & ~possible->with[j])
            good = wrong(verdict, "the definition of syncp: %u races in no order", j + 1);
    oracle_patterns(oracle, LONGEST, &instances);
    vec_each (oracle_set, instance, &instances.of)
        if (good && oracle_reached(oracle, *instance) && !oracle_cycles_have(deadlocks, *instance))
            good = wrong(verdict, "the definition of spd: a deadlock in no order");
    vec_release(&instances.of);
    return good;
}

/* RUN with locks for semaphores that are used as such: their numbers are behind those of locks. */
static void convert(const struct an_run *run, struct an_run *converted)
{
    struct an_semaphore_locks locks = {0};
    for (uint32_t s = 0; s < run->initial.count; s++) {
        *vec_push(&converted->initial) = run->initial.at[s];
        if (run->initial.at[s] != 1)
            an_semaphore_locks_exclude(&locks, s);
    }
    vec_each (struct tr_op, op, &run->ops)
        if (op->kind == TR_OP_WAIT || op->kind == TR_OP_POST)
            an_semaphore_locks_use(&locks, op->target, op->thread, op->kind == TR_OP_POST);
    vec_each (uint64_t, event, &run->events)
        *vec_push(&converted->events) = *event;
    vec_each (struct tr_op, old, &run->ops) {
        struct tr_op op = *old;
        if ((op.kind == TR_OP_WAIT || op.kind == TR_OP_POST) &&
            an_semaphore_locks_has(&locks, op.target)) {
            op.kind = op.kind == TR_OP_WAIT ? TR_OP_ACQUIRE : TR_OP_RELEASE;
            op.target += run->locks;
        }
        an_run_add(converted, op);
    }
    an_semaphore_locks_release(&locks);
}

/* Is there a token for each wait of WITNESS, and none for those that its parties want? */
static bool replay_tokens(const struct an_run *run, const struct an_witness *witness)
{
    uint32_t tokens[SHAPES_TARGETS];
    for (size_t s = 0; s < run->initial.count; s++)
        tokens[s] = run->initial.at[s];
    vec_each (const uint64_t, at, &witness->order) {
        struct tr_op op = run->ops.at[*at];
        if (op.kind == TR_OP_WAIT && !tokens[op.target]--)
            return false;
        if (op.kind == TR_OP_POST)
            tokens[op.target]++;
    }
    vec_each (const uint64_t, at, &witness->goal)
        if (run->ops.at[*at].kind == TR_OP_WAIT && tokens[run->ops.at[*at].target])
            return false;
    return true;
}

/* Does the witness that CONVERTED has of GOAL hold for the tokens of RUN? */
static bool holds_with_tokens(const struct an_run *run, const struct an_run *converted,
                              const uint64_t *goal, size_t count, bool deadlock)
{
    struct proof proof;
    struct an_witness witness = {0};
    struct sn_error err;
    proof_init(&proof, converted);
    bool holds = proof_witness(&proof, goal, count, deadlock, &witness) &&
                 replay_tokens(run, &witness) &&
                 (deadlock || an_witness_check(&witness, run, &err) == 0);
    an_witness_release(&witness);
    proof_release(&proof);
    return holds;
}

/* Locks for semaphores that are used as such: what is found so holds for tokens as well, and of
 * races at least those that tokens allow. */
static bool check_converted(const struct an_run *run, struct tally *tally, struct verdict *verdict)
{
    struct an_run converted = {0};
    struct an_pairs by_locks = {0}, by_tokens = {0};
    struct an_patterns patterns = {0};
    struct oracle oracle;
    convert(run, &converted);
    oracle_init(&oracle, &converted);
    bool good = check_patterns(&oracle, true, tally, verdict);
    an_relation_apply(an_relation_find("syncp"), &converted, 1, &by_locks);
    an_relation_apply(an_relation_find("syncp"), run, 1, &by_tokens);
    an_patterns_find(&converted, LONGEST, AN_PATTERNS_PROVED, 1, &patterns);
    if (good && seconds_of(&oracle, &by_tokens) & ~seconds_of(&oracle, &by_locks))
        good = wrong(verdict, "locks: a race is lost that tokens allow");
    vec_each (struct an_pair, pair, &by_locks.of)
        if (good &&
            !holds_with_tokens(run, &converted, (uint64_t[]){pair->first, pair->second}, 2, false))
            good = wrong(verdict, "locks: %llu and %llu race with locks alone",
                         (unsigned long long)pair->first + 1, (unsigned long long)pair->second + 1);
    vec_each (struct an_pattern, pattern, &patterns.of)
        if (good && !holds_with_tokens(run, &converted, pattern->ops, pattern->length, true))
            good = wrong(verdict, "locks: %llu is stuck with locks alone",
                         (unsigned long long)pattern->ops[0] + 1);
    an_patterns_release(&patterns);
    vec_release(&by_locks.of);
    vec_release(&by_tokens.of);
    an_run_release(&converted);
    return good;
}

/* RUN without operation SKIPPED. */
static void copy_without(const struct an_run *run, size_t skipped, struct an_run *copy)
{
    vec_each (uint32_t, tokens, &run->initial)
        *vec_push(&copy->initial) = *tokens;
    for (size_t i = 0; i < run->ops.count; i++) {
        if (i == skipped)
            continue;
        an_run_add(copy, run->ops.at[i]);
        if (run->events.count)
            *vec_push(&copy->events) = run->events.at[i];
    }
}

/* Is the party that waits at GOAL there, and stuck, as PATTERN says? */
static bool is_stuck(const struct an_run *run, const struct an_pattern *pattern,
                     struct verdict *verdict)
{
    struct proof proof;
    struct an_witness witness = {0};
    struct sn_error err = {0};
    proof_init(&proof, run);
    bool good = proof_witness(&proof, pattern->ops, pattern->length, true, &witness);
    if (!good)
        wrong(verdict, "waits: there is no ideal");
    else if (an_witness_check(&witness, run, &err) < 0)
        good = wrong(verdict, "waits: the witness is refused: %s", err.text);
    else if (!stuck_for_good(run, &witness, STATES / 100))
        good = wrong(verdict, "waits: %llu goes on", (unsigned long long)pattern->ops[0] + 1);
    an_witness_release(&witness);
    proof_release(&proof);
    return good;
}

/* Cycles through joins and waits: whoever is in one never goes on. */
static bool check_awaits(const struct an_run *run, struct tally *tally, struct verdict *verdict)
{
    enum { HOW = AN_PATTERNS_PROVED | AN_PATTERNS_JOINS | AN_PATTERNS_WAITS };
    struct an_run waits = {0};
    struct an_patterns found = {0}, other = {0};
    bool good = true;
    copy_without(run, run->ops.count, &waits);
    stuck_find_awaits(&waits);
    an_patterns_find(&waits, LONGEST, HOW, 1, &found);
    an_patterns_find(&waits, LONGEST, HOW, WORKERS, &other);
    if (!same_patterns(&found, &other))
        good = wrong(verdict, "waits: %zu patterns by 1 worker, %zu by %u, or others",
                     found.of.count, other.of.count, WORKERS);
    vec_each (struct an_pattern, pattern, &found.of) {
        good = good && is_stuck(&waits, pattern, verdict);
        tally->awaits += pattern->awaits != 0;
    }
    an_patterns_release(&found);
    an_patterns_release(&other);
    an_run_release(&waits);
    return good;
}

static bool check(const struct an_run *run, const struct settings *settings, struct tally *tally,
                  struct verdict *verdict)
{
    struct oracle oracle;
    struct oracle_races possible;
    struct oracle_cycles deadlocks = {0};
    oracle_init(&oracle, run);
    bool searched = run->ops.count <= SEARCHED && !run->events.count &&
                    oracle_search(&oracle, STATES, &possible, &deadlocks);
    bool good = check_relations(&oracle, settings->relation, tally, verdict);
    if (good && !settings->relation)
        good = check_patterns(&oracle, false, tally, verdict) &&
               check_patterns(&oracle, true, tally, verdict) &&
               (!searched || check_possible(&oracle, &possible, &deadlocks, verdict));
    if (good && (!settings->relation || strcmp(settings->relation, "osr") == 0))
        good = check_osr(&oracle, searched ? &possible : NULL, tally, verdict);
    if (good && !settings->relation && !run->events.count)
        good = check_awaits(run, tally, verdict);
    if (good && !settings->relation && run->initial.count)
        good = check_converted(run, tally, verdict);
    tally->runs++;
    tally->searched += searched;
    vec_release(&deadlocks.of);
    return good;
}

/* Is it the same analysis that fails? */
static bool same_fault(const struct verdict *a, const struct verdict *b)
{
    size_t name = strcspn(a->text, ":");
    return strncmp(a->text, b->text, name + 1) == 0;
}

/* Leaves out what can be left out so that RUN still fails in the same way. */
static void shrink(struct an_run *run, const struct settings *settings, struct verdict *verdict)
{
    struct tally tally = {0};
    for (size_t i = run->ops.count; i-- > 0;) {
        struct an_run smaller = {0};
        struct verdict now;
        copy_without(run, i, &smaller);
        if (shapes_possible(&smaller) && !check(&smaller, settings, &tally, &now) &&
            same_fault(verdict, &now)) {
            struct an_run larger = *run;
            *run = smaller;
            smaller = larger;
            *verdict = now;
            i = run->ops.count;
        }
        an_run_release(&smaller);
    }
}

static bool try_run(const struct settings *settings, uint64_t seed, struct tally *tally)
{
    struct shapes_random random = {seed};
    struct an_run run = {0};
    struct verdict verdict;
    const struct shape *shape = &shapes[shapes_below(&random, shapes_count)];
    if (settings->shape)
        for (shape = shapes; strcmp(shape->name, settings->shape) != 0;)
            shape++;
    shapes_make(shape, &random, &run);
    bool good = shapes_possible(&run) || wrong(&verdict, "shapes: this could not have happened");
    good = good && check(&run, settings, tally, &verdict);
    if (!good) {
        shrink(&run, settings, &verdict);
        printf("FAILED (--seed %llu --count 1, shape %s): %s\n", (unsigned long long)seed,
               shape->name, verdict.text);
        shapes_print(&run, stdout);
    }
    an_run_release(&run);
    return good;
}

static bool read_settings(struct settings *settings, int argc, char **argv)
{
    static const struct option options[] = {{"seed", required_argument, NULL, 's'},
                                            {"count", required_argument, NULL, 'c'},
                                            {"shape", required_argument, NULL, 'k'},
                                            {"relation", required_argument, NULL, 'r'},
                                            {0}};
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == 's')
            settings->seed = strtoull(optarg, NULL, 10);
        else if (option == 'c')
            settings->count = strtoul(optarg, NULL, 10);
        else if (option == 'k')
            settings->shape = optarg;
        else if (option == 'r')
            settings->relation = optarg;
        else
            return false;
    }
    for (unsigned i = 0; settings->shape && i < shapes_count; i++)
        if (strcmp(shapes[i].name, settings->shape) == 0)
            return true;
    return !settings->shape;
}

int main(int argc, char **argv)
{
    struct settings settings = {.count = 10000};
    struct tally tally = {0};
    unsigned failures = 0;
    if (getrandom(&settings.seed, sizeof settings.seed / 2, 0) < 0 ||
        !read_settings(&settings, argc, argv)) {
        fputs("usage: random_test [--seed SEED] [--count RUNS] [--shape NAME] [--relation NAME]\n",
              stderr);
        return 2;
    }
    printf("seed %llu; relations:", (unsigned long long)settings.seed);
    for (const struct an_relation *const *relation = an_relations(); *relation; relation++)
        printf(" %s", (*relation)->name);
    puts("");
    for (unsigned long i = 0; i < settings.count && failures < REPORTED; i++)
        failures += !try_run(&settings, settings.seed + i, &tally);
    printf("%lu runs, %lu of them in all orders; %lu races, %lu deadlocks, %lu with waits; %lu "
           "possible races that osr does not tell; %u failed\n",
           tally.runs, tally.searched, tally.races, tally.deadlocks, tally.awaits, tally.beyond,
           failures);
    return failures != 0;
}
