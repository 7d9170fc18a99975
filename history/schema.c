/* SPDX-License-Identifier: Apache-2.0 */
#include "history/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A label is never NULL: runs are grouped by it. Times are seconds since 1970, UTC. */
static const char *const first[] = {
    "CREATE TABLE snarl_run (id BIGINT PRIMARY KEY, time BIGINT NOT NULL, commit_id TEXT, "
    "branch TEXT, label TEXT NOT NULL, snarl TEXT NOT NULL)",
    "CREATE TABLE snarl_report (content TEXT PRIMARY KEY, run BIGINT NOT NULL "
    "REFERENCES snarl_run (id), program TEXT, complete BIGINT NOT NULL)",
    "CREATE INDEX snarl_report_run ON snarl_report (run)",
    "CREATE TABLE snarl_finding (id TEXT PRIMARY KEY, kind TEXT NOT NULL, level TEXT NOT NULL, "
    "severity TEXT NOT NULL, title TEXT, document TEXT NOT NULL)",
    "CREATE TABLE snarl_sighting (run BIGINT NOT NULL REFERENCES snarl_run (id), "
    "finding TEXT NOT NULL REFERENCES snarl_finding (id), level TEXT NOT NULL, "
    "count BIGINT NOT NULL, PRIMARY KEY (run, finding))",
    "CREATE INDEX snarl_sighting_finding ON snarl_sighting (finding, run)",
    NULL,
};

/* Step N leads from version N to N + 1. */
static const char *const *const steps[SN_SCHEMA_VERSION] = {first};

struct found {
    bool ours, others;
    int64_t version;
};

static void note_table(void *data, const char *const *columns)
{
    struct found *found = data;
    bool ours = strcmp(columns[0], "snarl_history") == 0;
    *(ours ? &found->ours : &found->others) = true;
}

static void note_version(void *data, const char *const *columns)
{
    ((struct found *)data)->version = columns[0] ? atoll(columns[0]) : -1;
}

static int look(struct sn_store *store, struct found *found, struct sn_error *err)
{
    *found = (struct found){.version = -1};
    int ret = sn_store_run(store, store->kind->tables, NULL, 0, note_table, found, err);
    if (ret < 0 || !found->ours)
        return ret;
    ret = sn_store_run(store, "SELECT MAX(version) FROM snarl_history", NULL, 0, note_version,
                       found, err);
    if (ret == 0 && found->version < 0)
        return sn_fail(err, SN_E_FORMAT, store->name, SN_NO_OFFSET,
                       "the history has lost its version");
    return ret;
}

static int migrate(struct sn_store *store, int64_t version, struct sn_error *err)
{
    char number[24];
    int ret = 0;
    for (; ret == 0 && version < SN_SCHEMA_VERSION; version++)
        for (const char *const *sql = steps[version]; ret == 0 && *sql; sql++)
            ret = sn_store_run(store, *sql, NULL, 0, NULL, NULL, err);
    snprintf(number, sizeof number, "%d", SN_SCHEMA_VERSION);
    return ret < 0 ? ret
                   : SN_STORE_RUN(store, "UPDATE snarl_history SET version = $1", err, number);
}

static int start(struct sn_store *store, struct sn_error *err)
{
    int ret = sn_store_run(store, "CREATE TABLE snarl_history (version BIGINT NOT NULL)", NULL, 0,
                           NULL, NULL, err);
    return ret < 0
               ? ret
               : SN_STORE_RUN(store, "INSERT INTO snarl_history (version) VALUES ($1)", err, "0");
}

int sn_schema_check(struct sn_store *store, bool create, struct sn_error *err)
{
    struct found found;
    int ret = look(store, &found, err);
    if (ret < 0)
        return ret;
    if (!found.ours && found.others && !store->kind->shared)
        return sn_fail(err, SN_E_FORMAT, store->name, SN_NO_OFFSET,
                       "it is a database of something else");
    if (!found.ours && !create)
        return sn_fail(err, SN_E_EMPTY, store->name, SN_NO_OFFSET,
                       "there is no history in it: `snarl history add` begins one");
    if (found.version > SN_SCHEMA_VERSION)
        return sn_fail(err, SN_E_VERSION, store->name, SN_NO_OFFSET,
                       "the history is of version %lld, made by a later snarl; this one knows %d",
                       (long long)found.version, SN_SCHEMA_VERSION);
    if (found.version == SN_SCHEMA_VERSION)
        return 0;
    if (!create)
        return sn_fail(err, SN_E_VERSION, store->name, SN_NO_OFFSET,
                       "the history was made by an earlier snarl: `snarl history add` brings it "
                       "up to date");
    if (!found.ours)
        ret = start(store, err);
    return ret < 0 ? ret : migrate(store, found.ours ? found.version : 0, err);
}
