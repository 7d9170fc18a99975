/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PostgreSQL, by libpq, which is loaded when somebody asks for it: it brings some thirty libraries
 * along, and who keeps a file needs none of them. So snarl is built without it as well, and what is
 * used of its interface, which has been the same since libpq.so.5 is called so, is declared here.
 */
#define _GNU_SOURCE
#include "base/arena.h"
#include "history/store.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct connection; /* PGconn */
struct result;     /* PGresult */

enum { CONNECTION_OK = 0, COMMAND_OK = 1, TUPLES_OK = 2 };

#define FUNCTIONS(FUNCTION)                                                                        \
    FUNCTION(struct connection *, PQconnectdbParams,                                               \
             (const char *const *keywords, const char *const *values, int expand))                 \
    FUNCTION(int, PQstatus, (const struct connection *))                                           \
    FUNCTION(char *, PQerrorMessage, (const struct connection *))                                  \
    FUNCTION(void, PQfinish, (struct connection *))                                                \
    FUNCTION(void *, PQsetNoticeProcessor,                                                         \
             (struct connection *, void (*)(void *, const char *), void *))                        \
    FUNCTION(struct result *, PQexecParams,                                                        \
             (struct connection *, const char *sql, int count, const unsigned *types,              \
              const char *const *values, const int *lengths, const int *formats, int result))      \
    FUNCTION(int, PQresultStatus, (const struct result *))                                         \
    FUNCTION(char *, PQresultErrorMessage, (const struct result *))                                \
    FUNCTION(int, PQntuples, (const struct result *))                                              \
    FUNCTION(int, PQnfields, (const struct result *))                                              \
    FUNCTION(int, PQgetisnull, (const struct result *, int row, int column))                       \
    FUNCTION(char *, PQgetvalue, (const struct result *, int row, int column))                     \
    FUNCTION(void, PQclear, (struct result *))

static struct {
#define FUNCTION(type, name, parameters) type(*name) parameters;
    FUNCTIONS(FUNCTION)
#undef FUNCTION
} pq;

enum { COLUMNS = 32 };

struct postgres {
    struct sn_store store;
    struct connection *connection;
};

static int load(const char *name, struct sn_error *err)
{
    static const struct {
        const char *name;
        void **at;
    } wanted[] = {
#define FUNCTION(type, name, parameters) {#name, (void **)&pq.name},
        FUNCTIONS(FUNCTION)
#undef FUNCTION
    };
    void *library = dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL);
    for (size_t i = 0; library && i < sizeof wanted / sizeof *wanted; i++)
        if (!(*wanted[i].at = dlsym(library, wanted[i].name)))
            library = NULL;
    if (library)
        return 0;
    return sn_fail(err, SN_E_SYSTEM, name, SN_NO_OFFSET,
                   "PostgreSQL needs its client library, libpq.so.5 (Debian's package libpq5): %s",
                   dlerror());
}

/* The server's words in one line. */
static int fail(struct postgres *postgres, const char *words, struct sn_error *err)
{
    char line[400];
    size_t length = 0;
    for (; *words && length + 1 < sizeof line; words++)
        if ((unsigned char)*words >= ' ' || (length && line[length - 1] != ' '))
            line[length++] = (unsigned char)*words < ' ' ? ' ' : *words;
    while (length && line[length - 1] == ' ')
        length--;
    line[length] = 0;
    return sn_fail(err, SN_E_SYSTEM, postgres->store.name, SN_NO_OFFSET, "%s", line);
}

/* The URI without the user and what may be a password, or hold one. */
static void name_it(char *name, size_t size, const char *uri)
{
    const char *host = strstr(uri, "://") + 3;
    if (host[strcspn(host, "@/")] == '@')
        host += strcspn(host, "@") + 1;
    int length = (int)strcspn(host, "?");
    const char *at = memrchr(host, '@', (size_t)length);
    int skipped = at ? (int)(at + 1 - host) : 0;
    snprintf(name, size, "postgresql://%.*s", length - skipped, host + skipped);
}

