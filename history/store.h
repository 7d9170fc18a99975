/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection to a database, whichever it is: an SQLite file, or PostgreSQL. Statements are
 * written once, in the SQL that both understand, with $1, $2 ... where values go. Values and
 * columns are text or NULL: both databases turn text into the type of its column. Values never
 * become part of a statement.
 *
 *     struct sn_store *store;
 *     int ret = sn_store_open(&store, "history.db", true, &err);
 *     if (ret == 0)
 *         ret = sn_store_begin(store, true, &err);
 *     if (ret == 0)
 *         ret = SN_STORE_RUN(store, "DELETE FROM snarl_run WHERE id = $1", &err, "7");
 *     if (ret == 0)
 *         ret = sn_store_commit(store, &err);
 *     sn_store_close(store);
 *
 * Functions return 0 or a negative SN_E value with ERR filled: the name of the database and what
 * it says.
 */
#ifndef SN_HISTORY_STORE_H
#define SN_HISTORY_STORE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

enum { SN_STORE_PATIENCE = 60 }; /* seconds to wait for others that write */

/* A row of a result: its columns, valid during the call. */
typedef void sn_store_row(void *data, const char *const *columns);

struct sn_store {
    const struct sn_store_kind *kind;
    char name[256]; /* for messages, without a password */
};

/* One kind of database; the functions are as those below. A kind has a struct of its own that
 * begins with a struct sn_store. */
struct sn_store_kind {
    bool shared;        /* others may have tables there, too */
    const char *tables; /* a statement: the names of all tables among which ours would be */
    int (*open)(struct sn_store **store, const char *name, bool create, struct sn_error *err);
    int (*begin)(struct sn_store *store, bool write, struct sn_error *err);
    int (*run)(struct sn_store *store, const char *sql, const char *const *values, size_t count,
               sn_store_row *each, void *data, struct sn_error *err);
    void (*close)(struct sn_store *store);
};

extern const struct sn_store_kind sn_sqlite, sn_postgres;

/* Is NAME no file, but a URI "postgresql://..." (or postgres://)? */
bool sn_store_is_uri(const char *name);

/* NAME is a URI "postgresql://..." (or postgres://), as libpq takes it, else the name of a file. A
 * file that is not there is made if CREATE says so. *STORE is NULL on trouble. */
int sn_store_open(struct sn_store **store, const char *name, bool create, struct sn_error *err);
/* A transaction. One that writes keeps other writers out until its end; one that reads sees the
 * database of one moment. */
int sn_store_begin(struct sn_store *store, bool write, struct sn_error *err);
int sn_store_commit(struct sn_store *store, struct sn_error *err);
/* One statement. EACH may be NULL. What in VALUES is no UTF-8 becomes U+FFFD. */
int sn_store_run(struct sn_store *store, const char *sql, const char *const *values, size_t count,
                 sn_store_row *each, void *data, struct sn_error *err);
/* A transaction that was not committed leaves nothing behind. STORE may be NULL. */
void sn_store_close(struct sn_store *store);

/* Without a result. */
#define SN_STORE_RUN(store, sql, err, ...)                                                         \
    sn_store_run((store), (sql), (const char *const[]){__VA_ARGS__},                               \
                 sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *), NULL, NULL, (err))

#endif
