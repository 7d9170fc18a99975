#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs programs of Debian native and then with their code moved, clobbered, rewritten: exit status,
output, errors and files must be the same, byte for byte. README.md says how to add one.

    tests/roundtrips/run.py [--build DIR] [--modes none,moved,clobbered,rewrite,auto]
                            [--filter REGEX] [--list] [--jobs N] [--quick] [--sites]
                            [--moved FROM-TO] [--rewrite PATTERNS] [--keep]

One line for each program and mode, then `N passed, N failed`. There are no retries. What a
failing round has left, and what the native one has, is kept in BUILD/tests/roundtrips.
"""
import argparse
import collections
import concurrent.futures
import os
import pathlib
import re
import shutil
import signal
import sys
import tempfile
import time

import catalog
import sites
from stage import Broken, Hang, Stage

MODES = ("none", "moved", "clobbered", "rewrite", "auto")
NATIVE = "native"
SLOWER = 3  # a busy machine, and one round native and one rewritten within the patience of each

Round = collections.namedtuple("Round", "program mode seconds faults coverage")


class Player:
    """Runs one program native, and in each mode, always in the same place."""

    def __init__(self, name, options, base):
        self.program = next(p for p in catalog.all_programs() if p["name"] == name)
        self.options = options
        self.place = base / name
        self.native = None

    def kept(self, mode):
        return self.options.kept / f"{self.program['name']}.{mode}"

    def stage(self, mode):
        shutil.rmtree(self.place, ignore_errors=True)
        self.place.mkdir(parents=True)
        settings = f"--accesses={mode} --rewrite={self.options.rewrite or self.program['rewrite']}"
        if self.options.moved:
            settings += f" --moved={self.options.moved}"
        stage = Stage(self.options.build, self.place, None if mode == NATIVE else "preload", "none",
                      SLOWER * self.program["patience"], settings)
        for environment in stage.plain, stage.environment:
            environment["PATH"] = catalog.PATH
        return stage

    def perform(self, stage, faults):
        try:
            if "prepare" in self.program:
                self.program["prepare"](stage)
            return self.program["perform"](stage)
        except Hang as hang:
            faults.append(f"did not end\n{hang}")
        except (Broken, OSError, ValueError, SyntaxError) as trouble:
            faults.append(f"{type(trouble).__name__}: {trouble}")
        return None

    def coverage(self, stage, mode, faults):
        traces = [path for path in stage.traces.iterdir() if path.stat().st_size]
        if not traces and mode != NATIVE:
            faults.append("nothing was recorded")
        told = {}
        if mode == "rewrite":
            for trace in traces:
                told.update(sites.coverage_of(self.options.build / "bin/snarl", trace))
            if not told:
                faults.append("nothing was rewritten")
        return told

    def keep(self, mode):
        shutil.rmtree(self.kept(mode), ignore_errors=True)
        shutil.copytree(self.place, self.kept(mode), symlinks=True, ignore_dangling_symlinks=True,
                        ignore=shutil.ignore_patterns("*.socket", "*.sock", "listener-*"))

    def round(self, mode):
        faults = []
        stage = self.stage(mode)
        start = time.monotonic()
        seen = self.perform(stage, faults)
        seconds = time.monotonic() - start
        if left := stage.close():
            faults.append(f"left behind: {', '.join(left)}")
        coverage = self.coverage(stage, mode, faults)
        if mode == NATIVE:
            self.native = seen
        elif seen is not None and self.native is not None:
            faults += self.program["differences"](self.native, seen)
        if faults or mode == NATIVE or self.options.keep:
            self.keep(mode)
        return Round(self.program["name"], mode, seconds, faults, coverage)

    def rounds(self):
        played = [self.round(NATIVE)]
        if not played[0].faults:
            played += [self.round(mode) for mode in self.options.modes]
        if not any(one.faults for one in played) and not self.options.keep:
            shutil.rmtree(self.kept(NATIVE))
        shutil.rmtree(self.place, ignore_errors=True)
        return played


def play(name, options, base):
    return Player(name, options, base).rounds()


def line_of(played, native):
    covered = sum(covered for _, covered in played.coverage.values())
    all_sites = sum(number for number, _ in played.coverage.values())
    told = f"{covered} of {all_sites} sites in {len(played.coverage)} modules" if all_sites else ""
    return (f"{'FAILED' if played.faults else 'ok':6} {played.program:28} {played.mode:10}"
            f"{played.seconds:7.1f} s {played.seconds / native.seconds:6.1f} x  {told}").rstrip()


def report(rounds, options):
    """What is printed of a program; how many have passed and failed, and its modules."""
    failed, modules = 0, {}
    for played in rounds:
        failed += bool(played.faults)
        modules.update(played.coverage)
        print(line_of(played, rounds[0]))
        if played.faults:
            print("\n".join(played.faults))
            print(f"again: tests/roundtrips/run.py --build {options.build} "
                  f"--filter '^{re.escape(played.program)}$' --modes {played.mode}; "
                  f"left in {options.kept}")
    sys.stdout.flush()
    return len(rounds) - failed, failed, modules


def parsed():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path,
                        default=catalog.HERE.parents[1] / "build/dev")
    parser.add_argument("--modes", default=",".join(MODES), help="besides native")
    parser.add_argument("--filter", default="", help="programs whose name has this expression")
    parser.add_argument("--list", action="store_true", help="only names the programs")
    parser.add_argument("--jobs", type=int, default=1, help="programs at a time")
    parser.add_argument("--quick", action="store_true", help="only what takes few seconds")
    parser.add_argument("--sites", action="store_true",
                        help="count the sites of each module by objdump, too")
    parser.add_argument("--moved", help="only these functions of each module: FROM-TO")
    parser.add_argument("--rewrite", help="instead of the program's own: which libraries, too")
    parser.add_argument("--keep", action="store_true", help="what each round leaves")
    options = parser.parse_args()
    options.build = options.build.resolve()
    options.kept = options.build / "tests/roundtrips"
    options.modes = options.modes.split(",")
    if set(options.modes) - set(MODES):
        parser.error(f"modes are {', '.join(MODES)}")
    return options


def main():
    options = parsed()
    programs = [program for program in catalog.all_programs()
                if re.search(options.filter, program["name"])
                and (program["quick"] or not options.quick)]
    if options.list:
        print("\n".join(program["name"] for program in programs))
        return
    absent = {path for program in programs for path in program["needs"] if not os.path.exists(path)}
    if absent or not programs:
        sys.exit(f"not there: {' '.join(sorted(absent)) or options.filter}; "
                 "scripts/install-dependencies --roundtrips")
    # A shell ignores it for what it starts in the background; programs would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    passed = failed = 0
    modules = {}
    with tempfile.TemporaryDirectory(prefix="roundtrips.") as base, \
            concurrent.futures.ProcessPoolExecutor(options.jobs, max_tasks_per_child=1) as pool:
        os.chmod(base, 0o755)
        tasks = [pool.submit(play, program["name"], options, pathlib.Path(base))
                 for program in programs]
        for done in concurrent.futures.as_completed(tasks):
            good, bad, seen = report(done.result(), options)
            passed, failed = passed + good, failed + bad
            modules.update(seen)
    if options.sites:
        print(sites.table(modules))
    print(f"\n{passed} passed, {failed} failed")
    sys.exit(failed > 0 or not passed)


if __name__ == "__main__":
    main()
