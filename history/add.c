/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run comes into a history, in one transaction. Writers come one after the other, so that the
 * next number of a run is one more than the last. A report is told by a hash of its bytes and of
 * what the run is of: the same trace may well say the same of two commits.
 */
#define XXH_INLINE_ALL
#include "base/text.h"
#include "finding/json.h"
#include "history/history.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* PostgreSQL has no index of longer ones; a fingerprint has 18 characters and a number. */
enum { LONGEST_ID = 200 };

struct numeral {
    char digits[24];
};

static struct numeral numeral(uint64_t value)
{
    struct numeral numeral;
    snprintf(numeral.digits, sizeof numeral.digits, "%" PRIu64, value);
    return numeral;
}

static void note_number(void *data, const char *const *columns)
{
    *(int64_t *)data = columns[0] ? strtoll(columns[0], NULL, 10) : 0;
}

/* The first column of the first row; 0 if there is none. */
static int ask_number(struct sn_store *store, const char *sql, const char *value, int64_t *answer,
                      struct sn_error *err)
{
    *answer = 0;
    return sn_store_run(store, sql, &value, value != NULL, note_number, answer, err);
}

static void add_key(XXH3_state_t *state, const char *text)
{
    XXH3_128bits_update(state, text ? text : "", text ? strlen(text) + 1 : 0);
    XXH3_128bits_update(state, text ? "\1" : "\0", 1);
}

struct content {
    char key[40];
};

static struct content content(const struct sn_history_run *run,
                              const struct sn_history_report *report)
{
    struct content content;
    XXH3_state_t *state = XXH3_createState();
    XXH3_128bits_reset(state);
    add_key(state, run->commit);
    add_key(state, run->branch);
    add_key(state, run->label);
    XXH3_128bits_update(state, report->bytes, report->size);
    XXH128_hash_t hash = XXH3_128bits_digest(state);
    XXH3_freeState(state);
    snprintf(content.key, sizeof content.key, "%016" PRIx64 "%016" PRIx64, (uint64_t)hash.high64,
             (uint64_t)hash.low64);
    return content;
}

static int insert_report(struct sn_store *store, const struct sn_history_run *run,
                         const struct sn_history_report *report, struct sn_error *err)
{
    const struct sn_report *said = report->report;
    return SN_STORE_RUN(store,
                        "INSERT INTO snarl_report (content, run, program, complete) "
                        "VALUES ($1, $2, $3, $4)",
                        err, content(run, report).key, numeral((uint64_t)run->id).digits,
                        said->argc ? said->argv[0] : NULL, said->complete ? "1" : "0");
}

static int insert_run(struct sn_store *store, struct sn_history_run *run, struct sn_error *err)
{
    int ret =
        ask_number(store, "SELECT COALESCE(MAX(id), 0) + 1 FROM snarl_run", NULL, &run->id, err);
    return ret < 0 ? ret
                   : SN_STORE_RUN(store,
                                  "INSERT INTO snarl_run (id, time, commit_id, branch, label, "
                                  "snarl) VALUES ($1, $2, $3, $4, $5, $6)",
                                  err, numeral((uint64_t)run->id).digits,
                                  numeral((uint64_t)run->time).digits, run->commit, run->branch,
                                  run->label, SNARL_VERSION);
}

/* Those that are new here, each with its own row; the run is made with the first. */
static int insert_reports(struct sn_store *store, struct sn_history_run *run,
                          struct sn_history_report *reports, size_t count, struct sn_error *err)
{
    int ret = 0;
    run->id = 0;
    run->reports = 0;
    for (size_t i = 0; ret == 0 && i < count; i++) {
        ret = ask_number(store, "SELECT run FROM snarl_report WHERE content = $1",
                         content(run, &reports[i]).key, &reports[i].known_in, err);
        if (ret < 0 || reports[i].known_in)
            continue;
        if (!run->id)
            ret = insert_run(store, run, err);
        if (ret == 0)
            ret = insert_report(store, run, &reports[i], err);
        run->reports++;
    }
    return ret;
}

