#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The whole way of each faulty testcase: `snarl run`, `snarl-source fix`, the edit applied, built,
and run under snarl again. What was fixed must be silent then, and do what the corrected program
does. What becomes of each stands in testcases.table, and must be so:

    data-race/garlic: atomic, as clean/garlic-atomic     by this fix, with the output of that one
    data-race/bell: atomic, as before                    with its own output before the edit
    data-race/calendar: under_lock, says "7\\n"          with this output
    data-race/drawer: no edit: the reason                no edit is proposed

    whole_way.py --build DIR [--filter REGEX] [--jobs N] [--bless]

--bless writes the table anew; how outputs compare is kept where the fix is the same.
"""
import argparse
import concurrent.futures
import dataclasses
import json
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

TREE = pathlib.Path(__file__).resolve().parents[3]
TABLE = pathlib.Path(__file__).with_name("testcases.table")
HEAD = "# What `snarl-source fix` does for each faulty testcase; whole_way.py checks it.\n"
sys.path.insert(0, str(TREE / "tests/e2e"))
from run import PATIENCE, run_alone, run_program  # noqa: E402
from testcase import CXX, STANDARD, WARNINGS, BuildError, build_testcase, read_all  # noqa: E402

CONFIGURATION = ("gcc", "-O2", "tsan")
INCLUDES = [f"-I{TREE / 'tests/order'}", f"-I{TREE / 'include'}"]


class Fault(Exception):
    """What is wrong with one testcase."""


def record(build, case, program, report):
    """A run under snarl; its findings are in the file afterwards."""
    command = [build / "bin/snarl", "run", "--accesses=tsan", "--json", report, *case.options]
    command += ["--log-file", report.with_suffix(".log"), "--", program, *case.arguments]
    ran = run_program([str(word) for word in command], report.parent, PATIENCE)
    if ran.status is None:
        raise Fault("does not end under snarl")
    return ran


def compiler_options(case):
    return [STANDARD[case.path.suffix], "-pthread", *case.flags.get("gcc", []), *INCLUDES]


def propose(build, case, report):
    """What `fix` says of each finding, and the diff."""
    directory = report.parent
    compiler = "gcc" if case.path.suffix == ".c" else CXX["gcc"]
    entry = {"directory": str(TREE), "file": str(case.path)}
    entry["arguments"] = [compiler, *compiler_options(case), "-c", str(case.path)]
    (directory / "compile_commands.json").write_text(json.dumps([entry]))
    command = [build / "bin/snarl-source", "fix", report, "-p", directory, "--root", TREE]
    command += ["--json", directory / "fixes.json"]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        raise Fault(f"fix: exit {done.returncode}: {done.stderr.decode()[-500:]}")
    return json.loads((directory / "fixes.json").read_text())["findings"], done.stdout


def apply(case, diff, directory):
    """The testcase with the edit, in a tree of its own."""
    path = directory / case.path.relative_to(TREE)
    path.parent.mkdir(parents=True)
    shutil.copy(case.path, path)
    done = subprocess.run(["patch", "-p1", "-s"], input=diff, cwd=directory, capture_output=True,
                          check=False)  # fmt: skip
    if done.returncode:
        raise Fault(f"patch: {done.stdout.decode()}")
    return dataclasses.replace(case, path=path)


def build_edited(build, case, program):
    """As build_testcase does it, for a file that is not among the testcases."""
    wrapper = "snarl-cc" if case.path.suffix == ".c" else "snarl-c++"
    order = build / "tests/libsnarl_order.so"
    command = ["env", "SNARL_CC=gcc", "SNARL_CXX=g++", build / "bin" / wrapper, "-g", "-O2"]
    command += [*WARNINGS, *compiler_options(case), case.path, "-o", program, f"-L{order.parent}"]
    command += ["-lsnarl_order", f"-Wl,-rpath,{order.parent}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        words = shlex.join(str(word) for word in command)
        raise Fault(f"with the edit it does not build: {words}: {done.stderr.strip()[-800:]}")


def silent_output(build, case, diff, directory):
    """What it prints with the edit, if that leaves no finding."""
    edited = apply(case, diff, directory / "tree")
    program, report = directory / "fixed", directory / "fixed.json"
    build_edited(build, edited, program)
    ran = record(build, edited, program, report)
    findings = json.loads(report.read_text())["findings"]
    if findings:
        told = "; ".join(f"{f['kind']} {f['level']}: {f['title']}" for f in findings)
        raise Fault(f"with the edit there is still: {told}")
    if ran.status:
        raise Fault(f"with the edit it ends with {ran.status}: {ran.errors.decode()[-300:]}")
    return ran.output


def wanted_output(build, case, how):
    """The output that the table asks for, and whether numbers in it vary."""
    if how.startswith("says "):
        return json.loads(how.removeprefix("says ")).encode(), False
    name = case.name if how == "as before" else how.removeprefix("as ")
    (other,) = read_all(f"^{re.escape(name)}$")
    other = dataclasses.replace(other, arguments=case.arguments)
    ran = run_alone(other, build_testcase(other, build, "gcc", "-O2", "plain"))
    return ran.output, case.digits_vary or other.digits_vary


def check(build, case, how, directory):
    """(the fix or None, the reason, what is wrong or None)"""
    report = directory / "faulty.json"
    record(build, case, build_testcase(case, build, *CONFIGURATION), report)
    findings, diff = propose(build, case, report)
    fixes = sorted({f["fix"] for f in findings if f["fix"]})
    reasons = [f["reason"].replace(f"{TREE}/", "") for f in findings if not f["fix"]]
    reasons = [re.sub(r"(\.cc?):\d+", r"\1", reason) for reason in reasons]  # lines change
    if not fixes:
        return None, "; ".join(dict.fromkeys(reasons)) or "there are no findings", None
    name = "+".join(fixes)
    if reasons:
        return name, "", f"not all findings have edits: {reasons[0]}"
    try:
        output = silent_output(build, case, diff, directory)
        wanted, vary = wanted_output(build, case, how) if how else (output, False)
    except Fault as fault:
        return name, "", str(fault)
    if vary:
        output, wanted = (re.sub(rb"\d+", b"N", text) for text in (output, wanted))
    return name, "", None if output == wanted else f"prints {output!r}, not {wanted!r}"


def read_table():
    """Name to (fix or None, how outputs compare, or the reason)."""
    table = {}
    for line in TABLE.read_text().splitlines() if TABLE.exists() else []:
        if not line.startswith("#"):
            name, rest = line.split(": ", 1)
            first, how = rest.split(": " if rest.startswith("no edit") else ", ", 1)
            table[name] = (None if first == "no edit" else first, how)
    return table


def go(build, case, known, keep):
    """(the line for the table, the fault or None)"""
    fix, how = known or (None, "")
    with tempfile.TemporaryDirectory(prefix="snarl-fix.") as name:
        try:
            made, reason, fault = check(build, case, how if fix else "", pathlib.Path(name))
        except (Fault, BuildError) as error:
            return None, f"{case.name}: {error}"
        if fault and keep:
            shutil.copytree(name, keep / case.name.replace("/", "."), dirs_exist_ok=True)
    how = how if fix == made else "as before"
    line = f"{case.name}: " + (f"{made}, {how}" if made else f"no edit: {reason}")
    if not fault and known != (made, how if made else reason):
        fault = f"is {line!r}, the table has {known}"
    return line, f"{case.name}: {made}: {fault}" if fault else None


def main():
    parser = argparse.ArgumentParser(description="Fixes each faulty testcase.")
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--filter", default="")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", type=pathlib.Path, help="where to leave what failed")
    parser.add_argument("--bless", action="store_true")
    arguments = parser.parse_args()
    build = arguments.build.resolve()
    cases = [c for c in read_all(arguments.filter) if not c.name.startswith("clean/")]
    table = read_table()
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        done = list(pool.map(lambda c: go(build, c, table.get(c.name), arguments.keep), cases))
    faults = [fault for _, fault in done if fault]
    lines = dict(zip((case.name for case in cases), (line for line, _ in done)))
    if arguments.bless:
        old = {name: "" for name in table}
        rows = TABLE.read_text().splitlines() if TABLE.exists() else []
        old.update((row.split(": ")[0], row) for row in rows if not row.startswith("#"))
        old.update((name, line) for name, line in lines.items() if line)
        TABLE.write_text(HEAD + "".join(f"{old[name]}\n" for name in sorted(old)))
    print(*faults, sep="\n")
    fixed = sum(1 for line, fault in done if line and ": no edit: " not in line and not fault)
    print(f"{len(cases)} testcases, {fixed} fixed, {len(faults)} failed")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
