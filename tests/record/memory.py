#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each life of a block is in the trace once, whichever function began and ended it, whichever
allocator made it; locks end with their memory, and libraries that go are told.

    BUILD=DIRECTORY memory.py
"""
import ctypes.util
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

BUILD = pathlib.Path(os.environ["BUILD"]).resolve()
HERE = pathlib.Path(__file__).resolve().parent
OUTER = BUILD / "tests/transparency/libraries/libouter.so"
RECORDER = BUILD / "lib/snarl/libsnarl.so"
SECONDS = 60


class Memory(unittest.TestCase):
    def setUp(self):
        there = tempfile.TemporaryDirectory(prefix="memory.")
        self.addCleanup(there.cleanup)
        self.there = pathlib.Path(there.name)

    def record(self, command, preload=()):
        environment = dict(os.environ, SNARL_OPTIONS=f"-o {self.there}/trace",
                           LD_PRELOAD=" ".join([str(RECORDER), *preload]))
        said = subprocess.run(command, env=environment, check=True, capture_output=True, text=True,
                              timeout=SECONDS).stdout
        dump = subprocess.run([BUILD / "bin/snarl", "dump", self.there / "trace"], check=True,
                              capture_output=True, text=True, timeout=SECONDS).stdout
        (self.there / "trace").unlink()
        return said.splitlines(), dump.splitlines()

    def lives(self, preload=()):
        program = self.there / "memory"
        subprocess.run([BUILD / "bin/snarl-c++", "-std=c++17", "-O0", "-g", "-fsized-deallocation",
                        HERE / "memory.cc", "-o", program], check=True, timeout=SECONDS)
        said, dump = self.record([program, OUTER], preload)
        told = {}
        for line in dump:
            match = re.search(r"\b(alloc|free)\b.*? (0x[0-9a-f]+)\b.*? size=(\d+)", line)
            if match:
                told.setdefault(int(match[2], 16), []).append((match[1], int(match[3])))
        wanted = {}
        for line in said:
            what, address, *size = line.split()
            if what in ("alloc", "free"):
                wanted.setdefault(int(address, 16), []).append((what, *map(int, size)))
        self.assertGreater(len(wanted), 5)
        for address, mine in wanted.items():
            seen = [(what, size) if what == "alloc" else (what,) for what, size in told[address]]
            # the C++ run-time and the loader use the same addresses before and after
            text, part = " ".join(map(str, seen)), " ".join(map(str, mine))
            self.assertIn(part, text, f"{address:#x}")
        for line in said:
            what, address = line.split()[:2]
            if what == "unmapped":
                ends = [line for line in dump if "object_end" in line and address in line]
                self.assertEqual(len(ends), 1)
                self.assertIn("unmap", ends[0])
        return dump

    def test_the_c_library(self):
        dump = self.lives()
        loaded = [line for line in dump if "libouter.so" in line and " module " in line]
        gone = [line for line in dump if "module_gone" in line]
        self.assertEqual((len(loaded), len(gone)), (2, 2))

    def test_other_allocators(self):
        for name in "jemalloc", "mimalloc", "tcmalloc_minimal":
            library = ctypes.util.find_library(name)
            with self.subTest(name):
                if not library:
                    self.skipTest(f"{name} is not installed")
                self.lives([library])

    def test_an_allocator_of_the_programs_own(self):
        own = [str(BUILD / "tests/transparency/own_heap")]
        _, dump = self.record(own)
        self.assertTrue(any("allocator of its own" in line for line in dump))
        _, dump = self.record([str(BUILD / "tests/transparency/heap"), "texts"])
        self.assertFalse(any("allocator of its own" in line for line in dump))


if __name__ == "__main__":
    unittest.main()
