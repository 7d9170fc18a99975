#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Small versions of bench/limits: many locks held at once, many threads one after another, many
locks. Nothing may be lost, and every pair must be there.

    limits.py --build BUILD
"""
import argparse
import os
import struct
import subprocess
import sys
import tempfile

# Each: arguments, pairs of lock and unlock, threads.
PROGRAMS = {"held": (["held", "40"], 64 * 40, 65),
            "threads": (["threads", "400"], 400, 401),
            "locks": (["locks", "20000"], 20000, 1),
            "static": (["static", "20000"], 20000, 1)}


def expect(condition, text):
    if not condition:
        raise AssertionError(text)


def header(trace):
    """The number of threads, and how many events were lost."""
    with open(trace, "rb") as file:
        page = file.read(4096)
    return struct.unpack_from("<I", page, 80)[0], sum(struct.unpack_from("<8Q", page, 88))


def counts(snarl, trace):
    dump = subprocess.run([snarl, "dump", trace], check=True, capture_output=True, text=True,
                          timeout=60)
    expect(not dump.stderr, dump.stderr)
    kinds = {}
    for line in dump.stdout.splitlines():
        words = line.split()
        if len(words) > 3 and words[3] == "mutex":
            kinds[words[2]] = kinds.get(words[2], 0) + 1
    return kinds


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    build = parser.parse_args().build
    snarl, library = f"{build}/bin/snarl", f"{build}/lib/snarl/libsnarl.so"
    with tempfile.TemporaryDirectory() as work:
        for name, (arguments, pairs, threads) in PROGRAMS.items():
            trace = f"{work}/{name}"
            subprocess.run([f"{build}/tests/record/limits", *arguments], check=True, timeout=60,
                           stdout=subprocess.DEVNULL,
                           env={**os.environ, "LD_PRELOAD": library,
                                "SNARL_OPTIONS": f"-o {trace} --accesses=none"})
            told, lost = header(trace)
            expect(lost == 0, f"{name}: {lost} events lost")
            expect(told == threads, f"{name}: {told} threads")
            kinds = counts(snarl, trace)
            for kind in ("acquire", "release"):
                expect(kinds.get(kind) == pairs, f"{name}: {kinds.get(kind)} times {kind}")
            if name == "locks":
                for kind in ("object_new", "object_end"):
                    expect(kinds.get(kind) == pairs, f"{name}: {kinds.get(kind)} times {kind}")
            run = subprocess.run([snarl, "analyze", trace], capture_output=True, text=True,
                                 timeout=60)
            expect(run.returncode == 0, f"{name}: analyze ends with {run.returncode}: {run.stderr}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
