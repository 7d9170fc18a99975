#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`snarl-source explain` names in each faulty testcase the expression and the declaration that its
SOURCE lines expect at the places of its findings, and nothing else.

    tests/source/explain.py [--build DIR] [--filter REGEX] [--cc gcc|clang] [--opt=-O2] [--jobs N]
                            [--print]

    /* SOURCE: @marker EXPRESSION [DECLARATION] */

DECLARATION stands where it is not the same, - where none is known.
"""
import argparse
import concurrent.futures
import json
import pathlib
import subprocess
import sys
import tempfile

TREE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TREE / "tests/e2e"))

# pylint: disable=wrong-import-position
from run import PATIENCE, run_program  # noqa: E402
from testcase import STANDARD, build_testcase, read_all  # noqa: E402


class Failure(Exception):
    """A test that failed, with the reason."""


def explained(build, case, how, directory):
    """The report of one run, explained."""
    program = build_testcase(case, build, how.cc, how.opt, "rewrite")
    report = directory / "report.json"
    command = [str(build / "bin/snarl"), "run", "--accesses=rewrite",
               "--rewrite=!libsnarl_order.so", "--json", str(report), *case.options, "--",
               str(program), *case.arguments]
    ran = run_program(command, directory, PATIENCE)
    if ran.status is None or not report.exists():
        raise Failure(f"no report: {ran.errors.decode(errors='replace')[-500:]}")
    result = directory / "explained.json"
    command = [str(build / "bin/snarl-source"), "explain", str(report), "-o", str(result), "--",
               "-pthread", f"-I{TREE / 'tests/order'}", f"-I{TREE / 'include'}",
               STANDARD[case.path.suffix], *case.flags.get(how.cc, [])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failure(f"explain: {done.returncode}: {done.stderr}")
    return json.loads(result.read_text())


def found(case, report):
    """(marker, expression, declaration) of all sites' frames in the testcase's file."""
    for finding in report["findings"]:
        for site in finding["sites"]:
            for frame in site["stack"]:
                source = frame.get("source")
                if not source or pathlib.PurePath(frame["file"]).name != case.path.name:
                    continue
                declaration = source["declaration"]
                for marker in case.markers.get(frame["line"], ()):
                    name = declaration["name"] if declaration else "-"
                    yield marker, source["expression"], name


def faults(build, case, how):
    with tempfile.TemporaryDirectory(prefix="snarl-source.") as directory:
        try:
            report = explained(build, case, how, pathlib.Path(directory))
        except Failure as failure:
            return [str(failure)], set()
    actual = set(found(case, report))
    if how.print:
        return [], actual
    expected = set(case.source)
    missing = [f"not found: {one}" for one in sorted(expected - actual, key=str)]
    return missing + [f"not expected: {one}" for one in sorted(actual - expected, key=str)], actual


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, default=TREE / "build/dev")
    parser.add_argument("--filter", default="")
    parser.add_argument("--cc", choices=["gcc", "clang"], default="gcc")
    parser.add_argument("--opt", default="-O2")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--print", action="store_true", help="what is found, and no judgement")
    how = parser.parse_args()
    build = how.build.resolve()
    cases = [case for case in read_all(how.filter) if case.expected]
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(how.jobs) as pool:
        for case, (wrong, actual) in zip(
            cases, pool.map(lambda case: faults(build, case, how), cases)
        ):
            if how.print:
                print(case.name)
                for one in sorted(actual, key=str):
                    print("   ", *one)
            if wrong:
                failed += 1
                print(f"{case.name}: " + " | ".join(wrong), flush=True)
    print(f"{len(cases) - failed} passed, {failed} failed")
    return 1 if failed or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
