#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Rewritten code is kept for the next run, and is used if it is what it says.

    BUILD=DIRECTORY cache.py
"""
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

BUILD = pathlib.Path(os.environ["BUILD"]).resolve()
SECONDS = 60
PAGE = 4096


class Cache(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="cache.")
        self.addCleanup(directory.cleanup)
        self.there = pathlib.Path(directory.name)
        self.cache = self.there / "home/snarl/rewritten"
        self.program = self.there / "cat"
        shutil.copy("/bin/cat", self.program)

    def run_cat(self):
        """Runs a program that prints its mappings: which files of the cache are among them."""
        environment = dict(os.environ, XDG_CACHE_HOME=str(self.there / "home"))
        done = subprocess.run(
            [BUILD / "bin/snarl", "run", "--accesses=rewrite", "--", self.program,
             "/proc/self/maps"], env=environment, check=True, text=True, capture_output=True,
            timeout=SECONDS)
        return {pathlib.Path(line.split()[-1]) for line in done.stdout.splitlines()
                if str(self.cache) in line}

    def files(self):
        return set(self.cache.iterdir())

    def test_the_second_run_maps_what_the_first_has_written(self):
        self.assertEqual(self.run_cat(), set())
        written = self.files()
        self.assertEqual(len(written), 1)
        self.assertEqual(self.run_cat(), written)
        self.assertEqual(self.files(), written)
        self.assertEqual(self.cache.stat().st_mode & 0o777, 0o700)
        self.assertEqual(next(iter(written)).stat().st_mode & 0o777, 0o600)

    def test_another_program_of_the_same_name(self):
        self.run_cat()
        text = bytearray(self.program.read_bytes())
        at = text.index(b"--help")
        text[at:at + 6] = b"--hulp"
        self.program.write_bytes(text)
        self.assertEqual(self.run_cat(), set())
        self.assertEqual(len(self.files()), 2)

    def test_what_is_not_as_expected_is_not_used(self):
        self.run_cat()
        file, = self.files()
        whole = file.read_bytes()
        for damaged in (b"", whole[:100], whole[:PAGE], whole[:-PAGE], whole + bytes(PAGE),
                        bytes(PAGE) + whole[PAGE:], b"x" + whole[1:]):
            file.write_bytes(damaged)
            self.assertEqual(self.run_cat(), set(), len(damaged))
            self.assertEqual(self.run_cat(), {file}, "it is written anew")
        self.assertEqual(file.stat().st_size, len(whole))

    def test_what_others_may_write_is_not_used(self):
        self.run_cat()
        file, = self.files()
        file.chmod(0o666)
        self.assertEqual(self.run_cat(), set())
        self.cache.chmod(0o777)
        file.chmod(0o600)
        self.assertEqual(self.run_cat(), set())

    def test_a_home_that_cannot_be_written(self):
        (self.there / "home").write_text("no directory")
        self.assertEqual(self.run_cat(), set())

    def test_the_oldest_are_removed(self):
        self.run_cat()
        kept = self.files()
        for age, name in (1000, "old"), (1, "new"):
            with open(self.cache / name, "wb") as file:
                file.truncate(1100 << 20)
            now = (self.cache / name).stat().st_mtime
            os.utime(self.cache / name, (now - age, now - age))
        self.assertEqual(self.run_cat(), kept)
        self.assertEqual(self.files(), kept | {self.cache / "new"})


if __name__ == "__main__":
    unittest.main()
