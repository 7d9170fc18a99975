#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random programs, alone and with their code moved: they must do the same.

    run.py [--build DIR] --count N [--kind c|asm] [--ledger FILE] [--jobs N]    N new ones
    run.py [--build DIR] --seed S [--count N] [--kind c|asm]                    those from S on
    run.py [--build DIR] --cases                                                those that are kept

A program is C by csmith, compiled in one of many ways, or assembly by assembly.py; its seed gives
all of it. Output and end are compared with those of the program alone: moved, with all overwritten
that is not live, and rewritten to tell its accesses (--accesses=moved, clobbered, rewrite); as a
lone thread, with a second one, and with signals (companion.h). Of assembly, what is told must lie
in the buffer. What does not end soon alone is left out.

New programs are those behind the last one in the ledger, a line for each: seed, kind, result,
configuration. What fails is kept in BUILD/differential/failed, with a script that shows it.
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import subjects

HERE = pathlib.Path(__file__).resolve().parent
SOON, SECONDS = 1, 60
ACCESS = re.compile(rb" T\d+ (?:(?:read|write|atomic_\w+) (\d+) 0x([0-9a-f]+)|"
                    rb"(?:read|write)_range 0x([0-9a-f]+) (?:[^\n]* )?size=(\d+))")
AROUND = 1 << 16
WAYS = ("lone", "beside", "interrupted")
COMPARED = [("moved", "lone"), ("moved", "beside"), ("clobbered", "lone"), ("clobbered", "beside"),
            ("rewrite", "lone"), ("rewrite", "beside"), ("rewrite", "interrupted")]


class Skipped(Exception):
    """Nothing can be said of this program."""


class Failed(Exception):
    """The program is not the same."""


def run(command, directory, seconds, environment=None):
    """How it ended, and what it said; None: not in time."""
    with subprocess.Popen(command, cwd=directory, env=environment, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          start_new_session=True) as process:
        try:
            output = process.communicate(timeout=seconds)[0]
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            return None
        return process.returncode, output


def environment_for(build, accesses):
    return {"LD_PRELOAD": str(build / "lib/snarl/libsnarl.so"),
            "SNARL_OPTIONS": f"-o trace.%p --accesses={accesses}"}


def build_subject(commands, host, directory):
    for command in commands:
        command = [str(host) if word == "HOST" else word for word in command]
        result = run(command, directory, SECONDS)
        if result is None:
            raise Skipped(f"{command[0]} does not end")
        if result[0] != 0:
            raise Failed(f"{command[0]}: {result[1].decode(errors='replace')[:300]}")


def play(directory, way, environment=None, seconds=SECONDS, look=None):
    """LOOK: at the trace, if there is one."""
    whole = dict(os.environ, **environment) if environment else None
    result = run(["./subject", way], directory, seconds, whole)
    for trace in directory.glob("trace.*"):
        if look:
            look(trace)
        trace.unlink()
    return result


def check_told(build, trace, buffer):
    """Beside the buffer nothing is mapped: what is told of it lies within."""
    dump = subprocess.run([build / "bin/snarl", "dump", trace], capture_output=True, check=False)
    if dump.returncode or dump.stderr:
        raise Failed(f"the trace: {dump.stderr.decode(errors='replace')}")
    for size, address, first, length in set(ACCESS.findall(dump.stdout)):
        begin, count = int(address or first, 16) - buffer.start, int(size or length)
        around = -AROUND < begin < len(buffer) + AROUND
        if around and (begin < 0 or begin + count > len(buffer)):
            raise Failed(f"{count} bytes are told at {begin} of the buffer")


def first_difference(alone, now):
    if now is None:
        return f"does not end within {SECONDS} s"
    lines = zip(alone[1].splitlines(), now[1].splitlines())
    line = next((f"{a.decode()} | {b.decode(errors='replace')}" for a, b in lines if a != b), None)
    return f"ends with {now[0]}, not {alone[0]}; " + (
        f"says {line}" if line else f"{len(now[1])} bytes of output, not {len(alone[1])}")


def compare(build, directory, buffer):
    alone = play(directory, "lone", seconds=SOON)
    if alone is None:
        raise Skipped("does not end soon")
    if alone[0] < 0:
        raise Skipped(f"ends with {alone[0]}")
    for accesses, way in COMPARED:
        look = None
        if buffer and (accesses, way) == ("rewrite", "beside"):
            def look(trace):
                check_told(build, trace, buffer)
        now = play(directory, way, environment_for(build, accesses), look=look)
        if now == alone:
            continue
        if any(play(directory, way) != alone for _ in range(3)):
            raise Skipped("is not the same alone")
        raise Failed(f"{accesses} {way}: {first_difference(alone, now)}")


def script(build, subject, host, host_command, wrong):
    lines = ["#!/bin/bash", f"# {wrong}", 'cd "$(dirname "$0")" || exit', "build=${1:-" +
             shlex.quote(str(build)) + "}", shlex.join(host_command)]
    for command in subject.commands:
        if command[0] != "csmith":
            lines.append(shlex.join([str(host) if word == "HOST" else word for word in command]))
    lines.append("./subject lone >alone")
    for accesses, way in COMPARED:
        library, options = environment_for(pathlib.Path("$build"), accesses).values()
        lines += [f'SNARL_OPTIONS="{options}" LD_PRELOAD="{library}" timeout -s KILL {SECONDS} '
                  f"./subject {way} >{accesses}-{way} 2>&1",
                  f'echo "{accesses} {way}: $?"; cmp alone {accesses}-{way}']
    return "\n".join([*lines, "rm -f trace.*", ""])


