#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs every testcase alone and recorded: the program must do the same, and the findings must be
exactly those that its file expects. README.md says what exactly means. There are no retries.

    tests/e2e/run.py [--build DIR] [--filter REGEX] [--repeat N] [--jobs N]
                     [--cc gcc|clang] [--opt -O0|-O2] [--configurations all|some]
                     [--mode tsan|shared|rewrite|auto|none]

Ends with `N passed, N failed`; one line for each run that failed, and what it left in
BUILD/tests/e2e/failed.
"""
import argparse
import collections
import concurrent.futures
import dataclasses
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import zlib

from testcase import TREE, BuildError, Expected, build_testcase, read_all

GATED = 66
TIMED_OUT = 124
PATIENCE = 60  # for a whole run, analysis included, on a loaded machine
STILL = 3.0  # for so long may a hang that is certain go on; 2 s are promised, on an idle machine
HANG = 1.0  # a program that is said to hang must do so for this long
CONFIGURATIONS = [
    ("clang", "-O0", "tsan"),
    ("gcc", "-O2", "shared"),
    ("gcc", "-O2", "rewrite"),
    ("gcc", "-O2", "auto"),
    ("gcc", "-O2", "none"),
]

Ran = collections.namedtuple("Ran", "status output errors seconds")


def run_program(command, directory, patience):
    """Its own process group, ended as a whole when patience ends; status None then."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("SNARL_", "LD_"))}
    environment["XDG_CACHE_HOME"] = str(TREE / "build/cache")
    start = time.monotonic()
    with subprocess.Popen(
        command,
        cwd=directory,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        try:
            output, errors = process.communicate(timeout=patience)
            status = process.returncode
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            output, errors = process.communicate()
            status = None
    return Ran(status, output, errors, time.monotonic() - start)


def run_alone(case, program):
    with tempfile.TemporaryDirectory() as directory:
        return run_program(
            [program, *case.arguments], directory, HANG if case.hangs else PATIENCE
        )


def own_lines(case, stack):
    """The line of the innermost frame that lies in the testcase, if there is one."""
    for frame in stack:
        file = frame.get("file") or ""
        if pathlib.PurePath(file).parts[-2:] == case.path.parts[-2:]:
            return [frame["line"]]
    return []


def found(case, report):
    """The findings as expectations, to be compared."""
    for finding in report["findings"]:
        markers = set()
        for site in finding["sites"]:
            for line in own_lines(case, site.get("stack") or []):
                markers |= case.markers_at(line)
        yield Expected(finding["kind"], finding["level"], frozenset(markers))


def tell(expectations):
    """A multiset of expectations in one line."""
    told = [
        " ".join([e.kind, e.level] + sorted(f"@{m}" for m in e.markers))
        + (f" ({count} times)" if count > 1 else "")
        for e, count in sorted(collections.Counter(expectations).items(), key=str)
    ]
    return "; ".join(told) or "nothing"


def finding_faults(case, report):
    """What the FINDING directive says and a finding does not hold."""
    for finding in report["findings"]:
        actual = {
            "severity": finding["severity"],
            "variable": (finding.get("variable") or {}).get("name"),
            "locks": ",".join(sorted(lock["name"] for lock in finding.get("locks") or [])),
            "threads": str(len(finding.get("threads") or [])),
            "sites": str(len(finding["sites"])),
        }
        for key, value in case.finding.items():
            if actual[key] != value:
                yield f"{finding['kind']}: {key}: expected {value}, got {actual[key]}"


def is_guess(expectation):
    return (expectation.kind, expectation.level) == ("data-race", "possible")


def same(case, one, other):
    if case.digits_vary:
        one, other = (re.sub(rb"\d+", b"N", text) for text in (one, other))
    return one == other


class Alone:
    """How each program ended that ran alone: what it is recorded by makes no difference there."""

    def __init__(self):
        self.ended = {}
        self.locks = collections.defaultdict(threading.Lock)

    def run(self, case, program):
        with self.locks[program]:
            if program not in self.ended:
                self.ended[program] = run_alone(case, program)
            return self.ended[program]


class Run:
    """The testcases in one build tree, in one configuration."""

    alone = Alone()

    def __init__(self, build, compiler, optimize, mode):
        self.build, self.compiler, self.optimize, self.mode = build, compiler, optimize, mode
        self.rewritten = mode in ("rewrite", "auto")
        self.prepared = {}
        self.locks = collections.defaultdict(threading.Lock)

    def source(self):
        return self.mode if self.mode in ("none", "rewrite", "auto") else "tsan"

    def command(self, case, program, directory):
        options = [f"--accesses={self.source()}", "--json", f"{directory}/report.json"]
        if self.rewritten:  # relaxed atomics are none in machine code
            options += ["--rewrite=!libsnarl_order.so"]
        options += ["--log-file", f"{directory}/findings.txt"] + case.options
        snarl = str(self.build / "bin/snarl")
        return [snarl, "run", *options, "--", str(program), *case.arguments]

    def prepare(self, case):
        """Once for each testcase: (the program, how it ended alone, what is wrong with that)."""
        with self.locks[case.name]:
            if case.name not in self.prepared:
                build = self.build, self.compiler, self.optimize
                plain = build_testcase(case, *build, "plain")
                ran = self.alone.run(case, plain)
                fault = None
                if case.hangs and ran.status is not None:
                    fault = f"alone: should hang, ended with {ran.status}"
                elif not case.hangs and ran.status is None:
                    fault = "alone: should end, hangs"
                program = build_testcase(case, *build, self.mode)
                self.prepared[case.name] = program, ran, fault
            return self.prepared[case.name]

    def faults(self, case, directory):
        """One recorded run; yields what is wrong."""
        program, alone, fault = self.prepare(case)
        if fault:
            yield fault
            return
        work = directory / "work"
        work.mkdir()
        ran = run_program(self.command(case, program, directory), work, PATIENCE)
        (directory / "stderr").write_bytes(ran.errors)
        if self.compiler == "clang" and case.by_clang is not None:
            case = dataclasses.replace(case, expected=case.by_clang)
        if self.mode == "none":
            case = case.without_accesses()
        if self.rewritten:
            case = case.compiled(self.optimize).rewritten()
        if ran.status is None:
            yield f"recorded: did not end within {PATIENCE} s"
            return
        ending = TIMED_OUT if case.hangs else alone.status
        expected = GATED if case.gated() else ending
        if ran.status != expected:
            last = ran.errors.decode(errors="replace").strip().splitlines()[-1:]
            yield f"recorded: exit {ran.status}, expected {expected} {' '.join(last)}"
        if not case.hangs:
            if not same(case, alone.output, ran.output):
                yield f"recorded: output {ran.output!r}, alone {alone.output!r}"
            if not same(case, alone.errors, ran.errors):
                yield f"recorded: stderr {ran.errors!r}, alone {alone.errors!r}"
        if list(work.iterdir()):
            yield f"recorded: left {[p.name for p in work.iterdir()]}"
        yield from self.report_faults(case, alone, directory / "report.json")

    def report_faults(self, case, alone, path):
        try:
            report = json.loads(path.read_text())
        except (OSError, ValueError) as error:
            yield f"report: {error}"
            return
        actual = list(found(case, report))
        if self.rewritten and case.rewrite == "possible":
            actual = [e for e in actual if not is_guess(e) or e in case.expected]
        if collections.Counter(actual) != collections.Counter(case.expected):
            yield f"findings: expected {tell(case.expected)}; got {tell(actual)}"
        else:
            yield from finding_faults(case, report)
        if case.must_be_seen():
            hung, still = (report["program"][key] for key in ("hung", "still_for"))
            if not hung and not case.is_circle():
                yield "report: was not found to hang"
            if hung and not (still and still < STILL):
                yield f"report: should be found to hang within {STILL} s; still for {still} s"
        recording = report["recording"]
        source = self.source()
        if self.mode == "auto":
            threaded = recording["threads"] > len(recording["traces"])
            source = "rewrite" if threaded or case.shares_memory else "none"
        if recording["access_source"] != source:
            yield f"report: access_source is {recording['access_source']}, expected {source}"
        if not recording["complete"] or recording["lost_events"]:
            yield f"report: incomplete, {recording['lost_events']} events lost"
        if not case.hangs and report["program"]["exit_status"] != alone.status:
            yield f"report: exit_status {report['program']['exit_status']}, alone {alone.status}"

    def once_more(self, case, number):
        """One run: its faults in one line, or None."""
        label = f"{case.name} [{self.compiler} {self.optimize} {self.mode}] run {number}"
        with tempfile.TemporaryDirectory(prefix="snarl-e2e.") as name:
            directory = pathlib.Path(name)
            try:
                faults = list(self.faults(case, directory))
            except BuildError as error:
                faults = [f"build: {error}"]
            if not faults:
                return None
            kept = self.build / "tests/e2e/failed" / re.sub(r"[^\w.-]+", "-", label)
            shutil.rmtree(kept, ignore_errors=True)
            shutil.copytree(directory, kept)
        return f"{label}: " + " | ".join(faults)


def default_build():
    for name in ("dev", "release", "asan"):
        if (TREE / "build" / name / "bin/snarl").exists():
            return TREE / "build" / name
    return TREE / "build/dev"


def parse_arguments():
    parser = argparse.ArgumentParser(description="Runs the testcases alone and recorded.")
    parser.add_argument("--build", type=pathlib.Path, default=default_build())
    parser.add_argument("--filter", default="", help="regular expression on KIND/NAME")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--cc", choices=["gcc", "clang"], default="gcc")
    parser.add_argument("--opt", default="-O2", help="such as --opt=-O0")
    modes = ["tsan", "shared", "rewrite", "auto", "none"]
    parser.add_argument("--mode", choices=modes, default="tsan")
    parser.add_argument("--configurations", choices=["all", "some"],
                        help="instead of --cc, --opt and --mode: "
                        + ", ".join(" ".join(c) for c in CONFIGURATIONS)
                        + "; some: each testcase rewritten, and in one of the others")  # fmt: skip
    return parser.parse_args()


def is_chosen(arguments, run, case):
    """Whether the testcase is to run in that configuration."""
    if arguments.configurations != "some" or run.mode == "rewrite":
        return True
    others = [c for c in CONFIGURATIONS if c[2] != "rewrite"]
    which = zlib.crc32(case.name.encode()) % len(others)
    return others[which] == (run.compiler, run.optimize, run.mode)


def main():
    arguments = parse_arguments()
    build = arguments.build.resolve()
    cases = read_all(arguments.filter)
    if not cases:
        sys.exit("run.py: no testcase has such a name")
    configurations = [(arguments.cc, arguments.opt, arguments.mode)]
    if arguments.configurations:
        configurations = CONFIGURATIONS
    runs = [Run(build, *configuration) for configuration in configurations]
    work = [
        (run, case, number)
        for number in range(1, arguments.repeat + 1)
        for run in runs
        for case in cases
        if is_chosen(arguments, run, case)
    ]
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for fault in pool.map(lambda item: item[0].once_more(item[1], item[2]), work):
            if fault:
                failed += 1
                print(fault, flush=True)
    print(f"{len(work) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
