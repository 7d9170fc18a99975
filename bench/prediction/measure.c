/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the relations take on operations that lie in memory, in the form in which a binary trace
 * gives them: no text is read while the clock runs.
 *
 *     measure FILE.std...      each relation on each run; patterns; SyncP and SPD by one worker
 *                              and by two
 *     measure --shadow MB      FastTrack, HB and SHB where each access is of any place in MB of
 *                              16-byte cells (SHB: twice that): a miss of the cache each
 *
 * Seconds are of the processor, the least of several rounds, except where two workers are compared.
 */
#include "analyzer/predict/patterns.h"
#include "analyzer/predict/relation.h"
#include "analyzer/predict/syncp.c" /* whose halves are measured apart */
#include "trace/std.h"

#include <stdio.h>
#include <sys/mman.h>
#include <time.h>

enum { BLOCK = 4096, ROUNDS = 5, LONGEST = 2, SHADOW_EVENTS = 20000000, CELL = 16 };

static const double LONG = 5; /* seconds: what takes longer is measured once */

static double seconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static int read_run(const char *path, struct an_run *run)
{
    struct tr_std *std;
    struct sn_error err;
    struct tr_op ops[BLOCK];
    int64_t count;
    if (tr_std_open(&std, path, &err) < 0) {
        fprintf(stderr, "%s: %s\n", path, err.text);
        return -1;
    }
    while ((count = tr_std_next(std, ops, BLOCK, &err)) > 0)
        for (int64_t i = 0; i < count; i++)
            an_run_add(run, ops[i]);
    tr_std_close(std);
    if (count < 0)
        fprintf(stderr, "%s: %s\n", path, err.text);
    return (int)count;
}

static void apply(const struct an_relation *relation, const struct an_run *run, unsigned workers,
                  struct an_pairs *found)
{
    if (relation->whole) {
        relation->whole(run, workers, found);
        return;
    }
    void *self = relation->open(found);
    for (size_t at = 0; at < run->ops.count; at += BLOCK)
        relation->ops(self, run->ops.at + at,
                      run->ops.count - at < BLOCK ? run->ops.count - at : BLOCK);
    relation->close(self);
}

/* The least seconds by CLOCK; how many racing events there are. */
static double measure(const struct an_relation *relation, const struct an_run *run,
                      unsigned workers, clockid_t clock, size_t *races)
{
    double least = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        struct an_pairs found = {0};
        double start = seconds(clock);
        apply(relation, run, workers, &found);
        double took = seconds(clock) - start;
        least = took < least ? took : least;
        an_pairs_sort(&found, run);
        *races = found.of.count;
        vec_release(&found.of);
        if (took > LONG)
            break;
    }
    return least;
}

static void tell(const char *name, const struct an_run *run, double took, size_t found)
{
    printf("  %-10s %9.4f s %8.1f M events/s  found %zu\n", name, took,
           (double)run->ops.count / took / 1e6, found);
}

/* What SyncP takes for the pairs alone, and in all: the least of several rounds, elapsed. */
static void measure_syncp(const struct an_run *run, unsigned workers, double *pairs, double *all)
{
    *pairs = *all = 1e9;
    for (int round = 0; round < 3 * ROUNDS; round++) {
        struct an_pairs found = {0};
        struct predictor predictor;
        double start = seconds(CLOCK_MONOTONIC);
        prepare(&predictor, run, workers);
        double prepared = seconds(CLOCK_MONOTONIC);
        predict(&predictor, &found);
        double end = seconds(CLOCK_MONOTONIC);
        release(&predictor);
        vec_release(&found.of);
        *pairs = end - prepared < *pairs ? end - prepared : *pairs;
        *all = end - start < *all ? end - start : *all;
    }
}

static void tell_elapsed(const char *name, double one, double two)
{
    printf("  %s elapsed: %.4f s by one worker, %.4f s by two: %.2f times as fast\n", name, one,
           two, one / two);
}

static void two_workers(const struct an_run *run)
{
    double pairs[2], all[2];
    for (unsigned i = 0; i < 2; i++)
        measure_syncp(run, i + 1, &pairs[i], &all[i]);
    tell_elapsed("syncp's pairs", pairs[0], pairs[1]);
    tell_elapsed("syncp", all[0], all[1]);
}