class Machine:
    """All that the programs share."""

    def __init__(self, build, directory):
        self.build, self.directory = build, directory
        self.failed = build / "differential/failed"
        self.hosts = {}
        for kind in subjects.KINDS:
            self.hosts[kind] = directory / f"host_{kind}.o"
            subprocess.run(subjects.host_command(kind, self.hosts[kind]), check=True)

    def keep(self, directory, name, subject, kind, wrong):
        kept = self.failed / name
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(directory, kept)
        text = script(self.build, subject, "host.o", subjects.host_command(kind, "host.o"), wrong)
        (kept / "reproduce").write_text(text.replace("HOST", "host.o"), encoding="utf-8")
        (kept / "reproduce").chmod(0o755)
        return kept

    def judge(self, name, kind, make):
        """The result in words, and the configuration. MAKE writes the program into a directory."""
        with tempfile.TemporaryDirectory(prefix="differential.") as path:
            directory = pathlib.Path(path)
            subject = make(directory)
            try:
                build_subject(subject.commands, self.hosts[kind], directory)
                compare(self.build, directory, subject.buffer)
                result = "passed"
            except Skipped as why:
                result = f"skipped: {why}"
            except Failed as wrong:
                kept = self.keep(directory, name, subject, kind, wrong)
                result = f"failed: {wrong}; kept in {kept}"
            return " ".join(result.split()), subject.configuration

    def judge_seed(self, seed, kind):
        return self.judge(f"{seed}-{kind}", kind,
                          lambda directory: subjects.subject(kind, seed, directory))

    def judge_case(self, path):
        def make(directory):
            shutil.copy(path, directory / "subject.s")
            return subjects.case_subject(path)
        return self.judge(path.stem, "asm", make)

    def check_telling(self):
        """That code is rewritten and accesses are told here at all."""
        directory = self.directory / "telling"
        directory.mkdir()
        subject = subjects.subject("asm", 1, directory)
        build_subject(subject.commands, self.hosts["asm"], directory)
        environment = dict(os.environ, **environment_for(self.build, "rewrite"))
        run(["./subject", "beside"], directory, SECONDS, environment)
        trace = next(directory.glob("trace.*"))
        dump = subprocess.run([self.build / "bin/snarl", "dump", trace], capture_output=True,
                              check=False)
        if b" write " not in dump.stdout or b" read " not in dump.stdout:
            sys.exit(f"no access is told: {dump.stderr.decode() or dump.stdout[:300]}")


def last_of(ledger):
    try:
        return max((int(line.split("\t")[0]) for line in ledger.read_text().splitlines()),
                   default=0)
    except FileNotFoundError:
        return 0


def kind_of(seed, wish):
    return wish or subjects.KINDS[seed % len(subjects.KINDS)]


class Tally:
    def __init__(self, ledger):
        self.ledger = ledger
        self.counts = {}
        self.begun = self.told = time.monotonic()

    def add(self, name, kind, result, configuration):
        what = result.split(":")[0]
        self.counts[kind, what] = self.counts.get((kind, what), 0) + 1
        if what == "failed":
            print(f"{name} {kind} ({configuration}): {result}", flush=True)
        if self.ledger:
            with self.ledger.open("a", encoding="utf-8") as out:
                out.write(f"{name}\t{kind}\t{result}\t{configuration}\n")
        if time.monotonic() - self.told > 60:
            self.told = time.monotonic()
            print(f"{name}: {self}, {self.told - self.begun:.0f} s", flush=True)

    def of(self, what):
        return sum(n for (_, result), n in self.counts.items() if result == what)

    def __str__(self):
        kinds = ", ".join(f"{n} {kind} {what}" for (kind, what), n in sorted(self.counts.items()))
        return f"{self.of('passed')} passed, {self.of('failed')} failed ({kinds})"


def run_cases(machine, tally):
    for path in sorted((HERE / "cases").glob("*.s")):
        tally.add(path.stem, "asm", *machine.judge_case(path))


def run_seeds(machine, tally, options):
    first = options.seed if options.seed is not None else last_of(tally.ledger) + 1
    seeds = range(first, first + options.count)

    def judge(seed):
        kind = kind_of(seed, options.kind)
        return seed, kind, *machine.judge_seed(seed, kind)

    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        try:
            for seed, kind, result, configuration in pool.map(judge, seeds):
                tally.add(seed, kind, result, configuration)
        except KeyboardInterrupt:  # those that run come to their end, and no others
            pool.shutdown(cancel_futures=True)
            sys.exit(tally)


def parsed():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, default=HERE.parents[1] / "build/dev")
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--kind", choices=subjects.KINDS, help="else in turn")
    parser.add_argument("--seed", type=int, help="the first one; the ledger is left alone")
    parser.add_argument("--ledger", type=pathlib.Path, help="build/differential/ledger")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--cases", action="store_true")
    return parser.parse_args()


def main():
    options = parsed()
    ledger = None
    if options.seed is None and not options.cases:
        ledger = options.ledger or HERE.parents[1] / "build/differential/ledger"
        ledger.parent.mkdir(parents=True, exist_ok=True)
    tally = Tally(ledger)
    with tempfile.TemporaryDirectory(prefix="differential.") as name:
        machine = Machine(options.build.resolve(), pathlib.Path(name))
        machine.check_telling()
        if options.cases:
            run_cases(machine, tally)
        else:
            run_seeds(machine, tally, options)
    print(tally)
    return 0 if tally.of("passed") and not tally.of("failed") else 1


if __name__ == "__main__":
    sys.exit(main())
