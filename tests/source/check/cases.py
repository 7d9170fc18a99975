#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Each file of cases/ has exactly the findings that its CHECK lines name.

    /* CHECK: self-deadlock @holds @again */   the kind, and a marker at the line of each site
    /* CHECK: nothing */

cases/units has files that are compiled by one database: what a function does is known in the other.
"""
import json
import pathlib
import re
import sys
import tempfile

import checking

CHECK = re.compile(r"^/\* CHECK: (.*?) \*/$", re.M)


def expected(path):
    """The lines of a file, as sets of markers."""
    for text in CHECK.findall(path.read_text()):
        if text != "nothing":
            kind, *names = text.split()
            yield kind, frozenset(name.lstrip("@") for name in names)


def fits(finding, want, marked):
    """Whether each site stands at a marker of the expectation, and each marker has one."""
    kind, names = want
    at = [marked[file].get(line, set()) & names for file, line in finding.places]
    return finding.kind == kind and all(at) and set().union(*at) == names


def compare(name, paths, document):
    """Tells what is missing, and what is too much."""
    wanted = [want for path in paths for want in expected(path)]
    assert any(CHECK.search(path.read_text()) for path in paths), f"{name}: expects nothing at all"
    marked = {str(path): checking.markers(path) for path in paths}
    faults = 0
    for finding in checking.findings(document):
        want = next((w for w in wanted if fits(finding, w, marked)), None)
        if want:
            wanted.remove(want)
        else:
            faults += 1
            print(f"{name}: not expected: {finding.kind}: {finding.title} {finding.places}")
    for kind, names in wanted:
        faults += 1
        print(f"{name}: missing: {kind} {' '.join(sorted(names))}")
    return faults


def main():
    cases = checking.HERE / "cases"
    faults = count = 0
    for path in sorted(cases.glob("*.c")) + sorted(cases.glob("*.cc")):
        faults += compare(path.name, [path], checking.report([path, *checking.flags(path)]))
        count += 1
    units = sorted((cases / "units").glob("*.c"))
    headers = sorted((cases / "units").glob("*.h"))
    with tempfile.TemporaryDirectory() as build:
        database = [{"directory": str(cases / "units"), "file": str(unit),
                     "arguments": ["gcc", "-std=gnu17", "-c", str(unit)]} for unit in units]
        (pathlib.Path(build) / "compile_commands.json").write_text(json.dumps(database))
        faults += compare("units", units + headers, checking.report(["-p", build]))
    print(f"{count} cases and {len(units)} units, {faults} faults")
    return 1 if faults or not count or not units else 0


if __name__ == "__main__":
    sys.exit(main())
