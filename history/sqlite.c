/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An SQLite file. It keeps SQLite's ordinary journal, which is deleted at each commit: a
 * write-ahead log would need memory that all writers share, which network file systems do not give,
 * and two more files to carry along. Who writes says so at the beginning of the transaction and
 * waits for those that came first; a lock that is taken only later could not be waited for.
 */
#include "base/arena.h"
#include "base/text.h"
#include "history/store.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 32 };

struct sqlite {
    struct sn_store store;
    sqlite3 *db;
};

static int fail(struct sqlite *sqlite, int result, struct sn_error *err)
{
    const char *name = sqlite->store.name;
    int cause = sqlite3_system_errno(sqlite->db);
    switch (result & 0xff) {
    case SQLITE_BUSY:
        return sn_fail(err, SN_E_SYSTEM, name, SN_NO_OFFSET,
                       "other processes have kept it locked for %d s", SN_STORE_PATIENCE);
    case SQLITE_NOTADB:
        return sn_fail(err, SN_E_FORMAT, name, SN_NO_OFFSET, "it is no SQLite database");
    case SQLITE_CORRUPT:
        return sn_fail(err, SN_E_FORMAT, name, SN_NO_OFFSET, "the database is damaged: %s",
                       sqlite3_errmsg(sqlite->db));
    case SQLITE_CANTOPEN:
        return sn_fail(err, SN_E_SYSTEM, name, SN_NO_OFFSET, "cannot open it: %s",
                       cause ? strerror(cause) : sqlite3_errmsg(sqlite->db));
    default:
        return sn_fail(err, SN_E_SYSTEM, name, SN_NO_OFFSET, "%s", sqlite3_errmsg(sqlite->db));
    }
}

static void sqlite_close(struct sn_store *store)
{
    struct sqlite *sqlite = (struct sqlite *)store;
    sqlite3_close(sqlite->db);
    free(sqlite);
}

/* The file may come from anywhere: nothing in it is run, no trigger and no view. */
static void distrust(sqlite3 *db)
{
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, (int *)NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, (int *)NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, (int *)NULL);
}

static int sqlite_open(struct sn_store **store, const char *name, bool create, struct sn_error *err)
{
    struct sqlite *sqlite = sn_calloc(1, sizeof *sqlite);
    struct sn_text path = {0};
    sqlite->store.kind = &sn_sqlite;
    size_t length = strlen(name), most = sizeof sqlite->store.name - 1;
    snprintf(sqlite->store.name, most + 1, "%s", name + (length > most ? length - most : 0));
    /* Some names, such as ":memory:", are none of files to SQLite. A reader writes, too: it takes
     * back what a writer that was killed has left. */
    sn_text_printf(&path, "%s%s", name[0] == '/' ? "" : "./", name);
    int flags = SQLITE_OPEN_READWRITE | (create ? SQLITE_OPEN_CREATE : 0);
    int result = sqlite3_open_v2(path.at, &sqlite->db, flags, NULL);
    sn_text_release(&path);
    if (result != SQLITE_OK) {
        int ret = fail(sqlite, result, err);
        sqlite_close(&sqlite->store);
        return ret;
    }
    sqlite3_busy_timeout(sqlite->db, SN_STORE_PATIENCE * 1000);
    distrust(sqlite->db);
    *store = &sqlite->store;
    return 0;
}

static void bind(sqlite3_stmt *statement, const char *const *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char name[24];
        snprintf(name, sizeof name, "$%zu", i + 1);
        int index = sqlite3_bind_parameter_index(statement, name);
        if (index && values[i])
            sqlite3_bind_text64(statement, index, values[i], strlen(values[i]), SQLITE_STATIC,
                                SQLITE_UTF8);
    }
}

static void hand_out(sqlite3_stmt *statement, sn_store_row *each, void *data)
{
    const char *columns[COLUMNS] = {NULL};
    int count = sqlite3_column_count(statement);
    for (int i = 0; i < count && i < COLUMNS; i++)
        columns[i] = (const char *)sqlite3_column_text(statement, i);
    each(data, columns);
}

static int sqlite_run(struct sn_store *store, const char *sql, const char *const *values,
                      size_t count, sn_store_row *each, void *data, struct sn_error *err)
{
    struct sqlite *sqlite = (struct sqlite *)store;
    sqlite3_stmt *statement;
    int result = sqlite3_prepare_v2(sqlite->db, sql, -1, &statement, NULL);
    if (result == SQLITE_OK) {
        bind(statement, values, count);
        while ((result = sqlite3_step(statement)) == SQLITE_ROW)
            if (each)
                hand_out(statement, each, data);
    }
    int ret = result == SQLITE_DONE ? 0 : fail(sqlite, result, err);
    sqlite3_finalize(statement);
    return ret;
}

static int sqlite_begin(struct sn_store *store, bool write, struct sn_error *err)
{
    int ret = sqlite_run(store, "PRAGMA foreign_keys = ON", NULL, 0, NULL, NULL, err);
    const char *begin = write ? "BEGIN IMMEDIATE" : "BEGIN";
    return ret < 0 ? ret : sqlite_run(store, begin, NULL, 0, NULL, NULL, err);
}

const struct sn_store_kind sn_sqlite = {
    .tables = "SELECT name FROM sqlite_master WHERE type = 'table'",
    .open = sqlite_open,
    .begin = sqlite_begin,
    .run = sqlite_run,
    .close = sqlite_close,
};
