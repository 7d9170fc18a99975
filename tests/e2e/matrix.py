#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Which tool names which hazard: snarl, ThreadSanitizer, Helgrind and DRD on the testcases.

    tests/e2e/matrix.py [--build DIR] [--filter REGEX] [--jobs N] [--output docs/MATRIX.md]

Each faulty program counts for the kind of its directory; a tool has named it if it says what is
wrong in the words of PEERS below, for snarl if a finding has that kind. Each program without a
fault counts as a false alarm if the tool says anything that is in the same table (snarl: at level
observed or predicted). Programs that hang are ended after HANGS seconds.
"""
import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import re
import sys
import tempfile

from run import default_build, run_program
from testcase import TREE, BuildError, build_testcase, read_all
from thread_sanitizer import randomization_off

HANGS = 10
PATIENCE = 120
TOOLS = ("snarl", "ThreadSanitizer", "Helgrind", "DRD")

# What each says of a hazard, by kind; whatever is not here, none of them has words for.
PEERS = {
    "ThreadSanitizer": {
        "data-race": r"WARNING: ThreadSanitizer: (data race|heap-use-after-free|race on)",
        "deadlock": r"lock-order-inversion",
        "self-deadlock": r"double lock of a mutex",
        "lock-destroyed-held": r"destroy of a locked mutex",
        "unlock-not-held": r"unlock of an unlocked mutex|unlock of an? .*by a wrong thread",
        "use-after-destroy": r"use of an invalid mutex",
        "thread-leak": r"thread leak",
        "lock-in-signal-handler": r"signal-unsafe call|signal handler",
    },
    "Helgrind": {
        "data-race": r"Possible data race",
        "deadlock": r"lock order .* violated",
        "self-deadlock": r"Attempt to re-lock a non-recursive lock I already hold|EDEADLK",
        "abandoned-lock": r"Exiting thread still holds",
        "lock-destroyed-held": r"pthread_mutex_destroy of a locked mutex|"
                               r"pthread_rwlock_destroy of a locked|"
                               r"memory .*contains a locked mutex|"
                               r"deallocated .* (mutex|lock) .* held|pthread_mutex_destroy.*EBUSY",
        "unlock-not-held": r"unlocked a not-locked lock|unlocked lock at .* currently held by",
        "use-after-destroy": r"unlocked an invalid lock|pthread_cond_destroy.*waited upon|"
                             r"pthread_barrier_\w+: .*(uninitialised|not initialised|waiting)|"
                             r"sem_\w+: .*(invalid|uninitialised)",
        "barrier-mismatch": r"pthread_barrier_destroy: threads still waiting",
    },
    "DRD": {
        "data-race": r"Conflicting (load|store)",
        "self-deadlock": r"Recursive locking not allowed|recursive",
        "lock-destroyed-held": r"Destroying locked mutex|Mutex is still locked|"
                               r"Destruction of locked|Destroying locked reader-writer",
        "unlock-not-held": r"Mutex not locked|not locked by|Reader-writer lock not locked|"
                           r"unlocked by thread",
        "use-after-destroy": r"not a mutex|not a condition|Invalid semaphore|Not a barrier|"
                             r"destruction of a condition variable|being waited upon|"
                             r"Destruction of barrier that is being waited|Not a semaphore",
        "barrier-mismatch": r"Destruction of a? ?barrier .* waited",
    },
}  # fmt: skip
TSAN_OPTIONS = "detect_deadlocks=1 second_deadlock_stack=1 exitcode=0 atexit_sleep_ms=0"


def peer_command(tool, program, arguments, before):
    if tool == "ThreadSanitizer":
        return [*before, program, *arguments]
    supp = TREE / "tests/e2e/valgrind.supp"
    return ["valgrind", f"--tool={tool.lower()}", f"--suppressions={supp}", program, *arguments]


def what_it_says(tool, case, run, directory):
    """The kinds that the tool names."""
    patience = HANGS if case.hangs else PATIENCE
    mode = "real" if tool == "ThreadSanitizer" else "plain"
    program = build_testcase(case, run.build, "gcc", "-O2", mode)
    if tool == "snarl":
        report = pathlib.Path(directory) / "report.json"
        options = case.options or ([f"--timeout={HANGS}"] if case.hangs else [])
        command = [run.build / "bin/snarl", "run", "--json", report, "--accesses=rewrite",
                   "--rewrite=!libsnarl_order.so", *options, "--", program,
                   *case.arguments]  # fmt: skip
        run_program(command, directory, PATIENCE)
        findings = json.loads(report.read_text())["findings"] if report.exists() else []
        return {f["kind"] for f in findings if case.expected or f["level"] != "possible"}
    ran = run_program(
        peer_command(tool, program, case.arguments, run.before), directory, patience
    )
    said = ran.errors.decode(errors="replace")
    return {kind for kind, words in PEERS[tool].items() if re.search(words, said)}


def one(job):
    tool, case, run = job
    with tempfile.TemporaryDirectory() as directory:
        try:
            return tool, case, what_it_says(tool, case, run, directory)
        except BuildError:
            return tool, case, None



def table(named, totals, alarms, clean):
    lines = ["| hazard | programs | " + " | ".join(TOOLS) + " |",
             "| --- | --- | " + " | ".join("---" for _ in TOOLS) + " |"]  # fmt: skip
    for kind in sorted(totals):
        counts = [named[tool, kind] for tool in TOOLS]
        cells = " | ".join(str(count) if count else "–" for count in counts)
        lines.append(f"| {kind} | {totals[kind]} | {cells} |")
    cells = " | ".join(str(alarms[tool]) for tool in TOOLS)
    lines.append(f"| *false alarms* | {clean} | {cells} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, default=default_build())
    parser.add_argument("--filter", default="")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--output", type=pathlib.Path, default=TREE / "docs/MATRIX.md")
    run = parser.parse_args()
    run.build = run.build.resolve()
    run.before = randomization_off()
    os.environ["TSAN_OPTIONS"] = TSAN_OPTIONS
    cases = read_all(run.filter)
    named, totals, alarms = collections.Counter(), collections.Counter(), collections.Counter()
    jobs = [(tool, case, run) for case in cases for tool in TOOLS]
    misses, false = [], []
    with concurrent.futures.ThreadPoolExecutor(run.jobs) as pool:
        for done, (tool, case, said) in enumerate(pool.map(one, jobs), 1):
            if sys.stderr.isatty():
                print(f"\r{done} of {len(jobs)}", end="", file=sys.stderr)
            kind = case.path.parent.name
            if said is None:
                continue
            if not case.expected:
                alarms[tool] += bool(said)
                if said:
                    false.append((tool, case.name, ", ".join(sorted(said))))
            elif kind in said:
                named[tool, kind] += 1
            elif tool == "snarl":
                misses.append(case.name)
    for case in cases:
        totals[case.path.parent.name] += bool(case.expected)
    clean = sum(not case.expected for case in cases)
    totals = {kind: total for kind, total in totals.items() if total}
    text = (TREE / "tests/e2e/matrix.md").read_text()
    text = text.replace("{table}", table(named, totals, alarms, clean))
    text = text.replace(
        "{false}", "\n".join(f"| {tool} | {name} | {said} |" for tool, name, said in sorted(false))
    )
    text = text.replace("{missed}", "\n".join(f"- {name}" for name in misses) or "Nothing.")
    run.output.write_text(text)
    for name in misses:
        print(f"snarl misses {name}")
    ours = [name for tool, name, _ in false if tool == "snarl"]
    print(f"{len(cases)} programs, {len(misses)} missed, {len(ours)} false alarms of snarl")
    return bool(misses or ours)


if __name__ == "__main__":
    sys.exit(main())