/* As measure. */
static double measure_patterns(const struct an_run *run, bool proved, unsigned workers,
                               clockid_t clock, size_t *count)
{
    double least = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        struct an_patterns found = {0};
        double start = seconds(clock);
        an_patterns_find(run, LONGEST, proved, workers, &found);
        double took = seconds(clock) - start;
        least = took < least ? took : least;
        *count = found.of.count;
        an_patterns_release(&found);
        if (took > LONG)
            break;
    }
    return least;
}

static void patterns(const struct an_run *run)
{
    size_t count;
    double took = measure_patterns(run, false, 1, CLOCK_PROCESS_CPUTIME_ID, &count);
    tell("patterns", run, took, count);
    took = measure_patterns(run, true, 1, CLOCK_PROCESS_CPUTIME_ID, &count);
    tell("spd", run, took, count);
    if (!count)
        return;
    double one = measure_patterns(run, true, 1, CLOCK_MONOTONIC, &count);
    double two = measure_patterns(run, true, 2, CLOCK_MONOTONIC, &count);
    tell_elapsed("spd", one, two);
}

static int measure_file(const char *path)
{
    struct an_run run = {0};
    if (read_run(path, &run) < 0)
        return 1;
    printf("%s: %zu events, %u threads, %u locks, %u variables\n", path, run.ops.count, run.threads,
           run.locks, run.variables);
    for (const struct an_relation *const *relation = an_relations(); *relation; relation++) {
        size_t races;
        double took = measure(*relation, &run, 1, CLOCK_PROCESS_CPUTIME_ID, &races);
        tell((*relation)->name, &run, took, races);
        fflush(stdout);
    }
    two_workers(&run);
    patterns(&run);
    an_run_release(&run);
    return 0;
}

/* Cell PLACE is of thread PLACE modulo 16, so that nothing races, whatever the order. */
static struct tr_op access_of(uint32_t place, bool reads)
{
    return (struct tr_op){
        .thread = place % 16, .kind = reads ? TR_OP_READ : TR_OP_WRITE, .target = place};
}

/* Seconds for random accesses of CELLS cells, each of which was accessed once before the clock
 * runs: what a first touch costs is a matter of the kernel. */
static double measure_random(const struct an_relation *relation, uint32_t cells)
{
    static struct tr_op ops[BLOCK];
    struct an_pairs found = {0};
    void *self = relation->open(&found);
    uint64_t state = 1;
    double took = 0;
    for (uint32_t at = 0; at < cells; at += BLOCK) {
        uint32_t count = cells - at < BLOCK ? cells - at : BLOCK;
        for (uint32_t i = 0; i < count; i++)
            ops[i] = access_of(at + i, true);
        relation->ops(self, ops, count);
    }
    for (int done = 0; done < SHADOW_EVENTS; done += BLOCK) {
        for (uint32_t i = 0; i < BLOCK; i++) {
            state = state * 6364136223846793005 + 1442695040888963407;
            ops[i] = access_of((uint32_t)((state >> 33) % cells), state >> 62);
        }
        double start = seconds(CLOCK_PROCESS_CPUTIME_ID);
        relation->ops(self, ops, BLOCK);
        took += seconds(CLOCK_PROCESS_CPUTIME_ID) - start;
    }
    relation->close(self);
    vec_release(&found.of);
    return took;
}

/* As little as can be done for an access: its cell is fetched ahead and counted up. What memory
 * gives, and no relation can exceed. */
struct least_cell {
    uint64_t count, unused;
};

struct least {
    VEC(struct least_cell) cells;
};

static void *least_open(struct an_pairs *found)
{
    (void)found;
    return sn_calloc(1, sizeof(struct least));
}

static void least_ops(void *self, const struct tr_op *ops, size_t count)
{
    enum { AHEAD = 24 };
    struct least *least = self;
    for (size_t i = 0; i < count; i++) {
        vec_cover(&least->cells, ops[i].target);
        if (i + AHEAD < count)
            vec_prefetch(&least->cells, ops[i + AHEAD].target);
        least->cells.at[ops[i].target].count++;
    }
}

