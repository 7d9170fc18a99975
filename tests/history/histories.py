# SPDX-License-Identifier: Apache-2.0
"""What must hold of a history in any database. Whoever inherits from Histories says where it is
(`self.db`), and reads it by a client that is not ours (`self.query`)."""
import json
import os
import signal
import subprocess
import tempfile

import jsonschema

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
SNARL = os.environ["SNARL"]
CI = ("GITHUB_SHA", "GITHUB_REF_NAME", "CI_COMMIT_SHA", "CI_COMMIT_REF_NAME", "SNARL_HISTORY")
HOSTILE = ["it's", "'; DROP TABLE snarl_run; --", "\"$1\" %s \\x00 \\' {}", "\x1b[31m\x07\x01\x7f",
           "a\tb\nc\r", "\u202eevil\u200b", "<b>&amp;</b>", "\U0001f98b", "x" * 100000, " "]


def validator(name):
    with open("%s/docs/%s.schema.json" % (SOURCE, name), encoding="utf-8") as file:
        return jsonschema.Draft202012Validator(json.load(file))


SHOWN, REPORT = validator("snarl-history-1"), validator("snarl-report-1")


def environment(**more):
    return {k: v for k, v in os.environ.items() if k not in CI and not k.startswith("PG")} | more


def finding(number, title="a race", kind="data-race", status="new", level="observed"):
    frame = {"function": "work", "file": "work.c", "line": 7, "module": "a.out", "offset": "0x10"}
    return {"id": "1:%016x" % number, "kind": kind, "level": level, "severity": "error",
            "title": title, "explanation": title, "count": 2, "status": status,
            "threads": [{"id": 0, "process": 1, "name": title}],
            "sites": [{"role": "write", "thread": 0, "stack": [frame]}]}


