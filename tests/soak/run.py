#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs programs alone and recorded, many times: they must do the same, none may hang, and each
recording must be readable with nothing lost. README.md says what is compared.

    tests/soak/run.py [--build DIR] [--only REGEX] [--repeat N] [--allocator NAME|all] [--jobs N]
                      [--by preload|run|record] [--quick] [--findings] [--keep] [-v]

Ends with a table and a line `N passed, N failed`. What a round that failed has left, and the round
alone that it was compared with, is kept in BUILD/tests/soak/failed. There are no retries.
"""
import argparse
import collections
import concurrent.futures
import importlib
import os
import pathlib
import re
import shutil
import signal
import statistics
import sys
import tempfile
import time

import traces
from stage import ALLOCATORS, WAYS, Broken, Hang, Stage

HERE = pathlib.Path(__file__).resolve().parent
WAYS_IN_TURN = ("preload", "run", "preload", "record")

# True of any program: a detached thread may be giving back what the allocator kept for it when the
# process ends.
OF_ALLOCATORS = {"jemalloc": ("abandoned-lock observed: holds __nptl_deallocate_tsd <",)}

Round = collections.namedtuple("Round", "seen seconds faults findings events")


def programs():
    found = []
    for path in sorted((HERE / "programs").glob("*.py")):
        found += importlib.import_module(f"programs.{path.stem}").PROGRAMS
    return found


def program_named(name):
    return next(program for program in programs() if program["name"] == name)


def missing(program, allocators):
    needed = [*program["needs"], *(ALLOCATORS[name] for name in allocators if ALLOCATORS[name])]
    return [path for path in needed if not os.path.exists(path)]


def play(name, build, way, allocator, kept):
    """One round in a process of its own. What it leaves is put into KEPT."""
    program = program_named(name)
    faults, seen, judged = [], None, None
    directory = pathlib.Path(tempfile.mkdtemp(prefix="soak."))
    directory.chmod(0o755)
    stage = Stage(build, directory, way, allocator, program["patience"])
    start = time.monotonic()
    try:
        if "prepare" in program:
            program["prepare"](stage)
            start = time.monotonic()
        seen = program["perform"](stage)
    except Hang as hang:
        faults.append(f"did not end within {program['patience']} s\n{hang}")
    except (Broken, OSError, ValueError) as trouble:
        faults.append(f"{type(trouble).__name__}: {trouble}")
    seconds = time.monotonic() - start
    left = stage.close()
    if left:
        faults.append(f"left behind: {', '.join(left)}")
    if way:
        judged = traces.judge(build, stage.traces)
        faults += judged.faults
    shutil.rmtree(kept, ignore_errors=True)
    shutil.copytree(directory, kept, symlinks=True,
                    ignore=shutil.ignore_patterns("*.socket", "*.sock", "listener-*"))
    shutil.rmtree(directory, ignore_errors=True)
    return Round(seen, seconds, faults, judged.findings if judged else {},
                 judged.events if judged else 0)


def shortened(seen):
    text = str(seen)
    return text if len(text) < 2000 else f"{text[:1000]} [...] {text[-1000:]}"


def plain_differences(alone, recorded):
    if not isinstance(alone, dict) or not isinstance(recorded, dict):
        if alone != recorded:
            yield f"alone:\n{shortened(alone)}\nrecorded:\n{shortened(recorded)}"
        return
    for key in sorted(alone.keys() | recorded.keys(), key=str):
        if alone.get(key) != recorded.get(key):
            yield (f"{key} alone:\n{shortened(alone.get(key))}\n"
                   f"{key} recorded:\n{shortened(recorded.get(key))}")


class Row:
    """One line of the table: a program with an allocator."""

    def __init__(self, program, allocator):
        self.program = program
        self.allocator = allocator
        self.rounds = []
        self.agreed = 0
        self.alone = None
        self.findings = collections.Counter()

    @property
    def title(self):
        return f"{self.program['name']}, {self.allocator}"

    def faults_of(self, played):
        true = tuple(self.program.get("findings", ())) + OF_ALLOCATORS.get(self.allocator, ())
        faults = list(played.faults)
        faults += [f"found: {what}" for what in played.findings
                   if not what.startswith(true) and " possible" not in what.split(":")[0]
                   and not what.replace(" note:", ":", 1).startswith(true)]
        if played.seen is not None and self.alone.seen is not None:
            differences = self.program.get("differences", plain_differences)
            faults += differences(self.alone.seen, played.seen)
        return faults

    def add(self, played):
        self.rounds.append(played)
        self.findings.update(played.findings)
        faults = self.faults_of(played)
        self.agreed += not faults
        return faults

    def text(self):
        ratio = statistics.median(r.seconds for r in self.rounds) / self.alone.seconds
        events = statistics.median(r.events for r in self.rounds)
        return (f"{self.program['name']:32} {self.allocator:9} {len(self.rounds):5} "
                f"{self.agreed:7} {self.alone.seconds:8.2f} {ratio:8.2f} {int(events):10}")


def play_all(rows, options, pool):
    """Alone once, then recorded; a row at a time, as many rounds at once as there are jobs."""
    def submit(row, number, way):
        return pool.submit(play, row.program["name"], options.build, way, row.allocator,
                           kept(row, number))

    def kept(row, number):
        return options.kept / f"{row.program['name']}.{row.allocator}.{number}"

    tasks = {}
    for row in rows:
        tasks[submit(row, "alone", None)] = row
    for done in concurrent.futures.as_completed(tasks):
        row = tasks[done]
        row.alone = done.result()
        if row.alone.faults:
            print(f"FAILED {row.title}, alone: " + "\n".join(row.alone.faults), flush=True)
    tasks = {}
    for number in range(options.repeat):
        way = options.by or WAYS_IN_TURN[number % len(WAYS_IN_TURN)]
        for row in rows:
            tasks[submit(row, number, way)] = (row, number, f"round {number} by {way}")
    for done in concurrent.futures.as_completed(tasks):
        row, number, what = tasks[done]
        faults = row.add(done.result())
        if not faults and not options.keep:
            shutil.rmtree(kept(row, number))
        if faults:
            print(f"FAILED {row.title}, {what}: " + "\n".join(faults), flush=True)
        elif options.verbose:
            print(f"{row.title}, {what}: {row.rounds[-1].seconds:.1f} s", flush=True)


def report(rows, options):
    print(f"\n{'program':32} {'allocator':9} {'runs':>5} {'agreed':>7} {'alone s':>8} "
          f"{'recorded':>8} {'events':>10}")
    for row in rows:
        print(row.text())
    if options.findings:
        told = collections.Counter()
        for row in rows:
            told.update({f"{row.program['name']}: {what}": n for what, n in row.findings.items()})
        for what, count in sorted(told.items()):
            print(f"{count:6} {what}")
    passed = sum(row.agreed for row in rows)
    failed = sum(len(row.rounds) - row.agreed for row in rows)
    failed += sum(bool(row.alone.faults) for row in rows)
    print(f"\n{passed} passed, {failed} failed")
    return failed == 0 and passed > 0


def parsed():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, default=HERE.parents[1] / "build/dev")
    parser.add_argument("--only", default="", help="programs whose name has this expression")
    parser.add_argument("--repeat", type=int, default=1, help="rounds of each")
    parser.add_argument("--allocator", choices=[*ALLOCATORS, "all"], default="none",
                        help="preloaded beside the recorder; all: each of them")
    parser.add_argument("--by", choices=WAYS, help="how to record; else in turn")
    parser.add_argument("--jobs", type=int, default=1, help="rounds at a time")
    parser.add_argument("--quick", action="store_true", help="only what takes seconds")
    parser.add_argument("--keep", action="store_true", help="what each round leaves, faulty or not")
    parser.add_argument("--findings", action="store_true", help="count what is found, too")
    parser.add_argument("-v", "--verbose", action="store_true")
    return parser.parse_args()


def main():
    options = parsed()
    options.build = options.build.resolve()
    options.kept = options.build / "tests/soak/failed"
    allocators = [options.allocator]
    if options.allocator == "all":
        allocators = [name for name in ALLOCATORS if name != "none"]
    rows = [Row(program, allocator) for allocator in allocators for program in programs()
            if re.search(options.only, program["name"]) and (program["quick"] or not options.quick)]
    absent = {path for row in rows for path in missing(row.program, allocators)}
    if absent or not rows:
        sys.exit(f"not there: {' '.join(sorted(absent)) or options.only}; "
                 "scripts/install-dependencies --soak")
    # A shell ignores it for what it starts in the background; programs would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # A process for each round: it is the subreaper of what the round starts.
    with concurrent.futures.ProcessPoolExecutor(options.jobs, max_tasks_per_child=1) as pool:
        play_all(rows, options, pool)
    sys.exit(not report(rows, options))


if __name__ == "__main__":
    main()
