#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The id of a finding is the same whoever compiled the program, how, and where, with addresses
random or not, and ten lines below; two causes in one function have two.

    tests/e2e/fingerprints.py [--build DIR] [--filter REGEX]
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from run import PATIENCE, run_program
from testcase import CXX, STANDARD, TREE, read_all

# By default one of each kind, and what C++ does to names.
SOME = (
    "^(data-race/(garlic|cxx-shared-lock)|deadlock/(philosophers|cxx-(guards|latch|static))"
    "|abandoned-lock/chopstick|lock-destroyed-held/cxx-deleted|stuck-thread/cxx-promise"
    "|lost-wakeup/signal|thread-leak/.*|livelock/philosophers|atomicity-violation/.*)$"
)
# Two implementations of OpenMP wait in two ways. (kind, name): why.
DIFFER = {
    "data-race/larder-named": "which of two mappings of the memory is named is chance",
    "deadlock/omp-locks": "its locks are structures of the run-time library",
    "stuck-thread/omp-bell": "each run-time library waits in its own way",
}
# compiler, optimization, moved to another directory and down, addresses
BUILDS = [
    ("gcc", "-O0", False, []),
    ("gcc", "-O2", True, []),
    ("clang", "-O0", True, []),
    ("clang", "-O2", False, []),
    ("gcc", "-O2", False, ["setarch", "-R"]),
]
TWO_CAUSES = """#include <pthread.h>
static int garlic, potatoes;
static void *shop(void *unused)
{
    for (int i = 0; i < 1000; i++) {
        garlic++;
        potatoes++;
        __asm__ volatile("" ::: "memory");
    }
    return unused;
}
int main(void)
{
    pthread_t barron, olivia;
    pthread_create(&barron, NULL, shop, NULL);
    pthread_create(&olivia, NULL, shop, NULL);
    pthread_join(barron, NULL);
    return pthread_join(olivia, NULL);
}
"""


# Olivia comes when Barron has eaten, so that they never meet.
JUMPS = """#include "order.h"
#include <pthread.h>
#define APART __attribute__((noinline)) static
static pthread_mutex_t soup = PTHREAD_MUTEX_INITIALIZER, rice = PTHREAD_MUTEX_INITIALIZER;
APART int take(pthread_mutex_t *pot) { return pthread_mutex_lock(pot); }
APART int give(pthread_mutex_t *pot) { return pthread_mutex_unlock(pot); }
APART int eat(pthread_mutex_t *first, pthread_mutex_t *second)
{
    take(first);
    take(second);
    give(second);
    return give(first);
}
APART int dine(int hungry) { return hungry ? eat(&soup, &rice) : eat(&rice, &soup); }
static void *diner(void *hungry)
{
    if (!hungry)
        order_await(1);
    dine(hungry != NULL);
    order_reach(1);
    return NULL;
}
int main(void)
{
    pthread_t barron, olivia;
    pthread_create(&barron, NULL, diner, &barron);
    pthread_create(&olivia, NULL, diner, NULL);
    pthread_join(barron, NULL);
    return pthread_join(olivia, NULL);
}
"""


class Failure(Exception):
    """A test that failed, with the reason."""


def compile_in(directory, source, suffix, compiler, optimize, flags, build, moved):
    """The program of SOURCE, which it puts there; MOVED: ten lines further down."""
    path = directory / f"source{suffix}"
    if moved:
        first, rest = source.split("\n", 1)
        source = first + "\n" + "// nothing\n" * 10 + rest
    path.write_text(source)
    order = build / "tests/libsnarl_order.so"
    command = [CXX[compiler] if suffix == ".cc" else compiler, "-pthread", "-g", optimize,
               STANDARD[suffix], *flags, f"-I{TREE / 'tests/order'}", f"-I{TREE / 'include'}",
               path.name, "-o", "program", f"-L{order.parent}", "-lsnarl_order",
               f"-Wl,-rpath,{order.parent}"]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failure(done.stderr.strip())
    return directory / "program"