class Histories:
    """Mixed into a unittest.TestCase."""

    serial = 0

    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.begin()

    def path(self, name):
        return self.directory.name + "/" + name

    def report(self, *findings, serial=None):
        """The file of a report, which no other is like unless it has the same SERIAL."""
        if serial is None:
            Histories.serial += 1
            serial = "other %d" % Histories.serial
        path = self.path("report-%s.json" % serial)
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"schema": "snarl-report/1", "program": {"argv": ["./a.out", serial]},
                       "findings": findings}, file)
        return path

    def history(self, action, *arguments, code=0, **more):
        """What `snarl history` says: stdout, or stderr if it is to fail or to add."""
        done = subprocess.run([SNARL, "history", action, "--db", self.db, *arguments],
                              env=environment(**more), stdin=subprocess.DEVNULL,
                              capture_output=True, check=False)
        self.assertEqual(done.returncode, code, (arguments, done.stdout, done.stderr))
        if not code and action != "add":
            self.assertEqual(done.stderr, b"")
        return (done.stderr if code or action == "add" else done.stdout).decode()

    def add(self, *numbers, options=(), **more):
        return self.history("add", *options, self.report(*(finding(n) for n in numbers)), **more)

    def shown(self, action, *arguments):
        document = json.loads(self.history(action, "--format=json", *arguments))
        SHOWN.validate(document)
        return document

    def listed(self, *arguments):
        return {int(one["id"][2:], 16): (one["state"], one["seen"], one["runs"])
                for one in self.shown("list", *arguments)["findings"]}

    # ---- tests ----

    def test_what_is_added_is_there(self):
        self.assertIn("run 1 was added: 1 report, 2 findings, 2 of them new",
                      self.add(1, 2, options=("--commit=c1", "--branch=main", "--label=unit")))
        self.assertIn("run 2 was added: 1 report, 1 finding, 0 of them new", self.add(2))
        self.assertEqual(self.query("SELECT id, commit_id, branch, label FROM snarl_run "
                                    "ORDER BY id"),
                         [["1", "c1", "main", "unit"], ["2", "", "", ""]])
        self.assertEqual(self.query("SELECT run, finding, level, count FROM snarl_sighting "
                                    "ORDER BY run, finding"),
                         [["1", "1:%016x" % 1, "observed", "2"],
                          ["1", "1:%016x" % 2, "observed", "2"],
                          ["2", "1:%016x" % 2, "observed", "2"]])
        self.assertEqual(self.query("SELECT kind, severity, title FROM snarl_finding"),
                         [["data-race", "error", "a race"]] * 2)
        self.assertEqual(self.query("SELECT version FROM snarl_history"), [["1"]])
        runs = self.shown("runs")["runs"]
        self.assertEqual([(run["run"], run["commit"], run["branch"], run["label"], run["reports"],
                           run["findings"], run["new"]) for run in runs],
                         [(2, None, None, None, 1, 1, 0), (1, "c1", "main", "unit", 1, 2, 2)])
        self.assertRegex(runs[0]["time"], r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$")

    def test_states(self):
        self.add(1, 2)
        self.add(1)
        self.add(1, 2, 3)
        self.add(1)
        self.assertEqual(self.listed(), {1: ("steady", 4, 4), 2: ("flaky", 2, 4),
                                         3: ("missing", 1, 2)})
        for _ in range(10):
            self.add(1)
        self.assertEqual(self.listed(), {1: ("steady", 14, 14), 2: ("gone", 2, 14),
                                         3: ("gone", 1, 12)})
        self.assertEqual(self.listed("--state=gone"), {2: ("gone", 2, 14), 3: ("gone", 1, 12)})
        self.assertEqual(self.listed("--state=steady,flaky"), {1: ("steady", 14, 14)})
        text = self.history("list")
        self.assertIn("snarl: 3 findings: 1 steady, 2 gone", text)
        self.assertRegex(text, r"gone +2 of 14 .*error: a race \[data-race, observed\]")

    def test_filters(self):
        self.history("add", "--branch=main", self.report(finding(1, kind="deadlock"), finding(2)))
        self.history("add", "--branch=fix", "--label=nightly", self.report(finding(3)))
        self.assertEqual(set(self.listed("--kind=deadlock")), {1})
        self.assertEqual(set(self.listed("--kind=deadlock,data-race")), {1, 2, 3})
        self.assertEqual(set(self.listed("--branch=main")), {1, 2})
        self.assertEqual(set(self.listed("--label=nightly")), {3})
        self.assertEqual(set(self.listed("--since=2020-01-01")), {1, 2, 3})
        self.assertEqual(set(self.listed("--since=2200-01-01")), set())
        self.assertEqual([run["run"] for run in self.shown("runs", "--branch=fix")["runs"]], [2])
        for wrong in "--kind=race", "--state=new", "--since=yesterday", "--format=sarif":
            self.history("list", wrong, code=2)

    def test_a_report_counts_once(self):
        one, two = (self.report(finding(1), serial=s) for s in ("one", "two"))
        self.history("add", "--commit=c1", one)
        said = self.history("add", "--commit=c1", one)
        self.assertIn("run 1 has this report already", said)
        self.assertIn("nothing was added", said)
        said = self.history("add", "--commit=c1", one, two, two)
        self.assertIn("one.json: run 1 has this", said)
        self.assertIn("two.json: run 2 has this", said)
        self.assertIn("run 2 was added: 1 report,", said)
        self.history("add", "--commit=c2", one)
        self.assertEqual(self.query("SELECT run, count FROM snarl_sighting ORDER BY run"),
                         [["1", "2"], ["2", "2"], ["3", "2"]])

    def test_reports_of_one_run_are_one(self):
        self.history("add", self.report(finding(1, "sure", level="observed")),
                     self.report(finding(1, "maybe", level="possible"), finding(2)))
        self.assertEqual(self.query("SELECT finding, level, count FROM snarl_sighting "
                                    "ORDER BY finding"),
                         [["1:%016x" % 1, "observed", "4"], ["1:%016x" % 2, "observed", "2"]])
        self.assertEqual(self.query("SELECT title FROM snarl_finding WHERE id = '1:%016x'" % 1),
                         [["sure"]])
        self.assertEqual(self.shown("runs")["runs"][0]["reports"], 2)

    def test_what_is_suppressed_is_not_kept(self):
        self.history("add", self.report(finding(1, status="suppressed"),
                                        finding(2, status="known")))
        self.assertEqual(set(self.listed()), {2})

    def test_the_environment_of_ci(self):
        self.add(1, GITHUB_SHA="g" * 40, GITHUB_REF_NAME="12/merge")
        self.add(1, CI_COMMIT_SHA="l" * 40, CI_COMMIT_REF_NAME="topic")
        self.add(1, options=("--commit=given", "--branch="), GITHUB_SHA="no", GITHUB_REF_NAME="no")
        self.assertEqual(self.query("SELECT commit_id, branch FROM snarl_run ORDER BY id"),
                         [["g" * 40, "12/merge"], ["l" * 40, "topic"], ["given", ""]])
        done = subprocess.run([SNARL, "history", "runs", "--format=json"], capture_output=True,
                              env=environment(SNARL_HISTORY=self.db), check=True)
        self.assertEqual(len(json.loads(done.stdout)["runs"]), 3)

    def test_one_finding(self):
        self.add(0xabc1, options=("--commit=" + "ab" * 20,))
        self.add(0xabc1, 0xabc2)
        shown = self.shown("show", "000000000000abc1")["finding"]
        self.assertEqual(shown["id"], "1:000000000000abc1")
        self.assertEqual([(s["run"], s["commit"], s["level"], s["count"])
                          for s in shown["sightings"]],
                         [(2, None, "observed", 2), (1, "ab" * 20, "observed", 2)])
        text = self.history("show", "1:000000000000abc1")
        self.assertIn("work.c:7", text)
        self.assertIn("steady: in 2 of 2 runs", text)
        self.assertIn("abababab", text)
        self.assertIn("2 findings have an id that begins with 0000",
                      self.history("show", "0000", code=2))
        self.assertIn("no finding has an id that begins with 7", self.history("show", "7", code=2))

    def test_a_baseline_gates_nothing_that_was_seen(self):
        self.history("add", "--branch=main", self.report(finding(1), finding(2)))
        self.history("add", "--branch=main", self.report(finding(1)))
        self.history("add", "--branch=other", self.report(finding(3)))
        baseline = self.path("baseline.json")
        for options, numbers in ((), [1, 2, 3]), (("--branch=main",), [1, 2]), \
                                (("--branch=main", "--state=steady"), [1]), \
                                (("--since=2200-01-01",), []):
            text = self.history("baseline", *options)
            with open(baseline, "w", encoding="utf-8") as file:
                file.write(text)
            document = json.loads(text)
            REPORT.validate(document)
            self.assertEqual(sorted(int(one["id"][2:], 16) for one in document["findings"]),
                             numbers)
            self.assertEqual({one["status"] for one in document["findings"]},
                             {"known"} if numbers else set())
            for number in 1, 2, 3, 4:
                done = subprocess.run([SNARL, "diff", baseline, self.report(finding(number))],
                                      capture_output=True, check=False)
                self.assertEqual(done.returncode, 0 if number in numbers else 1)
        self.history("baseline", "--json", baseline, "--format=sarif:" + self.path("sarif"))
        with open(self.path("sarif"), encoding="utf-8") as file:
            self.assertEqual(len(json.load(file)["runs"][0]["results"]), 3)
        with open(baseline, encoding="utf-8") as file:
            self.assertEqual(len(json.load(file)["findings"]), 3)

    def test_kinds_of_a_later_snarl(self):
        """They are listed, and no part of a baseline."""
        self.add(1, 2)
        self.query("UPDATE snarl_finding SET kind = 'priority-inversion', document = "
                   "replace(document, 'data-race', 'priority-inversion') WHERE id = '1:%016x'" % 1)
        self.assertEqual(set(self.listed()), {1, 2})
        self.assertIn("priority-inversion", self.history("list"))
        self.assertIn("steady: in 1 of 1 runs", self.history("show", "%016x" % 1))
        self.assertEqual([one["id"] for one in json.loads(self.history("baseline"))["findings"]],
                         ["1:%016x" % 2])

    def test_hostile_words(self):
        for number, word in enumerate(HOSTILE):
            self.history("add", "--commit=" + word, "--branch=" + word, "--label=" + word,
                         self.report(finding(number, word)))
            listed = self.shown("list", "--branch=" + word)["findings"]
            self.assertEqual([one["title"] for one in listed], [word])
            self.assertEqual(listed[0]["first"]["commit"], word)
            self.assertEqual(listed[0]["last"]["label"], word)
            shown = self.shown("show", "%016x" % number)["finding"]
            self.assertEqual(shown["sightings"][0]["branch"], word)
        self.assertEqual(self.query("SELECT COUNT(*) FROM snarl_run"), [[str(len(HOSTILE))]])
        for action in "list", "runs":
            text = self.history(action)
            self.assertNotRegex(text, "[\x00-\x09\x0b-\x1f\x7f\u202e]")
        baseline = json.loads(self.history("baseline"))
        self.assertEqual(sorted(one["title"] for one in baseline["findings"]), sorted(HOSTILE))

    def test_bytes_that_are_no_characters(self):
        report = self.report(finding(1))
        done = subprocess.run([SNARL.encode(), b"history", b"add", b"--db", self.db.encode(),
                               b"--commit=\xff\xc0\x80", b"--branch=a\xed\xa0\x80b",
                               report.encode()],
                              env=environment(), capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        run, = self.shown("runs")["runs"]
        self.assertEqual(run["commit"], "\ufffd" * 3)
        self.assertEqual(run["branch"], "a\ufffd\ufffd\ufffdb")

    def test_damaged_reports_add_nothing(self):
        good, bad, empty = self.report(finding(1)), self.path("bad.json"), self.path("empty.json")
        with open(bad, "w", encoding="utf-8") as file:
            file.write('{"schema": "snarl-report/1", "findings": [{"id": "1:a"}]}')
        with open(empty, "w", encoding="utf-8"):
            pass
        self.assertIn("bad.json: findings[0].kind", self.history("add", good, bad, code=2))
        self.assertIn("empty.json", self.history("add", good, empty, code=2))
        self.assertIn("nowhere.json", self.history("add", good, "nowhere.json", code=2))
        long = self.report(finding(1) | {"id": "1:" + "0" * 999})
        self.assertIn(long + ": findings[0].id: it is longer than a fingerprint",
                      self.history("add", good, long, code=2))
        self.assertIn("no history in it" if self.exists() else "No such file",
                      self.history("list", code=2))
        self.add(1)
        self.assertIn("bad.json", self.history("add", good, bad, code=2))
        self.assertEqual(self.query("SELECT COUNT(*) FROM snarl_run"), [["1"]])

    def test_a_later_version(self):
        self.add(1)
        self.query("UPDATE snarl_history SET version = 2")
        for action in ("list",), ("runs",), ("show", "1"), ("baseline",), \
                      ("add", self.report(finding(1))):
            said = self.history(*action, code=2)
            self.assertIn("version 2, made by a later snarl", said)
            self.assertIn(self.shown_name(), said)

    def test_several_at_once(self):
        jobs, each = 8, 4
        reports = [[self.report(finding(0), finding(1 + job)) for _ in range(each)]
                   for job in range(jobs)]
        script = 'for report; do "$SNARL" history add "$report" || exit 1; done'
        running = [subprocess.Popen(["bash", "-c", script, "adds", *mine],
                                    env=environment(SNARL_HISTORY=self.db), stderr=subprocess.PIPE)
                   for mine in reports]
        for process in running:
            _, said = process.communicate()
            self.assertEqual(process.returncode, 0, said)
        total = jobs * each
        self.assertEqual([int(row[0]) for row in self.query("SELECT id FROM snarl_run "
                                                            "ORDER BY id")],
                         list(range(1, total + 1)))
        self.assertEqual(self.query("SELECT COUNT(*) FROM snarl_sighting"), [[str(2 * total)]])
        self.assertEqual(self.listed()[0], ("steady", total, total))

    def test_a_killed_add_leaves_all_or_nothing(self):
        """Killed before each of its calls that write: on an empty database, then on one that has a
        run."""
        for begun in False, True:
            killed, nth = 0, 0
            while True:
                self.begin()
                if begun:
                    self.add(7)
                nth += 1
                done = subprocess.run([SNARL, "history", "add", "--db", self.db,
                                       self.report(*map(finding, range(3)))],
                                      env=environment(LD_PRELOAD=os.environ["DIE_AT"],
                                                      DIE_AT=str(nth)),
                                      capture_output=True, check=False)
                if done.returncode == 0:
                    break
                self.assertEqual(done.returncode, -signal.SIGKILL, done.stderr)
                killed += 1
                self.settle()
                runs = self.shown("runs")["runs"] if self.has_history() else []
                self.assertIn([run["findings"] for run in runs],
                              [[1], [3, 1]] if begun else [[], [3]])
                self.assertIn("run %d was added" % (len(runs) + 1), self.add(1, 2))
                self.assertEqual(self.query("SELECT COUNT(*) FROM snarl_sighting"),
                                 [[str(sum(run["findings"] for run in runs) + 2)]])
                self.check()
            self.assertGreater(killed, 5)