static void postgres_close(struct sn_store *store)
{
    struct postgres *postgres = (struct postgres *)store;
    if (postgres->connection)
        pq.PQfinish(postgres->connection);
    free(postgres);
}

static void keep_quiet(void *data, const char *notice)
{
    (void)data;
    (void)notice;
}

static int postgres_run(struct sn_store *store, const char *sql, const char *const *values,
                        size_t count, sn_store_row *each, void *data, struct sn_error *err)
{
    struct postgres *postgres = (struct postgres *)store;
    struct result *result =
        pq.PQexecParams(postgres->connection, sql, (int)count, NULL, values, NULL, NULL, 0);
    int status = pq.PQresultStatus(result), ret = 0;
    if (status != COMMAND_OK && status != TUPLES_OK)
        ret =
            fail(postgres,
                 result ? pq.PQresultErrorMessage(result) : pq.PQerrorMessage(postgres->connection),
                 err);
    int rows = ret == 0 && each ? pq.PQntuples(result) : 0, fields = pq.PQnfields(result);
    for (int row = 0; row < rows; row++) {
        const char *columns[COLUMNS] = {NULL};
        for (int i = 0; i < fields && i < COLUMNS; i++)
            if (!pq.PQgetisnull(result, row, i))
                columns[i] = pq.PQgetvalue(result, row, i);
        each(data, columns);
    }
    pq.PQclear(result);
    return ret;
}

static int connect(struct postgres *postgres, const char *uri, struct sn_error *err)
{
    /* What the URI or libpq's own variables say comes first. */
    bool own = !getenv("PGCONNECT_TIMEOUT");
    const char *keywords[] = {own ? "connect_timeout" : "fallback_application_name",
                              "fallback_application_name", "dbname", "client_encoding", NULL};
    const char *values[] = {own ? "30" : "snarl", "snarl", uri, "UTF8", NULL};
    char patience[64];
    postgres->connection = pq.PQconnectdbParams(keywords, values, 1);
    if (!postgres->connection || pq.PQstatus(postgres->connection) != CONNECTION_OK)
        return fail(
            postgres,
            postgres->connection ? pq.PQerrorMessage(postgres->connection) : "out of memory", err);
    pq.PQsetNoticeProcessor(postgres->connection, keep_quiet, NULL);
    snprintf(patience, sizeof patience, "SET lock_timeout = '%ds'", SN_STORE_PATIENCE);
    return postgres_run(&postgres->store, patience, NULL, 0, NULL, NULL, err);
}

static int postgres_open(struct sn_store **store, const char *uri, bool create,
                         struct sn_error *err)
{
    (void)create; /* a database is its administrator's to make */
    struct postgres *postgres = sn_calloc(1, sizeof *postgres);
    postgres->store.kind = &sn_postgres;
    name_it(postgres->store.name, sizeof postgres->store.name, uri);
    int ret = load(postgres->store.name, err);
    if (ret == 0)
        ret = connect(postgres, uri, err);
    if (ret < 0)
        postgres_close(&postgres->store);
    else
        *store = &postgres->store;
    return ret;
}

/* Who writes takes a lock that is no table's: the tables may not be there yet. */
static int postgres_begin(struct sn_store *store, bool write, struct sn_error *err)
{
    const char *begin = write ? "BEGIN" : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
    int ret = postgres_run(store, begin, NULL, 0, NULL, NULL, err);
    if (ret < 0 || !write)
        return ret;
    return postgres_run(store, "SELECT pg_advisory_xact_lock(hashtext('snarl_history'))", NULL, 0,
                        NULL, NULL, err);
}

const struct sn_store_kind sn_postgres = {
    .shared = true,
    .tables = "SELECT CAST(tablename AS TEXT) FROM pg_catalog.pg_tables "
              "WHERE schemaname = current_schema()",
    .open = postgres_open,
    .begin = postgres_begin,
    .run = postgres_run,
    .close = postgres_close,
};
