/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads that share one database: each with a connection of its own, in write-ahead mode, and then
 * all through one connection in serialized mode. Says what the database holds in the end.
 */
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

enum { THREADS = 6, ROUNDS = 120, BATCH = 10 };

static const char *file;
static sqlite3 *shared;

static void check(sqlite3 *db, int code, const char *what)
{
    if (code == SQLITE_OK || code == SQLITE_DONE || code == SQLITE_ROW)
        return;
    printf("%s: %d %s\n", what, code, sqlite3_errmsg(db));
    exit(1);
}

static sqlite3 *open_it(int flags)
{
    sqlite3 *db;
    check(NULL,
          sqlite3_open_v2(file, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | flags, NULL),
          "open");
    sqlite3_busy_timeout(db, 30000);
    return db;
}

static void say(sqlite3 *db, const char *sql)
{
    check(db, sqlite3_exec(db, sql, NULL, NULL, NULL), sql);
}

static void put(sqlite3 *db, sqlite3_stmt *insert, int seller, int item)
{
    sqlite3_bind_int(insert, 1, seller);
    sqlite3_bind_int(insert, 2, item);
    check(db, sqlite3_step(insert), "insert");
    sqlite3_reset(insert);
}

static sqlite3_stmt *prepared(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement;
    check(db, sqlite3_prepare_v2(db, sql, -1, &statement, NULL), sql);
    return statement;
}

static long number(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *query = prepared(db, sql);
    check(db, sqlite3_step(query), sql);
    long value = (long)sqlite3_column_int64(query, 0);
    sqlite3_finalize(query);
    return value;
}

static void *sell_alone(void *argument)
{
    int seller = *(int *)argument;
    sqlite3 *db = open_it(SQLITE_OPEN_NOMUTEX);
    sqlite3_stmt *insert = prepared(db, "INSERT INTO sales (seller, item) VALUES (?, ?)");
    for (int round = 0; round < ROUNDS; round++) {
        say(db, "BEGIN IMMEDIATE");
        for (int item = 0; item < BATCH; item++)
            put(db, insert, seller, round * BATCH + item);
        say(db, "COMMIT");
        if (round % 20 == seller)
            number(db, "SELECT count(*) FROM sales WHERE item % 3 = 1");
    }
    sqlite3_finalize(insert);
    sqlite3_close(db);
    return NULL;
}

static void *sell_together(void *argument)
{
    int seller = *(int *)argument;
    sqlite3_stmt *insert = prepared(shared, "INSERT INTO sales (seller, item) VALUES (?, ?)");
    for (int item = 0; item < ROUNDS; item++)
        put(shared, insert, THREADS + seller, item);
    sqlite3_finalize(insert);
    return NULL;
}

static void crowd(void *(*sell)(void *))
{
    pthread_t threads[THREADS];
    int sellers[THREADS];
    for (int i = 0; i < THREADS; i++) {
        sellers[i] = i;
        if (pthread_create(&threads[i], NULL, sell, &sellers[i]))
            exit(2);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

int main(int count, char **arguments)
{
    if (count != 2)
        return 2;
    file = arguments[1];
    sqlite3 *db = open_it(0);
    say(db, "PRAGMA journal_mode = WAL");
    say(db, "PRAGMA synchronous = NORMAL");
    say(db, "CREATE TABLE sales (seller INTEGER, item INTEGER)");
    crowd(sell_alone);
    shared = open_it(SQLITE_OPEN_FULLMUTEX);
    say(shared, "BEGIN");
    crowd(sell_together);
    say(shared, "COMMIT");
    sqlite3_close(shared);
    printf("sales %ld\n", number(db, "SELECT count(*) FROM sales"));
    printf("sellers %ld\n", number(db, "SELECT count(DISTINCT seller) FROM sales"));
    printf("items %ld\n", number(db, "SELECT sum(item) FROM sales"));
    printf("pairs %ld\n",
           number(db, "SELECT count(*) FROM (SELECT DISTINCT seller, item FROM sales)"));
    sqlite3_close(db);
    return 0;
}
