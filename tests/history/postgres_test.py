#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`snarl history` on PostgreSQL: a server of Debian's in a directory of its own, as a user who is
not root, on a Unix socket alone; psql reads what is there."""
import glob
import os
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

import histories

NOBODY = ["setpriv", *([] if os.getuid() else ["--reuid=65534", "--regid=65534",
                                               "--clear-groups"]), "--"]


class Server:
    """One for all tests; each has a schema of its own in the database `ci`."""

    def __init__(self):
        found = sorted(glob.glob("/usr/lib/postgresql/*/bin"))
        assert found, "PostgreSQL's server is missing: scripts/install-dependencies --test"
        self.programs = found[-1]
        self.directory = tempfile.mkdtemp(prefix="pg", dir="/tmp")  # a socket's name is short
        if not os.getuid():
            os.chown(self.directory, 65534, 65534)
        self.run("initdb", "-D", "data", "-A", "trust", "-U", "snarl", "-E", "UTF8",
                 "--locale=C.UTF-8", "--no-sync")
        self.start()
        self.run("createdb", "-h", self.directory, "-U", "snarl", "ci")

    def run(self, program, *arguments):
        done = subprocess.run([*NOBODY, self.programs + "/" + program, *arguments],
                              cwd=self.directory, env=histories.environment(),
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, check=False)
        if done.returncode:
            raise AssertionError(done.stderr.decode())

    def start(self):
        """It ends with the test, however that ends."""
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig=QUIT", *NOBODY[1:], self.programs + "/postgres", "-D", "data",
             "-k", self.directory, "-c", "listen_addresses=", "-c", "fsync=off"],
            cwd=self.directory, env=histories.environment(), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        ready = [self.programs + "/pg_isready", "-q", "-h", self.directory]
        while subprocess.run(ready, check=False).returncode:
            assert self.process.poll() is None, "the server has ended"
            time.sleep(0.02)

    def stop(self):
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait()

    def remove(self):
        self.stop()
        shutil.rmtree(self.directory)

    def query(self, schema, sql):
        done = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-F", "\x1f", "-R", "\x1e", "-v",
                               "ON_ERROR_STOP=1", "-h", self.directory, "-U", "snarl", "-d",
                               "ci", "-c", sql], capture_output=True, check=False,
                              env=histories.environment(PGOPTIONS="-csearch_path=" + schema))
        if done.returncode:
            raise AssertionError(done.stderr.decode())
        return [row.split("\x1f") for row in done.stdout.decode().rstrip("\n").split("\x1e")
                if row]


class Postgres(histories.Histories, unittest.TestCase):
    count = 0

    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.addClassCleanup(cls.server.remove)

    def begin(self):
        Postgres.count += 1
        self.name = "history_%d" % Postgres.count
        self.query("CREATE SCHEMA " + self.name)
        self.db = self.uri(self.name)

    def uri(self, schema, user="snarl"):
        return ("postgresql:///ci?host=%s&user=%s&options=-csearch_path%%3D%s"
                % (self.server.directory, user, schema))

    def query(self, sql):
        return self.server.query(self.name, sql)

    def exists(self):
        return True

    def shown_name(self):
        return "postgresql:///ci"

    def settle(self):
        """The server may still be about to notice that its client is gone."""
        end = time.monotonic() + 30
        while self.query("SELECT 1 FROM pg_stat_activity WHERE "
                         "application_name = 'snarl'"):
            self.assertLess(time.monotonic(), end)
            time.sleep(0.01)

    def has_history(self):
        return self.query("SELECT to_regclass('snarl_history') IS NOT NULL") == [["t"]]

    def check(self):
        """The server checks what it promises."""

    def test_it_lives_beside_others(self):
        self.query("CREATE TABLE contacts (name TEXT)")
        self.add(1)
        self.assertEqual(set(self.listed()), {1})
        self.query("CREATE SCHEMA team")
        self.db = self.uri("team")
        self.assertIn("no history in it", self.history("list", code=2))
        self.assertIn("run 1 was added", self.add(2))
        self.assertEqual(set(self.listed()), {2})
        self.assertEqual(self.query("SELECT COUNT(*) FROM team.snarl_run"), [["1"]])

    def test_who_may_only_read(self):
        self.add(1)
        self.query("CREATE ROLE reader LOGIN; GRANT USAGE ON SCHEMA {0} TO reader; "
                   "GRANT SELECT ON ALL TABLES IN SCHEMA {0} TO reader".format(self.name))
        self.db = self.uri(self.name, "reader")
        self.assertEqual(set(self.listed()), {1})
        self.assertIn("permission denied", self.history("add",
                                                        self.report(histories.finding(2)),
                                                        code=2))

    def test_other_encodings_of_the_client(self):
        self.history("add", "--commit=\U0001f98b", self.report(histories.finding(1)),
                     PGCLIENTENCODING="LATIN1")
        self.assertEqual(self.query("SELECT commit_id FROM snarl_run"), [["\U0001f98b"]])

    def test_who_is_not_there(self):
        for uri, words in (
                ("postgresql://u:secret@/none?host=" + self.server.directory, "does not exist"),
                ("postgresql:///none?user=snarl&password=secret&host=" + self.server.directory,
                 "does not exist"),
                ("postgresql://u:secret@127.0.0.1:1/x", "postgresql://127.0.0.1:1/x: "),
                ("postgres:///x?host=/nowhere", "postgresql:///x: "),
                ("postgresql:///x?nonsense=1", "nonsense"),
                ("postgresql://", "postgresql://: ")):
            for action in ("list",), ("add", self.report(histories.finding(1))):
                self.db = uri
                said = self.history(*action, code=2)
                self.assertIn(words, said)
                self.assertNotIn("secret", said)
                self.assertEqual(said.count("\n"), 1)

    def test_a_server_that_dies(self):
        self.add(1)
        report = self.report(histories.finding(2))
        # A lock keeps the add waiting in the midst of its transaction.
        with subprocess.Popen(["psql", "-X", "-q", "-h", self.server.directory, "-U", "snarl",
                               "-d", "ci"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL) as other:
            other.stdin.write(b"BEGIN; LOCK TABLE %s.snarl_sighting; SELECT 'locked';\n"
                              % self.name.encode())
            other.stdin.flush()
            while b"locked" not in other.stdout.readline():
                pass
            with subprocess.Popen([histories.SNARL, "history", "add", "--db", self.db, report],
                                  env=histories.environment(),
                                  stderr=subprocess.PIPE) as adding:
                while not self.query("SELECT 1 FROM pg_stat_activity WHERE "
                                     "application_name = 'snarl' AND wait_event_type = 'Lock'"):
                    self.assertIsNone(adding.poll())
                self.server.stop()
                _, said = adding.communicate()
                self.assertEqual(adding.returncode, 2)
                self.assertIn(self.shown_name().encode(), said)
            other.stdin.close()
        self.server.start()
        self.assertEqual(set(self.listed()), {1})
        self.assertIn("run 2 was added", self.history("add", report))

    def test_without_the_client_library(self):
        with open(self.path("libpq.so.5"), "w", encoding="utf-8"):
            pass
        said = self.history("list", code=2, LD_LIBRARY_PATH=self.directory.name)
        self.assertIn("needs its client library, libpq.so.5 (Debian's package libpq5)", said)


if __name__ == "__main__":
    unittest.main()
