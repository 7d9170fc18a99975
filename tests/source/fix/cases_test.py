#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each fix on small programs. The head of a file in cases/ is the finding, and what comes of it:

    /* KIND: data-race */
    /* VARIABLE: today */
    /* SITE: 1 read @test reader */            thread, role, marker of the line, function
    /* SITE: 2 write @turn writer marker */    and the locks that are held
    /* FIX: under_lock */                      the edit is in NAME.diff
    /* REFUSED: may wait */                    no edit, for a reason with these words

What was edited must compile without a warning.

    cases_test.py --build DIR [--filter REGEX] [--bless]
"""
import argparse
import difflib
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

CASES = pathlib.Path(__file__).with_name("cases")
TREE = pathlib.Path(__file__).resolve().parents[3]
DIRECTIVE = re.compile(r"^/\* ([A-Z]+): (.*?) \*/$", re.M)
STANDARD = {".c": "-std=gnu17", ".cc": "-std=c++20"}
COMPILER = {".c": "gcc", ".cc": "g++"}


def directives(text, word):
    return [rest for found, rest in DIRECTIVE.findall(text) if found == word]


def line_of(text, marker, path):
    lines = [n for n, line in enumerate(text.splitlines(), 1) if f"{marker} */" in line
             and not DIRECTIVE.match(line)]  # fmt: skip
    if len(lines) != 1:
        sys.exit(f"{path}: {marker} is at lines {lines}")
    return lines[0]


def report_of(path, text):
    """The finding as a report has it."""
    sites, locks = [], []
    for site in directives(text, "SITE"):
        thread, role, marker, function, *held = site.split()
        locks += [name for name in held if name not in locks]
        frame = {"function": function, "file": str(path), "line": line_of(text, marker, path)}
        sites.append({"role": role, "thread": int(thread), "stack": [frame],
                      "locks_held": [locks.index(name) + 1 for name in held]})  # fmt: skip
    finding = {"id": "1:0000000000000000", "kind": directives(text, "KIND")[0], "title": path.stem}
    finding["locks"] = [{"id": i + 1, "name": name} for i, name in enumerate(locks)]
    finding["sites"] = sites
    variable = directives(text, "VARIABLE")
    if variable:
        finding["variable"] = {"name": variable[0]}
    return {"schema": "snarl-report/1", "findings": [finding]}


def fix(build, path, text, directory):
    """(what `fix` says of the finding, the diff)"""
    (directory / "report.json").write_text(json.dumps(report_of(path, text)))
    files = [path] + sorted(CASES.glob(f"{path.stem}.also*{path.suffix}"))
    options = [COMPILER[path.suffix], STANDARD[path.suffix], "-pthread"]
    entries = [{"directory": str(CASES), "file": str(f), "arguments": [*options, "-c", str(f)]}
               for f in files]  # fmt: skip
    (directory / "compile_commands.json").write_text(json.dumps(entries))
    command = [build / "bin/snarl-source", "fix", directory / "report.json", "-p", directory]
    command += ["--root", CASES, "--json", directory / "fixes.json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return {"fix": None, "reason": f"exit {done.returncode}: {done.stderr}"}, ""
    return json.loads((directory / "fixes.json").read_text())["findings"][0], done.stdout


def compiled(path, diff, directory):
    """What the compiler says of it with the edit; "" if nothing."""
    tree = directory / "tree"
    shutil.copytree(CASES, tree)
    done = subprocess.run(["patch", "-p1", "-s"], input=diff, text=True, cwd=tree, check=False,
                          capture_output=True)  # fmt: skip
    if done.returncode:
        return done.stdout + done.stderr
    command = [COMPILER[path.suffix], STANDARD[path.suffix], "-Wall", "-Wextra", "-Werror", "-O2"]
    command += ["-pthread", "-c", tree / path.name, "-o", directory / "object"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stderr


def faults(build, path, bless):
    text = path.read_text()
    wanted = (directives(text, "FIX") or [None])[0]
    golden = path.with_suffix(path.suffix + ".diff")
    with tempfile.TemporaryDirectory(prefix="snarl-case.") as name:
        said, diff = fix(build, path, text, pathlib.Path(name))
        if said["fix"] != wanted:
            yield f"fix {said['fix']}, expected {wanted}: {said.get('reason')}\n{diff}"
            return
        if wanted:
            warnings = compiled(path, diff, pathlib.Path(name))
            if warnings:
                yield f"does not compile with the edit: {warnings}"
    if not wanted:
        for words in directives(text, "REFUSED") or ["say why in REFUSED"]:
            if words not in said["reason"]:
                yield f"refused because {said['reason']!r}, expected {words!r}"
        if diff:
            yield f"refused, and a diff: {diff}"
        return
    if bless:
        golden.write_text(diff)
    old = golden.read_text() if golden.exists() else ""
    if old != diff:
        yield "".join(difflib.unified_diff(old.splitlines(True), diff.splitlines(True)))


def main():
    parser = argparse.ArgumentParser(description="Each fix on small programs.")
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--filter", default="")
    parser.add_argument("--bless", action="store_true")
    arguments = parser.parse_args()
    paths = [p for p in sorted(CASES.glob("*.c*")) if p.suffix in STANDARD]
    paths = [p for p in paths if ".also" not in p.name and re.search(arguments.filter, p.name)]
    failed = 0
    for path in paths:
        told = list(faults(arguments.build.resolve(), path, arguments.bless))
        failed += 1 if told else 0
        print(*(f"{path.name}: {fault}" for fault in told), sep="\n", end="\n" if told else "")
    print(f"{len(paths)} cases, {failed} failed")
    return 1 if failed or not paths else 0


if __name__ == "__main__":
    sys.exit(main())
