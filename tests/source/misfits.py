#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`snarl-source explain` survives reports that do not fit the source: it ends by itself, and what
it writes is a report that snarl takes, or else it says what is wrong with the one it was given.

    tests/source/misfits.py [--build DIR] [--count N] [--seed N]
"""
import argparse
import copy
import json
import pathlib
import random
import subprocess
import sys
import tempfile

TREE = pathlib.Path(__file__).resolve().parents[2]
GOLDEN = TREE / "tests/golden/report"
NUMBERS = [0, 1, 2, 12, 18, 22, 31, 32, 4294967295, -1, 2**40, 2**63 - 1]
WORDS = ["", "kitchen.c", "/", "/dev/null", "/dev/zero", "/usr/include/stdio.h", "no.c", "\0",
         "read", "write", "holds", "waits", "frees", "shelf.jars[0]", "[[[", "a" * 9000,
         "operator<", "f(int (*)(<", "::", "cook", "take", "possible", "data-race", "🧄"]


def places(value, way=()):
    """The way to each value inside."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places(inner, way + (key,))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from places(inner, way + (index,))
    yield way


def change(report, dice):
    """Puts something else at a random place of the findings."""
    findings = report["findings"]
    ways = [way for way in places(findings) if way]
    way = dice.choice(ways)
    holder = findings
    for key in way[:-1]:
        holder = holder[key]
    other = findings
    for key in dice.choice(ways):
        other = other[key]
    old = holder[way[-1]]
    same = NUMBERS if isinstance(old, int) else WORDS if isinstance(old, str) else [[], {}, None]
    anything = NUMBERS + WORDS + [None, True, [], {}, [[]], {"source": {"line": "x"}}]
    holder[way[-1]] = dice.choice([dice.choice(same), dice.choice(same), dice.choice(anything),
                                   copy.deepcopy(other)])


def fault(build, report, directory):
    """What is wrong with how it ends on this report, or None."""
    given, made = directory / "given.json", directory / "made.json"
    made.unlink(missing_ok=True)
    given.write_text(json.dumps(report))
    command = [str(build / "bin/snarl-source"), "explain", str(given), "-o", str(made), "--",
               "-pthread"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace",
                              timeout=60, check=False)
    except subprocess.TimeoutExpired:
        return "does not end"
    if done.returncode not in (0, 2):
        return f"exit status {done.returncode}: {done.stderr[-500:]}"
    if done.returncode == 2:
        return None if done.stderr.startswith("snarl-source: ") else "says nothing"
    before, after = (subprocess.run([str(build / "bin/snarl"), "report", str(path)],
                                    capture_output=True, check=False).returncode
                     for path in (given, made))
    return f"snarl report took it before, and not after: {after}" if not before and after else None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, default=TREE / "build/dev")
    parser.add_argument("--count", type=int, default=150)
    parser.add_argument("--seed", type=int, default=1)
    how = parser.parse_args()
    failed = 0
    with tempfile.TemporaryDirectory(prefix="snarl-source.") as name:
        directory = pathlib.Path(name)
        text = (GOLDEN / "explained.json").read_text()
        source = (GOLDEN / "src/kitchen.c").read_text()
        (directory / "kitchen.c").write_text(source)
        whole = json.loads(text.replace("/home/olivia/kitchen", name))
        for number in range(how.count):
            dice = random.Random(f"{how.seed} {number}")
            report = copy.deepcopy(whole)
            for _ in range(dice.choice([1, 1, 2, 8])):
                change(report, dice)
            # Now and then it is the source that does not fit.
            cut = dice.randrange(len(source)) if number % 5 == 0 else len(source)
            (directory / "kitchen.c").write_text(source[:cut])
            wrong = fault(how.build.resolve(), report, directory)
            if wrong:
                failed += 1
                print(f"--seed {how.seed}, report {number}: {wrong}")
    print(f"{how.count - failed} passed, {failed} failed")
    return 1 if failed or how.count < 1 else 0


if __name__ == "__main__":
    sys.exit(main())
