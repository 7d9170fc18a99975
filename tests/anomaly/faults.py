#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a program in want of room, rights or files, alone and recorded.

    faults.py --build DIR [CASE...]

It must print and end as alone; and the recording is complete, or says that it is not, as the table
of cases wants it. What needs mounts or root's rights is left out, and told, where these are not to
be had.
"""
import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from told import SECONDS, Wrong, told

COMPLETE, INCOMPLETE, EITHER = "complete", "incomplete", "either"
NO_PROC = ["unshare", "-m", "sh", "-c", 'umount -l /proc && exec "$@"', "sh"]
ANOTHER = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]


class Case:
    """One fault. MOUNT: options of a small file system for the traces; ROOT: it needs its rights;
    BEFORE: what runs the program or snarl, INSIDE: the program; NAME: of the trace."""

    def __init__(self, fault, wanted, mount=None, root=False, before=(), name="trace.%p",
                 options=(), environment=None, program=None, inside=()):
        self.fault, self.wanted, self.mount, self.root = fault.split(), wanted, mount, root
        self.before, self.name = list(before), name
        self.options, self.environment, self.program = options, environment or {}, program
        self.inside = list(inside)


CASES = {
    "no-fault": Case("long", COMPLETE),
    "header-does-not-fit": Case("long", INCOMPLETE, "size=4k", True),
    "full-disk": Case("long", INCOMPLETE, "size=64k", True),
    "full-for-a-while": Case("full", INCOMPLETE, "size=4m", True),
    "full-disk-ring": Case("long", INCOMPLETE, "size=64k", True, options=["--ring=1M"]),
    "ring-of-the-disk's-size": Case("full", EITHER, "size=4m", True, options=["--ring=1M"]),
    "read-only": Case("long", INCOMPLETE, "ro", True),
    "noexec": Case("long", COMPLETE, "noexec", True),
    "file-size": Case("file-size", INCOMPLETE),
    "address-space": Case("address-space", EITHER),
    "data": Case("data", EITHER),
    "locked": Case("locked", EITHER),
    "descriptors-3": Case("descriptors DIRECTORY 3", INCOMPLETE),
    "descriptors-4": Case("descriptors DIRECTORY 4", EITHER),  # several threads open it at once
    "descriptors-5": Case("descriptors DIRECTORY 5", EITHER),
    "descriptors-20": Case("descriptors DIRECTORY 20", COMPLETE),
    "vanishes": Case("vanishes", INCOMPLETE),
    "replaced": Case("replaced", INCOMPLETE),
    "unlinked": Case("unlinked", INCOMPLETE),
    "no-proc": Case("long", EITHER, root=True, before=NO_PROC),
    "no-proc-for-the-program": Case("long", COMPLETE, root=True, inside=NO_PROC),
    "chroot": Case("chroot", COMPLETE, root=True),
    "other-user": Case("user", COMPLETE, root=True),
    "other-group": Case("group", COMPLETE, root=True),
    "no-capabilities": Case("capabilities", COMPLETE, root=True),
    "other-name-space": Case("name-space", COMPLETE, root=True),
    "umask": Case("umask", COMPLETE),
    "umask-not-root": Case("umask", COMPLETE, root=True, before=ANOTHER),
    "overflow": Case("overflow", COMPLETE),
    "long-path": Case("long", INCOMPLETE, name="x/" * 2100 + "trace.%p"),
    "long-name": Case("long", EITHER, name="trace.%e.%p", program="p" * 250),
    "no-temporary": Case("long", COMPLETE, environment={"TMPDIR": "/nonexistent/directory"}),
}


def run(command, environment=None):
    return subprocess.run(command, capture_output=True, check=False, timeout=SECONDS,
                          env={**os.environ, **(environment or {})})


def mount(case, directory):
    if case.mount:
        done = run(["mount", "-t", "tmpfs", "-o", case.mount, "none", directory])
        if done.returncode:
            raise Wrong(done.stderr.decode())


def fresh(case, parent, name):
    directory = parent / name
    directory.mkdir()
    directory.chmod(0o777)
    mount(case, directory)
    return directory


def prepare(case, build, parent):
    """The program as its command, but for the directory."""
    program = build / "tests/anomaly/faults"
    if case.program:
        copy = parent / case.program
        shutil.copy(program, copy)
        program = copy
    fault = case.fault if len(case.fault) > 1 else [*case.fault, "DIRECTORY"]
    return lambda place: [*case.inside, program,
                          *(str(place) if word == "DIRECTORY" else word for word in fault)]


def attempt(case, build, parent):
    """Whether the recording says that it is complete."""
    parent.chmod(0o777)
    program = prepare(case, build, parent)
    alone = run([*case.before, *program(fresh(case, parent, "alone"))], case.environment)
    place, report = fresh(case, parent, "traces"), parent / "found.json"
    snarl = build / "bin/snarl"
    done = run([*case.before, snarl, "run", "--accesses=none", *case.options, "--json", report,
                "-o", f"{place}/{case.name}", "--", *program(place)], case.environment)
    return told(snarl, done, alone, report, place.glob("trace.*"))


def judge(name, case, build):
    """What is wrong, or None."""
    with tempfile.TemporaryDirectory(prefix="faults.") as parent:
        try:
            complete = attempt(case, build, pathlib.Path(parent))
        except (Wrong, subprocess.TimeoutExpired) as wrong:
            return f"{name}: {wrong}"
        finally:
            for directory in ("alone", "traces"):
                if case.mount:
                    run(["umount", "-l", f"{parent}/{directory}"])
    said = COMPLETE if complete else INCOMPLETE
    return None if case.wanted in (said, EITHER) else f"{name}: it is {said}, as it says"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("cases", nargs="*")
    arguments = parser.parse_args()
    may_mount = os.environ.get("FAULTS_MAY_MOUNT")
    if may_mount is None: # again, where mounts are our own
        os.environ["FAULTS_MAY_MOUNT"] = "yes"
        if os.geteuid() == 0 and run(["unshare", "-m", "true"]).returncode == 0:
            os.execvp("unshare", ["unshare", "-m", sys.executable, *sys.argv])
        os.environ["FAULTS_MAY_MOUNT"] = may_mount = ""
    failed = left_out = 0
    sanitized = b"__asan_init" in (arguments.build / "bin/snarl").read_bytes()
    for name in arguments.cases or CASES:
        if sanitized and CASES[name].before == NO_PROC:
            print(f"{name}: left out, a sanitizer needs /proc")
            left_out += 1
            continue
        if CASES[name].root and not may_mount:
            print(f"{name}: left out, without root's rights")
            left_out += 1
            continue
        wrong = judge(name, CASES[name], arguments.build)
        if wrong:
            failed += 1
            print(wrong, flush=True)
    count = len(arguments.cases or CASES)
    print(f"{count - failed - left_out} passed, {failed} failed, {left_out} left out")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
