#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The recorder without the command: LD_PRELOAD, SNARL_OPTIONS, and places where no trace can be.

    BUILD=DIRECTORY bare.py
"""
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

BUILD = pathlib.Path(os.environ["BUILD"]).resolve()
STORIES = BUILD / "tests/record/stories"
ROOM = BUILD / "tests/transparency/room"
SECONDS = 60


class Bare(unittest.TestCase):
    def setUp(self):
        self.there = pathlib.Path(tempfile.mkdtemp(prefix="bare."))
        self.addCleanup(shutil.rmtree, self.there, ignore_errors=True)

    def run_program(self, *command, options=None, prefix=(), cwd=None):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("SNARL")}
        environment["LD_PRELOAD"] = str(BUILD / "lib/snarl/libsnarl.so")
        if options is not None:
            environment["SNARL_OPTIONS"] = options
        command = [*prefix, "env", *(f"{k}={environment[k]}" for k in environment if "SNARL" in k or
                                     k == "LD_PRELOAD"), *map(str, command)]
        return subprocess.run(command, cwd=cwd or self.there, stdin=subprocess.DEVNULL,
                              env={k: v for k, v in environment.items() if k != "LD_PRELOAD"},
                              capture_output=True, timeout=SECONDS, text=True, check=False)

    def names(self):
        return sorted(str(path.relative_to(self.there)) for path in self.there.rglob("*")
                      if path.is_file())

    def dump(self, trace):
        return subprocess.run([BUILD / "bin/snarl", "dump", trace], capture_output=True, text=True,
                              timeout=SECONDS, check=True).stdout

    def test_names_the_trace_after_program_and_process(self):
        done = self.run_program(STORIES, "spins")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(len(self.names()), 1)
        self.assertRegex(self.names()[0], r"^snarl\.stories\.\d+$")

    def test_patterns(self):
        for pattern, expected in {
                "-o plain": r"plain", "-o %e-%p-%%": r"stories-\d+-%",
                "--output=x.%e": r"x\.stories", r"-o with\ blank": "with blank",
                r"-o back\\slash": r"back\\slash", "-o end%": "end",
                f"--output {self.there}/absolute": "absolute",
                "--accesses=none   -o  spaced ": "spaced"}.items():
            with self.subTest(pattern):
                done = self.run_program(STORIES, "spins", options=pattern)
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                names = self.names()
                self.assertEqual(len(names), 1, names)
                self.assertRegex(names[0], f"^{expected}$")
                (self.there / names[0]).unlink()

    def test_a_name_that_is_taken_gets_a_number(self):
        (self.there / "trace").write_text("mine")
        self.run_program(STORIES, "spins", options="-o trace")
        self.assertEqual(self.names(), ["trace", "trace.1"])
        self.assertEqual((self.there / "trace").read_text(), "mine")

    def test_unknown_options_are_told_and_passed_over(self):
        done = self.run_program(STORIES, "spins", options="--nonsense -o trace --accesses=magic")
        self.assertEqual(done.returncode, 0)
        self.assertIn("snarl: SNARL_OPTIONS: unknown option '--nonsense'\n", done.stderr)
        self.assertIn("'magic'", done.stderr)
        self.assertEqual(self.names(), ["trace"])

    def test_the_log_file_takes_messages(self):
        done = self.run_program(STORIES, "spins", options="--log-file=log --nonsense -o trace")
        self.assertEqual(done.stderr, "")
        self.assertIn("--nonsense", (self.there / "log").read_text())

    def test_children_stay_where_the_program_started(self):
        script = "import os; os.chdir('/'); os.fork() or os._exit(0); os.wait()"
        done = self.run_program("python3", "-c", script, options="-o %e.%p")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(len(self.names()), 2)

    def test_a_directory_that_is_gone_is_not_the_root(self):
        before = set(os.listdir("/"))
        gone = self.there / "gone"
        gone.mkdir()
        script = f"rmdir '{gone}'; exec '{STORIES}' spins"
        done = self.run_program("sh", "-c", script, cwd=gone)
        self.assertEqual(done.returncode, 0)
        self.assertEqual(set(os.listdir("/")) - before, set())

    def test_no_place_for_the_trace(self):
        for place in "/proc/nowhere", "/nowhere/x", "/dev/full", "/", "/dev/null/x", "x" * 300:
            with self.subTest(place):
                done = self.run_program(ROOM, "much", options=f"-o {place}")
                self.assertEqual((done.returncode, done.stdout), (0, "done\n"))
        self.assertFalse(os.path.lexists("/dev/full.1") or os.path.lexists("/.1"))

    def test_a_deadlock_goes_to_the_log_and_the_program_is_left(self):
        environment = dict(os.environ, LD_PRELOAD=str(BUILD / "lib/snarl/libsnarl.so"),
                           SNARL_OPTIONS="-o trace --log-file log")
        with subprocess.Popen([STORIES, "deadlock"], cwd=self.there, env=environment,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as program:
            log, deadline = self.there / "log", time.monotonic() + SECONDS
            while not log.exists() or "whole story" not in log.read_text():
                self.assertLess(time.monotonic(), deadline, "no message")
                self.assertIsNone(program.poll(), "the program has ended")
                time.sleep(0.01)
            time.sleep(0.1)
            self.assertIsNone(program.poll(), "the program has ended")
            program.send_signal(signal.SIGKILL)
            self.assertEqual(program.stderr.read(), b"")
        text = log.read_text()
        self.assertIn("deadlock: 2 thread(s)", text)
        self.assertEqual(len(re.findall(r"thread \d+ waits for the lock at 0x", text)), 2)
        self.assertIn("deadlock", self.dump(self.there / "trace"))

    @unittest.skipIf(os.geteuid() != 0, "needs to mount")
    def test_a_disk_that_fills_up(self):
        """Every page of the trace is there before it is written: no SIGBUS."""
        disk = self.there / "disk"
        disk.mkdir()
        for size in 4, 8, 64, 200:
            script = f"mount -t tmpfs -o size={size}k none '{disk}' && " \
                     f"'{ROOM}' much; echo $?; cp '{disk}'/trace '{self.there}'/copy"
            done = self.run_program("sh", "-c", script, options=f"-o {disk}/trace",
                                    prefix=["unshare", "-m"])
            if "mount" in done.stderr or "unshare" in done.stderr:
                self.skipTest(done.stderr) # in a chroot, say
            with self.subTest(size):
                self.assertEqual(done.stdout, "done\n0\n")
                if size > 8:
                    text = self.dump(self.there / "copy")
                    self.assertRegex(text, r"\bstate \S*(off|2)\b")
                    self.assertIn("lost_no_space", text)


if __name__ == "__main__":
    unittest.main()
