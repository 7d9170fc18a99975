/* SPDX-License-Identifier: Apache-2.0 */
/* Questions to a history. Runs are numbered within their label: what lies between two sightings of
 * a finding, or behind the last one, is then a difference. */
#include "history/history.h"

#include "history/schema.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* That a finding is missing for so long is chance with less than this probability: it is gone. One
 * run alone may have been broken, or cut short. */
#define HARDLY_CHANCE 0.01
enum { FEWEST_ABSENT = 3 };

const char *sn_history_state_name(enum sn_history_state state)
{
    return state == SN_STEADY    ? "steady"
           : state == SN_FLAKY   ? "flaky"
           : state == SN_MISSING ? "missing"
                                 : "gone";
}

int sn_history_open(struct sn_history *history, const char *name, bool create, struct sn_error *err)
{
    *history = (struct sn_history){0};
    int ret = sn_store_open(&history->store, name, create, err);
    if (ret == 0)
        ret = sn_store_begin(history->store, create, err);
    return ret < 0 ? ret : sn_schema_check(history->store, create, err);
}

void sn_history_close(struct sn_history *history)
{
    sn_store_close(history->store);
    sn_arena_release(&history->arena);
    history->store = NULL;
}

/* A question, and where the answers go. */
struct question {
    struct sn_history *history;
    const struct sn_history_filter *filter;
    void *answers;
};

static int64_t number(const char *column)
{
    return column ? strtoll(column, NULL, 10) : 0;
}

/* Five columns. */
static struct sn_history_run read_run(struct sn_arena *arena, const char *const *columns)
{
    return (struct sn_history_run){.id = number(columns[0]),
                                   .time = number(columns[1]),
                                   .commit = sn_strdup(arena, columns[2]),
                                   .branch = sn_strdup(arena, columns[3]),
                                   .label = sn_strdup(arena, columns[4])};
}

/* The runs that a filter lets through: $1 a branch, $2 a label, $3 a time. */
#define RUN_COLUMNS "id, time, commit_id, branch, label"
#define FILTERED                                                                                   \
    "WHERE (CAST($1 AS TEXT) IS NULL OR branch = CAST($1 AS TEXT)) "                               \
    "AND (CAST($2 AS TEXT) IS NULL OR label = CAST($2 AS TEXT)) AND time >= CAST($3 AS BIGINT) "

/* Asks with the filter's values and VALUE as $4. */
static int ask(struct question *question, const char *sql, const char *value, sn_store_row *each,
               struct sn_error *err)
{
    const struct sn_history_filter *filter = question->filter;
    char since[24];
    snprintf(since, sizeof since, "%lld", (long long)filter->since);
    const char *values[] = {filter->branch, filter->label, since, value};
    return sn_store_run(question->history->store, sql, values, value ? 4 : 3, each, question, err);
}

static void note_run(void *data, const char *const *columns)
{
    struct question *question = data;
    struct sn_history_runs *runs = question->answers;
    struct sn_history_run *run = vec_push(runs);
    *run = read_run(&question->history->arena, columns);
    run->reports = (uint64_t)number(columns[5]);
    run->findings = (uint64_t)number(columns[6]);
    run->fresh = (uint64_t)number(columns[7]);
}

int sn_history_runs(struct sn_history *history, const struct sn_history_filter *filter,
                    struct sn_history_runs *runs, struct sn_error *err)
{
    struct question question = {history, filter, runs};
    return ask(
        &question,
        "WITH born AS (SELECT MIN(run) AS run FROM snarl_sighting GROUP BY finding), "
        "fresh AS (SELECT run, COUNT(*) AS findings FROM born GROUP BY run) "
        "SELECT " RUN_COLUMNS ", (SELECT COUNT(*) FROM snarl_report WHERE run = snarl_run.id), "
        "(SELECT COUNT(*) FROM snarl_sighting WHERE run = snarl_run.id), "
        "COALESCE(fresh.findings, 0) "
        "FROM snarl_run LEFT JOIN fresh ON fresh.run = snarl_run.id " FILTERED "ORDER BY id DESC",
        NULL, note_run, err);
}

static void note_sighting(void *data, const char *const *columns)
{
    struct question *question = data;
    struct sn_history_sightings *sightings = question->answers;
    struct sn_history_sighting *sighting = vec_push(sightings);
    sighting->run = read_run(&question->history->arena, columns);
    sighting->level = sn_strdup(&question->history->arena, columns[5]);
    sighting->count = (uint64_t)number(columns[6]);
}