static void least_close(void *self)
{
    vec_release(&((struct least *)self)->cells);
    free(self);
}

static const struct an_relation least = {
    .name = "(least)", .open = least_open, .ops = least_ops, .close = least_close};

static int measure_shadow(const char *size)
{
    const struct an_relation *const relations[] = {&least, an_relation_find("fasttrack"),
                                                   an_relation_find("hb"), an_relation_find("shb")};
    enum { COUNT = sizeof relations / sizeof *relations };
    uint32_t cells = (uint32_t)(atof(size) * 1e6 / CELL);
    double took[ROUNDS][COUNT];
    printf("%s MB of cells, accessed at random: M events/s in each of %d rounds\n", size, ROUNDS);
    for (int round = 0; round < ROUNDS; round++)
        for (int i = 0; i < COUNT; i++)
            took[round][i] = measure_random(relations[i], cells);
    for (int i = 0; i < COUNT; i++) {
        printf("  %-10s", relations[i]->name);
        for (int round = 0; round < ROUNDS; round++)
            printf(" %6.1f", SHADOW_EVENTS / took[round][i] / 1e6);
        printf("\n");
    }
    return 0;
}

/* The machine. ----------------------------------------------------------------------------------
 */

/* Nanoseconds for a read of MB at random, each waiting for the one before; HUGE: on huge pages. */
static double latency(size_t megabytes, bool huge)
{
    enum { HUGE_PAGE = 1 << 21 };
    size_t lines = megabytes * 1000000 / 64;
    struct line {
        uint32_t next, unused[15];
    } *line = aligned_alloc(HUGE_PAGE, (lines * 64 + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE);
    uint64_t state = 1;
    if (!line)
        return 0;
    madvise(line, lines * 64, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
    for (size_t i = 0; i < lines; i++)
        line[i].next = (uint32_t)i;
    for (size_t i = lines; i-- > 1;) { /* one cycle of all: Sattolo */
        state = state * 6364136223846793005 + 1442695040888963407;
        size_t k = (state >> 33) % i;
        uint32_t next = line[i].next;
        line[i].next = line[k].next;
        line[k].next = next;
    }
    enum { READS = 5000000 };
    uint32_t at = 0;
    double start = seconds(CLOCK_PROCESS_CPUTIME_ID);
    for (int i = 0; i < READS; i++)
        at = line[at].next;
    double took = seconds(CLOCK_PROCESS_CPUTIME_ID) - start;
    free(line);
    return took * 1e9 / READS + (at == UINT32_MAX);
}

/* GB/s in which memory is read from one end to the other. */
static double bandwidth(void)
{
    size_t count = 100000000;
    uint64_t *number = sn_malloc(count * sizeof *number), sum = 0;
    memset(number, 1, count * sizeof *number);
    double start = seconds(CLOCK_PROCESS_CPUTIME_ID);
    for (size_t i = 0; i < count; i++)
        sum += number[i];
    double took = seconds(CLOCK_PROCESS_CPUTIME_ID) - start;
    free(number);
    return (double)(count * sizeof *number) / took / 1e9 + (sum == 1);
}

static int measure_machine(void)
{
    static const size_t sizes[] = {1, 16, 100, 800};
    printf("this machine: reads memory at %.1f GB/s; a read at random of", bandwidth());
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        printf(" %zu MB %.1f ns,", sizes[i], latency(sizes[i], false));
    printf(" on huge pages");
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        printf(" %.1f%s", latency(sizes[i], true),
               i + 1 < sizeof sizes / sizeof *sizes ? "," : " ns\n");
    return 0;
}

int main(int argc, char **argv)
{
    int status = 0;
    if (argc == 2 && strcmp(argv[1], "--machine") == 0)
        return measure_machine();
    if (argc == 3 && strcmp(argv[1], "--shadow") == 0)
        return measure_shadow(argv[2]);
    for (int i = 1; i < argc; i++)
        status |= measure_file(argv[i]);
    return argc > 1 ? status : 2;
}
