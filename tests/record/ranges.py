#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each function of the C library that ranges.c calls is told as just the reads and writes that it
says, in whatever order.

    ranges.py --build BUILD
"""
import argparse
import collections
import os
import sys
import tempfile

from record import HERE, Way, expect


def wanted(words):
    """Offsets of the bytes read and written."""
    parts = words.split()
    bytes_of = {"r": set(), "w": set()}
    for kind, offset, size in zip(parts[::3], parts[1::3], parts[2::3]):
        bytes_of[kind] |= set(range(int(offset), int(offset) + int(size)))
    return bytes_of


def told(events, area, size, cases, marks):
    """The same of each case, by what was recorded behind its mark in its piece of the area."""
    of_case = collections.defaultdict(lambda: {"r": set(), "w": set()})
    case = None
    for event in events:
        kind = event["kind"]
        if not kind.startswith(("read", "write")):
            continue
        if kind.startswith("write") and 0 <= event["address"] - marks <= 8 * cases:
            case = (event["address"] - marks) // 8
        elif case is not None:
            start = event["address"] - area - case * size
            if 0 <= start < size:
                of_case[case][kind[0]] |= set(range(start, start + event["size"]))
    return of_case


def check(way, directory):
    program, trace = os.path.join(directory, "ranges"), os.path.join(directory, "trace")
    way.compile(os.path.join(HERE, "ranges.c"), program)
    said = way.record(program, trace)
    area, size = int(said[0].split()[1], 16), int(said[0].split()[2])
    marks, cases = int(said[1].split()[1], 16), said[2:]
    expect(len(cases) > 100, f"{len(cases)} cases")
    got = told(way.events(trace), area, size, len(cases), marks)
    faults = []
    for line in cases:
        head, _, words = line.rpartition(": ")
        want, have = wanted(words), got[int(head.split()[0])]
        if want != have:
            faults.append(f"{line}: read {sorted(have['r'])}, wrote {sorted(have['w'])}")
    expect(not faults, "\n".join(faults))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    build = parser.parse_args().build
    status = 0
    for compiler in ("gcc", "clang"):
        way = Way(build, compiler, "-fno-builtin", False)
        with tempfile.TemporaryDirectory(prefix="ranges.") as directory:
            try:
                check(way, directory)
                print(f"passed: {way.name}")
            except AssertionError as fault:
                print(f"FAILED: {way.name}:\n{fault}")
                status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
