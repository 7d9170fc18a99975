#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`snarl history` on SQLite; the sqlite3 program reads what is in the file."""
import os
import pathlib
import shutil
import subprocess
import unittest

import histories


class Sqlite(histories.Histories, unittest.TestCase):
    count = 0

    def begin(self):
        self.count += 1
        self.db = self.path("history-%d.db" % self.count)

    def query(self, sql):
        done = subprocess.run(["sqlite3", "-batch", "-noheader", "-separator", "\x1f", "-newline",
                               "\x1e", self.db, sql], capture_output=True, check=True)
        return [row.split("\x1f") for row in done.stdout.decode().split("\x1e") if row]

    def exists(self):
        return os.path.exists(self.db)

    def shown_name(self):
        return self.db

    def settle(self):
        """Nothing goes on when the process is gone."""

    def has_history(self):
        if not self.exists():
            return False
        done = subprocess.run([histories.SNARL, "history", "runs", "--db", self.db],
                              capture_output=True, check=False)
        return done.returncode == 0 or b"no history" not in done.stderr

    def check(self):
        self.assertEqual(self.query("PRAGMA integrity_check"), [["ok"]])
        self.assertEqual(self.query("PRAGMA foreign_key_check"), [])

    def test_the_schema_can_fail(self):
        self.add(1)
        document = self.shown("list")
        for field, value in ("state", "new"), ("seen", 0), ("first", None), ("id", 1):
            broken = document | {"findings": [document["findings"][0] | {field: value}]}
            self.assertFalse(histories.SHOWN.is_valid(broken), field)

    def test_help(self):
        def say(*arguments, code=0):
            done = subprocess.run([histories.SNARL, *arguments], capture_output=True, check=False)
            self.assertEqual(done.returncode, code, arguments)
            return (done.stderr if code else done.stdout).decode()
        actions = "add", "list", "show", "runs", "baseline"
        for text in say("history", "--help"), say("history", code=2):
            for action in actions:
                self.assertRegex(text, r"(?m)^  %s " % action)
        for action in actions:
            self.assertIn("--db=DATABASE", say("history", action, "--help"))
        self.assertIn("forget is no action", say("history", "forget", code=2))
        self.assertIn("REPORT.json... is missing", say("history", "add", code=2))
        self.assertIn("which history?", say("history", "list", code=2))

    def test_one_file_is_all(self):
        self.add(1)
        self.assertEqual([name for name in os.listdir(self.directory.name)
                          if name.startswith("history")], [os.path.basename(self.db)])
        self.assertEqual(self.query("PRAGMA journal_mode"), [["delete"]])

    def test_names_of_files(self):
        for name in ":memory:", "file:x?mode=memory", "-", "it's\n", "postgresql:":
            subprocess.run([histories.SNARL, "history", "add", "--db=" + name,
                            self.report(histories.finding(1))], cwd=self.directory.name,
                           capture_output=True, check=True)
            self.assertTrue(os.path.exists(self.path(name)), name)

    def test_files_that_are_no_history(self):
        self.assertIn(self.db + ": cannot open it: No such file", self.history("list", code=2))
        self.assertFalse(self.exists())
        pathlib.Path(self.db).write_bytes(b"")
        self.assertIn("no history in it", self.history("list", code=2))
        pathlib.Path(self.db).write_text("# a file of another kind\n" * 100, encoding="utf-8")
        for action in ("list",), ("add", self.report(histories.finding(1))):
            self.assertIn(self.db + ": it is no SQLite database", self.history(*action, code=2))
        os.unlink(self.db)
        self.query("CREATE TABLE contacts (name TEXT)")
        before = pathlib.Path(self.db).read_bytes()
        for action in ("list",), ("add", self.report(histories.finding(1))):
            self.assertIn("database of something else", self.history(*action, code=2))
        self.assertEqual(pathlib.Path(self.db).read_bytes(), before)
        self.db = self.directory.name
        self.history("add", self.report(histories.finding(1)), code=2)
        self.db = ""
        self.assertIn("empty", self.history("list", code=2))

    def test_no_place_for_it(self):
        self.db = self.path("nowhere/history.db")
        self.assertIn(self.db + ": cannot open it: No such file or directory",
                      self.history("add", self.report(histories.finding(1)), code=2))
        self.db = "/proc/history.db"
        self.assertIn(self.db, self.history("add", self.report(histories.finding(1)), code=2))

    def test_what_may_not_be_written_can_be_read(self):
        self.add(1)
        directory = self.path("kept")
        os.mkdir(directory)
        shutil.move(self.db, directory)
        self.db = directory + "/" + os.path.basename(self.db)
        report = self.report(histories.finding(2))
        os.chmod(self.directory.name, 0o755)
        os.chmod(self.db, 0o444)
        os.chmod(directory, 0o555)
        self.addCleanup(os.chmod, directory, 0o755)
        as_nobody = [] if os.getuid() else ["setpriv", "--reuid=65534", "--regid=65534",
                                            "--clear-groups", "--"]
        if as_nobody and subprocess.run([*as_nobody, "test", "-x", histories.SNARL, "-a", "-r",
                                         report], check=False).returncode:
            self.skipTest("nobody cannot reach the program")
        done = subprocess.run([*as_nobody, histories.SNARL, "history", "list", "--db", self.db],
                              capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(b"a race", done.stdout)
        done = subprocess.run([*as_nobody, histories.SNARL, "history", "add", "--db", self.db,
                               report], capture_output=True, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn(self.db.encode() + b": attempt to write a readonly database", done.stderr)

    def test_damaged_files_are_told(self):
        """Each page in turn is overwritten: trouble is told or nothing was lost, and never more."""
        self.history("add", self.report(*map(histories.finding, range(200))))
        whole = pathlib.Path(self.db).read_bytes()
        told = 0
        for at in range(0, len(whole), 4096):
            pathlib.Path(self.db).write_bytes(whole[:at] + b"\xa5" * 4096 + whole[at + 4096:])
            for action in ("list",), ("runs",), ("show", "%016x" % 100), ("baseline",):
                done = subprocess.run([histories.SNARL, "history", *action, "--db", self.db],
                                      capture_output=True, check=False)
                self.assertIn(done.returncode, (0, 2), done.stderr)
                if done.returncode == 2:
                    self.assertIn(self.db.encode(), done.stderr)
                    told += 1
        self.assertGreater(told, 10)
        pathlib.Path(self.db).write_bytes(whole[:len(whole) // 2])
        self.assertIn(self.db, self.history("baseline", code=2))

    def test_nothing_in_a_file_is_run(self):
        self.add(1)
        self.query("CREATE TRIGGER more AFTER INSERT ON snarl_run BEGIN "
                   "DELETE FROM snarl_sighting; END")
        self.add(1)
        self.assertEqual(self.listed(), {1: ("steady", 2, 2)})

    def test_whoever_waits_too_long_is_told(self):
        """Another one keeps the file locked: `list` may read, `add` waits until it is free."""
        self.add(1)
        with subprocess.Popen(["sqlite3", "-batch", self.db], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE) as other:
            other.stdin.write(b"BEGIN IMMEDIATE; SELECT 'locked';\n")
            other.stdin.flush()
            self.assertEqual(other.stdout.readline(), b"locked\n")
            self.assertEqual(set(self.listed()), {1})
            with subprocess.Popen([histories.SNARL, "history", "add", "--db", self.db,
                                   self.report(histories.finding(2))]) as waiting:
                with self.assertRaises(subprocess.TimeoutExpired):
                    waiting.wait(0.5)
                other.stdin.write(b"COMMIT;\n")
                other.stdin.close()
                self.assertEqual(waiting.wait(), 0)
        self.assertEqual(set(self.listed()), {1, 2})


if __name__ == "__main__":
    unittest.main()
