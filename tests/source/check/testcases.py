#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What the source alone shows of the testcases, compared with the table testcases.txt.

    testcases.py [--bless]

Of the faulty ones, which are found without a run; of all, what else is reported. In clean ones that
is a false alarm, unless the source really has the pattern: the table says why.
"""
import concurrent.futures
import pathlib
import re
import sys

import checking

TABLE = checking.HERE / "testcases.txt"
KINDS = {"abandoned-lock", "deadlock", "self-deadlock", "wait-without-predicate", "unlock-not-held",
         "blocked-while-holding"}
EXPECT = re.compile(r"^/\* EXPECT: ([\w-]+) \w+", re.M)
HEAD = """\
# What `snarl-source check` says of each testcase: whether it finds what the testcase is there for
# (of the kinds that the source can show), and what else it says, how often. Behind # stands why
# that is. testcases.py compares; --bless writes it anew and keeps the reasons.
"""


def look(path):
    """The lines of the table for one testcase."""
    name = str(path.relative_to(checking.TREE / "testcases"))
    wanted = set(EXPECT.findall(path.read_text())) & KINDS
    kinds = [finding.kind for finding in
             checking.findings(checking.report([path, *checking.flags(path)]))]
    for kind in sorted(wanted):
        yield f"{name}: {'found' if kind in kinds else 'missed'} {kind}"
    for kind in sorted(set(kinds) - wanted):
        yield f"{name}: also {kind} {kinds.count(kind)}"


def main():
    paths = sorted((checking.TREE / "testcases").glob("*/*.c*"))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        lines = [line for lines in pool.map(lambda path: list(look(path)), paths) for line in lines]
    old = {}
    for line in TABLE.read_text().splitlines() if TABLE.exists() else []:
        said, _, why = line.partition("#")
        if said.strip():
            old[said.strip()] = why.strip()
    if "--bless" in sys.argv:
        told = [line + (f"  # {old[line]}" if old.get(line) else "") for line in lines]
        TABLE.write_text(HEAD + "\n".join(told) + "\n")
    faults = [f"new: {line}" for line in lines if line not in old]
    faults += [f"gone: {line}" for line in old if line not in lines]
    faults += [f"no reason: {line}" for line in lines
               if line.startswith("clean/") and not old.get(line)]
    print("\n".join(faults))
    found = sum(": found " in line for line in lines)
    missed = sum(": missed " in line for line in lines)
    clean = sum(line.startswith("clean/") for line in lines)
    print(f"{len(paths)} testcases: {found} found, {missed} missed, {clean} lines on clean ones")
    return 1 if faults or not found else 0


if __name__ == "__main__":
    sys.exit(main())