static int insert_finding(struct sn_store *store, const struct sn_history_run *run,
                          const struct sn_finding *finding, uint64_t count, struct sn_error *err)
{
    struct sn_text document = {0};
    const char *level = sn_level_name(finding->level);
    sn_json_write_finding(&document, finding);
    int ret = SN_STORE_RUN(
        store,
        "INSERT INTO snarl_finding (id, kind, level, severity, title, document) "
        "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, "
        "level = excluded.level, severity = excluded.severity, title = excluded.title, "
        "document = excluded.document",
        err, finding->id, sn_hazards[finding->kind].id, level, sn_severity_name(finding->severity),
        finding->title, document.at);
    sn_text_release(&document);
    return ret < 0 ? ret
                   : SN_STORE_RUN(store,
                                  "INSERT INTO snarl_sighting (run, finding, level, count) "
                                  "VALUES ($1, $2, $3, $4)",
                                  err, numeral((uint64_t)run->id).digits, finding->id, level,
                                  numeral(count).digits);
}

struct findings {
    const struct sn_finding **at;
    size_t count, room;
};

/* By id; of several with the same the most certain first. */
static int compare(const void *a, const void *b)
{
    const struct sn_finding *left = *(struct sn_finding *const *)a;
    const struct sn_finding *right = *(struct sn_finding *const *)b;
    int order = strcmp(left->id, right->id);
    return order ? order : (int)left->level - (int)right->level;
}

static int insert_findings(struct sn_store *store, struct sn_history_run *run,
                           const struct findings *findings, struct sn_error *err)
{
    int ret = 0;
    run->findings = 0;
    for (size_t i = 0, next; ret == 0 && i < findings->count; i = next) {
        const struct sn_finding *finding = findings->at[i];
        uint64_t count = 0;
        for (next = i; next < findings->count && !strcmp(findings->at[next]->id, finding->id);
             next++)
            count += findings->at[next]->count;
        ret = insert_finding(store, run, finding, count < INT64_MAX ? count : INT64_MAX, err);
        run->findings++;
    }
    return ret;
}

static int gather(struct findings *findings, const struct sn_history_report *report,
                  struct sn_error *err)
{
    vec_each (struct sn_finding *, at, &report->report->findings) {
        const struct sn_finding *finding = *at;
        if (!finding->id || strlen(finding->id) > LONGEST_ID)
            return sn_fail(err, SN_E_LIMIT, report->path, SN_NO_OFFSET,
                           "findings[%td].id: it is longer than a fingerprint ever is",
                           at - report->report->findings.at);
        if (finding->status != SN_SUPPRESSED)
            *vec_push(findings) = finding;
    }
    return 0;
}

static int add_findings(struct sn_store *store, struct sn_history_run *run,
                        const struct sn_history_report *reports, size_t count, struct sn_error *err)
{
    struct findings findings = {0};
    int ret = 0;
    for (size_t i = 0; ret == 0 && i < count; i++)
        if (!reports[i].known_in)
            ret = gather(&findings, &reports[i], err);
    if (findings.count)
        qsort(findings.at, findings.count, sizeof *findings.at, compare);
    if (ret == 0)
        ret = insert_findings(store, run, &findings, err);
    vec_release(&findings);
    return ret;
}

int sn_history_add(struct sn_history *history, struct sn_history_run *run,
                   struct sn_history_report *reports, size_t count, struct sn_error *err)
{
    struct sn_store *store = history->store;
    int64_t fresh = 0;
    int ret = insert_reports(store, run, reports, count, err);
    if (ret == 0 && run->id)
        ret = add_findings(store, run, reports, count, err);
    if (ret == 0 && run->id)
        ret = ask_number(store,
                         "SELECT COUNT(*) FROM (SELECT finding FROM snarl_sighting "
                         "GROUP BY finding HAVING MIN(run) = CAST($1 AS BIGINT)) AS born",
                         numeral((uint64_t)run->id).digits, &fresh, err);
    run->fresh = (uint64_t)fresh;
    return ret < 0 ? ret : sn_store_commit(store, err);
}