int sn_history_sightings(struct sn_history *history, const char *id,
                         const struct sn_history_filter *filter,
                         struct sn_history_sightings *sightings, struct sn_error *err)
{
    struct question question = {history, filter, sightings};
    return ask(&question,
               "SELECT " RUN_COLUMNS ", level, count "
               "FROM snarl_run JOIN snarl_sighting ON run = id " FILTERED
               "AND finding = $4 ORDER BY id DESC",
               id, note_sighting, err);
}

/* BEFORE: the runs from the first that has the finding to the last; ABSENT: those since. That each
 * of these misses it by chance is judged by how often it was seen before, of one run more. */
static enum sn_history_state judge(uint64_t seen, uint64_t before, uint64_t runs, uint64_t absent)
{
    double misses = 1 - (double)seen / ((double)before + 1);
    if (absent >= FEWEST_ABSENT && pow(misses, (double)absent) < HARDLY_CHANCE)
        return SN_GONE;
    if (seen == runs)
        return SN_STEADY;
    return seen == before && absent ? SN_MISSING : SN_FLAKY;
}

static bool wanted(const struct sn_history_filter *filter, const struct sn_history_finding *finding)
{
    int kind = sn_hazard_by_id(finding->kind);
    if (filter->kinds && (kind < 0 || !(filter->kinds >> kind & 1)))
        return false;
    return !filter->states || filter->states & finding->state;
}

enum { RUN = 5, FIRST = 5, LAST = FIRST + RUN, SEEN = LAST + RUN };

static void note_finding(void *data, const char *const *columns)
{
    struct question *question = data;
    struct sn_history_findings *findings = question->answers;
    struct sn_arena *arena = &question->history->arena;
    struct sn_history_finding finding = {
        .id = sn_strdup(arena, columns[0]),
        .kind = sn_strdup(arena, columns[1]),
        .level = sn_strdup(arena, columns[2]),
        .severity = sn_strdup(arena, columns[3]),
        .title = sn_strdup(arena, columns[4]),
        .first = read_run(arena, columns + FIRST),
        .last = read_run(arena, columns + LAST),
        .seen = (uint64_t)number(columns[SEEN]),
        .runs = (uint64_t)number(columns[SEEN + 1]),
    };
    finding.state = judge(finding.seen, (uint64_t)number(columns[SEEN + 2]), finding.runs,
                          (uint64_t)number(columns[SEEN + 3]));
    if (wanted(question->filter, &finding))
        *vec_push(findings) = finding;
}

#define RUN_OF(name)                                                                               \
    name ".id, " name ".time, " name ".commit_id, " name ".branch, " name ".label, "

int sn_history_findings(struct sn_history *history, const struct sn_history_filter *filter,
                        struct sn_history_findings *findings, struct sn_error *err)
{
    struct question question = {history, filter, findings};
    return ask(&question,
               "WITH numbered AS (SELECT id, label, "
               "ROW_NUMBER() OVER (PARTITION BY label ORDER BY id) AS place, "
               "COUNT(*) OVER (PARTITION BY label) AS runs FROM snarl_run " FILTERED "), "
               "labelled AS (SELECT finding, COUNT(*) AS seen, MIN(id) AS first, MAX(id) AS last, "
               "MAX(runs) - MIN(place) + 1 AS runs, MAX(place) - MIN(place) + 1 AS before, "
               "MAX(runs) - MAX(place) AS absent "
               "FROM numbered JOIN snarl_sighting ON run = id GROUP BY finding, label), "
               "summed AS (SELECT finding, SUM(seen) AS seen, MIN(first) AS first, "
               "MAX(last) AS last, SUM(runs) AS runs, SUM(before) AS before, "
               "MIN(absent) AS absent FROM labelled GROUP BY finding) "
               "SELECT f.id, f.kind, f.level, f.severity, f.title, " RUN_OF("a") RUN_OF(
                   "z") "s.seen, s.runs, s.before, s.absent FROM summed s "
                        "JOIN snarl_finding f ON f.id = s.finding "
                        "JOIN snarl_run a ON a.id = s.first JOIN snarl_run z ON z.id = s.last "
                        "ORDER BY s.last DESC, s.seen DESC, f.id",
               NULL, note_finding, err);
}

static void note_document(void *data, const char *const *columns)
{
    struct question *question = data;
    *(const char **)question->answers = sn_strdup(&question->history->arena, columns[0]);
}

int sn_history_document(struct sn_history *history, const char *id, const char **document,
                        struct sn_error *err)
{
    struct question question = {history, NULL, document};
    *document = NULL;
    return sn_store_run(history->store, "SELECT document FROM snarl_finding WHERE id = $1", &id, 1,
                        note_document, &question, err);
}
