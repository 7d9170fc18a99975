# SPDX-License-Identifier: Apache-2.0
# needs: sqlite3
cat >all.sql <<'S'
CREATE VIRTUAL TABLE notes USING fts5(body); CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT, c REAL);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<5000)
INSERT INTO t SELECT i, printf('garlic %d', i*7919%5000), i/7.0 FROM n;
INSERT INTO notes SELECT b||' pencil '||(a%13) FROM t;
SELECT count(*) FROM notes WHERE notes MATCH 'garlic AND 7';
SELECT a, sum(c) OVER (ORDER BY a ROWS 3 PRECEDING) FROM t LIMIT 5; CREATE INDEX i ON t(b);
EXPLAIN QUERY PLAN SELECT * FROM t WHERE b = 'garlic 7';
SELECT json_group_array(a) FROM (SELECT a FROM t ORDER BY b LIMIT 9);
BEGIN; UPDATE t SET c = -c WHERE a % 2; SAVEPOINT s; DELETE FROM t; ROLLBACK TO s; COMMIT;
SELECT total(c), count(*) FROM t;
SELECT substr(b,1,8), count(*), group_concat(a,'+') FROM t WHERE a<40
    GROUP BY 1 HAVING count(*)>1 ORDER BY 2 DESC, 1;
SELECT hex(zeroblob(3)), abs(-7), round(2.567,2),
    strftime('%Y',1700000000,'unixepoch'), instr('abc','c');
SELECT x.a, y.a FROM t x JOIN t y ON x.a = y.a * 700 ORDER BY 1; PRAGMA integrity_check;
INSERT INTO t VALUES (1, 'again', 0);
SELECT * FROM nowhere;
.dump t
S
watched sqlite3 shelf.db <all.sql; echo $?
watched sqlite3 -csv shelf.db 'SELECT * FROM t ORDER BY c LIMIT 5'
watched sqlite3 -bail shelf.db 'SELEC 1'; echo $?
