#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Of memory that goes from thread to thread, a rewritten program tells each thread's first access
and its last ones, and no more.

    BUILD=DIRECTORY owners.py
"""
import itertools
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

BUILD = pathlib.Path(os.environ["BUILD"]).resolve()
HERE = pathlib.Path(__file__).resolve().parent
EVENT = re.compile(r"^\d+ T(\d+) (read|write)(_range)?(?: (\d+))? (0x[0-9a-f]+)(.*)$")
SECONDS = 60
LINE = 64  # bytes of a cell in passed.c


class Recorded(unittest.TestCase):
    """A program's places by name, and what its trace tells of memory."""

    program = None

    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory(prefix="owners.") as name:
            there = pathlib.Path(name)
            subprocess.run(["gcc", "-std=gnu17", "-O1", "-g", HERE / f"{cls.program}.c", "-o",
                            there / "program"], check=True, timeout=SECONDS)
            environment = dict(os.environ, LD_PRELOAD=str(BUILD / "lib/snarl/libsnarl.so"),
                               SNARL_OPTIONS=f"-o {there}/trace --accesses=rewrite")
            said = subprocess.run([there / "program"], env=environment, check=True, text=True,
                                  capture_output=True, timeout=SECONDS).stdout
            dump = subprocess.run([BUILD / "bin/snarl", "dump", there / "trace"], check=True,
                                  capture_output=True, text=True, timeout=SECONDS).stdout
        cls.places = {}
        for line in said.splitlines():
            name, address, size = line.split()
            cls.places[name] = range(int(address, 16), int(address, 16) + int(size))
        cls.events = []
        for line in dump.splitlines():
            if match := EVENT.match(line):
                size = re.search(r" size=(\d+)", match[6])
                cls.events.append({
                    "thread": int(match[1]), "kind": match[2], "from": int(match[5], 16),
                    "size": int(size[1] if size else match[4]),
                    "deferred": " deferred" in match[6], "perhaps": " perhaps" in match[6],
                    "epoch": int(re.search(r" e=(\d+)", match[6])[1])})


class Owners(Recorded):
    program = "owners"

    def of(self, name):
        """What is told of a place: (thread, kind, whether it was told later)."""
        place = self.places[name]
        return [(e["thread"], e["kind"], e["deferred"]) for e in self.events
                if e["from"] < place.stop and e["from"] + e["size"] > place.start]

    def test_first_and_last(self):
        self.assertEqual(sorted(self.of("handed")), [
            (1, "write", True), (2, "read", False), (2, "read", True), (3, "write", False)])

    def test_neighbours_are_told_as_one(self):
        told = self.of("array")
        self.assertIn((1, "write", True), told)
        self.assertLess(told.count((1, "write", True)), 8)
        self.assertEqual(told.count((2, "read", False)), 1)  # what is alike
        covered = {byte for e in self.events if e["thread"] == 1 and e["kind"] == "write"
                   for byte in range(e["from"], e["from"] + e["size"])}
        self.assertLessEqual(set(self.places["array"]), covered)

    def test_several_readers(self):
        told = self.of("shared")
        for thread in 2, 3:
            self.assertIn((thread, "read", False), told)
            self.assertIn((thread, "read", True), told)
            self.assertLess(told.count((thread, "read", False)), 3)
            self.assertLess(told.count((thread, "read", True)), 3)
        self.assertIn((1, "write", True), told)
        self.assertIn((1, "write", False), told)

    def test_what_one_has_alone_epoch_after_epoch(self):
        place = self.places["alone"]
        told = [(e["thread"], e["kind"], e["deferred"], e["perhaps"]) for e in self.events
                if e["from"] == place.start]
        self.assertEqual(sorted(told), [(1, "write", False, False), (1, "write", True, False),
                                        (1, "write", True, True), (2, "read", False, False)])
        seen, last = sorted(e["epoch"] for e in self.events
                            if e["from"] == place.start and e["deferred"])
        self.assertGreater(last, seen + 20)  # two for each round

    def test_what_several_read_epoch_after_epoch(self):
        told = [e for e in self.events
                if e["thread"] == 2 and e["from"] == self.places["often"].start]
        self.assertEqual([e["deferred"] for e in sorted(told, key=lambda e: e["epoch"])],
                         [True, False, True])
        epochs = sorted(e["epoch"] for e in told)
        self.assertGreater(epochs[2], epochs[1] + 200)  # not only in the first block

    def test_a_write_behind_anothers_read(self):
        self.assertEqual(sorted(self.of("returned")), [
            (1, "write", False), (1, "write", True), (2, "read", False)])

    def test_two_small_variables_in_one_granule(self):
        self.assertEqual(sorted(self.of("small")), [(1, "write", True), (2, "write", False)])

    def test_only_bytes_that_were_accessed(self):
        told = {(e["thread"], byte - self.places["four"].start)
                for e in self.events for byte in range(e["from"], e["from"] + e["size"])
                if byte in self.places["four"]}
        self.assertEqual(told, {(1, 0), (1, 3), (2, 1)})

    def test_only_what_overlaps_stands_for_others(self):
        place = self.places["beside"]
        self.assertEqual([e["from"] - place.start for e in self.events
                          if e["thread"] == 2 and e["from"] in place], [2, 4])

    def test_of_a_block_that_is_over_nothing(self):
        self.assertEqual(self.places["same"].start, 1)
        self.assertEqual(self.of("rest"), [])

    def test_of_text_the_first_byte_of_each_granule(self):
        told = {byte - self.places["text"].start for e in self.events
                if e["thread"] == 2 and e["kind"] == "read" and e["from"] in self.places["text"]
                for byte in range(e["from"], e["from"] + e["size"])}
        self.assertEqual(told, {1, 2, 3, *range(0, 64, 4)})

    def test_a_read_of_much_tells_writes_behind_reads(self):
        told = self.of("buffer")
        self.assertEqual(told.count((2, "write", True)), 1)
        self.assertIn((2, "read", True), told)
        self.assertIn((3, "read", False), told)

    def test_an_access_is_covered_where_all_its_bytes_are(self):
        for name in "lone", "read-by-several":
            told = set()
            for e in self.events:
                if e["thread"] == 2 and e["kind"] == "read" and e["from"] in self.places[name]:
                    told.update(range(e["from"], e["from"] + e["size"]))
            for size, begin in itertools.product(range(5), range(8)):
                for missing in range(1 << size):
                    if size == 1 and begin % 4 == 3 and missing:
                        continue  # of two bytes in two granules only the first is looked at
                    cell = self.places[name].start + ((size * 8 + begin) * 16 + missing) * 32
                    self.assertIn(cell + begin + missing, told, (name, 1 << size, begin, missing))

    def test_a_freed_blocks_latest_use(self):
        told = self.of("block")
        self.assertIn((2, "write", True), told)
        self.assertLess(told.count((2, "write", True)), 4)


class Passed(Recorded):
    """A thread that is interrupted while it has some memory's words has read it for the trace,
    too, once another one did not wait for them."""

    program = "passed"

    def test_both_are_told(self):
        cells = self.places["cells"]
        told = {0: set(), 1: set()}
        for e in self.events:
            for byte in range(e["from"], e["from"] + e["size"]):
                if byte in cells:
                    told[e["thread"]].add((byte - cells.start) // LINE)
        self.assertGreater(len(told[1]), 5)
        self.assertEqual(told[1] - told[0], set())


if __name__ == "__main__":
    unittest.main()
