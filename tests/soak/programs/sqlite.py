# SPDX-License-Identifier: Apache-2.0
"""sqlite3: threads that share a database (a connection each in write-ahead mode, then one for all),
and the shell, whose sorter has threads of its own."""

SCRIPT = """\
PRAGMA threads = 4;
PRAGMA journal_mode = WAL;
PRAGMA cache_size = 200;
PRAGMA cache_spill = ON;
CREATE TABLE shelf (id INTEGER PRIMARY KEY, name TEXT, weight REAL);
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 120000)
    INSERT INTO shelf SELECT i, printf('item %d', (i * 7919) % 120000), i % 97 / 7.0 FROM n;
CREATE INDEX by_name ON shelf (name);
SELECT count(*), sum(length(name)), round(total(weight), 3) FROM shelf;
SELECT group_concat(name, ',') FROM (SELECT name FROM shelf ORDER BY weight DESC, name LIMIT 20);
SELECT count(DISTINCT substr(name, 1, 7)) FROM shelf;
DELETE FROM shelf WHERE id % 3 = 0;
VACUUM;
PRAGMA integrity_check;
.mode json
SELECT name, weight FROM shelf ORDER BY name DESC LIMIT 3;
"""


def built(stage):
    return stage.compile("gcc", "sqlite_threads.c", "-lsqlite3")


def threads(stage):
    return stage.call(built(stage), "shop.db")._asdict()


def shell(stage):
    ended = stage.call("sqlite3", "-batch", "shelf.db", given=SCRIPT)._asdict()
    ended["refused"] = stage.call("sqlite3", "-batch", "-bail", "shelf.db", "select * from nowhere")
    return ended


PROGRAMS = [
    {"name": "sqlite-threads", "prepare": built, "perform": threads, "patience": 60, "quick": True,
     "needs": ["/usr/include/sqlite3.h", "/usr/bin/gcc"]},
    {"name": "sqlite-shell", "perform": shell, "patience": 60, "quick": True,
     "needs": ["/usr/bin/sqlite3"]},
]
