#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`fix` with findings that do not fit the source: lines beyond the end, other files, other kinds,
sites swapped, members missing or of another type, and sources that have changed. It must end with
0 or 2, and whatever edits it makes leave files that compile.

    fuzz_test.py --build DIR [--count N] [--seed S]
"""
import argparse
import concurrent.futures
import copy
import json
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

import cases_test

KINDS = ["data-race", "deadlock", "abandoned-lock", "wait-without-predicate", "thread-leak"]
ROLES = ["read", "write", "holds", "takes", "waits", "creates", "ends", "free", "releases", "?"]
JUNK = [None, -1, 0, 2**62, "", "x", [], {}, True, [[]], [None], "\u0000", "é" * 50]


def values(value, at=()):
    """Every place in a document."""
    yield at
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(
        value, list) else ()  # fmt: skip
    for key, inner in items:
        yield from values(inner, (*at, key))


def put(document, at, new):
    for key in at[:-1]:
        document = document[key]
    document[at[-1]] = new


def mutate(rng, report, others):
    """One report, changed in one to four ways."""
    report = copy.deepcopy(report)
    for _ in range(rng.randrange(1, 5)):
        finding = report["findings"][0]
        sites = finding.get("sites")
        frames = [f for s in sites or [] if isinstance(s, dict) and isinstance(s.get("stack"), list)
                  for f in s["stack"] if isinstance(f, dict)] if isinstance(sites, list) else []
        way = rng.randrange(9)
        if way == 0:
            finding["kind"] = rng.choice(KINDS)
        elif way == 1 and frames:
            rng.choice(frames)["line"] = rng.choice([0, -3, 1, 7, 12, 20, 33, 10**6, 2**40])
        elif way == 2 and frames:
            rng.choice(frames)["file"] = rng.choice(others)
        elif way == 3 and frames:
            rng.choice(frames)["function"] = rng.choice(["main", "worker", "", "f<", "x.y"])
        elif way == 4 and isinstance(sites, list) and sites:
            rng.shuffle(sites)
            site = rng.choice(sites)
            if isinstance(site, dict):
                site["role"] = rng.choice(ROLES)
        elif way == 5 and len(frames) > 1:
            one, two = rng.sample(frames, 2)
            one["line"], two["line"] = two.get("line"), one.get("line")
        elif way == 6 and frames:
            frame = rng.choice(frames)
            if isinstance(frame.get("line"), int):
                frame["line"] += rng.choice([-2, -1, 1, 2, 3])
        elif way == 7:
            finding["variable"] = {"name": rng.choice(["items", "x[3].y of z", "", "]]", "("])}
        else:
            places = [at for at in values(report) if len(at) > 2]
            if places:
                put(report, rng.choice(places), copy.deepcopy(rng.choice(JUNK)))
    return report


def compile_all(directory, names):
    for name in names:
        path = directory / name
        command = [cases_test.COMPILER[path.suffix], cases_test.STANDARD[path.suffix], "-pthread"]
        done = subprocess.run([*command, "-w", "-fsyntax-only", path], capture_output=True,
                              text=True, check=False)  # fmt: skip
        if done.returncode:
            return done.stderr[-600:]
    return ""


def attempt(build, seed):
    """One mutated report; what is wrong, or None, and whether there was an edit."""
    rng = random.Random(seed)
    paths = [p for p in sorted(cases_test.CASES.glob("*.c*")) if p.suffix in cases_test.STANDARD]
    path = rng.choice([p for p in paths if ".also" not in p.name])
    with tempfile.TemporaryDirectory(prefix="snarl-fuzz.") as name:
        directory = pathlib.Path(name)
        tree = directory / "tree"
        shutil.copytree(cases_test.CASES, tree)
        here = tree / path.name
        report = cases_test.report_of(here, path.read_text())
        others = [str(tree / rng.choice(paths).name) for _ in range(3)]
        others += ["", "/", "none.c", str(tree), "/usr/include/stdio.h", "/dev/null", path.name]
        report = mutate(rng, report, others)
        if rng.random() < 0.2:  # the source has changed since the run
            lines = here.read_text().splitlines(True)
            cut = rng.randrange(len(lines))
            here.write_text("".join(lines[:cut] + lines[cut + rng.randrange(1, 4):]))
        broken = compile_all(tree, [path.name])
        (directory / "report.json").write_text(json.dumps(report))
        entries = [{"directory": str(tree), "file": str(tree / p.name),
                    "arguments": ["cc", cases_test.STANDARD[p.suffix], "-c", str(tree / p.name)]}
                   for p in {path, *map(pathlib.Path, others[:3])}]  # fmt: skip
        (directory / "compile_commands.json").write_text(json.dumps(entries))
        before = {p.name: p.read_bytes() for p in tree.iterdir()}
        command = [build / "bin/snarl-source", "fix", directory / "report.json", "-p", directory]
        done = subprocess.run([*command, "--in-place"], capture_output=True, text=True, check=False,
                              timeout=120)  # fmt: skip
        if done.returncode not in (0, 2):
            return f"exit {done.returncode}: {done.stderr[-600:]}\n{json.dumps(report)}", False
        changed = [n for n, text in before.items() if (tree / n).read_bytes() != text]
        names = [n for n in changed if pathlib.Path(n).suffix in cases_test.STANDARD]
        fault = "" if broken else compile_all(tree, names)
        if fault:
            return f"{fault}\n{done.stderr}\n{json.dumps(report)}", True
        return None, bool(changed)


def main():
    parser = argparse.ArgumentParser(description="fix with findings that do not fit.")
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    seeds = range(arguments.seed, arguments.seed + arguments.count)
    build = arguments.build.resolve()
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda seed: attempt(build, seed), seeds))
    failed = [(seed, fault) for seed, (fault, _) in zip(seeds, done) if fault]
    for seed, fault in failed:
        print(f"--seed {seed} --count 1: {fault}")
    edits = sum(changed for _, changed in done)
    print(f"{len(seeds)} reports, {edits} with edits, {len(failed)} failed")
    return 1 if failed or not edits else 0


if __name__ == "__main__":
    sys.exit(main())