def findings_of(build, program, options, arguments, before):
    report = program.parent / "report.json"
    command = [*before, str(build / "bin/snarl"), "run", "--accesses=rewrite",
               "--rewrite=!libsnarl_order.so", "--json", str(report), *options, "--",
               str(program), *arguments]
    ran = run_program(command, program.parent, PATIENCE)
    if ran.status is None:
        raise Failure(f"did not end within {PATIENCE} s")
    try:
        return json.loads(report.read_text())["findings"]
    except (OSError, ValueError) as error:
        raise Failure(f"{error}: {ran.errors.decode(errors='replace')[-500:]}") from error


def ids_of(build, case, compiler, optimize, moved, before):
    """Of those that are told of each build: what is a guess at one optimization may be none at
    the other, and an update that a compiler keeps in a register is no race."""
    with tempfile.TemporaryDirectory(prefix="snarl-id.") as name:
        directory = pathlib.Path(name) / ("elsewhere/below" if moved else "here")
        directory.mkdir(parents=True)
        program = compile_in(directory, case.path.read_text(), case.path.suffix, compiler,
                             optimize, case.flags.get(compiler, []), build, moved)
        found = findings_of(build, program, case.options, case.arguments, before)
        kinds = {expected.kind for expected in case.expected if expected.level != "possible"}
        kinds = kinds or {expected.kind for expected in case.expected}
        return {one["id"] for one in found if one["kind"] in kinds}


def fault_of(build, case):
    try:
        ids = [ids_of(build, case, *how) for how in BUILDS]
    except Failure as failure:
        return str(failure)
    if not ids[0]:
        return "nothing was found"
    different = [f"{how[0]} {how[1]}: {sorted(one)}" for how, one in zip(BUILDS, ids)]
    return None if all(one == ids[0] for one in ids) else "; ".join(different)


def fault_of_two_causes(build):
    """One function, two variables: two findings, whose ids stay apart from build to build."""
    by_variable = set()
    for compiler, optimize, moved, before in BUILDS:
        with tempfile.TemporaryDirectory(prefix="snarl-id.") as name:
            program = compile_in(pathlib.Path(name), TWO_CAUSES, ".c", compiler, optimize, [],
                                 build, moved)
            by_variable.add(frozenset(
                (one["variable"]["name"], one["id"])
                for one in findings_of(build, program, [], [], before)))
    if len(by_variable) != 1:
        return f"differ: {by_variable}"
    named = dict(*by_variable)
    if sorted(named) != ["garlic", "potatoes"] or len(set(named.values())) != 2:
        return f"should be two findings: {named}"
    return None


def fault_of_jumps(build):
    """Functions that end with a call have jumped there, and are on the stack all the same."""
    stacks, ids = set(), set()
    for compiler in ("gcc", "clang"):
        for optimize in ("-O0", "-O1", "-O2"):
            with tempfile.TemporaryDirectory(prefix="snarl-id.") as name:
                program = compile_in(pathlib.Path(name), JUMPS, ".c", compiler, optimize, [],
                                     build, False)
                found = findings_of(build, program, ["--fail-on=none"], [], [])
            ids.update(one["id"] for one in found)
            stacks.update(tuple(frame["function"] for frame in site["stack"][:4])
                          for one in found for site in one["sites"])
    if len(ids) != 1 or stacks != {("take", "eat", "dine", "diner")}:
        return f"{sorted(ids)} {sorted(stacks)}"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--build", type=pathlib.Path, default=TREE / "build/dev")
    parser.add_argument("--filter", default=SOME, help="regular expression on KIND/NAME")
    arguments = parser.parse_args()
    build = arguments.build.resolve()
    os.environ["LC_ALL"] = "C"
    cases = [case for case in read_all(arguments.filter)
             if case.expected and case.name not in DIFFER]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        faults = list(pool.map(lambda case: fault_of(build, case), cases))
    names = [case.name for case in cases] + ["two causes in one function", "jumps"]
    faults += [fault_of_two_causes(build), fault_of_jumps(build)]
    for name, fault in zip(names, faults):
        if fault:
            print(f"{name}: {fault}")
    failed = sum(bool(fault) for fault in faults)
    print(f"{len(faults) - failed} passed, {failed} failed")
    return 1 if failed or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
