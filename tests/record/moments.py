#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What runs at odd moments is recorded, and marked: in signal handlers, before our start, at the
end, in a sandbox.

    BUILD=DIRECTORY moments.py
"""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

BUILD = pathlib.Path(os.environ["BUILD"]).resolve()
MOMENTS = BUILD / "tests/record/moments"
SUBJECTS = BUILD / "tests/transparency"
SECONDS = 60

BEGIN, END, LEFT = "begin", "end", "end left"
SENT, CAME = "before", "after"
LOCKED = ["acquire", "release"]
IN_HANDLER = ["acquire in_handler", "release in_handler"]


class Moments(unittest.TestCase):
    def setUp(self):
        self.there = pathlib.Path(tempfile.mkdtemp(prefix="moments."))
        self.addCleanup(shutil.rmtree, self.there, ignore_errors=True)

    def record(self, *command, expected=0):
        """The traces, as text, the first process's in front."""
        environment = dict(os.environ, LD_PRELOAD=str(BUILD / "lib/snarl/libsnarl.so"),
                           SNARL_OPTIONS=f"-o {self.there}/%p")
        done = subprocess.run(list(map(str, command)), env=environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, cwd=SUBJECTS, timeout=SECONDS,
                              check=False)
        self.assertEqual(done.returncode, expected)
        traces = sorted((path for path in self.there.iterdir()), key=lambda path: int(path.name))
        return [self.dump(path) for path in traces]

    def dump(self, trace):
        return subprocess.run([BUILD / "bin/snarl", "dump", trace], capture_output=True, text=True,
                              timeout=SECONDS, check=True).stdout

    def analyze(self, trace, *options):
        done = subprocess.run([BUILD / "bin/snarl", "analyze", *options, trace], text=True,
                              capture_output=True, timeout=SECONDS, check=False)
        return done.stdout + done.stderr

    def story(self, text, thread=0):
        """The thread's events, in few words."""
        said = []
        for line in text.splitlines():
            if not re.match(rf"\d+ T{thread} ", line):
                continue
            kind, _, rest = line.split(" ", 2)[2].partition(" ")
            if kind in ("acquire", "release"):
                said.append(kind + (" in_handler" if " in_handler " in rest else ""))
            elif kind == "handler_begin":
                said.append(BEGIN)
            elif kind == "handler_end":
                said.append(LEFT if " left " in rest else END)
            elif kind in ("happens_before", "happens_after") and rest.startswith("signal "):
                said.append(kind.rpartition("_")[2])
            elif kind in ("sem_post", "exit", "thread_exit"):
                said.append(kind)
        return said

    def events(self, text, kind):
        return re.findall(rf"^\d+ T\d+ {kind}\b.*$", text, re.MULTILINE)

    def test_a_handler_that_returns(self):
        text = self.record(MOMENTS, "returns")[0]
        self.assertEqual(self.story(text),
                         [SENT, SENT, BEGIN, CAME, *IN_HANDLER, END, *LOCKED, "exit"])
        begin = self.events(text, "handler_begin")[0]
        self.assertRegex(begin, r"number=10 .*\[moments\+0x[0-9a-f]+\]$")

    def test_handlers_in_handlers(self):
        self.assertEqual(self.story(self.record(MOMENTS, "nested")[0]),
                         [SENT, SENT, SENT, BEGIN, CAME, SENT, BEGIN, CAME, *IN_HANDLER, END,
                          *IN_HANDLER, END, *LOCKED, "exit"])

    def test_a_handler_that_is_left(self):
        for way in "left", "escaped":
            with self.subTest(way):
                self.assertEqual(self.story(self.record(MOMENTS, way)[-1]),
                                 [SENT, SENT, BEGIN, CAME, *IN_HANDLER, LEFT, *LOCKED, "exit"])

    def test_a_thread_that_ends_in_a_handler(self):
        self.assertEqual(self.story(self.record(MOMENTS, "thread_end")[0], 1),
                         [SENT, BEGIN, CAME, LEFT, "thread_exit"])

    def test_who_sends_comes_before_who_handles(self):
        text = self.record(MOMENTS, "sent")[0]
        self.assertEqual(self.story(text)[:2], [SENT, SENT])
        self.assertEqual(self.story(text, 1), [BEGIN, CAME, "sem_post", END, "thread_exit"])
        versions = re.findall(r"happens_(?:before|after) signal \S+ v(\d+)", text)
        self.assertEqual(versions, ["1", "2", "3"])

    def test_a_fork_in_a_handler(self):
        parent, child = self.record(MOMENTS, "child")
        self.assertEqual(self.story(parent),
                         [SENT, SENT, BEGIN, CAME, *IN_HANDLER, END, *LOCKED, "exit"])
        self.assertEqual(self.story(child)[0], BEGIN)
        self.assertEqual(self.story(child)[-6:], [*IN_HANDLER, END, *LOCKED, "exit"])

    def test_the_end(self):
        end = self.story(self.record(MOMENTS, "ends", expected=3)[0])
        self.assertEqual(end[-5:], [BEGIN, CAME, "exit", *IN_HANDLER])
        self.assertEqual(self.story(self.record(MOMENTS, "quick", expected=4)[-1]),
                         ["exit", *LOCKED])
        text = self.record(MOMENTS, "outlived")[-1]
        self.assertEqual(self.story(text, 1)[:2], LOCKED)
        text = self.record(MOMENTS, "from_thread", expected=5)[-1]
        self.assertEqual(self.story(text, 1), [*LOCKED, "exit"])
        text = self.record(MOMENTS, "keys")[-1]
        self.assertEqual(self.story(text, 1), [*LOCKED, "thread_exit"])

    def test_ends_with_others_about(self):
        text = self.record(MOMENTS, "detached")[-1]
        self.assertEqual(self.story(text, 1), [*LOCKED, "thread_exit"])
        self.assertEqual(self.story(text)[-3:], [*LOCKED, "exit"])
        text = self.record(MOMENTS, "holding", expected=6)[-1]
        self.assertEqual(self.story(text, 1), ["acquire"])
        self.assertEqual(self.story(text, 2), ["exit", *LOCKED])
        report = self.analyze(sorted(self.there.iterdir())[-1], "--format=json")
        self.assertIn('"ends_others"', report)
        self.assertNotIn("libsnarl.so", report)

    def test_waits_that_are_left(self):
        text = self.record(MOMENTS, "given_up")[-1]
        self.assertEqual(len(self.events(text, "try_fail")), 1)
        self.assertIn(" cancelled ", self.events(text, "try_fail")[0])
        self.assertEqual(self.events(text, "deadlock"), [])
        text = self.record(MOMENTS, "interrupted")[-1]
        said = re.findall(r"T0 (block_begin|block_end|handler_begin|handler_end|acquire)", text)
        self.assertEqual(said, ["block_begin", "handler_begin", "handler_end", "block_end",
                                "acquire"])

    def test_a_storm_of_cancellation(self):
        """What the cleanup gives back is told, wherever the thread was struck."""
        text = self.record(MOMENTS, "storm")[-1]
        self.assertNotIn("lost_reentry", text)
        told = {}
        for thread, kind, address in re.findall(r"T([1-9]\d*) (acquire|release) mutex (\S+)", text):
            told.setdefault(thread, []).append((kind, address))
        self.assertEqual(len(told), 150)
        for thread, events in told.items():
            self.assertEqual(events[0][0], "acquire")
            self.assertEqual(events[-1], ("release", events[0][1]), thread)
        self.assertEqual(len(self.events(text, "thread_exit")), 150)

    def test_a_timer_comes_after_its_setting(self):
        text = self.record(MOMENTS, "timer")[-1]
        self.assertIn(SENT, self.story(text))
        called = max(int(thread) for thread in re.findall(r"T(\d+) thread_start", text))
        self.assertEqual(self.story(text, called)[:4], [CAME, *LOCKED, "sem_post"])

    @unittest.skipUnless(os.geteuid() == 0, "only the superuser has privileges to give up")
    def test_privileges_given_up(self):
        text = self.record(MOMENTS, "privileges")[-1]
        self.assertEqual(len(self.events(text, "acquire")), 5000)
        self.assertNotIn("lost_", text)

    def test_before_our_constructor(self):
        """A library's constructor makes a thread, with its lock held."""
        text = self.record(SUBJECTS / "early")[0]
        self.assertEqual(len(self.events(text, "thread_create")), 3)
        self.assertEqual(len(self.events(text, "join")), 3)
        self.assertNotIn(" foreign ", text)
        self.assertNotIn("lost_", text)
        self.assertRegex(text, r'meta argument "\S*early"')
        self.assertEqual(self.story(text, 1), [*LOCKED, "thread_exit"])
        self.assertIn("libearly.so", self.events(text, "thread_create")[0])
        self.assertEqual(self.story(text)[0], "release")
        self.assertEqual(self.story(text)[-3:], ["exit", *LOCKED])

    def test_a_sandbox(self):
        """What was put aside is filled, what follows is counted; what comes before is there."""
        text = self.record(SUBJECTS / "sandbox", "filtered")[0]
        self.assertGreater(int(re.search(r"lost_sandbox (\d+)", text)[1]), 10000)
        self.assertNotRegex(text, "lost_no_space|lost_no_memory|lost_reentry")
        self.assertGreater(len(self.events(text, "acquire")), 100000)
        trace = next(iter(self.there.iterdir()))
        self.assertLess(trace.stat().st_size, 8 << 20)
        self.assertIn("seccomp", self.analyze(trace))


if __name__ == "__main__":
    unittest.main()
