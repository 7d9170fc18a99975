#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Records small programs that were built in every way that the TSan interface can be reached, and
compares their traces with what they say that they did.

    record.py --build BUILD accesses|ordered|calls|forked
"""
import argparse
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
EVENT = re.compile(r"^\d+ T(\d+) (\w+)(?: (\d+))? (0x[0-9a-f]+)(.*)$")


def expect(condition, text):
    if not condition:
        raise AssertionError(text)


class Way:
    """A way to build and run: a compiler, an optimisation, a run-time."""

    def __init__(self, build, compiler, level, shared):
        self.library = os.path.join(build, "lib/snarl")
        self.wrapper = os.path.join(build, "bin/snarl-cc")
        self.snarl = os.path.join(build, "bin/snarl")
        self.compiler, self.level, self.shared = compiler, level, shared
        self.name = f"{compiler} {level} {'shared run-time' if shared else 'snarl-cc'}"

    def compile(self, source, program):
        command, environment = [self.wrapper], {"SNARL_CC": self.compiler}
        if self.shared:
            command = [self.compiler, "-g", "-fsanitize=thread"]
            command += ["-shared-libsan"] if self.compiler == "clang" else []
        subprocess.run(command + ["-std=gnu17", "-mcx16", self.level, "-o", program, source],
                       check=True, env={**os.environ, **environment})

    def record(self, program, trace):
        libraries = [f"{self.library}/libsnarl.so"]
        if self.shared:
            libraries += [f"{self.library}/stubs/libtsan.so.2",
                          f"{self.library}/stubs/libclang_rt.tsan-x86_64.so"]
        environment = {"LD_PRELOAD": ":".join(libraries), "SNARL_OPTIONS": f"-o {trace}"}
        run = subprocess.run([program], check=True, stdout=subprocess.PIPE, timeout=60,
                             env={**os.environ, **environment}, text=True)
        return run.stdout.splitlines()

    def events(self, trace):
        dump = subprocess.run([self.snarl, "dump", trace], check=True, capture_output=True,
                              text=True)
        expect(not dump.stderr, dump.stderr)
        for line in dump.stdout.splitlines():
            match = EVENT.match(line)
            if match:
                thread, kind, size, address, rest = match.groups()
                length = re.search(r" size=(\d+)", rest)
                yield {"thread": int(thread), "kind": kind, "address": int(address, 16),
                       "size": int(length[1] if length else size or 0), "rest": rest}


def check_accesses(said, events, _program):
    """Each access is there with its place and size, in the order of the program."""
    accesses = [e for e in events if e["kind"].startswith(("read", "write"))]
    at = 0
    for line in said:
        what, size, address = line.split()
        size, address = int(size), int(address, 16)
        kind = what.split("-")[-1]
        mine = [i for i, e in enumerate(accesses) if e["kind"].startswith(kind)]
        if what.startswith("covered"):
            told = {b for i in mine
                    for b in range(accesses[i]["address"],
                                   accesses[i]["address"] + accesses[i]["size"])}
            expect(told >= set(range(address, address + size)), f"not covered: {line}")
            continue
        here = [i for i in mine if i >= at and accesses[i]["address"] == address
                and accesses[i]["size"] == size]
        expect(here, f"not there, or out of order: {line}")
        at = here[0] + 1
        expect(re.search(r" v[1-9]", accesses[here[0]]["rest"]), f"without order: {line}")


def check_ordered(said, events, _program):
    """The numbers of the modifications are in the order of modification, without a gap."""
    location = int(said[0], 16)
    at = [e for e in events if e["address"] == location and e["kind"].startswith("atomic")]
    numbers = [int(re.search(r" v(\d+)", e["rest"])[1]) for e in at]
    expect(sorted(numbers) == list(range(1, len(numbers) + 1)), "numbers miss or repeat")
    values = []
    for thread, line in enumerate(said[1:], 1):
        seen = [int(value) for value in line.split()]
        mine = [n for n, e in zip(numbers, at)
                if e["thread"] == thread and e["kind"] == "atomic_rmw"]
        expect(len(mine) == len(seen), f"thread {thread}: {len(mine)} of {len(seen)} changes")
        values += zip(mine, seen)
    values = [value for _, value in sorted(values)]
    expect(values == list(range(len(values))), "numbers are not in the order of modification")


def functions(rest, program):
    """The names of a stack's functions; ? for what lies outside the program."""
    names = []
    for frame in re.search(r"\[(.*)\]", rest)[1].split():
        module, offset = frame.rsplit("+", 1)
        if module != os.path.basename(program):
            names.append("?")
            continue
        line = subprocess.run(["addr2line", "-f", "-e", program, hex(int(offset, 16) - 1)],
                              check=True, stdout=subprocess.PIPE, text=True)
        names.append(line.stdout.split()[0])
    return names


def check_calls(said, events, program):
    """Each variable's write has the stack that the program says."""
    for line in said:
        address, *wanted = line.split()
        here = [e for e in events if e["address"] == int(address, 16) and "write" in e["kind"]]
        expect(len(here) == 1, f"{len(here)} writes: {line}")
        stack = functions(here[0]["rest"], program)
        expect(stack[:len(wanted)] == wanted, f"{line}: {stack}")


def check_forked(said, events, program):
    """The child tells all it does, in numbers without a gap, and still knows its callers."""
    exit_status, first, size, written = said[0].split()
    first, size = int(first, 16), int(size)
    expect(exit_status == "7", f"the child ended with {exit_status}")
    numbers = {}
    for event in events:
        if event["kind"] == "atomic_rmw" and first <= event["address"] < first + size:
            number = int(re.search(r" v(\d+)", event["rest"])[1])
            numbers.setdefault(event["address"], []).append(number)
    expect(len(numbers) == size / 4, f"{len(numbers)} locations")
    for address, mine in numbers.items():
        expect(mine == list(range(mine[0], mine[0] + 20)) and mine[0] > 0, f"{address:#x}: {mine}")
    write = [e for e in events if e["address"] == int(written, 16) and e["kind"] == "write"]
    expect(len(write) == 1, "the child's write")
    expect(functions(write[0]["rest"], program)[:2] == ["child", "main"], "the child's stack")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("subject")
    arguments = parser.parse_args()
    check = {"accesses": check_accesses, "ordered": check_ordered,
             "calls": check_calls, "forked": check_forked}[arguments.subject]
    levels = ["-O1"] if arguments.subject in ("calls", "forked") else ["-O0", "-O1", "-O2"]
    failures = 0
    for compiler in "gcc", "clang":
        for level in levels:
            for shared in False, True:
                way = Way(arguments.build, compiler, level, shared)
                with tempfile.TemporaryDirectory() as directory:
                    program = os.path.join(directory, arguments.subject)
                    trace = os.path.join(directory, "trace")
                    way.compile(os.path.join(HERE, arguments.subject + ".c"), program)
                    said = way.record(program, trace)
                    trace += ".1" if arguments.subject == "forked" else ""
                    try:
                        check(said, list(way.events(trace)), program)
                    except AssertionError as error:
                        failures += 1
                        print(f"{way.name}: {error}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
