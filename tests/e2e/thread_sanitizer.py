#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every race that the real ThreadSanitizer reports on a testcase must be among ours.

    tests/e2e/thread_sanitizer.py [--build DIR] [--filter REGEX] [--repeat N]

Each testcase is built with gcc and with clang, runs under ThreadSanitizer's own run-time, and is
recorded by snarl; compared are the pairs of lines that race. Left out is a testcase whose file has
a TSAN directive, where its alarm is false or it misses the race, and one of another hazard alone.
Ends with `N passed, N failed`.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

from run import PATIENCE, Run, default_build, own_lines, run_program
from testcase import BuildError, build_testcase, read_all

OPTIONS = {
    "detect_deadlocks": 0,
    "report_thread_leaks": 0,
    "report_mutex_bugs": 0,
    "history_size": 7,
    "exitcode": 0,
    "halt_on_error": 0,
    "atexit_sleep_ms": 0,
}
HANGS_FOR = 3
WARNING = re.compile(r"^WARNING: ThreadSanitizer: data race", re.M)
ACCESS = re.compile(r"^  (?:Previous )?(?:atomic )?(?:read|write) of size", re.M | re.I)
FRAME = re.compile(r"^    #\d+ .*?(\S+?):(\d+)", re.M)


def racing_lines(case, output):
    """Pairs of lines that race by ThreadSanitizer's report; one line where it lost a stack."""
    pairs = set()
    for report in WARNING.split(output)[1:]:
        report = report.split("==================")[0]
        pair = set()
        for access in ACCESS.split(report)[1:]:
            stack = access.split("\n\n")[0]
            frames = [{"file": file, "line": int(line)} for file, line in FRAME.findall(stack)]
            pair.update(own_lines(case, frames))
        pairs.add(frozenset(pair))
    return pairs


def our_racing_lines(case, report):
    """The same of ours."""
    return {
        frozenset(
            line for site in finding["sites"] for line in own_lines(case, site["stack"])
        )
        for finding in report["findings"]
        if finding["kind"] == "data-race"
    }


def randomization_off():
    """The run-time cannot place its shadow under some kernels' address layouts."""
    with tempfile.TemporaryDirectory() as directory:
        program = pathlib.Path(directory) / "empty"
        source = "int main(void) { return 0; }"
        subprocess.run(["clang", "-fsanitize=thread", "-x", "c", "-", "-o", program],
                       input=source, text=True, check=True)  # fmt: skip
        if subprocess.run([program], capture_output=True, check=False).returncode == 0:
            return []
        return ["setarch", "-R"]


def faults(run, case, before):
    """Races that only ThreadSanitizer reports, one run of each."""
    os.environ["TSAN_OPTIONS"] = ":".join(f"{key}={value}" for key, value in OPTIONS.items())
    program = build_testcase(case, run.build, run.compiler, run.optimize, "real")
    recorded = build_testcase(case, run.build, run.compiler, run.optimize, run.mode)
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        patience = HANGS_FOR if case.hangs else PATIENCE
        ran = run_program([*before, program, *case.arguments], directory, patience)
        if ran.status is None and not case.hangs:
            yield f"under ThreadSanitizer it did not end within {PATIENCE} s"
        theirs = racing_lines(case, ran.errors.decode(errors="replace"))
        if not theirs and any(expected.kind == "data-race" for expected in case.expected):
            yield "ThreadSanitizer says nothing: " + ran.errors.decode(errors="replace")[:200]
        if not theirs:
            return
        run_program(run.command(case, recorded, directory), directory, PATIENCE)
        ours = our_racing_lines(case, json.loads((directory / "report.json").read_text()))
    for pair in theirs - ours:
        if not any(pair and pair <= other for other in ours):
            told = sorted(sorted(other) for other in ours)
            yield f"ThreadSanitizer: race of lines {sorted(pair)}; ours: {told}"


def is_compared(case):
    """What is about something else ThreadSanitizer may call a race, too: a destruction, for one."""
    races = any(expected.kind == "data-race" for expected in case.expected)
    return not case.tsan and (races or not case.expected)


def compare(run, case, before):
    try:
        return list(faults(run, case, before))
    except (BuildError, OSError, ValueError) as error:
        return [str(error)]


def main():
    parser = argparse.ArgumentParser(description="Compares our races with ThreadSanitizer's.")
    parser.add_argument("--build", type=pathlib.Path, default=default_build())
    parser.add_argument("--filter", default="", help="regular expression on KIND/NAME")
    parser.add_argument("--repeat", type=int, default=1)
    arguments = parser.parse_args()
    before = randomization_off()
    runs = [Run(arguments.build.resolve(), cc, "-O1", "tsan") for cc in ("gcc", "clang")]
    work = [
        (run, case, before)
        for case in read_all(arguments.filter)
        for run in runs * arguments.repeat
        if is_compared(case)
    ]
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for (run, case, _), wrong in zip(work, pool.map(lambda item: compare(*item), work)):
            if wrong:
                failed += 1
                print(f"{case.name} [{run.compiler}]: " + " | ".join(wrong), flush=True)
    print(f"{len(work) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
