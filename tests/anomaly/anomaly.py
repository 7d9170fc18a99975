#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Lets each system call that the recorder makes fail, one after the other.

    anomaly.py --build DIR [--jobs N] [--calls NAME=ERROR,...] [--later] [--bare] [--step N]
    anomaly.py --build DIR [--jobs N] --kill [--options OPTIONS] [--step N]

The program must print and end as it does alone, whatever fails; and either every acquisition is in
the traces, or the report says that something is missing. With --later, all calls from the nth on
fail; with --bare, the program runs without `snarl run`.

With --kill, the process that is about to make the nth call is killed: what it leaves is a file
without a byte, or a trace that can be read. OPTIONS are the recorder's.
"""
import argparse
import concurrent.futures
import errno
import os
import pathlib
import subprocess
import sys
import tempfile

from told import SECONDS, Wrong, told

TROUBLE = 99
CALLS = {
    "mmap": errno.ENOMEM,
    "openat": errno.EMFILE,
    "fallocate": errno.ENOSPC,
    "madvise": errno.EINVAL,
    "fstat": errno.EIO,
    "pwrite64": errno.ENOSPC,
    "pwritev": errno.ENOSPC,
    "readlink": errno.EACCES,
    "getcwd": errno.ENOENT,
    "mprotect": errno.EACCES,
    "prlimit64": errno.EPERM,
}


class Anomaly:
    def __init__(self, arguments):
        self.build = arguments.build
        self.calls = arguments.calls
        self.later = arguments.later
        self.kill = arguments.kill
        self.bare = arguments.bare or arguments.kill
        self.options = arguments.options
        self.tools = self.build / "tests/anomaly"
        self.subject = str(self.tools / "subject")
        self.alone = subprocess.run([self.subject], capture_output=True, check=False,
                                    timeout=SECONDS)

    def run(self, n, directory):
        count = directory / "count"
        library = self.build / "lib/snarl/libsnarl.so"
        watched = [self.subject]
        environment = dict(os.environ)
        if self.bare:
            watched = ["env", f"LD_PRELOAD={library}", *watched]
            environment["SNARL_OPTIONS"] = (f"-o {directory}/trace.%p --accesses=none "
                                            f"{self.options}")
        else:
            watched = [self.build / "bin/snarl", "run", "--accesses=none", "-o",
                       f"{directory}/trace.%p", "--json", directory / "found.json", "--", *watched]
        which = f"{n}+" if self.later and n else str(n)
        command = [self.tools / "fail_nth", count, self.calls, which]
        done = subprocess.run(command + watched, capture_output=True, check=False,
                              env=environment, timeout=SECONDS)
        return done, int(count.read_text())

    def unreadable(self, directory):
        """What cannot be read of what those who were killed have left, or None."""
        wrong = []
        for trace in directory.glob("trace.*"):
            if not trace.stat().st_size:
                continue
            for command in "dump", "analyze":
                read = subprocess.run([self.build / "bin/snarl", command, trace],
                                      stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                      check=False, timeout=SECONDS)
                if read.returncode or (command == "dump" and read.stderr):
                    wrong.append(f"{command}: {read.returncode}: {read.stderr.decode()}")
        return "; ".join(wrong) or None

    def wrong(self, done, directory):
        """What is not as it should be, or None."""
        if self.kill:
            return self.unreadable(directory)
        if self.bare:
            same = (done.stdout, done.returncode) == (self.alone.stdout, self.alone.returncode)
            return None if same else f"ended with {done.returncode}, printed {done.stdout!r}"
        try:
            told(self.build / "bin/snarl", done, self.alone, directory / "found.json",
                 directory.glob("trace.*"))
        except Wrong as wrong:
            return str(wrong)
        return None

    def attempt(self, n):
        """How many calls there were, and what went wrong."""
        with tempfile.TemporaryDirectory(prefix="anomaly.") as name:
            directory = pathlib.Path(name)
            try:
                done, count = self.run(n, directory)
            except subprocess.TimeoutExpired:
                return n, f"did not end within {SECONDS} s"
            if done.returncode == TROUBLE:
                return n, f"fail_nth: {done.stderr.decode()}"
            return count, self.wrong(done, directory)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--calls")
    parser.add_argument("--later", action="store_true")
    parser.add_argument("--bare", action="store_true")
    parser.add_argument("--kill", action="store_true")
    parser.add_argument("--options", default="")
    parser.add_argument("--step", type=int, default=1)
    arguments = parser.parse_args()
    if not arguments.calls:
        arguments.calls = ",".join(f"{name}={'kill' if arguments.kill else error}"
                                   for name, error in CALLS.items())
    anomaly = Anomaly(arguments)
    total, wrong = anomaly.attempt(0)
    if wrong or not total:
        print(f"without a failure: {wrong or 'no calls seen'}")
        return 1
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        attempts = range(1, total + 1, arguments.step)
        for n, (_, wrong) in zip(attempts, pool.map(anomaly.attempt, attempts)):
            if wrong:
                failed += 1
                print(f"call {n} of {total}: {wrong}")
    print(f"{len(attempts) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
